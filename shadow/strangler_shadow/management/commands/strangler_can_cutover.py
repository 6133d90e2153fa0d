import json
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone
from rich.text import Text

from strangler_django.report_files import add_report_option, report_file, write_files
from strangler_django.verb import UsageError, Verb
from strangler_protos.suggestion import suggest
from strangler_router.errors import ConfigurationError
from strangler_router.flags import read_policy
from strangler_router.policy import Flag, Rung, Stage
from strangler_router.table import build_table
from strangler_shadow.gate import GateReport, ask_gate, with_history
from strangler_shadow.latency import Interval
from strangler_shadow.reports.evidence import KINDS, write_evidence
from strangler_shadow.reports.evidence.found import read_found
from strangler_shadow.verdict import Verdict, worst

# As often as a process writes its counts.
POLL_SECONDS = 5.0
NEXT = {Stage.MONOLITH: Stage.CANARY, Stage.CANARY: Stage.SERVICE, Stage.SERVICE: Stage.RETIRED}


class Command(Verb):
    help = "Say whether the evidence lets endpoints move on, and what is missing. Exits with the verdict."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("endpoints", metavar="ID", nargs="+", help="as `strangler endpoints --bound` lists it")
        parser.add_argument(
            "--stage",
            choices=[stage.value for stage in Stage],
            help="where to (the one behind the flag's); monolith: whether what users now meet speaks for going back",
        )
        parser.add_argument("--rung", choices=[rung.value for rung in Rung], help="which service (the flag's rung)")
        parser.add_argument("--max-rate", type=_share, help="share of the traffic that may differ (0.001)")
        parser.add_argument("--confidence", type=_share, help="that no more does, over all looks (0.99)")
        parser.add_argument("--history", action="store_true", help="also say what was known on each day of the epoch")
        parser.add_argument("--format", choices=["text", "json"], default="text", help="of the output (%(default)s)")
        parser.add_argument(
            "--retry-while-inconclusive",
            type=float,
            default=0.0,
            metavar="SECONDS",
            help="ask again until the verdict is another one, for so long",
        )
        add_report_option(parser, KINDS)

    def handle(self, *_args: Any, **options: Any) -> None:
        files = [report_file(text, KINDS) for text in options["report"]]
        bound = {entry.binding.id for entry in build_table().values()}
        for name in options["endpoints"]:
            if name not in bound:
                hint = suggest(name, bound, otherwise="see `strangler endpoints --bound`")
                raise UsageError(f"{name!r} is not bound{hint}")
        deadline = time.monotonic() + options["retry_while_inconclusive"]
        reports = self._ask(options)
        while _verdict(reports) is Verdict.INCONCLUSIVE and (left := deadline - time.monotonic()) > 0:
            time.sleep(min(POLL_SECONDS, left))
            reports = self._ask(options)
        if options["history"]:
            reports = [with_history(report) for report in reports]
        if options["format"] == "json":
            rows = [asdict(report) | {"verdict": report.verdict.name} for report in reports]
            self.stdout.write(json.dumps(rows, indent=2, default=str))
        else:
            for report in reports:
                self.console.print(Text("\n".join(_lines(report))))
        self._write(reports, files, says=options["format"] == "text")
        sys.exit(_verdict(reports))

    def _write(self, reports: list[GateReport], files: list[tuple[str, Path]], *, says: bool) -> None:
        if not files:
            return
        found = read_found(map(with_history, reports), timezone.now())
        for line in write_files(files, partial(write_evidence, found)):
            if says:
                self.stdout.write(line)

    def _ask(self, options: dict[str, Any]) -> list[GateReport]:
        policy = read_policy()
        try:
            return [self._ask_one(policy.flag(name), options) for name in dict.fromkeys(options["endpoints"])]
        except ConfigurationError as error:
            raise UsageError(str(error)) from error

    def _ask_one(self, flag: Flag, options: dict[str, Any]) -> GateReport:
        return ask_gate(
            flag.endpoint,
            stage=options["stage"] or NEXT.get(flag.stage, Stage.RETIRED).value,
            rung=options["rung"] or flag.rung.value,
            max_rate=options["max_rate"],
            confidence=options["confidence"],
        )


def _verdict(reports: list[GateReport]) -> Verdict:
    return worst(report.verdict for report in reports)


def _lines(report: GateReport) -> list[str]:
    lines = [f"{report.endpoint} to {report.stage}, rung {report.rung}: {report.verdict.name}"]
    lines += [f"  {reason}" for reason in report.reasons]
    lines.append(f"  bound {report.bound:.3g} at {100 * report.confidence:.4g} %, epoch {report.epoch}: {_sum(report)}")
    if report.reasons_of_counts:
        lines.append(f"  {_counts(report.reasons_of_counts)}")
    if report.statuses:
        lines.append(f"  statuses: {_counts(report.statuses)}; callers: {_counts(report.callers)}")
        lines.append(f"  errors or empty: {report.vacuous:,}")
        lines += _never_seen(report)
    lines += _latency_lines(report)
    if found := report.verified:
        where = f", by {found.who} (build {found.build or 'unnamed'})" if found.who else ""
        lines.append(f"  strangler verify on {found.at:%Y-%m-%d}: {found.verdict.name}, {found.calls:,} calls{where}")
    lines += (
        f"  up to {day.day}: bound {day.bound:.3g}, {day.pairs:,} pairs, {day.divergent:,} divergent"
        for day in report.history
    )
    return lines


def _never_seen(report: GateReport) -> Iterator[str]:
    missing = report.never_seen
    yield f"  never seen but null: {', '.join(missing.fields) or 'no declared field'}"
    found = {"choices": missing.values, "query parameters": missing.parameters, "callers": missing.callers}
    yield from (f"  never seen, {kind}: {', '.join(names)}" for kind, names in found.items() if names)


def _latency_lines(report: GateReport) -> Iterator[str]:
    pairs = zip(report.latency[::2], report.latency[1::2], strict=True)
    for control, candidate in pairs:
        yield (
            f"  p{100 * control.quantile:g}: monolith ({control.measured}) {_milliseconds(control)}, "
            f"service ({candidate.measured}) {_milliseconds(candidate)}"
        )


def _milliseconds(found: Interval) -> str:
    high = "?" if found.high_ms is None else f"{found.high_ms:.3g}"
    return f"{found.ms:.3g} ms, {found.low_ms:.3g} to {high}"


def _sum(report: GateReport) -> str:
    parts = " + ".join(f"{count:,} {outcome}" for outcome, count in report.counts.items() if count)
    return f"{sum(report.counts.values()):,} copies" + (f" = {parts}" if parts else "")


def _counts(counts: Any) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.items())


def _share(text: str) -> float:
    share = float(text)
    if not 0 < share < 1:
        raise ValueError(text)
    return share


_share.__name__ = "share (between 0 and 1)"
