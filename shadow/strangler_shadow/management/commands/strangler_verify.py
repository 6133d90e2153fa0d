import difflib
import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from hypothesis.configuration import set_hypothesis_home_dir
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from strangler_django.verb import UsageError, Verb
from strangler_router.flags import read_policy
from strangler_router.pin import Entry
from strangler_router.policy import Rung
from strangler_router.table import build_table
from strangler_shadow.corpus import corpus_folder
from strangler_shadow.report import EndpointReport, Report
from strangler_shadow.reports import KINDS, write_report
from strangler_shadow.reports.text import print_report
from strangler_shadow.verify import verify_endpoint


class Command(Verb):
    help = "Make calls of endpoints, ask monolith and service, and report every difference. Exits with the verdict."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("endpoints", metavar="ID", nargs="*", help="as `strangler endpoints` lists it (all bound)")
        parser.add_argument("--examples", type=int, default=100, help="generated calls per endpoint (%(default)s)")
        parser.add_argument("--rung", choices=[rung.value for rung in Rung], help="which service (the flag's rung)")
        parser.add_argument("--seed", type=int, help="repeats a run (random)")
        parser.add_argument(
            "--report",
            action="append",
            default=[],
            metavar="KIND=PATH",
            help=f"write a report file; KIND is one of {', '.join(KINDS)}; may be repeated",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["examples"] < 1:
            raise UsageError(f"--examples {options['examples']}: at least one call is needed")
        files = [_report_file(text) for text in options["report"]]
        entries = _entries(options["endpoints"])
        # Else Hypothesis keeps a .hypothesis folder wherever the command runs.
        set_hypothesis_home_dir(corpus_folder().parent / "hypothesis")
        policy = read_policy()
        seed = random.randrange(2**32) if options["seed"] is None else options["seed"]  # noqa: S311  no secret
        started = datetime.now(UTC)
        reports: list[EndpointReport] = []
        for entry in entries:
            rung = options["rung"] or policy.flag(entry.binding.id).rung.value
            with self._progress(entry.binding.id, options["examples"]) as on_call:
                reports.append(
                    verify_endpoint(entry, rung=rung, examples=options["examples"], seed=seed, on_call=on_call)
                )
            if not self.console.is_terminal:
                last = reports[-1]
                self.stdout.write(f"{last.endpoint}: {last.verdict.name}, {last.calls} calls, {last.seconds:.1f} s")
        report = Report(
            started=started.isoformat(timespec="seconds"),
            seed=seed,
            examples=options["examples"],
            endpoints=tuple(reports),
        )
        print_report(report, self.console)
        for kind, path in files:
            write_report(report, kind, path)
            self.stdout.write(f"{kind} report: {path}")
        sys.exit(report.verdict)

    @contextmanager
    def _progress(self, name: str, total: int) -> Iterator[Any]:
        console = self.console
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
            task = progress.add_task(name, total=total)
            yield lambda: progress.advance(task)


def _entries(wanted: list[str]) -> list[Entry]:
    entries = {entry.binding.id: entry for entry in build_table().values() if entry.binding.is_safe}
    for name in wanted:
        if name not in entries:
            close = difflib.get_close_matches(name, entries, n=1)
            hint = f"did you mean {close[0]!r}?" if close else "see `strangler endpoints --bound`"
            raise UsageError(f"{name!r} is not bound, or not safe to call twice; {hint}")
    if not entries:
        raise UsageError("no endpoint is bound; see STRANGLER['CONTRACTS'] and STRANGLER['LIFTED']")
    return [entries[name] for name in dict.fromkeys(wanted)] if wanted else list(entries.values())


def _report_file(text: str) -> tuple[str, Path]:
    kind, separator, path = text.partition("=")
    if kind not in KINDS or not separator or not path:
        raise UsageError(f"--report {text}: write KIND=PATH, and KIND is one of {', '.join(KINDS)}")
    # Said now, not after a long run.
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).touch()
    except OSError as error:
        raise UsageError(f"--report {text}: {error.strerror}") from error
    return kind, Path(path)
