"""The evidence as a JSON document, `strangler.evidence/1`; a change that breaks readers raises the number.

`evidence.schema.json` in `strangler_shadow.reports` is its JSON Schema. Keys are in the order that it lists, maps in
the order of their keys, differences by risk and count. Times are ISO 8601, latencies milliseconds, rates shares of 1.
The file is ASCII.
"""

import json
from dataclasses import asdict
from typing import Any

from strangler_shadow.gate import GateReport
from strangler_shadow.reports.evidence.found import DifferenceGroup, EndpointEvidence, EvidenceReport

__all__ = ["SCHEMA", "render"]

SCHEMA = "strangler.evidence/1"


def render(report: EvidenceReport) -> str:
    """The report as JSON text."""
    document = {
        "schema": SCHEMA,
        "asked": report.asked,
        "verdict": report.verdict.name,
        "exit_code": int(report.verdict),
        "endpoints": [_endpoint(endpoint) for endpoint in report.endpoints],
    }
    return json.dumps(document, indent=2, allow_nan=False) + "\n"


def _endpoint(endpoint: EndpointEvidence) -> dict[str, Any]:
    gate = endpoint.gate
    return {
        "endpoint": gate.endpoint,
        "rung": gate.rung,
        "stage": gate.stage,
        "verdict": gate.verdict.name,
        "exit_code": int(gate.verdict),
        "reasons": list(gate.reasons),
        "max_rate": gate.max_rate,
        "confidence": gate.confidence,
        "epoch": gate.epoch,
        "fingerprint": gate.fingerprint,
        "pairs": gate.pairs,
        "divergent": gate.divergent,
        "bound": gate.bound,
        "missing": gate.missing,
        "counts": dict(gate.counts),
        "reasons_of_counts": dict(sorted(gate.reasons_of_counts.items())),
        "vacuous": gate.vacuous,
        "statuses": dict(sorted(gate.statuses.items())),
        "callers": dict(sorted(gate.callers.items())),
        "parameters": dict(sorted(gate.parameters.items())),
        "values": list(gate.values),
        "never_seen": asdict(gate.never_seen),
        "verified": _verified(gate),
        "latency": [asdict(interval) for interval in gate.latency],
        "curve": [asdict(point) for point in gate.curve],
        "history": [asdict(day) | {"day": day.day.isoformat()} for day in gate.history],
        "hides": [asdict(place) | {"until": place.until and place.until.isoformat()} for place in endpoint.hides],
        "differences": [_group(group) for group in endpoint.groups],
    }


def _verified(gate: GateReport) -> dict[str, Any] | None:
    found = gate.verified
    if found is None:
        return None
    return asdict(found) | {"at": found.at.isoformat(), "verdict": found.verdict.name}


def _group(group: DifferenceGroup) -> dict[str, Any]:
    times = {"first_seen": group.first_seen.isoformat(), "last_seen": group.last_seen.isoformat()}
    return asdict(group) | times | {"risk": group.risk.word}
