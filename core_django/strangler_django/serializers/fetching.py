"""The read protocol: values of some rows from Redis, what is missing computed once by somebody, nothing stale stored.

Everything that it touches is given to it (store, what to ask, how to compute), so that tests can interleave it.
"""

import logging
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from strangler_django.serializers import entries
from strangler_django.serializers.entries import ABSENT, Ask, Claim, Reading, Shelf
from strangler_django.serializers.reads import Read
from strangler_django.serializers.store import Meanwhile, Store, Unavailable
from strangler_django.serializers.waiting import Waiter
from strangler_protos.stamps import new_token

__all__ = ["Held", "Pace", "Request", "fetch", "fetched"]

logger = logging.getLogger("strangler_django.serializers")

Values = dict[bytes, bytes]
"""Values by row, each before as many bytes as its shelf's stamps have."""
Held = list[bytes | None]
"""Such values in the order of the rows, None for a row that does not exist."""
Compute = Callable[[int, Sequence[bytes]], dict[bytes, bytes]]
"""Computes the values of a shelf, by its index, for some rows; a row that does not exist is left out."""

ABSENT_SECONDS = 60
_LONG_AGO = 0.002
"""Seconds after which somebody may have finished what we missed."""


@dataclass(slots=True)
class Pace:
    """How long computing took lately, in seconds; what others wait for at most."""

    seconds: float = 0.25

    def note(self, seconds: float) -> None:
        self.seconds = min(2.0, 0.7 * self.seconds + 0.3 * seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Rows on shelves, and all that reading them needs.

    Rows that are `bypassed`, or `written()` by the reader itself, are neither taken from the cache nor stored; the
    second is asked after Redis, since others may tie rows to what was written until then.
    Nothing is stored unless `may_fill()`.
    """

    ask: Ask
    compute: Compute
    read: Read
    pace: Pace = field(default_factory=Pace)
    bypassed: Collection[bytes] = ()
    written: Callable[[], Collection[bytes]] = tuple
    may_fill: Callable[[], bool] = lambda: True


def fetch(store: Store, requests: Sequence[Request], meanwhile: Meanwhile | None = None) -> list[list[Held]]:
    """For each request and shelf the values of its rows.

    `meanwhile` is called while Redis works, as in `Store.run`.
    """
    looked = time.perf_counter()
    try:
        readings = entries.read(store, [request.ask for request in requests], meanwhile)
    except Unavailable:
        for request in requests:
            request.read.bypass = "unavailable"
        return [[_past_redis(request, index) for index in _shelves(request)] for request in requests]
    requests[0].read.round_trips += 1
    return [fetched(store, request, reading, looked) for request, reading in zip(requests, readings, strict=True)]


def fetched(store: Store, request: Request, reading: Reading, looked: float) -> list[Held]:
    """Completes what was read at the time `looked`."""
    names, bypassed = request.ask.names, {*request.bypassed, *request.written()}
    if not bypassed and reading.whole:
        request.read.hits += request.read.objects
        return reading.values
    found: list[Values] = []
    missing: list[list[bytes]] = []
    for column in reading.values:
        pairs = zip(names, column, strict=True)
        known = {name: value for name, value in pairs if value is not None and name not in bypassed}
        found.append(known)
        missing.append([name for name in dict.fromkeys(names) if name not in known])
    _note(request.read, reading, missing)
    if any(missing):
        shared = [[name for name in column if name not in bypassed] for column in missing]
        _complete(store, request, found, missing=missing, shared=shared, looked=looked)
    return [_held(names, known) for known in found]


def _past_redis(request: Request, index: int) -> Held:
    names = request.ask.names
    return _held(names, _stamped(request.ask.shelves[index], request.compute(index, names)))


def _stamped(shelf: Shelf, values: dict[bytes, bytes]) -> Values:
    """Computed values, as if they had been stored."""
    trailer = bytes(shelf.trailer)
    return {name: value + trailer for name, value in values.items()}


def _held(names: Sequence[bytes], known: Values) -> Held:
    # An absent row has an empty value.
    return [known.get(name) or None for name in names]


def _complete(
    store: Store,
    request: Request,
    found: list[Values],
    *,
    missing: list[list[bytes]],
    shared: list[list[bytes]],
    looked: float,
) -> None:
    """Finds what is missing; of that, `shared` rows may come from others and be stored."""
    claim = _claim(store, request, shared)
    if any(claim.won) and time.perf_counter() - looked > _LONG_AGO:
        _take_filled_meanwhile(store, request, found, shared, claim)
        missing = [[name for name in column if name not in found[index]] for index, column in enumerate(missing)]
    waiting: list[list[bytes]] = []
    for index in _shelves(request):
        trailers, won = claim.trailers[index], claim.won[index]
        mine = [name for name in missing[index] if name in won or name not in trailers]
        waiting.append([name for name in missing[index] if name not in won and name in trailers])
        found[index] |= _computed(store, request, index, mine, trailers=trailers, leased=won)
    if any(waiting):
        _await(store, request, found, waiting)
        for index in _shelves(request):
            late = [name for name in waiting[index] if name not in found[index]]
            found[index] |= _computed(store, request, index, late, trailers=claim.trailers[index], leased=set())


def _take_filled_meanwhile(
    store: Store, request: Request, found: list[Values], shared: list[list[bytes]], claim: Claim
) -> None:
    """Takes what others finished between our look and our claim, on a machine that is busy."""
    names = list(dict.fromkeys(name for column in shared for name in column))
    try:
        [reading] = entries.read(store, [Ask(request.ask.shelves, names)])
        request.read.round_trips += 1
        for index, column in enumerate(reading.values):
            ready = {name: value for name, value in zip(names, column, strict=True) if value is not None}
            ready = {name: ready[name] for name in shared[index] if name in ready}
            found[index] |= ready
            request.read.waits += len(ready)
            entries.release(store, request.ask.shelves[index], claim.won[index] & ready.keys())
    except Unavailable:
        logger.info("Redis went away before it could be asked again")


def _claim(store: Store, request: Request, wanted: list[list[bytes]]) -> Claim:
    nothing = Claim([{} for _ in wanted], [set() for _ in wanted])
    if not request.may_fill() or not any(wanted):
        return nothing
    try:
        claim = entries.claim(store, request.ask, wanted, new_token())
    except Unavailable:
        return nothing
    request.read.round_trips += 1
    return claim


def _computed(
    store: Store, request: Request, index: int, names: list[bytes], *, trailers: dict[bytes, bytes], leased: set[bytes]
) -> Values:
    """Computes rows of a shelf and stores those that have stamps to be stored with."""
    if not names:
        return {}
    shelf = request.ask.shelves[index]
    started = time.perf_counter()
    try:
        values = request.compute(index, names)
    except BaseException:
        _give_back(store, shelf, leased)
        raise
    request.pace.note(time.perf_counter() - started)
    stored = {}
    for name in names:
        trailer, value = trailers.get(name), values.get(name)
        if trailer is None:
            continue
        if value is None:
            stored[name] = trailer, ABSENT, min(shelf.timeout, ABSENT_SECONDS)
        elif len(value) <= shelf.max_bytes:
            stored[name] = trailer, value, shelf.timeout
        else:
            request.read.too_large += 1
    try:
        if stored or leased:
            entries.fill(store, shelf, stored, leased)
            request.read.round_trips += 1
            request.read.filled += len(stored)
    except Unavailable:
        logger.info("Redis went away before %d values could be stored", len(stored))
    return _stamped(shelf, values)


def _await(store: Store, request: Request, found: list[Values], waiting: list[list[bytes]]) -> None:
    """Takes what others compute, for no longer than computing takes.

    Pauses count as long as they were meant to be: on a machine that is busy, computing would be slower too.
    """
    budget, left, shelves = request.pace.seconds, [list(column) for column in waiting], request.ask.shelves
    with Waiter() as waiter:
        while budget > 0 and any(left):
            names = list(dict.fromkeys(name for column in left for name in column))
            budget -= waiter.pause(len(names))
            try:
                held = entries.leases(store, list(zip(shelves, left, strict=True)))
                [reading] = entries.read(store, [Ask(shelves, names)])
            except Unavailable:
                return
            request.read.round_trips += 2
            for index, column in enumerate(reading.values):
                wanted = set(left[index])
                pairs = zip(names, column, strict=True)
                ready = {name: value for name, value in pairs if value is not None and name in wanted}
                found[index] |= ready
                request.read.waits += len(ready)
                left[index] = [name for name in left[index] if name not in ready and name in held[index]]


def _give_back(store: Store, shelf: Shelf, leased: Collection[bytes]) -> None:
    try:
        entries.release(store, shelf, leased)
    except Unavailable:
        logger.info("Redis went away before %d leases could be given back", len(leased))


def _note(read: Read, reading: Reading, missing: list[list[bytes]]) -> None:
    missed = set().union(*missing)
    read.misses += len(missed)
    read.hits += read.objects - len(missed)
    read.stale += reading.stale


def _shelves(request: Request) -> range:
    return range(len(request.ask.shelves))
