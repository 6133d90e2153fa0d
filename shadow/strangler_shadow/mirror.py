"""`offer()`: take a copy of an exchange off the user's path, and let a worker in this process compare it."""

import logging
import os
import threading
import time
from collections import deque

from strangler_protos.bindings import SAFE_METHODS
from strangler_router.conf import settings
from strangler_router.types import Exchange, Side
from strangler_shadow.compare import compare
from strangler_shadow.observation import Difference, Observation
from strangler_shadow.replay import ReplayError, replay_candidate, replay_control
from strangler_shadow.tally import Outcome, Tally

__all__ = ["Mirror", "offer"]

QUEUE_ITEMS = 1_000
QUEUE_BYTES = 32_000_000
FLUSH_SECONDS = 1.0

logger = logging.getLogger("strangler_shadow")


class Mirror:
    """A bounded queue and one worker thread; `offer` never waits, and drops what does not fit."""

    def __init__(self, *, items: int = QUEUE_ITEMS, size: int = QUEUE_BYTES) -> None:
        self._items = items
        self._size = size
        self._queue: deque[Exchange] = deque()
        self._bytes = 0
        self._arrived = threading.Semaphore(0)
        self._tally = Tally()
        self._pid = 0

    def offer(self, exchange: Exchange) -> None:
        """Queue the exchange if there is room; called on the user's path."""
        if self._pid != os.getpid():
            self._start()
        size = len(exchange.served.body)
        if len(self._queue) >= self._items or self._bytes + size > self._size:
            self._tally.drop(exchange)
            return
        self._bytes += size
        self._queue.append(exchange)
        self._arrived.release()

    def drain(self, timeout: float) -> bool:
        """Wait until everything offered is compared and flushed; False after `timeout` seconds. For tests and demos."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if not self._queue and not self._bytes and self._tally.is_flushed:
                return True
            time.sleep(0.02)
        return False

    def _start(self) -> None:
        # Also after a fork: the parent's queue and counts are the parent's.
        self.__init__(items=self._items, size=self._size)  # type: ignore[misc]
        self._pid = os.getpid()
        threading.Thread(target=self._work, name="strangler-mirror", daemon=True).start()

    def _work(self) -> None:
        flushed = time.monotonic()
        while True:
            if self._arrived.acquire(timeout=FLUSH_SECONDS):
                exchange = self._queue.popleft()
                try:
                    observe(exchange, self._tally)
                except Exception as error:  # noqa: BLE001  whatever goes wrong here stays here
                    self._tally.count(exchange, Outcome.ERRORED, reason=type(error).__name__)
                    logger.warning("a copy of %s could not be compared: %r", exchange.call.endpoint, error)
                finally:
                    self._bytes -= len(exchange.served.body)
            if time.monotonic() - flushed >= FLUSH_SECONDS or not self._queue:
                self._tally.flush()
                flushed = time.monotonic()


def observe(exchange: Exchange, tally: Tally) -> None:
    """Ask the side that did not answer, compare, and count."""
    if exchange.call.method not in SAFE_METHODS:
        tally.count(exchange, Outcome.SKIPPED, reason="unsafe")
        return
    if exchange.served.fell_back:
        tally.count(exchange, Outcome.ERRORED, reason="fell back")
        return
    served = _served(exchange)
    try:
        other = _other_side(exchange)
    except ReplayError as error:
        tally.count(exchange, Outcome.SKIPPED, reason=str(error))
        return
    if other.wrote:
        tally.count(exchange, Outcome.SKIPPED, reason="writes")
        return
    service_answered = exchange.decision.side is Side.SERVICE
    control, candidate = (other, served) if service_answered else (served, other)
    if other.error:
        tally.count(exchange, Outcome.ERRORED, reason=other.error.partition(":")[0])
        return
    differences = compare(control, candidate)
    if differences and not _holds(exchange, control, candidate, differences):
        tally.count(exchange, Outcome.TRANSIENT)
        return
    tally.count(exchange, Outcome.MISMATCHED if differences else Outcome.MATCHED)
    tally.found(exchange, control, differences)


def _served(exchange: Exchange) -> Observation:
    served = exchange.served
    return Observation(
        status=served.status,
        headers=served.headers,
        cookies=served.cookies,
        body=served.body,
        seconds=served.seconds,
    )


def _other_side(exchange: Exchange) -> Observation:
    accessed = exchange.served.session_accessed
    if exchange.decision.side is Side.SERVICE:
        return replay_control(exchange.call, session_accessed=accessed)
    return replay_candidate(exchange.call, exchange.decision.rung, session_accessed=accessed)


def _holds(exchange: Exchange, control: Observation, candidate: Observation, differences: list[Difference]) -> bool:
    """Ask both sides once more: a row that changed between two answers is no difference."""
    accessed = exchange.served.session_accessed
    again = compare(
        replay_control(exchange.call, session_accessed=accessed),
        replay_candidate(exchange.call, exchange.decision.rung, session_accessed=accessed),
    )
    seen = {(difference.kind, difference.pattern) for difference in again}
    return any((difference.kind, difference.pattern) in seen for difference in differences)


_mirror: Mirror | None = None


def offer(exchange: Exchange) -> None:
    """The observer for `STRANGLER["OBSERVERS"]`."""
    global _mirror
    if _mirror is None:
        options = settings().shadow
        _mirror = Mirror(items=options.get("QUEUE_ITEMS", QUEUE_ITEMS), size=options.get("QUEUE_BYTES", QUEUE_BYTES))
    _mirror.offer(exchange)
