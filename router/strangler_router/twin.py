"""Let a process work on a copy of the project's database, a twin, so that writes can be verified.

`strangler verify` makes the copies. It points its own `default` at them, and each service that it starts finds the name
of its copy in the environment variable `STRANGLER_TWIN_DATABASE`, and in `STRANGLER_TWIN_EFFECTS` the file in which it
says what it would have sent (`strangler_router.effects`). `STRANGLER_TWIN_REACHABLE` is a JSON list of servers that
verify started for it.
"""

import json
import os
import re
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from signal import SIGTERM
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ImproperlyConfigured
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.signals import connection_created

if TYPE_CHECKING:
    from strangler_router.effects import Effect

__all__ = [
    "REACHABLE",
    "TWIN",
    "VARIABLE",
    "adopt_twin",
    "drop_hooks",
    "is_running",
    "is_twin",
    "quiet_settings",
    "spare_hooks",
    "twin_settings",
]

VARIABLE = "STRANGLER_TWIN_DATABASE"
REACHABLE = "STRANGLER_TWIN_REACHABLE"
# Which machine and process made it, and when: in the name of a database, or in a file's path.
TWIN = re.compile(r"strangler_twin_[0-9a-f]{8}_(?P<pid>\d+)_\d+")
DIE_WITH_PARENT = 1
# Holds what this process would send until it ends.
_held = ExitStack()


def adopt_twin(name: str) -> None:
    """Let `default` be the copy for as long as this process runs; mail, tasks and Python's connections do not leave.

    What C code opens (gRPC, librdkafka, pycurl), datagrams and subprocesses do: they are neither held nor seen.
    `ImproperlyConfigured` unless a running `strangler verify` has made a copy of that name, and where the file for what
    the process would send cannot be written.
    """
    found = TWIN.search(name)
    if found is None or not is_running(int(found["pid"])):
        raise ImproperlyConfigured(
            f"{VARIABLE} is {name!r}, which is no copy of a running `strangler verify`; unset it: only verify sets it"
        )
    from django.test.utils import override_settings

    from strangler_router.effects import held_everywhere
    from strangler_services import effects as reporting

    path = os.environ.get(reporting.VARIABLE)
    if path and not os.access(path, os.W_OK):
        raise ImproperlyConfigured(f"{reporting.VARIABLE} names {path!r}, which cannot be written; only verify sets it")
    _end_with_parent()
    connections.close_all()
    connections.databases[DEFAULT_DB_ALIAS].update(twin_settings(connections.databases[DEFAULT_DB_ALIAS], name))
    override_settings(**quiet_settings()).enable()
    _held.enter_context(held_everywhere(_report, reachable=json.loads(os.environ.get(REACHABLE) or "[]")))
    connection_created.connect(_confine, dispatch_uid="strangler_router.twin")


def is_twin(name: object) -> bool:
    """Whether a database's name is that of a copy which verification made."""
    return TWIN.search(str(name)) is not None


def twin_settings(database: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The settings of `default` with the copy in the database's place, and without connections that outlive a call."""
    # Django keeps pools by alias: one would hand out connections to the project's own database.
    options = {key: value for key, value in database.get("OPTIONS", {}).items() if key != "pool"}
    return {**database, "NAME": name, "OPTIONS": options, "CONN_MAX_AGE": 0}


def quiet_settings() -> dict[str, Any]:
    """Settings under which nothing is cached, and mail is held, for the monolith's side and for the service's."""
    from django.conf import settings

    from strangler_router.effects_mail import BACKEND

    dummy = {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}
    return {
        "CACHES": dict.fromkeys(settings.CACHES, dummy),
        "CACHEOPS_ENABLED": False,
        "EMAIL_BACKEND": BACKEND,
    }


def drop_hooks(connection: Any) -> None:
    """Drop what is to be done after a commit."""
    connection.on_commit = lambda *_args, **_kwargs: None


def spare_hooks(connection: Any) -> None:
    """Let what is to be done after a commit fail alone where it was refused a connection, which it would have got."""
    on_commit = type(connection).on_commit

    def sparing(func: Any, robust: bool = False) -> None:
        on_commit(connection, _spared(func) if callable(func) else func, robust)

    connection.on_commit = sparing


def _spared(hook: Callable[[], object]) -> Callable[[], None]:
    from strangler_router.effects_connections import refusals

    def run() -> None:
        with refusals() as refused:
            try:
                hook()
            except Exception:
                if not refused:
                    raise

    run.__qualname__ = getattr(hook, "__qualname__", repr(hook))
    return run


def _report(effect: "Effect") -> None:
    from strangler_services import effects as reporting  # a service's runtime, which the monolith does not load

    reporting.report(effect.kind, effect.name, effect.document)


def _confine(*, connection: Any, **_signal: Any) -> None:
    """Databases beside the copy are the project's own, and only read; so no commit of theirs is waited for."""
    if connection.alias == DEFAULT_DB_ALIAS:
        spare_hooks(connection)
        return
    drop_hooks(connection)
    statement = {
        "sqlite": "PRAGMA query_only = ON",
        "postgresql": "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
        "mysql": "SET SESSION TRANSACTION READ ONLY",
    }.get(connection.vendor)
    if statement is None:
        raise ImproperlyConfigured(f"{connection.alias}: {connection.vendor} cannot be kept from being written")
    with connection.cursor() as cursor:
        cursor.execute(statement)


def is_running(pid: int) -> bool:
    """Whether this machine has such a process."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _end_with_parent() -> None:
    """A verification that is killed leaves no service behind; elsewhere than on Linux it has to be ended by hand."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(DIE_WITH_PARENT, SIGTERM)
