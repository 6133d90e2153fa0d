"""What a call made both sides send: the monolith's process holds its own, a service says its in a file."""

import json
import os
import shutil
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from socket import gethostname
from typing import Any

from strangler_router.effects import Effect, Sink, held_everywhere
from strangler_router.errors import ConfigurationError
from strangler_services.effects import KINDS
from strangler_shadow.search import Unreachable
from strangler_shadow.twins import TwinError, is_left_over, stem_of

__all__ = ["LATE_SECONDS", "TwinEffects", "held", "holding_effects"]

LATE_SECONDS = 0.2
"""What comes after an answer is waited for so long."""
PAUSE = 0.01
SUFFIX = "_effects_"
# Of one call.
MOST = 10_000


@dataclass(slots=True, kw_only=True)
class TwinEffects:
    """Effects since the last look; `path` is the file to which a service appends lines.

    Threads that ran before are of no call, so what they connect to (an exporter of traces) is not kept. `late_to` is
    told what comes after the calls of whoever asked last.
    """

    path: Path
    held: deque[Effect] = field(default_factory=deque)
    place: int = 0
    lines: int = 0
    threads_before: frozenset[threading.Thread] = field(
        default_factory=lambda: frozenset(threading.enumerate()) - {threading.current_thread()}
    )
    late_to: Callable[[list[Effect]], None] = lambda _effects: None

    def of_monolith(self) -> list[Effect]:
        """Those held in this process since they were last asked for, whichever side made it send them."""
        return [self.held.popleft() for _ in range(len(self.held))]

    def of_service(self) -> list[Effect]:
        """Those that the service has said since, and those held in this process, through which its answers come.

        Raises Unreachable where a line cannot be read.
        """
        here = self.of_monolith()
        return [*here, *map(self._effect, self._new_lines())][:MOST]

    def late(self) -> list[Effect]:
        """Those that come when their call has been compared, without connections of this process.

        Raises Unreachable where a line cannot be read.
        """
        here = [effect for effect in self.of_monolith() if effect.kind != "connection"]
        return [*here, *map(self._effect, self._new_lines())][:MOST]

    def tell_late(self) -> None:
        """Say what has come since to whoever asked last."""
        self.late_to(self.late())

    def hold(self, effect: Effect) -> None:
        """Keep it until it is asked for."""
        if effect.kind == "connection" and threading.current_thread() in self.threads_before:
            return
        if len(self.held) < MOST:
            self.held.append(effect)

    @contextmanager
    def awaited(self) -> Iterator[None]:
        """Give threads that the monolith starts time to end, so that what they send is not laid on the service."""
        before = set(threading.enumerate())
        yield
        until = time.monotonic() + LATE_SECONDS
        for thread in set(threading.enumerate()) - before:
            thread.join(max(0.0, until - time.monotonic()))

    def _new_lines(self) -> list[bytes]:
        until = time.monotonic() + LATE_SECONDS
        while True:
            text = self._text()
            if text.endswith(b"\n") or not text:
                self.place += len(text)
                return text.splitlines()
            if time.monotonic() > until:
                line = self.lines + text.count(b"\n") + 1
                raise Unreachable(f"line {line} of the service's effects has no end")
            time.sleep(PAUSE)

    def _text(self) -> bytes:
        try:
            with self.path.open("rb") as file:
                file.seek(self.place)
                return file.read()
        except OSError as error:
            raise Unreachable(f"the service's effects cannot be read: {error.strerror}") from error

    def _effect(self, line: bytes) -> Effect:
        self.lines += 1
        try:
            found: Any = json.loads(line)
            effect = Effect(kind=found["kind"], name=found["name"], document=found["document"])
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise Unreachable(f"line {self.lines} of the service's effects cannot be read: {_why(error)}") from None
        if effect.kind not in KINDS or not isinstance(effect.name, str) or not isinstance(effect.document, dict):
            raise Unreachable(f"line {self.lines} of the service's effects is none: kind, name or document is wrong")
        return effect


@contextmanager
def held(sink: Sink, *reachable: str) -> Iterator[None]:
    """As `held_everywhere`; TwinError where the settings do not say clearly what may be reached."""
    with ExitStack() as stack:
        try:
            stack.enter_context(held_everywhere(sink, reachable=reachable))
        except ConfigurationError as error:
            raise TwinError(str(error)) from error
        yield


@contextmanager
def holding_effects(*reachable: str) -> Iterator[TwinEffects]:
    """Hold what this process would send, but to `reachable` servers; TwinError as of `held`, and without a file.

    Files that an earlier run left behind, with what they say of mail, go first.
    """
    _remove_left_over()
    try:
        stem = stem_of(gethostname(), os.getpid(), time.time())
        folder = Path(tempfile.mkdtemp(prefix=f"{stem}{SUFFIX}"))
        path = folder / "effects"
        path.touch()
    except OSError as error:
        raise TwinError(f"the file for a service's effects cannot be made: {error.strerror}") from error
    effects = TwinEffects(path=path)
    try:
        with held(effects.hold, *reachable):
            yield effects
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _remove_left_over() -> None:
    for folder in Path(tempfile.gettempdir()).glob(f"*{SUFFIX}*"):
        with suppress(OSError):
            if folder.stat().st_uid == os.getuid() and is_left_over(folder.name, host=gethostname(), now=time.time()):
                shutil.rmtree(folder)


def _why(error: Exception) -> str:
    """Without what the line says."""
    return "it is no JSON" if isinstance(error, ValueError) else f"{type(error).__name__}"
