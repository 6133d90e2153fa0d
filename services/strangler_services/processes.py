"""Processes of one server that share a port, and the parent that keeps them alive."""

import os
import select
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from strangler_services import logs
from strangler_services.child import DID_NOT_START, OVERTIME, STOP_SIGNALS, run_child
from strangler_services.errors import StartError
from strangler_services.health import Readiness
from strangler_services.nonces import SharedNonces
from strangler_services.server import Register
from strangler_services.settings import ServerSettings

__all__ = ["serve"]

SHORTEST_BACKOFF, LONGEST_BACKOFF = 0.1, 10.0
# A process that lived this long did not die of what killed the one before.
HEALTHY_SECONDS = 10.0


def serve(register: Register, settings: ServerSettings, *, readiness: Readiness | None = None) -> None:
    """Serve until SIGTERM or SIGINT, in `settings.processes` processes; call it in the main thread.

    The processes are forked before any grpc object exists in this one, so do not open channels before. One that dies
    is started again. Raises `StartError` where the address is taken or a process does not start the first time, after
    which none runs.
    """
    logs.configure()
    held = _hold_port(settings.address)
    if held is not None:
        host = settings.address.rpartition(":")[0]
        settings = replace(settings, address=f"{host}:{held.getsockname()[1]}")
    directory = Path(tempfile.mkdtemp(prefix="strangler-nonces-"))
    try:
        Supervisor(register, settings, readiness, SharedNonces(directory)).run()
    finally:
        shutil.rmtree(directory, ignore_errors=True)
        if held is not None:
            held.close()


@dataclass(slots=True)
class Child:
    """One process, or the gap until it is started again."""

    pid: int | None = None
    started: float = 0.0
    next_start: float = 0.0
    backoff: float = SHORTEST_BACKOFF
    starts: int = 0


class Supervisor:
    """Starts, watches, signals and reaps the processes."""

    def __init__(
        self, register: Register, settings: ServerSettings, readiness: Readiness | None, nonces: SharedNonces
    ) -> None:
        self._register = register
        self._settings = settings
        self._readiness = readiness
        self._nonces = nonces
        self._children = [Child() for _ in range(settings.processes)]
        self._stopping: float | None = None
        self._failed = False
        # Children read it: its end closes when this process is gone, however it went.
        self._lifeline, self._held_end = os.pipe()

    def run(self) -> None:
        """Block until all processes have stopped."""
        logs.log_event("starting", address=self._settings.address, processes=self._settings.processes)
        with _signals(self._on_signal) as wakeup:
            while self._stopping is None or any(child.pid for child in self._children):
                self._start_due()
                _wait(wakeup, 0.5)
                self._reap()
                self._nonces.purge()
        os.close(self._lifeline)
        os.close(self._held_end)
        if self._failed:
            raise StartError("a process of the server did not start; its last log line says why")

    def _on_signal(self, number: int, frame: object) -> None:
        if number in STOP_SIGNALS:
            self._stop()

    def _stop(self) -> None:
        if self._stopping is None:
            self._stopping = time.monotonic()
        self._signal(signal.SIGTERM)

    def _signal(self, number: signal.Signals) -> None:
        for child in self._children:
            if child.pid is not None:
                os.kill(child.pid, number)

    def _start_due(self) -> None:
        now = time.monotonic()
        if self._stopping is not None:
            if now > self._stopping + self._settings.grace + OVERTIME:
                self._signal(signal.SIGKILL)
            return
        for child in self._children:
            if child.pid is None and child.next_start <= now:
                self._fork(child)

    def _fork(self, child: Child) -> None:
        # A signal that comes before the child has its own handlers must reach those, not ours.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
        # What is buffered would be written by both.
        sys.stdout.flush()
        pid = os.fork()
        if pid == 0:
            os.close(self._held_end)
            run_child(self._register, self._settings, self._readiness, self._nonces, self._lifeline)
        child.pid, child.started = pid, time.monotonic()
        child.starts += 1
        signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def _reap(self) -> None:
        for child in self._children:
            if child.pid is None:
                continue
            pid, status = os.waitpid(child.pid, os.WNOHANG)
            if pid:
                self._buried(child, os.waitstatus_to_exitcode(status))

    def _buried(self, child: Child, code: int) -> None:
        now = time.monotonic()
        pid, child.pid = child.pid, None
        if self._stopping is not None and code == 0:
            return
        if code == DID_NOT_START and child.starts == 1:
            self._failed = True
            self._stop()
            return
        child.backoff = (
            SHORTEST_BACKOFF if now - child.started > HEALTHY_SECONDS else min(child.backoff * 2, LONGEST_BACKOFF)
        )
        child.next_start = now + child.backoff
        logs.log_event("process died", child=pid, exit_code=code, restart_in=child.backoff)


@contextmanager
def _signals(handler: object) -> Iterator[int]:
    """Handle the signals while `select` waits on the returned descriptor."""
    readable, writable = os.pipe()
    os.set_blocking(writable, False)
    os.set_blocking(readable, False)
    previous = {number: signal.signal(number, handler) for number in (*STOP_SIGNALS, signal.SIGCHLD)}  # type: ignore[arg-type]
    old = signal.set_wakeup_fd(writable)
    try:
        yield readable
    finally:
        signal.set_wakeup_fd(old)
        for number, handle in previous.items():
            signal.signal(number, handle)
        os.close(readable)
        os.close(writable)


def _wait(wakeup: int, seconds: float) -> None:
    if select.select([wakeup], [], [], seconds)[0]:
        os.read(wakeup, 4096)


def _hold_port(address: str) -> socket.socket | None:
    """Bind the port without listening, so that port 0 is the same in each process and a second server is refused."""
    if address.startswith("unix:"):
        return None
    host, _, port = address.rpartition(":")
    try:
        family, *_, target = socket.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_STREAM)[0]
        with socket.socket(family) as probe:
            # Fails where any socket listens, even one that shares its port.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(target)
        held = socket.socket(family)
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        held.bind(target)
    except (OSError, ValueError) as error:
        raise StartError(f"cannot listen on {address}: {error}") from error
    return held
