"""The evidence as Markdown for a pull request's comment or a job's summary."""

from collections.abc import Iterable, Iterator

from strangler_shadow.gate import GateReport
from strangler_shadow.reports.charts import percent, quantile_name
from strangler_shadow.reports.evidence.found import DifferenceGroup, EndpointEvidence, EvidenceReport, copies
from strangler_shadow.reports.markdown_text import LARGEST, TEXT_SHOWN, code, left_out, row, text
from strangler_shadow.reports.room import fitting

__all__ = ["render"]

GROUPS_SHOWN = PLACES_SHOWN = 20
COLUMNS = ("endpoint", "rung", "to", "verdict", "pairs", "divergent", "bound", "may differ", "missing")


def render(report: EvidenceReport) -> str:
    """The report as Markdown of less than 200 kB; what is left out for that is counted in the text."""
    head = f"# Evidence: {report.verdict.name}\n\n"
    head += f"Asked {text(report.asked)}. Exit code {int(report.verdict)}.\n\n"
    head += row(COLUMNS) + row("---" for _ in COLUMNS)
    endpoints = report.endpoints
    rows = fitting(LARGEST // 4, (_summary(endpoint.gate) for endpoint in endpoints))
    summary = head + "".join(rows) + left_out(len(endpoints) - len(rows), "endpoint")
    room = LARGEST - len(summary.encode()) - TEXT_SHOWN
    sections = fitting(room, (_section(endpoint) for endpoint in endpoints))
    return summary + "".join(sections) + left_out(len(endpoints) - len(sections), "endpoint")


def _summary(gate: GateReport) -> str:
    words = (code(gate.endpoint), text(gate.rung), text(gate.stage), gate.verdict.name)
    numbers = (f"{gate.pairs:,}", f"{gate.divergent:,}", percent(gate.bound), percent(gate.max_rate))
    return row((*words, *numbers, f"{gate.missing:,}"))


def _section(endpoint: EndpointEvidence) -> str:
    gate = endpoint.gate
    lines = [*(f"- {text(reason)}" for reason in gate.reasons), *_lines(gate)]
    hides = [f"- not seen at {code(place.pattern)}: {text(place.words)}" for place in endpoint.hides]
    lines += hides[:PLACES_SHOWN]
    more = left_out(max(0, len(hides) - PLACES_SHOWN), "place")
    return f"\n## {code(gate.endpoint)}\n\n" + "\n".join(lines) + "\n" + more + _differences(endpoint.groups)


def _lines(gate: GateReport) -> Iterator[str]:
    parts = [f"{each.count:,} {each.outcome}{_split(each.reasons)}" for each in copies(gate) if each.count]
    yield f"- {sum(gate.counts.values()):,} copies = {' + '.join(parts) or '0'}"
    if gate.statuses:
        yield f"- statuses {_counted(gate.statuses.items())}; callers {_counted(gate.callers.items())}"
        yield f"- errors or empty: {gate.vacuous:,}"
        yield from _never_seen(gate)
    for control, candidate in zip(gate.latency[::2], gate.latency[1::2], strict=True):
        name = quantile_name(control.quantile)
        yield f"- {name}: control {control.ms:,.1f} ms ({control.measured}), candidate {candidate.ms:,.1f} ms"


def _never_seen(gate: GateReport) -> Iterator[str]:
    missing = gate.never_seen
    yield f"- never seen with a value: {text(', '.join(missing.fields)) or 'no declared field'}"
    others = {"query parameters": missing.parameters, "choices": missing.values, "callers": missing.callers}
    yield from (f"- never seen, {what}: {text(', '.join(names))}" for what, names in others.items() if names)


def _differences(groups: tuple[DifferenceGroup, ...]) -> str:
    if not groups:
        return ""
    columns = ("kind", "risk", "pattern", "times", "first", "last", "control", "candidate")
    table = "\n" + row(columns) + row("---" for _ in columns)
    for group in groups[:GROUPS_SHOWN]:
        seen = (f"{group.first_seen:%Y-%m-%d %H:%M}", f"{group.last_seen:%Y-%m-%d %H:%M}")
        sides = (code(group.control), code(group.candidate))
        table += row((text(group.kind), group.risk.word, code(group.pattern), f"{group.count:,}", *seen, *sides))
    return table + left_out(max(0, len(groups) - GROUPS_SHOWN), "group")


def _split(reasons: tuple[tuple[str, int], ...]) -> str:
    return f" ({_counted(reasons)})" if reasons else ""


def _counted(counts: Iterable[tuple[str, int]]) -> str:
    return ", ".join(f"{text(name)} {count:,}" for name, count in counts)
