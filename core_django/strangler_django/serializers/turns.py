"""One caller computes a value, the others wait for it; nothing is stored that a write has overtaken."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from strangler_django.serializers import entries
from strangler_django.serializers.entries import TABLE, Ask, Shelf
from strangler_django.serializers.reads import Read
from strangler_django.serializers.store import Store, Unavailable
from strangler_django.serializers.waiting import Waiter
from strangler_protos import stamps as protocol
from strangler_protos.stamps import ANY_ROW, Command, new_token

__all__ = ["NAME", "Pace", "Unkept", "take"]

logger = logging.getLogger("strangler_django.serializers")

NAME = ANY_ROW.encode()
"""Of a shelf with one value: it stands and falls with the stamps that every write of a model renews."""
_UNKEPT = b"!"
_UNKEPT_SECONDS = 60


class Unkept(Exception):
    """The value is not one that can be kept; every caller has to compute it."""


@dataclass(slots=True)
class Pace:
    """How long computing took lately, in seconds; None before this process has done it once."""

    seconds: float | None = None

    def note(self, seconds: float) -> None:
        self.seconds = seconds if self.seconds is None else 0.7 * self.seconds + 0.3 * seconds

    @property
    def lease(self) -> float:
        """Seconds for which one caller may keep the others waiting; then the next takes its turn."""
        return 5.0 if self.seconds is None else min(60.0, max(2.0, 2 * self.seconds))

    @property
    def patience(self) -> float:
        """Seconds that a caller waits in all."""
        return 30.0 if self.seconds is None else self.lease


@dataclass(frozen=True, slots=True)
class _Turn:
    """The stamps to store a value with, where they stand, and whether the others wait for us."""

    trailer: bytes | None
    leased: bool


def take(store: Store, shelf: Shelf, compute: Callable[[], bytes], pace: Pace, read: Read) -> bytes:
    """The value that lies on a shelf by the name NAME, or what `compute` makes of it.

    Raises Unavailable before it computes, Unkept, and what `compute` raises; of that, Unkept is remembered for a
    minute, so that nobody waits for a value that will never lie there.
    """
    value = _lying(store, shelf, read)
    if value is None:
        read.misses += 1
        return _missed(store, shelf, compute, pace, read)
    read.hits += 1
    return value


def _missed(store: Store, shelf: Shelf, compute: Callable[[], bytes], pace: Pace, read: Read) -> bytes:
    patience = pace.patience
    turn = _ask(store, shelf, pace, read)
    with Waiter() as waiter:
        while turn.trailer is not None and not turn.leased and patience > 0:
            patience -= waiter.pause()
            try:
                value = _lying(store, shelf, read)
                if value is not None:
                    read.waits += 1
                    return value
                [held] = entries.leases(store, [(shelf, [NAME])])
            except Unavailable:
                break
            read.round_trips += 1
            if not held:
                turn = _ask(store, shelf, pace, read)
    return _computed(store, shelf, compute, pace, read, turn=turn)


def _lying(store: Store, shelf: Shelf, read: Read) -> bytes | None:
    [reading] = entries.read(store, [Ask((shelf,), (NAME,))])
    [[entry]] = reading.values
    read.round_trips += 1
    read.stale += reading.stale
    if entry is None:
        return None
    value = entry[: -shelf.trailer]
    if value == _UNKEPT:
        raise Unkept
    return value


def _ask(store: Store, shelf: Shelf, pace: Pace, read: Read) -> _Turn:
    def commands(prefix: bytes) -> list[Command]:
        stamps = [prefix + stem + name for stem in shelf.stamps for name in (TABLE, NAME)]
        lease = prefix + b"lease:" + shelf.stem + NAME
        return [protocol.claim_command(stamps, [lease], token=new_token(), milliseconds=int(1000 * pace.lease))]

    try:
        [[stamps, [won]]] = store.run(commands)
    except Unavailable:
        return _Turn(None, False)
    read.round_trips += 1
    return _Turn(b"".join(stamps) if all(map(entries.stands, stamps)) else None, bool(won))


def _computed(
    store: Store, shelf: Shelf, compute: Callable[[], bytes], pace: Pace, read: Read, *, turn: _Turn
) -> bytes:
    kept: tuple[bytes, int] | None = None
    started = time.perf_counter()
    try:
        value = compute()
        kept = value, shelf.timeout
        if len(value) > shelf.max_bytes:
            read.too_large += 1
            kept = _UNKEPT, _UNKEPT_SECONDS
    except Unkept:
        kept = _UNKEPT, _UNKEPT_SECONDS
        raise
    finally:
        pace.note(time.perf_counter() - started)
        _store(store, shelf, kept, read, turn)
    return value


def _store(store: Store, shelf: Shelf, kept: tuple[bytes, int] | None, read: Read, turn: _Turn) -> None:
    values = {} if kept is None or turn.trailer is None else {NAME: (turn.trailer, *kept)}
    if not values and not turn.leased:
        return
    try:
        entries.fill(store, shelf, values, [NAME] if turn.leased else [])
    except Unavailable:
        logger.info("Redis went away before the value of %s could be stored", read.serializer)
        return
    read.round_trips += 1
    read.filled += len(values)
