import random
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.db import DatabaseError
from hypothesis.configuration import set_hypothesis_home_dir
from rich.progress import MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from strangler_django.report_files import add_report_option, report_file, write_files
from strangler_django.verb import UsageError, Verb
from strangler_protos.suggestion import suggest
from strangler_router.conf import settings
from strangler_router.flags import read_policy
from strangler_router.pin import Entry
from strangler_router.policy import Rung
from strangler_router.table import build_table
from strangler_router.types import Call
from strangler_shadow.corpus import corpus_folder
from strangler_shadow.evidence import record_verification
from strangler_shadow.generated_rows import GeneratedRows
from strangler_shadow.interrupts import remembered_interrupts
from strangler_shadow.on_twins import verify_on_twins
from strangler_shadow.profiles import Explore, Gate, not_reached
from strangler_shadow.report import EndpointReport, Report
from strangler_shadow.reports import KINDS, write_report
from strangler_shadow.reports.text import print_report
from strangler_shadow.requests import UnreadableRequests, given_calls
from strangler_shadow.verify import Verification

EXAMPLES = 100
SECONDS = 60.0
SEED = 1


class Command(Verb):
    help = "Make calls of endpoints, ask monolith and service, and report every difference. Exits with the verdict."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("endpoints", metavar="ID", nargs="*", help="as `strangler endpoints` lists it (all bound)")
        parser.add_argument(
            "--profile",
            choices=["gate", "explore"],
            default="gate",
            help="gate: the same calls each time, for CI; explore: new ones until the time is over (%(default)s)",
        )
        parser.add_argument("--examples", type=int, help=f"gate: generated calls per endpoint ({EXAMPLES})")
        parser.add_argument("--seconds", type=float, metavar="S", help=f"explore: how long ({SECONDS:.0f})")
        parser.add_argument("--rung", choices=[rung.value for rung in Rung], help="which service (the flag's rung)")
        parser.add_argument(
            "--twin-service",
            default="",
            metavar="COMMAND",
            help="for endpoints that write, and for --rows: starts the service on a copy of the database; {database} "
            "is the copy's path or URL, {address} where to listen (the lifted rung has a host of ours)",
        )
        parser.add_argument(
            "--rows",
            type=int,
            default=0,
            metavar="N",
            help="generate rows with values at the edges, N for each model, in a copy of the database on which both "
            "sides answer (none); rungs but the lifted need --twin-service",
        )
        parser.add_argument("--seed", type=int, help=f"repeats a run (gate: {SEED}, explore: random)")
        parser.add_argument(
            "--requests",
            type=Path,
            metavar="FILE",
            help="calls to make first: lines `GET /path [user]`, a .har file, or a .recording",
        )
        add_report_option(parser, KINDS)

    def handle(self, *_args: Any, **options: Any) -> None:
        _check_profile(options)
        if options["rows"] < 0:
            raise UsageError(f"--rows {options['rows']}: a number of rows, or 0 for none")
        files = [report_file(text, KINDS) for text in options["report"]]
        entries = _entries(options["endpoints"])
        given = self._given(options["requests"], entries)
        # Else Hypothesis keeps a .hypothesis folder wherever the command runs.
        set_hypothesis_home_dir(corpus_folder().parent / "hypothesis")
        policy = read_policy()
        started = datetime.now(UTC)
        rungs = {entry.binding.id: options["rung"] or policy.flag(entry.binding.id).rung.value for entry in entries}
        if not options["endpoints"]:
            entries = self._served(entries, rungs, options["twin_service"])
        profile = _profile(options, len(entries))
        if isinstance(profile, Explore):
            self.stdout.write(f"explore: {profile.seconds:g} s, --seed {profile.seed} repeats it")
        reports: list[EndpointReport] = []
        for found in self._reports(entries, rungs, given, profile, options):
            reports.append(found)
            self._keep(found)
            if not self.console.is_terminal:
                self.stdout.write(f"{found.endpoint}: {found.verdict.name}, {_speed(found)}")
        order = [entry.binding.id for entry in entries]
        report = Report(
            started=started.isoformat(timespec="seconds"),
            seed=profile.seed,
            examples=profile.examples if isinstance(profile, Gate) else sum(found.calls for found in reports),
            endpoints=tuple(sorted(reports, key=lambda one: order.index(one.endpoint))),
        )
        print_report(report, self.console)
        calls, seconds = sum(found.calls for found in reports), sum(found.seconds for found in reports)
        self.stdout.write(f"{calls:,} calls, {calls / max(seconds, 0.001):.0f}/s")
        for line in write_files(files, partial(write_report, report)):
            self.stdout.write(line)
        sys.exit(report.verdict)

    def _served(self, entries: list[Entry], rungs: Mapping[str, str], command: str) -> list[Entry]:
        """Without those that write where nobody said how their service is started on a copy."""
        left = [entry for entry in entries if not (entry.binding.is_safe or command or _is_lifted(entry, rungs))]
        for entry in left:
            self.stdout.write(f"{entry.binding.id} writes, and is left out; give --twin-service COMMAND")
        return [entry for entry in entries if entry not in left]

    def _reports(
        self,
        entries: list[Entry],
        rungs: Mapping[str, str],
        given: Mapping[str, Sequence[tuple[str, Call]]],
        profile: Gate | Explore,
        options: Mapping[str, Any],
    ) -> Iterator[EndpointReport]:
        # Copies are made before calls of other endpoints open connections that hold the database.
        copied = [entry for entry in entries if options["rows"] or not entry.binding.is_safe]
        for rung in dict.fromkeys(rungs[entry.binding.id] for entry in copied):
            found = [entry for entry in copied if rungs[entry.binding.id] == rung]
            if profile.interrupted:
                yield from (not_reached(entry, rung) for entry in found)
                continue
            with self._progress(f"on copies, {rung}", profile) as on_call:
                yield from verify_on_twins(
                    found,
                    rung=rung,
                    command=options["twin_service"],
                    profile=profile,
                    rows=options["rows"],
                    given=given,
                    on_rows=self._tell_rows,
                    on_call=on_call,
                )
        with self._progress("reading", profile) as on_call:
            reading = [
                Verification(
                    entry=entry,
                    rung=rungs[entry.binding.id],
                    given=given.get(entry.binding.id, ()),
                    on_call=on_call,
                )
                for entry in entries
                if entry not in copied
            ]
            yield from profile.verify(reading)

    def _tell_rows(self, rows: GeneratedRows) -> None:
        for line in rows.lines():
            self.stdout.write(line)

    def _keep(self, found: EndpointReport) -> None:
        """Tell the gate, where the database takes it."""
        try:
            record_verification(found.endpoint, found.rung, verdict=found.verdict, calls=found.calls)
        except DatabaseError as error:
            self.stderr.write(f"{found.endpoint}: the verdict is not kept for the gate ({str(error).strip()})")

    def _given(self, file: Path | None, entries: list[Entry]) -> Mapping[str, Sequence[tuple[str, Call]]]:
        """The calls of a file of requests by endpoint; says how many are left out, and why."""
        if file is None:
            return {}
        key = (settings().shadow.get("RECORD") or {}).get("KEY", "")
        try:
            found = given_calls(file, entries, key=key)
        except OSError as error:
            raise UsageError(f"--requests {file}: {error.strerror}") from error
        except (UnreadableRequests, ImportError) as error:
            raise UsageError(f"--requests {error}") from error
        count = sum(map(len, found.calls.values()))
        self.stdout.write(f"{file}: {count} calls of {len(found.calls)} endpoints")
        for reason, left in found.skipped.items():
            self.stdout.write(f"{file}: {left} left out, {reason}")
        return found.calls

    @contextmanager
    def _progress(self, name: str, profile: Gate | Explore) -> Iterator[Any]:
        console = self.console
        columns = (TextColumn("{task.description}"), MofNCompleteColumn(), TextColumn("calls,"), TimeElapsedColumn())
        shown = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        with shown as progress, remembered_interrupts() as interrupted:
            task = progress.add_task(f"{name} (seed {profile.seed})", total=None)

            def on_call() -> None:
                progress.advance(task)
                if interrupted() and not profile.interrupted:
                    raise KeyboardInterrupt

            yield on_call


