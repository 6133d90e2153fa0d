"""Two copies of the project's database, on which writes are verified: the monolith's and the service's.

Both are renewed from a third copy, the first one, so that the project's own database is read once and never written.
"""

import os
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from socket import gethostname
from typing import Any, Protocol

from django.db import DEFAULT_DB_ALIAS, connections

from strangler_protos.errors import StranglerError
from strangler_router.twin import TWIN, is_running, is_twin, spare_hooks, twin_settings

__all__ = ["TwinError", "Twins", "connected", "is_left_over", "let_go", "stem_of", "twins"]

PREFIX = "strangler_twin_"
# What another machine left on a server that both use; a verification does not take this long.
OLD_SECONDS = 24 * 3600.0
# Connections to copies, each of the thread that made it.
_kept: dict[str, Any] = {}


class TwinError(StranglerError):
    """The database cannot be copied; the message says what would help."""


class Twins(Protocol):
    """Two copies: the names that Django gives a database, and how to begin again."""

    @property
    def first(self) -> str:
        """Name of the copy from which the others are made; who adds rows to it lets go of it and renews."""

    @property
    def monolith(self) -> str:
        """Name of the copy on which the monolith answers."""

    @property
    def service(self) -> str:
        """Name of the copy on which the service answers."""

    def renew(self) -> None:
        """Give both copies the rows of the first one; connections to them may be cut."""

    def url(self, name: str) -> str:
        """How a service's command names the copy: a path for SQLite, a URL without a password for PostgreSQL."""


@contextmanager
def twins() -> Iterator[Twins]:
    """Copies of `default` as it is committed now, dropped at the end; `TwinError` where they cannot be made.

    Copies that an earlier run left behind are dropped first.
    """
    vendor = connections[DEFAULT_DB_ALIAS].vendor
    made: Callable[[Any, str], AbstractContextManager[Twins]]
    if vendor == "sqlite":
        from strangler_shadow.twins_sqlite import sqlite_twins

        made = sqlite_twins
    elif vendor == "postgresql":
        from strangler_shadow.twins_postgres import postgres_twins

        made = postgres_twins
    else:
        raise TwinError(f"{vendor} databases cannot be copied; writes are verified on SQLite and PostgreSQL")
    with made(connections[DEFAULT_DB_ALIAS], stem_of(gethostname(), os.getpid(), time.time())) as found:
        yield found


@contextmanager
def connected(name: str) -> Iterator[Any]:
    """Let `default` be a copy, in this thread and in threads that connect from now on; no other alias is touched.

    The connection is kept for the next time: on PostgreSQL the first statements of a new one take tens of milliseconds.
    """
    if not is_twin(name):
        raise TwinError(f"{name} is no copy; writes are never made in the project's own database")
    settings, own = connections.databases[DEFAULT_DB_ALIAS], connections[DEFAULT_DB_ALIAS]
    connections.databases[DEFAULT_DB_ALIAS] = twin_settings(settings, name)
    connection = _kept.pop(name, None)
    if connection is None:
        del connections[DEFAULT_DB_ALIAS]
        connection = connections[DEFAULT_DB_ALIAS]
        spare_hooks(connection)
    else:
        connections[DEFAULT_DB_ALIAS] = connection
    try:
        yield connection
    finally:
        if connection.in_atomic_block or connection.errors_occurred or not connection.get_autocommit():
            connection.close()
        else:
            _kept[name] = connection
        connections.databases[DEFAULT_DB_ALIAS] = settings
        connections[DEFAULT_DB_ALIAS] = own


def let_go(*names: str) -> None:
    """Close the connections that are kept to these copies."""
    for name in names:
        if (connection := _kept.pop(name, None)) is not None:
            connection.close()


def stem_of(host: str, pid: int, seconds: float) -> str:
    """How the names of one run's copies begin: `strangler_twin_HOST_PID_SECONDS`."""
    return f"{PREFIX}{_machine(host)}_{pid}_{int(seconds)}"


def is_left_over(name: str, *, host: str, now: float) -> bool:
    """Whether a copy's process is gone: no such process on this machine, or made elsewhere more than a day ago."""
    found = TWIN.match(name)
    if found is None:
        return False
    machine, pid, seconds = found[0].removeprefix(PREFIX).split("_")
    if now - int(seconds) > OLD_SECONDS:
        return True
    return machine == _machine(host) and not is_running(int(pid))


def _machine(host: str) -> str:
    return f"{zlib.crc32(host.encode()):08x}"
