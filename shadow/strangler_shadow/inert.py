"""Run the monolith's code without effect: nothing is written, mailed, enqueued or cached.

What it tried to write is known, and what it would have sent to whoever holds that for the whole process.
"""

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from typing import Any, NoReturn

from django.core.cache import caches
from django.core.cache.backends.dummy import DummyCache
from django.db import DatabaseError, connections, transaction

from strangler_protos.errors import StranglerError
from strangler_router.effects import drop, held_here

__all__ = ["WriteAttempted", "Writes", "inert", "staying_read_only"]

# First words of statements that change nothing that outlives a rolled-back transaction.
READS = frozenset({"SELECT", "WITH", "SAVEPOINT", "RELEASE", "ROLLBACK", "EXPLAIN", "SHOW", "PRAGMA", "SET", "DECLARE"})
# What may stand before the first word: brackets of a union, and comments that tools add.
BEFORE = re.compile(r"(?:[\s(]|--[^\n]*\n|/\*.*?\*/)*", re.DOTALL)
CHANGES = re.compile(r"[()]\s*(?:INSERT|UPDATE|DELETE|MERGE)\b", re.IGNORECASE)
READ_ONLY_SQLSTATE = "25006"

_replaying: ContextVar[bool] = ContextVar("strangler_replaying", default=False)
# SQLite's connections that stay read-only between calls, and what each was connected to then.
_staying: ContextVar[dict[Any, Any] | None] = ContextVar("strangler_staying_read_only", default=None)
# What a replayed view raises is part of its observation; a log of the project's would hold its text.
logging.getLogger("django.request").addFilter(lambda _record: not _replaying.get())


class WriteAttempted(StranglerError):
    """A call that should only read tried to write."""


class Writes:
    """What a call tried to write: the first words of its statements, and no value."""

    def __init__(self) -> None:
        self.statements: list[str] = []

    def __call__(self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
        """Django's execute_wrapper: refuse a write before the database sees it."""
        text: str = sql.as_string(None) if hasattr(sql, "as_string") else str(sql)
        text = text[len(BEFORE.match(text)[0]) :]  # type: ignore[index]  # matches nothing as well
        first = text.partition(" ")[0].rstrip("(").upper()
        if first not in READS or (first == "WITH" and CHANGES.search(text)):
            self._refuse(text)
        try:
            return execute(sql, params, many, context)
        except DatabaseError as error:
            # A function that writes, or a lock: the database knows better.
            if _is_read_only(error):
                self._refuse(text)
            raise

    def _refuse(self, text: str) -> NoReturn:
        self.statements.append(" ".join(text.split()[:3]))
        raise WriteAttempted(f"the call tried to write: {self.statements[-1]} …")


def _is_read_only(error: DatabaseError) -> bool:
    sqlstate = getattr(error.__cause__, "sqlstate", "")
    return sqlstate == READ_ONLY_SQLSTATE or "readonly database" in str(error)


@contextmanager
def inert(*, writable: str = "") -> Iterator[Writes]:
    """Every database read-only and rolled back, caches empty, mail and tasks dropped; in this thread only.

    `writable` is the alias of one that is a copy, and is written.
    """
    writes = Writes()
    kept_caches = {alias: caches[alias] for alias in caches}
    with ExitStack() as stack:
        for connection in connections.all():
            if connection.alias == writable:
                continue
            stack.enter_context(_query_only(connection))
            stack.enter_context(transaction.atomic(using=connection.alias))
            stack.callback(transaction.set_rollback, True, using=connection.alias)
            _set_read_only(connection)
            stack.enter_context(connection.execute_wrapper(writes))
        try:
            for alias in kept_caches:
                caches[alias] = DummyCache("", {})
            token = _replaying.set(True)
            stack.callback(_replaying.reset, token)
            stack.enter_context(held_here(drop))
            yield writes
        finally:
            for alias, cache in kept_caches.items():
                caches[alias] = cache


@contextmanager
def _query_only(connection: Any) -> Iterator[None]:
    """Around the transaction: once a write was refused, nothing can be asked inside it any more."""
    if connection.vendor != "sqlite":
        yield
        return
    # Only an open connection knows its mode.
    connection.ensure_connection()
    mode, staying = connection.transaction_mode, _staying.get()
    # BEGIN IMMEDIATE would take SQLite's one write lock for a call that only reads.
    connection.transaction_mode = "DEFERRED"
    if staying is None or staying.get(connection) is not connection.connection:
        _pragma(connection, "ON")
    if staying is not None:
        staying[connection] = connection.connection
    try:
        yield
    finally:
        connection.transaction_mode = mode
        if staying is None:
            _pragma(connection, "OFF")


@contextmanager
def staying_read_only() -> Iterator[None]:
    """Leave SQLite's databases read-only between the calls of this block, where nobody else writes on its connections.

    Each time that this is set or taken back, SQLite prepares all statements of the connection anew.
    """
    staying: dict[Any, Any] = {}
    token = _staying.set(staying)
    try:
        yield
    finally:
        _staying.reset(token)
        for connection, raw in staying.items():
            if connection.connection is raw:
                _pragma(connection, "OFF")


def _pragma(connection: Any, value: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA query_only = {value}")


def _set_read_only(connection: Any) -> None:
    if connection.vendor == "postgresql" and not connection.savepoint_ids:
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION READ ONLY")
