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

from django.db import Error as DatabaseFailure
from django.db import connections

from strangler_router import flags
from strangler_router.conf import settings
from strangler_router.policy import EMPTY_POLICY, Policy

__all__ = ["KILL_VARIABLE", "Snapshot", "is_killed", "read_last_good", "write_last_good"]

KILL_VARIABLE = "STRANGLER_KILL"
FIRST_LOOK_SECONDS = 2.0
KILL_CHECK_SECONDS = 0.1

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
        self._looks: dict[int, threading.Event] = {}
        self._killed = False
        self._kill_check = 0.0

    def current(self) -> Policy:
        """The policy to pin to a request."""
        values = settings()
        if values.refresh == 0 or values.fixed_stage:
            policy, killed = flags.read_policy(), is_killed()
        else:
            if self._pid != os.getpid():
                self._start()
            policy, killed = self._policy or EMPTY_POLICY, self._is_killed()
        return replace(policy, killed=True) if killed else policy

    def _is_killed(self) -> bool:
        # A system call for each request would be most of what routing costs.
        now = time.monotonic()
        if now >= self._kill_check:
            self._killed, self._kill_check = is_killed(), now + KILL_CHECK_SECONDS
        return self._killed

    def _start(self) -> None:
        # No lock: one made before gevent patches this process and held while waiting would freeze its other greenlets.
        mine, pid = threading.Event(), os.getpid()
        looked = self._looks.setdefault(pid, mine)
        if looked is mine:
            # A connection of its own: a failed look must not break the request's transaction.
            threading.Thread(target=self._follow, args=(mine,), name="strangler-policy", daemon=True).start()
        looked.wait(FIRST_LOOK_SECONDS)
        if self._policy is None:
            self._policy = read_last_good()
        self._pid = pid

    def _follow(self, looked: threading.Event) -> None:
        failing, pause = False, 0.5
        while True:
            try:
                pause = _seconds(settings().refresh)
                self._look()
                failing = False
            except Exception as error:
                # Said once for each outage; the next look takes a new connection.
                logger.log(
                    logging.DEBUG if failing else logging.WARNING,
                    "the flags cannot be read, routing goes on by the last good ones: %r",
                    error,
                    exc_info=not isinstance(error, DatabaseFailure),
                )
                failing = True
                with suppress(Exception):
                    connections.close_all()
            looked.set()
            # The last good one where the settings cannot be read.
            time.sleep(pause)

    def _look(self) -> None:
        # Not by the newest id: a transaction may commit a smaller one later.
        policy = flags.read_policy()
        if policy != self._policy:
            self._policy = policy
            write_last_good(policy)


def write_last_good(policy: Policy) -> None:
    """Replace the last-good file in one step; a file that cannot be written is logged, not raised."""
    if not (name := settings().policy_file):
        return
    path = Path(name)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=path.name, delete=False) as file:
            json.dump(policy.to_json(), file)
        try:
            os.replace(file.name, path)  # noqa: PTH105
        except OSError:
            os.unlink(file.name)  # noqa: PTH108
            raise
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


def _seconds(refresh: object) -> float:
    """A setting that is no number is a check error, and must not end the thread."""
    return float(refresh) if isinstance(refresh, (int, float)) and refresh > 0 else 0.5
