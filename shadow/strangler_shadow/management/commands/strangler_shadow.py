import json
import signal
import time
from typing import Any

from django.core.management.base import CommandParser
from django.db import connections
from rich.table import Table
from rich.text import Text

from strangler_django.verb import UsageError, Verb
from strangler_shadow.kinds import Kind
from strangler_shadow.models import ShadowDifference
from strangler_shadow.risk_rules import kept_risk
from strangler_shadow.stream import Stream, StreamAway, current_stream
from strangler_shadow.stream_state import stream_state
from strangler_shadow.tally import Outcome, sums
from strangler_shadow.traits import common_traits
from strangler_shadow.work import IDLE_SECONDS, Worker
from strangler_shadow.work_again import NotKept, ask_again

NO_DATA = "nothing mirrored yet; `strangler cutover ID --mirror 100 --why …` turns the mirror on"
NO_STREAM = 'STRANGLER["SHADOW"]["STREAM"] is not set: copies are compared in the process that mirrors them'


class Command(Verb):
    help = "Compare what is mirrored in processes of their own, and show what was found."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="what", required=True, metavar="WHAT")
        for name, words in (("stats", "counts by outcome"), ("diffs", "grouped differences")):
            verb = verbs.add_parser(name, help=words)
            verb.add_argument("endpoint", metavar="ID", nargs="?", help="one endpoint only")
            verb.add_argument("--format", choices=["text", "json"], default="text", help="of the output (%(default)s)")
        replay = verbs.add_parser("replay", help="ask again for one difference that was kept")
        replay.add_argument("difference", metavar="ID", type=int, help="as `diffs` prints it")
        replay.add_argument("--format", choices=["text", "json"], default="text", help="of the output (%(default)s)")
        watch = verbs.add_parser("watch", help="one line a second, until Ctrl-C")
        watch.add_argument("--seconds", type=float, help="end after so many")
        work = verbs.add_parser("work", help="compare what waits in the stream, until SIGTERM or Ctrl-C")
        work.add_argument("--concurrency", type=int, default=4, help="comparisons at a time (%(default)s)")
        work.add_argument("--rate", type=float, default=0.0, help="questions to services a second at most; 0: no limit")
        work.add_argument(
            "--idle", type=float, default=IDLE_SECONDS, help="seconds until an entry is another's (%(default)s)"
        )
        work.add_argument("--once", action="store_true", help="end when nothing waits")

    def handle(self, *_args: Any, what: str, **options: Any) -> None:
        getattr(self, f"_{what}")(**options)

    def _stats(self, *, endpoint: str | None, format: str, **_options: Any) -> None:  # noqa: A002  argparse's name
        rows, stream = list(sums(endpoint)), _stream_row()
        if format == "json":
            self._write_json(rows if stream is None else {"endpoints": rows, "stream": stream})
            return
        if rows:
            self.console.print(_stats_table(rows))
        else:
            self.stdout.write(NO_DATA)
        if stream is not None:
            self.stdout.write("stream: " + _in_words(stream))

    def _diffs(self, *, endpoint: str | None, format: str, **_options: Any) -> None:  # noqa: A002
        rows = _differences(endpoint)
        if format == "json":
            self._write_json(rows)
        elif rows:
            self.console.print(_differences_table(rows))
        else:
            self.stdout.write("no differences")

    def _replay(self, *, difference: int, format: str, **_options: Any) -> None:  # noqa: A002
        row = ShadowDifference.objects.filter(pk=difference).first()
        if row is None:
            raise UsageError(f"there is no difference {difference}; `strangler shadow diffs` lists them")
        try:
            found = ask_again(row, _required_stream())
        except NotKept as error:
            raise UsageError(str(error)) from error
        if format == "json":
            self._write_json(found)
            return
        there = "still differs" if found["still there"] else "differs no more"
        self.stdout.write(f"{row.endpoint} {row.kind} at {row.pattern}: {there} ({found['outcome']} {found['reason']})")
        for place in found["differences"]:
            self.stdout.write(f"  {place['kind']} at {place['pattern']}: {place['control']} | {place['candidate']}")

    def _watch(self, *, seconds: float | None, **_options: Any) -> None:
        end = None if seconds is None else time.monotonic() + seconds
        before = _totals()
        try:
            while end is None or time.monotonic() < end:
                time.sleep(1)
                now = _totals()
                new = {name: count - before[name] for name, count in now.items()}
                stream = _stream_row()
                words = _in_words(new) + ("" if stream is None else " | " + _in_words(stream))
                self.stdout.write(f"{time.strftime('%H:%M:%S')} {words}")
                before = now
                # Each second is a look of its own, also where a transaction would keep showing the first one.
                connections.close_all()
        except KeyboardInterrupt:
            self.stdout.write("")

    def _work(self, *, concurrency: int, rate: float, idle: float, once: bool, **_options: Any) -> None:
        if concurrency < 1 or rate < 0 or idle <= 0:
            raise UsageError("--concurrency and --idle are more than 0, --rate is not less")
        worker = Worker(_required_stream(), concurrency=concurrency, rate=rate, idle=idle)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: worker.stop())
        self.stdout.write(
            f"worker {worker.name}: {concurrency} at a time, {rate or 'any number of'} questions a second"
        )
        worker.run(once=once)

    def _write_json(self, document: Any) -> None:
        self.stdout.write(json.dumps(document, indent=2, default=str))


