"""All rows of a database, by table and primary key."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Key", "Rows", "TableRows", "read_rows"]

Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRows:
    """One table; `rows` is keyed by primary key, or by all values and their count where the table has none."""

    columns: tuple[str, ...]
    rows: Mapping[Key, Key]


Rows = Mapping[str, TableRows]


def read_rows(connection: Any) -> dict[str, TableRows]:
    """Every row of every table that Django's introspection lists, as the driver gives it."""
    with connection.cursor() as cursor:
        return {name: _table(connection, cursor, name) for name in connection.introspection.table_names(cursor)}


def _table(connection: Any, cursor: Any, name: str) -> TableRows:
    key = connection.introspection.get_primary_key_columns(cursor, name) or []
    cursor.execute(f"SELECT * FROM {connection.ops.quote_name(name)}")  # noqa: S608  the database's own name
    columns = tuple(column[0] for column in cursor.description)
    rows = [tuple(map(_comparable, row)) for row in cursor.fetchall()]
    places = [columns.index(column) for column in key]
    if places:
        return TableRows(columns=columns, rows={tuple(row[place] for place in places): row for row in rows})
    return TableRows(columns=columns, rows=_numbered(rows))


def _numbered(rows: list[Key]) -> dict[Key, Key]:
    seen: dict[str, int] = {}
    found: dict[Key, Key] = {}
    for row in rows:
        text = repr(row)
        seen[text] = seen.get(text, 0) + 1
        found[text, seen[text]] = row
    return found


def _comparable(value: Any) -> Any:
    return bytes(value) if isinstance(value, memoryview) else value
