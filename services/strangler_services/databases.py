"""What a database says of a statement that it prepares and does not run."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any, Protocol

from strangler_protos.errors import StranglerError
from strangler_services.ledger import Column
from strangler_services.sql_text import with_nulls

__all__ = ["DATABASES", "Database", "Described", "Refused", "Unseen"]

# SQLSTATE insufficient_privilege.
NO_RIGHT = "42501"
NUMBERS = count()


class Refused(StranglerError):
    """The database does not accept a statement; the message is its own."""


class Unseen(StranglerError):
    """The database could not look: it is away, or a lock is held by somebody else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """Types of a statement's parameters and the columns of its result, as `strangler_services.ledger` has them."""

    parameters: tuple[str | None, ...]
    columns: tuple[Column, ...] | None


class Database(Protocol):
    """A connection that statements are held against; both methods change nothing, and raise `Refused` or `Unseen`."""

    def describe(self, sql: str) -> Described:
        """Prepare a statement."""
        ...

    def required_columns(self, table: str) -> frozenset[str]:
        """The columns, in lower case, that an INSERT must name: NOT NULL and without a default."""
        ...


class PostgreSQL:
    """Through a connection of psycopg 3; from PostgreSQL 16 on a statement is planned too.

    A plan finds that ON CONFLICT lost its unique index. What the role may read or write is not looked at, since a
    service that only reads has a ledger with its writes too.
    """

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._types: dict[int, str] = {}

    def describe(self, sql: str) -> Described:
        wire = self._connection.pgconn
        # A transaction or a savepoint; either way the locks are gone after each statement.
        with self._connection.transaction(force_rollback=True):
            self._connection.execute("SET LOCAL lock_timeout = '500ms'")
            _accepted(wire.prepare(b"", sql.encode()))
            found = _accepted(wire.describe_prepared(b""))
            if wire.server_version >= 160_000:
                _accepted(wire.exec_(b"EXPLAIN (GENERIC_PLAN) " + sql.encode()), but=NO_RIGHT)
        return Described(
            parameters=tuple(self._type(found.param_type(at)) for at in range(found.nparams)),
            columns=tuple(
                Column(name=found.fname(at).decode(), type=self._type(found.ftype(at))) for at in range(found.nfields)
            ),
        )

    def required_columns(self, table: str) -> frozenset[str]:
        rows = self._connection.execute(
            "SELECT lower(attname) FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attnum > 0"
            " AND attnotnull AND NOT atthasdef AND attidentity = '' AND NOT attisdropped",
            [table],
        )
        return frozenset(name for (name,) in rows)

    def _type(self, oid: int) -> str:
        if oid not in self._types:
            row = self._connection.execute("SELECT format_type(%s::oid, NULL)", [oid]).fetchone()
            self._types[oid] = row[0]
        return self._types[oid]


class SQLite:
    """Through a connection of Python's sqlite3; it knows no types of parameters, nor what RETURNING gives."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def describe(self, sql: str) -> Described:
        plain, wanted = with_nulls(sql)
        with _sqlite_words():
            # Reading makes the connection notice what others changed; an EXPLAIN does not look, and the driver would
            # give the one that it prepared before.
            self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            self._connection.execute(f"EXPLAIN {plain}\n-- {next(NUMBERS)}")
        return Described(parameters=(None,) * wanted, columns=self._columns(plain))

    def required_columns(self, table: str) -> frozenset[str]:
        with _sqlite_words():
            rows = self._connection.execute(f"PRAGMA table_info({table.rpartition('.')[2].strip()})").fetchall()
        # A row's number is given where its key is an integer.
        numbered = [name for _, name, kind, _, _, key in rows if key and kind.upper() == "INTEGER"]
        return frozenset(
            name.lower()
            for _, name, _, not_null, default, _ in rows
            if not_null and default is None and name not in numbered
        )

    def _columns(self, sql: str) -> tuple[Column, ...] | None:
        """A view tells the columns of a query without running it; of a write it cannot be made."""
        run = self._connection.execute
        with _sqlite_words():
            run("SAVEPOINT strangler_schema")
            try:
                run(f"CREATE TEMP VIEW strangler_schema AS {sql}")
                rows = run("PRAGMA temp.table_info(strangler_schema)").fetchall()
            except sqlite3.OperationalError as error:
                if not _is_refusal(error):
                    raise
                return None
            finally:
                run("ROLLBACK TO strangler_schema")
                run("RELEASE strangler_schema")
        return tuple(Column(name=name, type=_bare(kind)) for _, name, kind, *_ in rows)


DATABASES: Mapping[str, type[PostgreSQL] | type[SQLite]] = {"postgresql": PostgreSQL, "sqlite": SQLite}


def _bare(kind: str) -> str | None:
    """`varchar(200)` without its length."""
    return kind.partition("(")[0].strip().lower() or None


@contextmanager
def _sqlite_words() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        if _is_refusal(error):
            raise Refused(str(error)) from None
        raise Unseen(str(error)) from error


def _is_refusal(error: sqlite3.Error) -> bool:
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) == sqlite3.SQLITE_ERROR


def _accepted(result: Any, *, but: str = "") -> Any:
    from psycopg.pq import DiagnosticField, ExecStatus

    if result.status not in (ExecStatus.FATAL_ERROR, ExecStatus.BAD_RESPONSE):
        return result
    state = (result.error_field(DiagnosticField.SQLSTATE) or b"").decode()
    if state == but:
        return result
    words = (result.error_field(DiagnosticField.MESSAGE_PRIMARY) or result.error_message).decode().strip()
    # Of these classes of SQLSTATE the statement is to blame; the others are locks, limits and shutdowns.
    if state[:2] in {"0A", "22", "26", "3D", "3F", "42"}:
        raise Refused(words)
    raise Unseen(words)
