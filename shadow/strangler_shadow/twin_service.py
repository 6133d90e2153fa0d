"""The service's process on its copy of the database."""

import json
import os
import shlex
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import IO, Any

from django.conf import settings as django_settings
from django.db import DEFAULT_DB_ALIAS, connections
from django.test.utils import override_settings

from strangler_router.conf import Target, settings
from strangler_router.effects_mail import BACKEND
from strangler_router.policy import Rung
from strangler_router.table import bind
from strangler_router.twin import REACHABLE, VARIABLE
from strangler_services import effects as reporting
from strangler_shadow import replay
from strangler_shadow.twin_effects import TwinEffects, holding_effects
from strangler_shadow.twin_stamps import DATABASE, TwinStamps, serving_stamps
from strangler_shadow.twins import TwinError, Twins

__all__ = ["TwinService", "serving"]

START_SECONDS = 60.0
STOP_SECONDS = 20.0
RPC_SECONDS = 20.0
# A channel that saw the service go tries again within this time.
RECONNECT_SECONDS = 1.1
LAST_LINES = 1500


@dataclass(slots=True, kw_only=True)
class TwinService:
    """A running service; `line` is its command line, `log` what it prints.

    `effects` is what both sides would send, `stamps` where the service says what it wrote.
    """

    line: list[str]
    environment: Mapping[str, str]
    address: str
    reconnects: bool
    effects: TwinEffects
    log: IO[bytes] = field(default_factory=tempfile.TemporaryFile)
    process: subprocess.Popen[bytes] | None = None
    stamps: TwinStamps | None = None

    def start(self) -> None:
        """Start the process and wait until it listens; `TwinError` with its last words where it does not."""
        try:
            self.process = subprocess.Popen(  # noqa: S603  the user's own command
                self.line, env=dict(self.environment), stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log
            )
        except OSError as error:
            raise TwinError(f"{shlex.join(self.line)} cannot be started: {error.strerror}") from error
        deadline = time.monotonic() + START_SECONDS
        while not _listens(self.address):
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise TwinError(f"{shlex.join(self.line)} does not listen on {self.address}: {self._last_words()}")
            time.sleep(0.02)

    def renewed(self) -> None:
        """Its copy was made again: a service that keeps connections to a database that was dropped begins again too."""
        if not self.reconnects:
            self.stop()
            self.start()
            time.sleep(RECONNECT_SECONDS)

    def stop(self) -> None:
        """End the process."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _last_words(self) -> str:
        self.log.seek(0)
        return self.log.read()[-LAST_LINES:].decode(errors="replace").strip() or "it printed nothing"


@contextmanager
def serving(twins: Twins, rung: str, command: str) -> Iterator[TwinService]:
    """A service of this rung on the service's copy, while the router's own settings name its address.

    `command` is the user's, with `{database}` and `{address}` in it; empty for the lifted rung, whose host is ours.
    With `{redis}` and `{stamps}` a Valkey is started, in which the service makes cached rows void. Meanwhile mail,
    tasks and Python's connections leave neither this process nor one that hosts Django.
    """
    if not command and rung != Rung.LIFTED:
        raise TwinError(
            f"rung {rung}: say how the service is started on a copy of the database, with --twin-service COMMAND"
        )
    with ExitStack() as stack:
        stamps = stack.enter_context(serving_stamps()) if "{redis}" in command else None
        address = f"127.0.0.1:{_free_port()}"
        effects = stack.enter_context(holding_effects(address, *([stamps.url] if stamps else [])))
        service = _service(twins, command, address, effects, stamps)
        stack.callback(service.log.close)
        stack.callback(service.stop)
        stack.callback(replay._handler.cache_clear)
        service.start()
        # A service that hosts Django mails through this backend too.
        held = {"CACHEOPS_ENABLED": False, "EMAIL_BACKEND": BACKEND}
        stack.enter_context(override_settings(STRANGLER=_settings(rung, service.address), **held))
        # The middleware keeps the table that it was made with.
        replay._handler.cache_clear()
        yield service


def _service(twins: Twins, command: str, address: str, effects: TwinEffects, stamps: TwinStamps | None) -> TwinService:
    own = [sys.executable, "-m", "strangler_router", "host", "--address", address]
    given = {"{database}": twins.url(twins.service), "{address}": address, "{stamps}": DATABASE}
    if stamps is not None:
        given["{redis}"] = stamps.url
    return TwinService(
        line=[_filled(word, given) for word in shlex.split(command)] or own,
        environment=_environment(twins, address)
        | {reporting.VARIABLE: str(effects.path), REACHABLE: json.dumps([stamps.url] if stamps else [])},
        address=address,
        effects=effects,
        # A copy in a file is renewed in place, and our own host keeps no connection.
        reconnects=not command or connections[DEFAULT_DB_ALIAS].vendor == "sqlite",
        stamps=stamps,
    )


def _filled(word: str, given: Mapping[str, str]) -> str:
    for name, value in given.items():
        word = word.replace(name, value)
    return word


def _environment(twins: Twins, address: str) -> dict[str, str]:
    password = connections.databases[DEFAULT_DB_ALIAS].get("PASSWORD")
    return {
        **os.environ,
        VARIABLE: twins.service,
        "STRANGLER_SERVICE_ADDRESS": address,
        "STRANGLER_SERVICE_KEYS": json.dumps(dict(settings().keys)),
        **({"PGPASSWORD": str(password)} if password else {}),
    }


def _settings(rung: str, address: str) -> dict[str, Any]:
    """The project's, with this service's address, and time for a service that has just started."""
    services = {binding.service for binding, _ in bind().pairs}
    targets = {name: {**settings().targets.get(name, {}), rung: Target(address=address)} for name in services}
    return {
        **django_settings.STRANGLER,
        "TARGETS": targets,
        "BACKEND": "strangler_router.service.service_backend",
        "RPC_TIMEOUT": max(RPC_SECONDS, settings().rpc_timeout),
        "BUDGET": max(2 * RPC_SECONDS, settings().budget),
    }


def _listens(address: str) -> bool:
    host, _, port = address.rpartition(":")
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex((host, int(port))) == 0


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port
