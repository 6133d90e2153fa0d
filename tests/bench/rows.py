"""Rows of a benchmark: written to `build/bench/NAME.json` and printed as a table."""

import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from rich.console import Console
from rich.table import Table

__all__ = ["Row", "announced", "at_least", "at_most", "informing", "publish"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One number, what it was measured against, and the bounds it has to keep.

    `must` and `aim` are bounds as text, `holds` says whether the value keeps `must`; all three are None for a row that
    only informs.
    """

    metric: str
    value: float
    unit: str
    against: str = ""
    must: str | None = None
    aim: str | None = None
    holds: bool | None = None


def at_most(metric: str, value: float, unit: str, *, must: float, aim: float | None = None, against: str = "") -> Row:
    """A row whose value must not be above `must`."""
    aims = None if aim is None else f"<= {aim:g}"
    return Row(
        metric=metric, value=value, unit=unit, against=against, must=f"<= {must:g}", aim=aims, holds=value <= must
    )


def at_least(metric: str, value: float, unit: str, *, must: float, aim: float | None = None, against: str = "") -> Row:
    """A row whose value must not be below `must`."""
    aims = None if aim is None else f">= {aim:g}"
    return Row(
        metric=metric, value=value, unit=unit, against=against, must=f">= {must:g}", aim=aims, holds=value >= must
    )


def announced(what: str, rows: Iterator[Row]) -> Iterator[Row]:
    """The rows; says on standard error how long they took."""
    started = time.monotonic()
    yield from rows
    print(f"{what}: {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)


def informing(rows: Iterator[Row]) -> Iterator[Row]:
    """The rows without their bounds."""
    for row in rows:
        yield replace(row, must=None, aim=None, holds=None)


def publish(name: str, rows: Sequence[Row], *, folder: Path = Path("build/bench")) -> bool:
    """Write and print the rows; False where a bound is not kept."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    path.write_text(json.dumps([asdict(row) for row in rows], indent=2) + "\n")
    table = Table(*(heading for heading in ("metric", "value", "unit", "against", "must", "aim", "holds")))
    for row in rows:
        holds = "" if row.holds is None else "yes" if row.holds else "NO"
        table.add_row(row.metric, f"{row.value:,.3g}", row.unit, row.against, row.must or "", row.aim or "", holds)
    console = Console(highlight=False)
    console.width = max(console.width, 150)
    console.print(table)
    console.print(f"rows: {path}")
    return all(row.holds is not False for row in rows)
