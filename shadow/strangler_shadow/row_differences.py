"""How the rows of two copies differ, and which of it the monolith does not repeat by itself."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from strangler_router.conf import settings
from strangler_shadow.observation import Difference, Kind
from strangler_shadow.redact import stand_in
from strangler_shadow.rows import Key, Rows, TableRows

__all__ = ["RowDifference", "RowNoise", "alike", "as_difference", "compare_rows", "row_noise_of", "without_row_noise"]

# Between the two sides' answers to one call, with a slow machine in mind.
CLOCK_SECONDS = 60.0
EMPTY = TableRows(columns=(), rows={})


@dataclass(frozen=True, slots=True, kw_only=True)
class RowDifference:
    """One column of a row that both sides have, or a whole row (`column` is empty) that one side has.

    For a whole row `control` or `candidate` is the row, a mapping from columns; the other is None.
    """

    kind: Kind
    table: str
    key: Key
    column: str = ""
    control: Any = None
    candidate: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RowNoise:
    """Columns whose value the monolith does not repeat, and tables whose rows have other keys each time."""

    columns: frozenset[tuple[str, str]] = frozenset()
    tables: frozenset[str] = frozenset()

    @property
    def hides(self) -> dict[str, str]:
        """What it makes invisible, by pattern."""
        columns = {
            f"{table}[*].{column}": "values of one type, times within a minute" for table, column in self.columns
        }
        return columns | {f"{table}[*]": "the keys of new rows" for table in self.tables}

    def __or__(self, other: "RowNoise") -> "RowNoise":
        """Both together."""
        return RowNoise(columns=self.columns | other.columns, tables=self.tables | other.tables)


def compare_rows(control: Rows, candidate: Rows) -> list[RowDifference]:
    """Every row and column in which two copies differ."""
    found: list[RowDifference] = []
    for table in sorted({*control, *candidate}):
        left, right = control.get(table, EMPTY), candidate.get(table, EMPTY)
        if left.rows != right.rows:
            found += _table(table, left, right)
    return found


def row_noise_of(differences: Iterable[RowDifference]) -> RowNoise:
    """What two runs of the monolith on equal copies did not do alike."""
    columns: set[tuple[str, str]] = set()
    tables: set[str] = set()
    for table, found in _by_table(differences).items():
        columns.update((table, difference.column) for difference in found if difference.column)
        left, right = _whole(found, Kind.MISSING), _whole(found, Kind.EXTRA)
        if left and right:
            tables.add(table)
            names = {name for row in (*left, *right) for name in row}
            columns.update((table, name) for name in names if _values(left, {name}) != _values(right, {name}))
    return RowNoise(columns=frozenset(columns), tables=frozenset(tables))


def without_row_noise(differences: Iterable[RowDifference], noise: RowNoise) -> list[RowDifference]:
    """The differences that noise does not explain.

    A column that varies still has to hold a value of the same type, and a time within a minute. Rows whose keys vary
    are compared as a whole, without the columns that vary.
    """
    found: list[RowDifference] = []
    for table, differing in _by_table(differences).items():
        unpaired = [difference for difference in differing if not difference.column]
        if table in noise.tables and _same_but_for(unpaired, {name for of, name in noise.columns if of == table}):
            unpaired = []
        found += unpaired
        found += [
            difference
            for difference in differing
            if difference.column
            and not ((table, difference.column) in noise.columns and alike(difference.control, difference.candidate))
        ]
    return found


def as_difference(difference: RowDifference) -> Difference:
    """`learning_review[17].stars` with stand-ins for values, unless `STRANGLER["SHADOW"]["SHOW"]` lists the column.

    The column is listed as `table[*].column`, and a row's values as `table[*]`.
    """
    column = f".{difference.column}" if difference.column else ""
    path = f"{difference.table}[{','.join(map(_key_text, difference.key))}]{column}"
    shown = Difference(kind=difference.kind, path=path)
    if shown.pattern in settings().shadow.get("SHOW", ()):
        return _valued(difference, path, _plain)
    return _valued(difference, path, lambda value: None if value is None else stand_in(_plain(value)))


def _table(table: str, left: TableRows, right: TableRows) -> Iterator[RowDifference]:
    for key, row in left.rows.items():
        if key not in right.rows:
            yield RowDifference(
                kind=Kind.MISSING, table=table, key=key, control=dict(zip(left.columns, row, strict=True))
            )
        elif row != (other := right.rows[key]):
            yield from _row(table, key, dict(zip(left.columns, row)), dict(zip(right.columns, other)))  # noqa: B905
    for key, row in right.rows.items():
        if key not in left.rows:
            yield RowDifference(
                kind=Kind.EXTRA, table=table, key=key, candidate=dict(zip(right.columns, row, strict=True))
            )


def _row(table: str, key: Key, left: dict[str, Any], right: dict[str, Any]) -> Iterator[RowDifference]:
    for column in [*left, *(name for name in right if name not in left)]:
        one, other = left.get(column), right.get(column)
        if one != other:
            kind = Kind.NULL if one is None or other is None else Kind.VALUE
            kind = kind if kind is Kind.NULL or type(one) is type(other) else Kind.TYPE
            yield RowDifference(kind=kind, table=table, key=key, column=column, control=one, candidate=other)


def _by_table(differences: Iterable[RowDifference]) -> dict[str, list[RowDifference]]:
    found: dict[str, list[RowDifference]] = {}
    for difference in differences:
        found.setdefault(difference.table, []).append(difference)
    return found


def _whole(differences: Iterable[RowDifference], kind: Kind) -> list[dict[str, Any]]:
    return [
        difference.control if kind is Kind.MISSING else difference.candidate
        for difference in differences
        if difference.kind is kind and not difference.column
    ]


def _values(rows: list[dict[str, Any]], names: set[str]) -> Counter[str]:
    return Counter(repr([(name, value) for name, value in row.items() if name in names]) for row in rows)


def _same_but_for(unpaired: list[RowDifference], varying: set[str]) -> bool:
    left, right = _whole(unpaired, Kind.MISSING), _whole(unpaired, Kind.EXTRA)
    names = {name for row in (*left, *right) for name in row} - varying
    return _values(left, names) == _values(right, names)


def alike(one: Any, other: Any) -> bool:
    """Whether two values that vary by themselves may stand for each other: of one type, and times within a minute."""
    if type(one) is not type(other):
        return False
    times = _time(one), _time(other)
    if times[0] is None or times[1] is None:
        return times == (None, None)
    try:
        return abs((times[0] - times[1]).total_seconds()) < CLOCK_SECONDS
    except TypeError:  # one of them has a time zone
        return False


def _time(value: Any) -> datetime | None:
    if isinstance(value, datetime):
        return value
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) and len(value) > len("2026-01-01") else None
    except ValueError:
        return None


def _valued(difference: RowDifference, path: str, show: Any) -> Difference:
    return Difference(
        kind=difference.kind, path=path, control=show(difference.control), candidate=show(difference.candidate)
    )


def _key_text(value: Any) -> str:
    # A key that is no number may be a name or an address.
    return str(value) if isinstance(value, int) else stand_in(_plain(value)).rpartition(" ")[2]


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, dict):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value.hex() if isinstance(value, bytes) else str(value)
