"""The report as a JSON document, `strangler.report/1`; a change that breaks readers raises the number.

`report.schema.json` beside this module is its JSON Schema. Keys are in the order that it lists, maps in the order of
their keys.

`body_encoding` is `utf-8`, or `base64` for bytes that are not text. In a difference, the absent side of `missing`,
`extra`, `header` and `cookie` is null. JSON has no NaN and no infinity: they are the strings `NaN`, `Infinity` and
`-Infinity`. The file is ASCII; a lone surrogate in a value stays one, written as its escape.
"""

import base64
import json
from dataclasses import asdict
from typing import Any

from strangler_router.types import Call
from strangler_shadow.observation import Difference, Observation
from strangler_shadow.report import EndpointReport, Finding, Report
from strangler_shadow.scenes import Scene, shown

__all__ = ["SCHEMA", "render"]

SCHEMA = "strangler.report/1"


def render(report: Report) -> str:
    """The report as JSON text."""
    document = {
        "schema": SCHEMA,
        "started": report.started,
        "seed": report.seed,
        "examples": report.examples,
        "verdict": report.verdict.name,
        "exit_code": int(report.verdict),
        "endpoints": [_endpoint(endpoint) for endpoint in report.endpoints],
    }
    finite = json.loads(json.dumps(document), parse_constant=str)
    return json.dumps(finite, indent=2, allow_nan=False) + "\n"


def _endpoint(endpoint: EndpointReport) -> dict[str, Any]:
    return {
        "endpoint": endpoint.endpoint,
        "rpc": endpoint.rpc,
        "rung": endpoint.rung,
        "verdict": endpoint.verdict.name,
        "exit_code": int(endpoint.verdict),
        "reason": endpoint.reason,
        "calls": endpoint.calls,
        "seconds": endpoint.seconds,
        "skipped": dict(sorted(endpoint.skipped.items())),
        "statuses": dict(sorted(endpoint.statuses.items())),
        "callers": dict(sorted(endpoint.callers.items())),
        "parameters": dict(sorted(endpoint.parameters.items())),
        "fields": dict(sorted(endpoint.fields.items())),
        "values": dict(sorted(endpoint.values.items())),
        "control_ms": dict(endpoint.control_ms),
        "candidate_ms": dict(endpoint.candidate_ms),
        "curve": [asdict(point) for point in endpoint.curve],
        "self_test": asdict(endpoint.self_test),
        "hides": dict(sorted(endpoint.hides.items())),
        "findings": [_finding(finding) for finding in endpoint.findings],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "call": _call(finding.call, finding.caller),
        "curl": finding.curl,
        "control": _observation(finding.control),
        "candidate": _observation(finding.candidate),
        "differences": [_difference(difference) for difference in finding.differences],
        "rows": {key: _row(scene) for key, scene in finding.rows.items()},
    }


def _row(scene: Scene) -> dict[str, Any]:
    return {
        "model": scene.model,
        "tie": scene.tie,
        "values": {name: shown(value) for name, value in scene.values.items()},
    }


def _call(call: Call, caller: str) -> dict[str, Any]:
    return {
        "endpoint": call.endpoint,
        "route": call.route,
        "method": call.method,
        "path": call.path,
        "query": call.query,
        "kwargs": dict(call.kwargs),
        "headers": call.headers,
        "caller": caller,
        **_body(call.body),
        "content_type": call.content_type,
        "scheme": call.scheme,
        "host": call.host,
        "language": call.language,
        "timezone": call.timezone,
        "media_type": call.media_type,
        "version": call.version,
    }


def _observation(observation: Observation) -> dict[str, Any]:
    return {
        "status": observation.status,
        "headers": observation.headers,
        "cookies": observation.cookies,
        **_body(observation.body),
        "seconds": observation.seconds,
        "error": observation.error,
        "wrote": observation.wrote,
    }


def _difference(difference: Difference) -> dict[str, Any]:
    return {
        "kind": difference.kind.value,
        "risk": difference.risk.word,
        "path": difference.path,
        "pattern": difference.pattern,
        "control": difference.control,
        "candidate": difference.candidate,
    }


def _body(body: bytes) -> dict[str, str]:
    try:
        return {"body": body.decode(), "body_encoding": "utf-8"}
    except UnicodeDecodeError:
        return {"body": base64.b64encode(body).decode(), "body_encoding": "base64"}
