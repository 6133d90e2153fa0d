"""`offer()`: take a copy of an exchange off the user's path, and let a worker in this process compare it."""

import atexit
import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable

from django.db import close_old_connections, connections

from strangler_router.conf import settings
from strangler_router.types import Exchange, Side
from strangler_shadow.observer import observe
from strangler_shadow.pauses import Pauses
from strangler_shadow.tally import Outcome, Tally

__all__ = ["Mirror", "offer"]

QUEUE_ITEMS = 1_000
QUEUE_BYTES = 32_000_000
FLUSH_SECONDS = 5.0
STOP_SECONDS = 5.0

logger = logging.getLogger("strangler_shadow")


class Mirror:
    """A bounded queue and one worker thread; `offer` never waits, and drops what does not fit."""

    def __init__(
        self,
        *,
        items: int = QUEUE_ITEMS,
        size: int = QUEUE_BYTES,
        observe: Callable[[Exchange, Tally], object] = observe,
    ) -> None:
        self._items = items
        self._size = size
        self._observe = observe
        self._pid = 0
        self._forget()

    def offer(self, exchange: Exchange) -> None:
        """Queue the exchange if there is room; called on the user's path."""
        if self._pid != os.getpid():
            self._start()
        size = len(exchange.served.body)
        with self._lock:
            fits = len(self._queue) < self._items and self._bytes + size <= self._size and not self._stopping
            if fits:
                self._bytes += size
                self._queue.append(exchange)
        if fits:
            self._arrived.release()
        else:
            self._tally.drop(exchange, "queue full")

    def drain(self, timeout: float) -> bool:
        """Wait until everything offered is compared and flushed; False after `timeout` seconds. For tests."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            self._flush_now = True
            self._arrived.release()
            if not self._bytes and not self._queue and self._tally.is_flushed:
                return True
            time.sleep(0.02)
        return False

    def stop(self) -> None:
        """Count what is still queued as dropped, and write the counts; at the end of the process."""
        if self._pid != os.getpid():
            return
        self._stopping = True
        self._arrived.release()
        self._thread.join(STOP_SECONDS)

    def _forget(self) -> None:
        # Also after a fork: the parent's queue and counts are the parent's.
        self._queue: deque[Exchange] = deque()
        self._bytes = 0
        self._lock = threading.Lock()
        self._arrived = threading.Semaphore(0)
        self._tally = Tally()
        self._pauses = Pauses()
        self._stopping = False
        self._flush_now = False

    def _start(self) -> None:
        with _starting:
            if self._pid == os.getpid():
                return
            self._forget()
            self._thread = threading.Thread(target=self._work, name="strangler-mirror", daemon=True)
            self._thread.start()
            atexit.register(self.stop)
            # Last, since others offer from here on.
            self._pid = os.getpid()

    def _work(self) -> None:
        flushed = time.monotonic()
        while not self._stopping:
            if self._arrived.acquire(timeout=FLUSH_SECONDS) and self._queue:
                self._take()
            # Seldom: in a process of greenlets everybody waits for the database.
            if self._flush_now or time.monotonic() - flushed >= FLUSH_SECONDS:
                self._flush_now = False
                self._flush()
                flushed = time.monotonic()
        while self._queue:
            exchange = self._queue.popleft()
            self._bytes -= len(exchange.served.body)
            self._tally.drop(exchange, "shutdown")
        self._flush()
        connections.close_all()

    def _flush(self) -> None:
        try:
            self._tally.flush()
        except Exception as error:  # noqa: BLE001  the thread has to live on
            logger.warning("the mirror's counts cannot be written now and are kept: %s", type(error).__name__)

    def _take(self) -> None:
        exchange = self._queue.popleft()
        key = exchange.call.endpoint, exchange.decision.rung
        asks_service = exchange.decision.side is Side.MONOLITH
        try:
            if asks_service and self._pauses.is_on(*key):
                self._tally.count(exchange, Outcome.ERRORED, reason="no answer shortly before")
            elif self._observe(exchange, self._tally) is not Outcome.ERRORED:
                self._pauses.end(*key)
            elif asks_service:
                self._pauses.start(*key)
        except Exception as error:  # noqa: BLE001  whatever goes wrong here stays here
            self._tally.count(exchange, Outcome.ERRORED, reason=type(error).__name__)
            logger.warning("a copy of %s could not be compared: %s", exchange.call.endpoint, type(error).__name__)
            # A connection that was lost costs this copy and not the next one.
            close_old_connections()
        finally:
            with self._lock:
                self._bytes -= len(exchange.served.body)


_mirror: Mirror | None = None
_starting = threading.Lock()


def _renew_lock() -> None:
    global _starting
    _starting = threading.Lock()


# A lock that another thread held when the process was forked would never be released in the child.
os.register_at_fork(after_in_child=_renew_lock)


def offer(exchange: Exchange) -> None:
    """The observer for `STRANGLER["OBSERVERS"]`."""
    global _mirror
    mirror = _mirror
    if mirror is None:
        with _starting:
            mirror = _mirror = _mirror or _configured()
    mirror.offer(exchange)


def _configured() -> Mirror:
    options = settings().shadow
    return Mirror(items=options.get("QUEUE_ITEMS", QUEUE_ITEMS), size=options.get("QUEUE_BYTES", QUEUE_BYTES))
