"""Give a copy its first rows again, one by one: making it again takes PostgreSQL ten times as long."""

from collections.abc import Mapping
from typing import Any

from django.db import DatabaseError, transaction

from strangler_shadow.rows import RowReader, Rows, TableRows

__all__ = ["Sequences", "read_sequences", "restore"]

# schema and name -> last value; None where it was not used yet.
Sequences = Mapping[tuple[str, str], int | None]


def read_sequences(connection: Any) -> dict[tuple[str, str], int | None]:
    """Where a PostgreSQL database's sequences stand."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT schemaname, sequencename, last_value FROM pg_sequences")
        return {(schema, name): last for schema, name, last in cursor.fetchall()}


def restore(connection: Any, reader: RowReader, first: Rows, sequences: Sequences) -> bool:
    """Undo what was written since the first rows were read; False where that cannot be done, or not wholly."""
    try:
        with transaction.atomic(using=connection.alias):
            now = reader.read(connection)
            changed = [name for name in now if name not in first or now[name].rows != first[name].rows]
            if now.keys() != first.keys() or not all(reader.keys[name] for name in changed):
                return False
            for name in changed:
                _restore_table(connection, name, reader.keys[name], first[name], now[name])
            _restore_sequences(connection, sequences)
            return reader.read(connection) == first
    except DatabaseError:
        # Constraints that are not deferred, triggers, generated columns.
        return False


def _restore_table(connection: Any, table: str, key: list[str], first: TableRows, now: TableRows) -> None:
    quoted = connection.ops.quote_name
    old, new, columns = first.rows, now.rows, first.columns
    where = " AND ".join(f"{quoted(name)} = %s" for name in key)
    names, places = ", ".join(map(quoted, columns)), ", ".join(["%s"] * len(columns))
    # The names are the database's own, and quoted.
    delete = f"DELETE FROM {quoted(table)} WHERE {where}"  # noqa: S608
    insert = f"INSERT INTO {quoted(table)} ({names}) OVERRIDING SYSTEM VALUE VALUES ({places})"  # noqa: S608
    with connection.cursor() as cursor:
        for found in (found for found, row in new.items() if old.get(found) != row):
            cursor.execute(delete, found)
        for row in (row for found, row in old.items() if new.get(found) != row):
            cursor.execute(insert, row)


def _restore_sequences(connection: Any, first: Sequences) -> None:
    for found, last in read_sequences(connection).items():
        if (before := first.get(found)) != last:
            with connection.cursor() as cursor:
                values = [*found, 1 if before is None else before, before is not None]
                cursor.execute("SELECT setval(format('%%I.%%I', %s::text, %s::text), %s, %s)", values)
