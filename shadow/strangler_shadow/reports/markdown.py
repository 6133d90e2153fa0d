"""The report as Markdown for a pull request's comment or a job's summary."""

from strangler_shadow.report import EndpointReport, Finding, Report
from strangler_shadow.reports.markdown_text import LARGEST, TEXT_SHOWN, code, fenced, left_out, row, text
from strangler_shadow.reports.room import fitting
from strangler_shadow.reports.words import PERCENTILES, differences_in, milliseconds, request, sides, worst_first

__all__ = ["render"]

SUMMARY_SHARE = LARGEST // 2
DIFFERENCES_SHOWN = 20

COLUMNS = ("endpoint", "rung", "verdict", "calls", "differences", "control ms", "candidate ms", "reason")


def render(report: Report) -> str:
    """The report as Markdown of less than 200 kB; what is left out for that is counted in the text."""
    title = f"# Verification: {report.verdict.name}\n\n"
    about = f"Started {text(report.started)}, seed {report.seed}, {report.examples:,} examples an endpoint. "
    about += f"Exit code {int(report.verdict)}. Latencies are {' / '.join(PERCENTILES)}.\n\n"
    head = title + about + row(COLUMNS) + row("---" for _ in COLUMNS)
    rows = fitting(SUMMARY_SHARE, (_summary(endpoint) for endpoint in report.endpoints))
    seen = "".join(fitting(SUMMARY_SHARE // 4, (_seen(endpoint) for endpoint in report.endpoints)))
    summary = head + "".join(rows) + left_out(len(report.endpoints) - len(rows), "endpoint")
    summary += "\n" + seen if seen else ""
    found = [(endpoint, finding) for endpoint in report.endpoints for finding in endpoint.findings]
    room = LARGEST - len(summary.encode()) - TEXT_SHOWN
    sections = fitting(room, (_section(endpoint, finding) for endpoint, finding in found))
    return summary + "".join(sections) + left_out(len(found) - len(sections), "finding")


def _summary(endpoint: EndpointReport) -> str:
    return row(
        (
            code(endpoint.endpoint),
            text(endpoint.rung),
            endpoint.verdict.name,
            f"{endpoint.calls:,}",
            f"{differences_in(endpoint):,}",
            " / ".join(milliseconds(endpoint.control_ms)),
            " / ".join(milliseconds(endpoint.candidate_ms)),
            text(endpoint.reason),
        )
    )


def _seen(endpoint: EndpointReport) -> str:
    """What calls never reached, what the comparison sees of seeded mistakes, and what it cannot see."""
    name, trials = code(endpoint.endpoint), endpoint.self_test
    lines = []
    declared = {
        "query parameters never used": endpoint.parameters,
        "fields never seen": endpoint.fields,
        "choices never seen": endpoint.values,
    }
    for what, counts in declared.items():
        if never := [each for each, count in counts.items() if not count]:
            lines.append(f"- {name}: {what}: {text(', '.join(never))}\n")
    if trials.applicable:
        words = f"self-test caught {trials.caught:,} of {trials.applicable:,} seeded divergences"
        lines.append(f"- {name}: {words}\n")
    lines += [
        f"- {name}: varies by itself at {code(pattern)}; not seen there: {text(words)}\n"
        for pattern, words in endpoint.hides.items()
    ]
    return "".join(lines)


def _section(endpoint: EndpointReport, finding: Finding) -> str:
    table = row(("kind", "risk", "path", "control", "candidate")) + row("---" for _ in range(5))
    for difference in worst_first(finding.differences)[:DIFFERENCES_SHOWN]:
        control, candidate = sides(difference)
        table += row((difference.kind, difference.risk.word, code(difference.path), code(control), code(candidate)))
    more = left_out(max(0, len(finding.differences) - DIFFERENCES_SHOWN), "difference")
    title = f"\n## {code(endpoint.endpoint)}: {code(request(finding))}\n\n"
    return title + fenced(finding.curl) + "\n" + table + more
