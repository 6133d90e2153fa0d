"""Run the monolith's code without effect: nothing is written, sent or cached, and what it tried is known."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from django.core import mail
from django.core.cache import caches
from django.core.cache.backends.dummy import DummyCache
from django.db import connections, transaction

from strangler_protos.errors import StranglerError

__all__ = ["WriteAttempted", "Writes", "inert"]

# First words of statements that change nothing that outlives a rolled-back transaction.
READS = frozenset({"SELECT", "WITH", "SAVEPOINT", "RELEASE", "ROLLBACK", "EXPLAIN", "SHOW", "PRAGMA", "SET", "DECLARE"})
CHANGES = (" INSERT ", " UPDATE ", " DELETE ")

_replaying = threading.local()
_real_get_connection = mail.get_connection


class WriteAttempted(StranglerError):
    """A call that should only read tried to write."""


class Writes:
    """What a call tried to write: the first words of its statements, and no value."""

    def __init__(self) -> None:
        self.statements: list[str] = []

    def __call__(self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
        """Django's execute_wrapper: refuse a write before the database sees it."""
        text = str(sql).lstrip().upper()
        first = text.split(maxsplit=1)[0] if text else ""
        if first not in READS or (first == "WITH" and any(word in text for word in CHANGES)):
            self.statements.append(" ".join(str(sql).split()[:3]))
            raise WriteAttempted(f"the call tried to write: {self.statements[-1]} …")
        return execute(sql, params, many, context)


@contextmanager
def inert() -> Iterator[Writes]:
    """Every database read-only and rolled back, caches empty, mail dropped; in this thread only."""
    writes = Writes()
    kept_caches = {alias: caches[alias] for alias in caches}
    with ExitStack() as stack:
        for connection in connections.all():
            stack.enter_context(_deferred(connection))
            stack.enter_context(transaction.atomic(using=connection.alias))
            stack.callback(transaction.set_rollback, True, using=connection.alias)
            stack.enter_context(_read_only(connection))
            stack.enter_context(connection.execute_wrapper(writes))
        try:
            for alias in kept_caches:
                caches[alias] = DummyCache("", {})
            _replaying.now = True
            mail.get_connection = _get_connection
            yield writes
        finally:
            _replaying.now = False
            for alias, cache in kept_caches.items():
                caches[alias] = cache


@contextmanager
def _deferred(connection: Any) -> Iterator[None]:
    # BEGIN IMMEDIATE would take SQLite's one write lock for a call that only reads.
    mode = getattr(connection, "transaction_mode", None)
    if mode is None:
        yield
        return
    connection.transaction_mode = "DEFERRED"
    try:
        yield
    finally:
        connection.transaction_mode = mode


@contextmanager
def _read_only(connection: Any) -> Iterator[None]:
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA query_only = ON")
        try:
            yield
        finally:
            with connection.cursor() as cursor:
                cursor.execute("PRAGMA query_only = OFF")
        return
    if connection.vendor == "postgresql" and not connection.savepoint_ids:
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION READ ONLY")
    yield


def _get_connection(*args: Any, **kwargs: Any) -> Any:
    if getattr(_replaying, "now", False):
        return _real_get_connection("django.core.mail.backends.dummy.EmailBackend")
    return _real_get_connection(*args, **kwargs)
