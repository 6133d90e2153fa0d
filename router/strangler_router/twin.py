"""Let a process work on a copy of the project's database, a twin, so that writes can be verified.

`strangler verify` makes the copies. It points its own `default` at them, and each service that it starts finds the name
of its copy in the environment variable `STRANGLER_TWIN_DATABASE`.
"""

import os
import re
import sys
from collections.abc import Mapping
from signal import SIGTERM
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.signals import connection_created

__all__ = ["TWIN", "VARIABLE", "adopt_twin", "drop_hooks", "is_running", "is_twin", "quiet_settings", "twin_settings"]

VARIABLE = "STRANGLER_TWIN_DATABASE"
# Which machine and process made it, and when: in the name of a database, or in a file's path.
TWIN = re.compile(r"strangler_twin_[0-9a-f]{8}_(?P<pid>\d+)_\d+")
DIE_WITH_PARENT = 1


def adopt_twin(name: str) -> None:
    """Let `default` be the copy for as long as this process runs; nothing leaves the process otherwise.

    `ImproperlyConfigured` unless a running `strangler verify` has made a copy of that name.
    """
    found = TWIN.search(name)
    if found is None or not is_running(int(found["pid"])):
        raise ImproperlyConfigured(
            f"{VARIABLE} is {name!r}, which is no copy of a running `strangler verify`; unset it: only verify sets it"
        )
    from django.test.utils import override_settings

    _end_with_parent()
    connections.close_all()
    connections.databases[DEFAULT_DB_ALIAS].update(twin_settings(connections.databases[DEFAULT_DB_ALIAS], name))
    override_settings(**quiet_settings()).enable()
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
    """Settings under which nothing is cached or mailed, for the monolith's side and for the service's."""
    from django.conf import settings

    dummy = {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}
    return {
        "CACHES": dict.fromkeys(settings.CACHES, dummy),
        "CACHEOPS_ENABLED": False,
        "EMAIL_BACKEND": "django.core.mail.backends.dummy.EmailBackend",
    }


def drop_hooks(connection: Any) -> None:
    """Drop what is to be done after a commit: it may leave the database, to queues for one."""
    connection.on_commit = lambda *_args, **_kwargs: None


def _confine(*, connection: Any, **_signal: Any) -> None:
    """Databases beside the copy are the project's own, and only read."""
    if connection.alias == DEFAULT_DB_ALIAS:
        drop_hooks(connection)
        return
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
