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
    """Reads databases that began alike: keys once, and on PostgreSQL only tables that are not as they were at first.

    A database in which nothing was committed since it was read is not read again.
    """

    keys: dict[str, list[str]] = field(default_factory=dict)
    first: dict[str, tuple[Any, TableRows]] = field(default_factory=dict)
    last: dict[str, tuple[Any, dict[str, TableRows]]] = field(default_factory=dict)

    def read(self, connection: Any) -> dict[str, TableRows]:
        """Every row of every table that Django's introspection lists, as the driver gives it."""
        if connection.in_atomic_block:
            return self._read(connection)
        name, state = str(connection.settings_dict["NAME"]), _state(connection)
        known = self.last.get(name)
        if state is None or known is None or known[0] != state:
            known = self.last[name] = state, self._read(connection)
        return known[1]

    def restored(self, connection: Any, rows: Rows) -> None:
        """Whoever put these rows back has read them and committed."""
        self.last[str(connection.settings_dict["NAME"])] = _state(connection), dict(rows)

    def _read(self, connection: Any) -> dict[str, TableRows]:
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


def _state(connection: Any) -> Any:
    """What is another once anything was committed (https://sqlite.org/pragma.html#pragma_data_version; pg_snapshot)."""
    connection.ensure_connection()
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # The transactions that are seen: each that writes has a number of its own.
            cursor.execute("SELECT pg_current_snapshot()::text")
            return cursor.fetchone()[0]
        if connection.vendor == "sqlite":
            # Others' commits; a connection's own are counted apart.
            cursor.execute("PRAGMA data_version")
            return id(connection.connection), cursor.fetchone()[0], connection.connection.total_changes
    return None


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
