"""The evidence as one HTML file that needs nothing else: no network, no script, no other file."""

from collections.abc import Iterator
from typing import Any

from strangler_shadow.gate import GateReport
from strangler_shadow.reports.evidence.found import EndpointEvidence, EvidenceReport, copies
from strangler_shadow.reports.pages import LARGEST, templates
from strangler_shadow.reports.room import fitting
from strangler_shadow.reports.seen import Seen, seen_row

__all__ = ["render"]

DAYS_SHOWN = 366
ROWS = LARGEST // 5
GROUPS_SHOWN = 200
# As many endpoints have their evidence opened.
OPENED = 3


def render(report: EvidenceReport) -> str:
    """The report as an HTML page of less than 2 MB; what is left out for that is counted in it."""
    environment = templates()
    environment.globals |= {"DAYS_SHOWN": DAYS_SHOWN, "GROUPS_SHOWN": GROUPS_SHOWN}
    parts: Any = environment.get_template("evidence_parts.html.j2").module
    named = [(endpoint, f"endpoint-{number}") for number, endpoint in enumerate(report.endpoints, start=1)]
    is_open = len(named) <= OPENED
    room = LARGEST - ROWS
    sections = fitting(room, (_section(parts, endpoint, anchor, is_open=is_open) for endpoint, anchor in named))
    rows = fitting(
        ROWS,
        (parts.row(endpoint.gate, anchor, number < len(sections)) for number, (endpoint, anchor) in enumerate(named)),
    )
    page = environment.get_template("evidence.html.j2").render(
        report=report,
        rows=rows,
        sections=sections,
        pairs=sum(endpoint.gate.pairs for endpoint in report.endpoints),
        divergent=sum(endpoint.gate.divergent for endpoint in report.endpoints),
    )
    return page.lstrip()


def _section(parts: Any, endpoint: EndpointEvidence, anchor: str, *, is_open: bool) -> str:
    gate = endpoint.gate
    markup: str = parts.section(
        gate,
        anchor,
        groups=endpoint.groups,
        hides=endpoint.hides,
        copies=copies(gate),
        days=[(day.day, day.bound) for day in gate.history[-DAYS_SHOWN:]],
        seen=list(_seen(gate)),
        opened=is_open,
    )
    return markup


def _seen(gate: GateReport) -> Iterator[Seen]:
    yield seen_row("Statuses", gate.statuses)
    yield seen_row("Kinds of caller", gate.callers, gate.never_seen.callers)
    compared = sum(gate.statuses.values())
    contents = {"with content": compared - gate.vacuous, "errors or empty": gate.vacuous}
    yield seen_row("Answers", {name: count for name, count in contents.items() if count})
    yield seen_row("Query parameters", gate.parameters, gate.never_seen.parameters)
    others = "all others" if gate.never_seen.fields else "all that are declared"
    yield seen_row("Fields with a value", {}, gate.never_seen.fields, none=others if compared else "none")
    yield seen_row("Choices", dict.fromkeys(gate.values), gate.never_seen.values)
