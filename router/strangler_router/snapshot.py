"""The policy that this process routes by: at most a second old, and on disk for when the database is away."""

import json
import logging
import os
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from django.db import DatabaseError, connections

from strangler_router import flags
from strangler_router.conf import settings
from strangler_router.policy import EMPTY_POLICY, Policy

__all__ = ["KILL_VARIABLE", "Snapshot", "is_killed", "read_last_good", "write_last_good"]

KILL_VARIABLE = "STRANGLER_KILL"
FIRST_LOOK_SECONDS = 2.0

logger = logging.getLogger("strangler_router")


def is_killed() -> bool:
    """True while the environment variable `STRANGLER_KILL` is set or the kill file exists."""
    kill_file = settings().kill_file
    return bool(os.environ.get(KILL_VARIABLE)) or bool(kill_file and os.path.exists(kill_file))  # noqa: PTH110  hot


class Snapshot:
    """One process's view of the flags; a daemon thread of its own keeps it fresh, also after a fork."""

    def __init__(self) -> None:
        self._policy: Policy | None = None
        self._pid = 0
        self._lock = threading.Lock()
        os.register_at_fork(after_in_child=self._forget)

    def current(self) -> Policy:
        """The policy to pin to a request."""
        if settings().refresh == 0 or settings().fixed_stage:
            policy = flags.read_policy()
        else:
            if self._pid != os.getpid():
                self._start()
            policy = self._policy or EMPTY_POLICY
        return replace(policy, killed=True) if is_killed() else policy

    def _forget(self) -> None:
        self._pid = 0
        self._lock = threading.Lock()

    def _start(self) -> None:
        with self._lock:
            if self._pid == os.getpid():
                return
            looked = threading.Event()
            threading.Thread(target=self._follow, args=(looked,), name="strangler-policy", daemon=True).start()
            # A connection of its own: a failed look must not break the request's transaction.
            looked.wait(FIRST_LOOK_SECONDS)
            if self._policy is None:
                self._policy = read_last_good()
            self._pid = os.getpid()

    def _follow(self, looked: threading.Event) -> None:
        while True:
            try:
                self._look()
            except DatabaseError as error:
                logger.warning("the flags cannot be read, routing goes on by the last good ones: %s", error)
                with suppress(DatabaseError):
                    connections.close_all()
            except Exception:
                logger.exception("the flags cannot be read, routing goes on by the last good ones")
            looked.set()
            time.sleep(settings().refresh or 0.5)

    def _look(self) -> None:
        if self._policy is not None and flags.newest_revision() == self._policy.revision:
            return
        self._policy = flags.read_policy()
        write_last_good(self._policy)


def write_last_good(policy: Policy) -> None:
    """Replace the last-good file in one step; a file that cannot be written is logged, not raised."""
    if not (name := settings().policy_file):
        return
    path = Path(name)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False) as file:
            json.dump(policy.to_json(), file)
        os.replace(file.name, path)  # noqa: PTH105
    except OSError as error:
        logger.warning("the last-good policy cannot be written to %s: %s", path, error)


def read_last_good() -> Policy:
    """The policy on disk; an empty one, and a log line, where there is none to read."""
    name = settings().policy_file
    if not name or not Path(name).exists():
        return EMPTY_POLICY
    try:
        return Policy.from_json(json.loads(Path(name).read_text()))
    except (OSError, KeyError, TypeError, ValueError) as error:
        logger.warning("the last-good policy in %s cannot be read: %r", name, error)
        return EMPTY_POLICY
