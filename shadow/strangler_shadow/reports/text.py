"""The report on a terminal."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from strangler_shadow.report import EndpointReport, Finding, Report
from strangler_shadow.reports.words import (
    PERCENTILES,
    counted,
    described,
    differences_in,
    milliseconds,
    request,
    visible,
    worst_first,
)
from strangler_shadow.verdict import Verdict

__all__ = ["print_report"]

DIFFERENCES_SHOWN = 10
MISSES_SHOWN = 5
STYLES = {
    Verdict.EQUIVALENT: "green",
    Verdict.DIVERGED: "bold red",
    Verdict.INCONCLUSIVE: "yellow",
    Verdict.STALE: "yellow",
    Verdict.INFRA: "magenta",
}


def print_report(report: Report, console: Console) -> None:
    """Print a table of the endpoints, then each finding: its smallest call, a curl line, its first differences."""
    console.print(_table(report))
    for endpoint in report.endpoints:
        _print_endpoint(endpoint, console)
    exit_code = Text(f"  exit code {int(report.verdict)}, seed {report.seed}", style="dim")
    console.print(Text(report.verdict.name, style=STYLES[report.verdict]) + exit_code)


def _table(report: Report) -> Table:
    table = Table(caption=f"milliseconds are {' / '.join(PERCENTILES)}", caption_justify="left")
    for heading in ("endpoint", "rung", "verdict"):
        table.add_column(heading, overflow="fold")
    for heading in ("calls", "differences", "control ms", "candidate ms"):
        table.add_column(heading, justify="right")
    for endpoint in report.endpoints:
        table.add_row(
            Text(visible(endpoint.endpoint)),
            Text(visible(endpoint.rung)),
            Text(endpoint.verdict.name, style=STYLES[endpoint.verdict]),
            f"{endpoint.calls:,}",
            f"{differences_in(endpoint):,}",
            " / ".join(milliseconds(endpoint.control_ms)),
            " / ".join(milliseconds(endpoint.candidate_ms)),
        )
    return table


def _print_endpoint(endpoint: EndpointReport, console: Console) -> None:
    if endpoint.verdict is not Verdict.EQUIVALENT:
        heading = Text(visible(endpoint.endpoint), style="bold")
        reason = Text(f": {visible(endpoint.reason)}", style="not bold")
        console.print(heading + reason, soft_wrap=True)
    for why, count in endpoint.skipped.items():
        console.print(Text(f"{visible(endpoint.endpoint)}: {count:,} not compared: {visible(why)}", style="dim"))
    for finding in endpoint.findings:
        _print_finding(finding, console)
    for pattern, words in endpoint.hides.items():
        text = f"{visible(endpoint.endpoint)}: varies by itself at {visible(pattern)}; not seen there: {words}"
        console.print(Text(text, style="dim"), soft_wrap=True)
    _print_self_test(endpoint, console)


def _print_self_test(endpoint: EndpointReport, console: Console) -> None:
    trials = endpoint.self_test
    if not trials.applicable:
        return
    words = f"self-test: caught {trials.caught:,} of {trials.applicable:,} applicable seeded divergences"
    lines = [f"{visible(endpoint.endpoint)}: {words} (operators: {len(trials.operators)})"]
    lines += [
        f"  not seen: {miss.operator} at {visible(miss.place)}: {miss.reason}" for miss in trials.missed[:MISSES_SHOWN]
    ]
    if len(trials.missed) > MISSES_SHOWN:
        lines.append(f"  and {len(trials.missed) - MISSES_SHOWN:,} more")
    console.print(Text("\n".join(lines), style="dim"), soft_wrap=True)


def _print_finding(finding: Finding, console: Console) -> None:
    lines = [f"  {request(finding)}", f"  {visible(finding.curl)}"]
    lines += [f"    {described(each, limit=100)}" for each in worst_first(finding.differences)[:DIFFERENCES_SHOWN]]
    if len(finding.differences) > DIFFERENCES_SHOWN:
        lines.append(f"    and {counted(len(finding.differences) - DIFFERENCES_SHOWN, 'more difference')}")
    # No wrapping: a curl line must survive copying.
    console.print(Text("\n".join(lines)), soft_wrap=True)
