import json
from typing import Any

from django.core.management.base import CommandParser
from rich.table import Table
from rich.text import Text

from strangler_django.verb import Verb
from strangler_shadow.models import ShadowDifference
from strangler_shadow.tally import Outcome, sums
from strangler_shadow.traits import common_traits

NO_DATA = "nothing mirrored yet; `strangler cutover ID --mirror 100 --why …` turns the mirror on"


class Command(Verb):
    help = "Show what the mirror found: stats (counts by outcome) or diffs (grouped differences)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", choices=["stats", "diffs"], help="counts by outcome, or grouped differences")
        parser.add_argument("endpoint", metavar="ID", nargs="?", help="one endpoint only")
        parser.add_argument("--format", choices=["text", "json"], default="text", help="of the output (%(default)s)")

    def handle(self, *_args: Any, **options: Any) -> None:
        rows = list(sums(options["endpoint"])) if options["what"] == "stats" else _differences(options["endpoint"])
        if options["format"] == "json":
            self.stdout.write(json.dumps(rows, indent=2, default=str))
        elif not rows:
            self.stdout.write(NO_DATA if options["what"] == "stats" else "no differences")
        else:
            self.console.print(_stats_table(rows) if options["what"] == "stats" else _differences_table(rows))


def _differences(endpoint: str | None) -> list[dict[str, Any]]:
    found = ShadowDifference.objects.order_by("-count")
    return [
        {
            "endpoint": row.endpoint,
            "rung": row.rung,
            "kind": row.kind,
            "pattern": row.pattern,
            "count": row.count,
            "first": row.first_seen,
            "last": row.last_seen,
            "control": row.control,
            "candidate": row.candidate,
            "only where": common_traits(row.traits),
        }
        for row in (found if endpoint is None else found.filter(endpoint=endpoint))
    ]


def _stats_table(rows: list[dict[str, Any]]) -> Table:
    columns = ["endpoint", "rung", "answered", "sampled", *(outcome.value for outcome in Outcome)]
    table = Table(*columns, "reasons")
    for row in rows:
        reasons = ", ".join(f"{reason} {count}" for reason, count in row["reasons"].items())
        table.add_row(*(Text(str(row[column])) for column in columns), Text(reasons))
    return table


def _differences_table(rows: list[dict[str, Any]]) -> Table:
    columns = ["endpoint", "kind", "pattern", "count", "control", "candidate", "only where", "last"]
    table = Table(*columns)
    for row in rows:
        cells = {**row, "only where": ", ".join(row["only where"]), "last": f"{row['last']:%Y-%m-%d %H:%M:%S}"}
        table.add_row(*(Text(str(cells[column])[:60]) for column in columns))
    return table
