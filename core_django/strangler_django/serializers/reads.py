"""What each cached read did, told to whoever listens: metrics, Server-Timing, tests."""

import logging
import time
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field

from django.db import connections

__all__ = ["Read", "bypass", "listeners", "note_batch", "noting", "reading", "tell"]

logger = logging.getLogger("strangler_django.serializers")


@dataclass(slots=True, kw_only=True)
class Read:
    """One serializer's part in one read; a listener gets it when it is over.

    `objects` is what was asked for; `hits` came from the cache, `misses` did not.
    Of the misses, `stale` had a body whose stamps no longer stood, `waits` were computed by another reader meanwhile.
    `bypass` says why the whole read went past the cache: `annotations`, `undeclared`, `unavailable` ...
    `batches` are the batch methods called with their numbers of keys; `queries` and `round_trips` count SQL and Redis.
    """

    serializer: str
    objects: int = 0
    hits: int = 0
    misses: int = 0
    stale: int = 0
    waits: int = 0
    filled: int = 0
    too_large: int = 0
    bypass: str = ""
    batches: list[tuple[str, int]] = field(default_factory=list)
    queries: int = 0
    round_trips: int = 0
    seconds: float = 0.0


listeners: list[Callable[[Read], None]] = []
"""Called after each read, on the reader's path: be quick. What one raises is logged."""

_current: ContextVar[Read | None] = ContextVar("strangler_read", default=None)


class reading:  # noqa: N801  a context manager; made by `contextmanager` each use costs twice as much
    """A read of this serializer from this database, from here to the end of the block."""

    __slots__ = ("_outer", "_started", "_wrappers", "read")

    def __init__(self, serializer: str, alias: str) -> None:
        self.read = Read(serializer=serializer)
        # `execute_wrapper` does the same, as one more context manager.
        self._wrappers = connections[alias].execute_wrappers if listeners else []

    def __enter__(self) -> Read:
        self._outer = _current.set(self.read)
        self._wrappers.append(_count)
        self._started = time.perf_counter()
        return self.read

    def __exit__(self, *_error: object) -> None:
        self.read.seconds = time.perf_counter() - self._started
        self._wrappers.pop()
        _current.reset(self._outer)
        tell(self.read)


class noting:  # noqa: N801
    """Within the block, queries and batches are another serializer's, nested in the outer read."""

    __slots__ = ("_outer", "_read")

    def __init__(self, read: Read) -> None:
        self._read = read

    def __enter__(self) -> None:
        self._outer = _current.set(self._read)

    def __exit__(self, *_error: object) -> None:
        _current.reset(self._outer)


def tell(read: Read) -> None:
    """Gives a finished read to the listeners."""
    for listener in listeners:
        try:
            listener(read)
        except Exception:
            logger.exception("%s could not take note of a read of %s", listener, read.serializer)


def bypass(serializer: str, reason: str) -> None:
    """Tells of a read that did not even ask the cache."""
    if listeners:
        tell(Read(serializer=serializer, bypass=reason))


def note_batch(field_name: str, keys: int) -> None:
    read = _current.get()
    if read is not None:
        read.batches.append((field_name, keys))


def _count(execute: Callable[..., object], *arguments: object) -> object:
    read = _current.get()
    if read is not None:
        read.queries += 1
    return execute(*arguments)
