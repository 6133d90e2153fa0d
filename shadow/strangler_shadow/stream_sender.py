"""Send mirrored copies to the stream in batches, from the mirror's thread."""

import logging
import random
import secrets
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from strangler_router.conf import settings
from strangler_router.types import Exchange
from strangler_shadow.observer import Finding
from strangler_shadow.once import NotedWrites, new_uid
from strangler_shadow.strata import stratum_of
from strangler_shadow.stream import Stream, StreamAway
from strangler_shadow.stream_entries import Entry, SealError, open_sealed, seal
from strangler_shadow.stream_settling import SentKey, Settlement, add_sent, sent_key, settle
from strangler_shadow.tally import Outcome, Tally

__all__ = ["QUEUE_FULL", "REDIS_AWAY", "STREAM_FULL", "THINNED", "TOO_LARGE", "TOO_OLD", "Sender"]

BATCH = 100
BATCH_BYTES = 1_000_000
ENTRY_BYTES = 256_000
SHORTEST_PAUSE, LONGEST_PAUSE = 0.5, 5.0
QUEUE_FULL = "queue full"
REDIS_AWAY = "redis away"
STREAM_FULL = "stream full"
THINNED = "thinned"
"""Left out by the draw, which the weights of those that were drawn make up for; every other reason is a loss."""
TOO_LARGE = "too large"
TOO_OLD = "too old"

logger = logging.getLogger("strangler_shadow")


@dataclass(slots=True, kw_only=True)
class _Batch:
    """What one push takes."""

    token: str
    exchanges: list[Exchange]
    entries: list[bytes]
    offered: Mapping[str, int]
    size: int


class Sender:
    """Takes up to 100 copies at once; a batch whose push failed is pushed again with the same token."""

    def __init__(self, tally: Tally, stream: Stream, *, draw: Callable[[], float] = random.random) -> None:
        self.full = QUEUE_FULL
        self._tally = tally
        self._stream = stream
        self._draw = draw
        self._batch: _Batch | None = None
        self._halvings: Mapping[str, int] = {}
        self._generation = ""
        self._sent: Counter[SentKey] = Counter()
        # On their way to the database, and perhaps there.
        self._sealed: tuple[str, Counter[SentKey]] | None = None
        self._writes = NotedWrites()
        self._pause = 0.0
        self._not_before = 0.0

    @property
    def is_idle(self) -> bool:
        """Whether everything that was taken has been sent, and written."""
        return self._batch is None and not self._sent and self._sealed is None

    def take(self, queue: deque[Exchange]) -> int:
        """Push a batch; negative where there is none, or Redis is left alone for now."""
        if time.monotonic() < self._not_before or (self._batch is None and not queue):
            return -1
        batch = self._batch = self._batch or self._make(queue)
        try:
            pushed = self._stream.push(batch.token, batch.entries, batch.offered)
        except StreamAway as error:
            self._rest(error)
            return -1
        self._halvings, self._generation = pushed.halvings, pushed.generation
        self.full, self._pause = QUEUE_FULL, 0.0
        self._count_sent(batch.exchanges[: pushed.added])
        for exchange in batch.exchanges[pushed.added :]:
            self._tally.drop(exchange, STREAM_FULL)
        self._batch = None
        return batch.size

    def flush(self) -> None:
        """Write how many were sent, each once, and count what no worker came for. Raises what the database raises."""
        while self._sealed is not None or self._sent:
            if self._sealed is None:
                self._sealed, self._sent = (new_uid(), self._sent), Counter()
            uid, counts = self._sealed
            self._writes.write(uid, partial(add_sent, counts))
            self._sealed = None
        if time.monotonic() < self._not_before:
            return
        try:
            self._expire()
        except StreamAway as error:
            self._rest(error)

    def close(self, queue: deque[Exchange]) -> None:
        """Send what waits, while Redis answers.

        What nobody knows about counts as sent: where it never arrived, it shows as unaccounted for.
        """
        while self.take(queue) >= 0:
            pass
        batch, self._batch = self._batch, None
        if batch is not None:
            self._count_sent(batch.exchanges)

    def _make(self, queue: deque[Exchange]) -> _Batch:
        batch = _Batch(token=secrets.token_hex(8), exchanges=[], entries=[], offered={}, size=0)
        limit = settings().shadow.get("ENTRY_BYTES", ENTRY_BYTES)
        offered: Counter[str] = Counter()
        now = time.time()
        while queue and sum(offered.values()) < BATCH and batch.size < BATCH_BYTES:
            exchange = queue.popleft()
            batch.size += len(exchange.served.body)
            stratum = stratum_of(exchange)
            offered[stratum] += 1
            weight = 1 << self._halvings.get(stratum, 0)
            if weight > 1 and self._draw() * weight >= 1:
                self._tally.drop(exchange, THINNED)
            elif len(exchange.served.body) + len(exchange.call.body) > limit:
                self._tally.drop(exchange, TOO_LARGE)
            else:
                batch.entries.append(seal(Entry(uid=secrets.token_hex(16), exchange=exchange, at=now, weight=weight)))
                batch.exchanges.append(exchange)
        batch.offered = offered
        return batch

    def _count_sent(self, exchanges: list[Exchange]) -> None:
        for exchange in exchanges:
            self._sent[sent_key(self._generation, exchange)] += 1

    def _rest(self, error: StreamAway) -> None:
        self.full = REDIS_AWAY
        self._pause = min(2 * self._pause or SHORTEST_PAUSE, LONGEST_PAUSE)
        self._not_before = time.monotonic() + self._pause
        if self._pause == SHORTEST_PAUSE:
            logger.warning("copies of calls wait in this process: %s", error)

    def _expire(self) -> None:
        """Personal data does not wait longer than its lifetime, though no worker runs."""
        old = self._stream.expired(time.time())
        settlements = []
        for delivery in old:
            try:
                entry = open_sealed(delivery.data)
            except SealError:
                continue
            finding = Finding(outcome=Outcome.DROPPED, reason=TOO_OLD)
            settlements.append(
                Settlement(
                    uid=entry.uid,
                    generation=delivery.generation,
                    exchange=entry.exchange,
                    finding=finding,
                    weight=entry.weight,
                )
            )
        if settlements:
            settle(settlements)
        if old:
            self._stream.end(old)