def _check_profile(options: Mapping[str, Any]) -> None:
    examples, seconds = options["examples"], options["seconds"]
    if options["profile"] == "explore" and examples is not None:
        raise UsageError(f"--examples {examples}: the explore profile goes on until its time is over; give --seconds")
    if options["profile"] == "gate" and seconds is not None:
        raise UsageError(f"--seconds {seconds:g}: the gate profile makes a number of calls; add --profile explore")
    if examples is not None and examples < 1:
        raise UsageError(f"--examples {examples}: at least one call is needed")
    if seconds is not None and not 0 < seconds < float("inf"):
        raise UsageError(f"--seconds {seconds:g}: a time above 0 is needed")


def _profile(options: Mapping[str, Any], endpoints: int) -> Gate | Explore:
    seed = options["seed"]
    if options["profile"] == "gate":
        return Gate(seed=SEED if seed is None else seed, examples=options["examples"] or EXAMPLES)
    seed = random.randrange(2**32) if seed is None else seed  # noqa: S311  no secret
    return Explore(seed=seed, seconds=options["seconds"] or SECONDS, endpoints=endpoints)


def _speed(found: EndpointReport) -> str:
    rate = f", {found.calls / found.seconds:.0f}/s" if found.seconds else ""
    return f"{found.calls} calls, {found.seconds:.1f} s{rate}"


def _entries(wanted: list[str]) -> list[Entry]:
    entries = {entry.binding.id: entry for entry in build_table().values()}
    for name in wanted:
        if name not in entries:
            hint = suggest(name, entries, otherwise="see `strangler endpoints --bound`")
            raise UsageError(f"{name!r} is not bound{hint}")
    if not entries:
        raise UsageError("no endpoint is bound; see STRANGLER['CONTRACTS'] and STRANGLER['LIFTED']")
    return [entries[name] for name in dict.fromkeys(wanted)] if wanted else list(entries.values())


def _is_lifted(entry: Entry, rungs: Mapping[str, str]) -> bool:
    return rungs[entry.binding.id] == Rung.LIFTED
