import argparse
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.table import Table

from academy.seeding import database
from academy.seeding.plan import Plan


def positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of courses; give a whole number from 1")
    return int(text)


class Command(BaseCommand):
    help = "Fills the database with courses and everything around them; the same numbers give the same rows."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--courses", type=positive, required=True, metavar="N", help="how many courses, from 1")
        parser.add_argument("--seed", type=int, default=1, metavar="S", help="which rows to make (default: 1)")
        parser.add_argument(
            "--flush",
            action="store_true",
            help="first delete every row of the academy, its users and tokens, and rows that refer to them",
        )

    def handle(self, *, courses: int, seed: int, flush: bool, **options: Any) -> None:
        if not database.is_migrated():
            raise CommandError("The database lacks the academy's tables; run `manage.py migrate` first.")
        found = {model: rows for model, rows in database.count_rows().items() if rows}
        if found and not flush:
            rows = ", ".join(f"{count} {model._meta.verbose_name_plural}" for model, count in found.items())
            raise CommandError(f"The database holds rows already ({rows}); pass --flush to delete them first.")
        started = time.perf_counter()
        plan = Plan(courses=courses, seed=seed)
        (database.refill if flush else database.fill)(plan)
        self.print_counts(f"Seed {seed}, {time.perf_counter() - started:.1f} s")

    def print_counts(self, caption: str) -> None:
        table = Table("Table", "Rows", title="Banyan Academy", caption=caption)
        table.columns[1].justify = "right"
        for model, rows in database.count_rows().items():
            table.add_row(model._meta.db_table, f"{rows:,}")
        Console(file=self.stdout).print(table)
