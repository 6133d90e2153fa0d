"""All rows of a database, by table and primary key."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

__all__ = ["Key", "RowReader", "Rows", "TableRows", "read_rows"]

Key = tuple[Any, ...]
# PostgreSQL's type whose values psycopg gives as views of memory.
BYTEA = 17


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRows:
    """One table; `rows` is keyed by primary key, or by all values and their count where the table has none."""

    columns: tuple[str, ...]
    rows: Mapping[Key, Key]


Rows = Mapping[str, TableRows]


def read_rows(connection: Any) -> dict[str, TableRows]:
    """Every row of every table that Django's introspection lists, as the driver gives it."""
    return RowReader().read(connection)


@dataclass(slots=True)
class RowReader:
    """Reads databases that began alike: keys once, and on PostgreSQL only tables that are not as they were at first."""

    keys: dict[str, list[str]] = field(default_factory=dict)
    first: dict[str, tuple[Any, TableRows]] = field(default_factory=dict)

    def read(self, connection: Any) -> dict[str, TableRows]:
        """Every row of every table that Django's introspection lists, as the driver gives it."""
        with connection.cursor() as cursor:
            names = connection.introspection.table_names(cursor)
            digests = _digests(connection, cursor, names) if connection.vendor == "postgresql" else {}
            for name in names:
                if name not in self.keys:
                    self.keys[name] = connection.introspection.get_primary_key_columns(cursor, name) or []
            with _raw(connection, cursor) as rows:
                return {name: self._table(connection, rows, name, digests.get(name)) for name in names}

    def _table(self, connection: Any, cursor: Any, name: str, digest: Any) -> TableRows:
        known = self.first.get(name)
        if digest is not None and known is not None and known[0] == digest:
            return known[1]
        found = _read(connection, cursor, name, self.keys[name])
        self.first.setdefault(name, (digest, found))
        return found


@contextmanager
def _raw(connection: Any, cursor: Any) -> Iterator[Any]:
    """A cursor that gives values as they are stored: Django's own parses what SQLite holds as text."""
    if connection.vendor != "sqlite" or connection.is_in_memory_db():
        yield cursor
        return
    with closing(sqlite3.connect(connection.settings_dict["NAME"])) as stored:
        yield stored.cursor()


def _digests(connection: Any, cursor: Any, names: list[str]) -> dict[str, tuple[Any, ...]]:
    """Number of rows and sum of their 64-bit hashes by table, which the server makes sooner than it sends rows."""
    if not names:
        return {}
    cursor.execute(
        " UNION ALL ".join(
            f"SELECT {connection.ops.compose_sql('%s', [name])}, count(*), "  # noqa: S608  the database's own names
            f"sum(hashtextextended(t::text, 0)) FROM {connection.ops.quote_name(name)} t"
            for name in names
        )
    )
    return {name: tuple(found) for name, *found in cursor.fetchall()}


def _read(connection: Any, cursor: Any, name: str, key: list[str]) -> TableRows:
    cursor.execute(f"SELECT * FROM {connection.ops.quote_name(name)}")  # noqa: S608  the database's own name
    columns = tuple(column[0] for column in cursor.description)
    rows = cursor.fetchall()
    if any(column[1] == BYTEA for column in cursor.description):
        rows = [tuple(bytes(value) if isinstance(value, memoryview) else value for value in row) for row in rows]
    places = [columns.index(column) for column in key]
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
