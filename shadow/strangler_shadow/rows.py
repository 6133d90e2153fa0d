"""All rows of a database, by table and primary key."""

from collections.abc import Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

__all__ = ["Key", "Rows", "TableRows", "read_rows"]

Key = tuple[Any, ...]
# PostgreSQL's type whose values psycopg gives as views of memory.
BYTEA = 17


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRows:
    """One table; `rows` is keyed by primary key, or by all values and their count where the table has none."""

    columns: tuple[str, ...]
    rows: Mapping[Key, Key]


Rows = Mapping[str, TableRows]


def read_rows(connection: Any, keys: dict[str, list[str]] | None = None) -> dict[str, TableRows]:
    """Every row of every table that Django's introspection lists, as the driver gives it.

    `keys` keeps the primary keys' columns between calls for databases of one schema.
    """
    known = {} if keys is None else keys
    with connection.cursor() as cursor:
        return {name: _table(connection, cursor, name, known) for name in connection.introspection.table_names(cursor)}


def _table(connection: Any, cursor: Any, name: str, keys: dict[str, list[str]]) -> TableRows:
    if name not in keys:
        keys[name] = connection.introspection.get_primary_key_columns(cursor, name) or []
    cursor.execute(f"SELECT * FROM {connection.ops.quote_name(name)}")  # noqa: S608  the database's own name
    columns = tuple(column[0] for column in cursor.description)
    rows = cursor.fetchall()
    if _has_bytes(cursor):
        rows = [tuple(bytes(value) if isinstance(value, memoryview) else value for value in row) for row in rows]
    places = [columns.index(column) for column in keys[name]]
    if not places:
        return TableRows(columns=columns, rows=_numbered(rows))
    if len(places) == 1:
        (place,) = places
        return TableRows(columns=columns, rows={(row[place],): row for row in rows})
    return TableRows(columns=columns, rows=dict(zip(map(itemgetter(*places), rows), rows, strict=True)))


def _numbered(rows: list[Key]) -> dict[Key, Key]:
    seen: dict[str, int] = {}
    found: dict[Key, Key] = {}
    for row in rows:
        text = repr(row)
        seen[text] = seen.get(text, 0) + 1
        found[text, seen[text]] = row
    return found


def _has_bytes(cursor: Any) -> bool:
    return any(column[1] == BYTEA for column in cursor.description)
