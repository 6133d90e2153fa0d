"""The profile on a terminal."""

import io

from rich.console import Console
from rich.table import Table
from rich.text import Text

from strangler_django.profiling.report import EndpointProfile, Finding, Report, State, Step
from strangler_django.profiling.reports.words import (
    counted,
    growth_words,
    request_name,
    share_words,
    short_statement,
    split_words,
    unshared,
)

__all__ = ["print_profile", "render"]

STEPS_SHOWN = 20
STATEMENTS_SHOWN = 4


def render(report: Report) -> str:
    """The report as plain text."""
    out = io.StringIO()
    print_profile(report, Console(file=out, width=200, soft_wrap=True, highlight=False))
    return out.getvalue()


def print_profile(report: Report, console: Console) -> None:
    """Print a table of the endpoints, each N+1, what was not profiled, and what to do first."""
    console.print(_table(report))
    for found in report.endpoints:
        _print_findings(found, console)
    _print_notes(report, console)
    _print_left_out(report, console)
    if report.ranking:
        console.print(_ranking(report.ranking))
    words = f"{counted(report.findings, 'N+1', 'N+1s')} in {counted(len(report.profiled), 'profiled endpoint')}"
    console.print(Text(f"{words}, as {report.caller}, {report.seconds:.1f} s", style="bold"))


def _table(report: Report) -> Table:
    table = Table(caption="queries at list sizes; time as it was asked; shares by cProfile", caption_justify="left")
    table.add_column("endpoint", overflow="fold")
    for heading in ("rows", "queries", "ms", "SQL ms"):
        table.add_column(heading, justify="right")
    table.add_column("queries by size")
    table.add_column("sql / serialisation / rendering / rest")
    table.add_column("cacheable", justify="right")
    table.add_column("N+1", justify="right")
    for found in report.profiled:
        table.add_row(
            Text(request_name(found)),
            f"{found.size:,}",
            f"{found.queries:,}",
            f"{found.milliseconds:,.1f}",
            f"{found.sql_milliseconds:,.1f}",
            growth_words(found.growth),
            split_words(found.split),
            share_words(found.cacheable),
            Text(str(len(found.findings)), style="bold red" if found.findings else "green"),
        )
    return table


def _print_findings(found: EndpointProfile, console: Console) -> None:
    lines = [f"  not shared: {field.field} ({field.reason})" for field in unshared(found.cacheable)]
    if not lines and not found.findings:
        return
    console.print(Text(request_name(found), style="bold"))
    for finding in found.findings:
        _print_finding(finding, console)
    if lines:
        console.print(Text("\n".join(lines), style="dim"))


def _print_finding(finding: Finding, console: Console) -> None:
    heading = Text("  N+1 ", style="bold red") + Text(finding.field or finding.owner, style="bold")
    owner = f" of {finding.owner}" if finding.field else ""
    console.print(heading + Text(f"{owner}, {finding.place}: {finding.source}", style="not bold"))
    lines = []
    if finding.declared not in ("", finding.place):
        lines.append(f"    declared at {finding.declared}")
    lines.append(
        f"    {counted(finding.queries, 'query', 'queries')} of this request, {finding.per_row:g} a row"
        f" ({growth_words(finding.growth)})"
    )
    lines += [f"    {short_statement(text)}" for text in finding.statements[:STATEMENTS_SHOWN]]
    if len(finding.statements) > STATEMENTS_SHOWN:
        lines.append(f"    and {counted(len(finding.statements) - STATEMENTS_SHOWN, 'more statement')}")
    lines += [
        f"    {one.remedy}: {one.text}; removes {counted(one.removes, 'query', 'queries')}, leaves {one.leaves}"
        for one in finding.advice
    ]
    console.print(Text("\n".join(lines)))


def _print_notes(report: Report, console: Console) -> None:
    notes: dict[str, list[str]] = {}
    for found in report.profiled:
        for note in found.notes:
            notes.setdefault(note, []).append(request_name(found))
    for note, names in notes.items():
        console.print(Text(f"{note}: {', '.join(names)}", style="dim"))


def _print_left_out(report: Report, console: Console) -> None:
    lines = [
        f"  {request_name(found)}: {found.state}: {found.reason}"
        for found in report.endpoints
        if found.state is not State.PROFILED
    ]
    lines += [f"  {counted(count, 'request')} of the file: {reason}" for reason, count in report.skipped.items()]
    if lines:
        console.print(Text("not profiled", style="bold"))
        console.print(Text("\n".join(lines)))


def _ranking(steps: tuple[Step, ...]) -> Table:
    table = Table(title="what to do first", title_justify="left", caption_justify="left")
    table.caption = "saved: milliseconds of a request, times how often it is asked; an estimate"
    table.add_column("#", justify="right")
    table.add_column("work")
    table.add_column("endpoint", overflow="fold")
    table.add_column("where", overflow="fold")
    table.add_column("saved ms", justify="right")
    table.add_column("queries", justify="right")
    table.add_column("what", overflow="fold")
    for place, step in enumerate(steps[:STEPS_SHOWN], 1):
        cells = (step.work.value, step.endpoint, step.where, f"{step.saves:,.1f}", f"{step.queries:,}", step.what)
        table.add_row(str(place), *map(Text, cells))
    return table
