"""The report as Markdown for a pull request's comment or a job's summary."""

import re
from collections.abc import Iterable

from strangler_shadow.report import EndpointReport, Finding, Report
from strangler_shadow.reports.words import (
    PERCENTILES,
    counted,
    differences_in,
    milliseconds,
    request,
    sides,
    visible,
)

__all__ = ["render"]

# GitHub shows a job's summary up to 1 MiB and a file up to 512 kB; a reader gives up far earlier.
LARGEST = 200_000
SUMMARY_SHARE = LARGEST // 2
DIFFERENCES_SHOWN = 20
TEXT_SHOWN = 1000
CURL_SHOWN = 8000

# As character references these are text wherever they stand, in a table's cell too.
REFERENCES = {ord(char): f"&#{ord(char)};" for char in "\\`*[]<>|&~#@!$"}
OUTER_UNDERSCORE = re.compile(r"(?<![^\W_])_|_(?![^\W_])")

COLUMNS = ("endpoint", "rung", "verdict", "calls", "differences", "control ms", "candidate ms", "reason")


def render(report: Report) -> str:
    """The report as Markdown of less than 200 kB; what is left out for that is counted in the text."""
    title = f"# Verification: {report.verdict.name}\n\n"
    about = f"Started {_text(report.started)}, seed {report.seed}, {report.examples:,} examples an endpoint. "
    about += f"Exit code {int(report.verdict)}. Latencies are {' / '.join(PERCENTILES)}.\n\n"
    head = title + about + _row(COLUMNS) + _row("---" for _ in COLUMNS)
    rows, rows_left = _within(SUMMARY_SHARE, (_summary(endpoint) for endpoint in report.endpoints))
    seen, _ = _within(SUMMARY_SHARE // 4, (_seen(endpoint) for endpoint in report.endpoints))
    summary = head + rows + _left_out(rows_left, "endpoint") + ("\n" + seen if seen else "")
    sections, sections_left = _within(
        LARGEST - len(summary.encode()) - TEXT_SHOWN,
        (_section(endpoint, finding) for endpoint in report.endpoints for finding in endpoint.findings),
    )
    return summary + sections + _left_out(sections_left, "finding")


def _within(size: int, parts: Iterable[str]) -> tuple[str, int]:
    """As many parts from the start as fit into `size` bytes, and how many are left."""
    taken, left = [], 0
    for part in parts:
        size -= len(part.encode())
        if size >= 0:
            taken.append(part)
        else:
            left += 1
    return "".join(taken), left


def _left_out(number: int, noun: str) -> str:
    return f"\n{counted(number, f'more {noun}')} left out to keep this short; the JSON report has all.\n" * bool(number)


def _summary(endpoint: EndpointReport) -> str:
    return _row(
        (
            _code(endpoint.endpoint),
            _text(endpoint.rung),
            endpoint.verdict.name,
            f"{endpoint.calls:,}",
            f"{differences_in(endpoint):,}",
            " / ".join(milliseconds(endpoint.control_ms)),
            " / ".join(milliseconds(endpoint.candidate_ms)),
            _text(endpoint.reason),
        )
    )


def _seen(endpoint: EndpointReport) -> str:
    """What the comparison sees of seeded mistakes, and what it cannot see."""
    trials = endpoint.self_test
    lines = []
    if trials.applicable:
        words = f"self-test caught {trials.caught:,} of {trials.applicable:,} seeded divergences"
        lines.append(f"- {_code(endpoint.endpoint)}: {words}\n")
    lines += [
        f"- {_code(endpoint.endpoint)}: varies by itself at {_code(pattern)}; not seen there: {_text(words)}\n"
        for pattern, words in endpoint.hides.items()
    ]
    return "".join(lines)


def _section(endpoint: EndpointReport, finding: Finding) -> str:
    table = _row(("kind", "path", "control", "candidate")) + _row("---" for _ in range(4))
    for difference in finding.differences[:DIFFERENCES_SHOWN]:
        control, candidate = sides(difference)
        table += _row((difference.kind, _code(difference.path), _code(control), _code(candidate)))
    more = _left_out(max(0, len(finding.differences) - DIFFERENCES_SHOWN), "difference")
    title = f"\n## {_code(endpoint.endpoint)}: {_code(request(finding))}\n\n"
    return title + _fenced(finding.curl) + "\n" + table + more


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |\n"


def _text(text: str) -> str:
    shown = visible(text).replace("\n", " ")
    shown = f"{shown[:TEXT_SHOWN]}…" if len(shown) > TEXT_SHOWN else shown
    return OUTER_UNDERSCORE.sub("&#95;", shown.translate(REFERENCES))


def _code(text: str) -> str:
    return f"<code>{_text(text)}</code>"


def _fenced(curl: str) -> str:
    shown = visible(curl)
    longest = max((len(run) for run in re.findall("`+", shown)), default=0)
    fence = "`" * max(3, longest + 1)
    cut = f"\n# cut after {CURL_SHOWN:,} characters" if len(shown) > CURL_SHOWN else ""
    return f"{fence}sh\n{shown[:CURL_SHOWN]}{cut}\n{fence}\n"