def _required_stream() -> Stream:
    stream = current_stream()
    if stream is None:
        raise UsageError(NO_STREAM)
    return stream


def _stream_row() -> dict[str, Any] | None:
    stream = current_stream()
    if stream is None:
        return None
    try:
        return stream_state(stream)
    except StreamAway as error:
        return {"away": str(error)}


def _in_words(numbers: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in numbers.items() if value != {})


def _totals() -> dict[str, int]:
    rows: list[dict[str, Any]] = list(sums())
    return {name: sum(row[name] for row in rows) for name in ["sampled", *(outcome.value for outcome in Outcome)]}


def _differences(endpoint: str | None) -> list[dict[str, Any]]:
    """The greatest risk first, and of those the most frequent."""
    found = ShadowDifference.objects.order_by("-count")
    rows = found if endpoint is None else found.filter(endpoint=endpoint)
    risks = {row.pk: kept_risk(Kind(row.kind), row.pattern, row.control, row.candidate) for row in rows}
    return [
        {
            "id": row.pk,
            "endpoint": row.endpoint,
            "rung": row.rung,
            "risk": risks[row.pk].word,
            "kind": row.kind,
            "pattern": row.pattern,
            "count": row.count,
            "first": row.first_seen,
            "last": row.last_seen,
            "control": row.control,
            "candidate": row.candidate,
            "only where": common_traits(row.traits),
        }
        for row in sorted(rows, key=lambda row: -risks[row.pk])
    ]


def _stats_table(rows: list[dict[str, Any]]) -> Table:
    columns = ["endpoint", "rung", "answered", "sampled", *(outcome.value for outcome in Outcome)]
    table = Table(*columns, "reasons")
    for row in rows:
        reasons = ", ".join(f"{reason} {count}" for reason, count in row["reasons"].items())
        table.add_row(*(Text(str(row[column])) for column in columns), Text(reasons))
    return table


def _differences_table(rows: list[dict[str, Any]]) -> Table:
    columns = ["id", "endpoint", "risk", "kind", "pattern", "count", "control", "candidate", "only where", "last"]
    table = Table(*columns)
    for row in rows:
        cells = {**row, "only where": ", ".join(row["only where"]), "last": f"{row['last']:%Y-%m-%d %H:%M:%S}"}
        table.add_row(*(Text(str(cells[column])[:60]) for column in columns))
    return table
