"""Hold what a service sends against a database's schema."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from strangler_services.databases import DATABASES, Database, Described, Refused
from strangler_services.ledger import Ledger, LedgerError, Statement
from strangler_services.sql_text import inserts

__all__ = ["Breakage", "breakages", "described"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Breakage:
    """Why the statement with this number does not work any more, or not as it did."""

    number: int
    message: str


def breakages(ledger: Ledger, dialect: str, connection: Any) -> list[Breakage]:
    """Prepare each statement of a dialect through a driver's connection (psycopg's, or sqlite3's); none is run.

    Raises `LedgerError` where the ledger has none of that dialect, `Unseen` where the database could not look.
    """
    statements = ledger.of(dialect)
    database = DATABASES[dialect](connection)
    return [
        Breakage(number=number, message=message)
        for number, statement in enumerate(statements, 1)
        for message in _messages(database, statement)
    ]


def described(sqls: Sequence[str], dialect: str, connection: Any) -> list[Statement]:
    """Statements for a ledger, with what the database tells of them; `LedgerError` where it refuses one."""
    if dialect not in DATABASES:
        raise LedgerError(f"a ledger is for {' or '.join(sorted(DATABASES))}, not for {dialect}")
    database = DATABASES[dialect](connection)
    return [_described(database, sql) for sql in sorted(sqls)]


def _described(database: Database, sql: str) -> Statement:
    statement = Statement(sql=sql)
    try:
        found = database.describe(sql)
    except Refused as error:
        raise LedgerError(f"the database refuses {sql[:60]!r}: {error}") from error
    for message in _omissions(database, statement):
        raise LedgerError(f"{sql[:60]!r}: {message}")
    return Statement(sql=sql, parameters=found.parameters, columns=found.columns)


def _messages(database: Database, statement: Statement) -> Iterator[str]:
    try:
        found = database.describe(statement.sql)
    except Refused as error:
        yield str(error)
        return
    yield from _changes(statement, found)
    yield from _omissions(database, statement)


def _changes(statement: Statement, found: Described) -> Iterator[str]:
    was, now = statement.columns, found.columns
    if was is not None and now is not None:
        if [column.name for column in was] != [column.name for column in now]:
            yield f"it answers with {_names(now)}, not with {_names(was)}"
        else:
            for before, after in zip(was, now, strict=True):
                yield from _retyped(f"column {before.name}", before.type, after.type)
    if statement.parameters is not None:
        if len(statement.parameters) != len(found.parameters):
            yield f"it takes {len(found.parameters)} parameters, not {len(statement.parameters)}"
        for number, (kind, other) in enumerate(zip(statement.parameters, found.parameters, strict=False), 1):
            yield from _retyped(f"parameter {number}", kind, other)


def _retyped(what: str, was: str | None, now: str | None) -> Iterator[str]:
    if was is not None and now is not None and was != now:
        yield f"{what} is {now}, not {was}"


def _names(columns: Sequence[Any]) -> str:
    return ", ".join(column.name for column in columns) or "nothing"


def _omissions(database: Database, statement: Statement) -> Iterator[str]:
    for insert in inserts(statement.sql):
        if insert.columns is None:
            yield f"the INSERT into {insert.table} names no columns, so that one more would break it"
            continue
        for column in sorted(database.required_columns(insert.table) - insert.columns):
            yield f"{insert.table}.{column} is NOT NULL without a default, and the INSERT leaves it out"
