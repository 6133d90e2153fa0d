"""`offer()`: take a copy of an exchange off the user's path, for a thread that compares it or sends it to workers."""

import atexit
import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Protocol

from django.db import connections

from strangler_router.conf import settings
from strangler_router.types import Exchange
from strangler_shadow.observer import Finding, carefully, judge, record
from strangler_shadow.pauses import Pauses
from strangler_shadow.stream import Stream, current_stream
from strangler_shadow.stream_sender import Sender
from strangler_shadow.tally import Tally

__all__ = ["Comparer", "Mirror", "Taker", "offer"]

QUEUE_ITEMS = 1_000
QUEUE_BYTES = 32_000_000
FLUSH_SECONDS = 5.0
STOP_SECONDS = 5.0
POLL_SECONDS = 0.03
RECOUNT_SECONDS = 1.0

logger = logging.getLogger("strangler_shadow")


class Taker(Protocol):
    """What the mirror's thread does with the queue. `full` is why a copy that does not fit is dropped."""

    full: str

    @property
    def is_idle(self) -> bool:
        """Whether nothing is under way, and everything is written."""

    def take(self, queue: deque[Exchange]) -> int:
        """Take some copies; the bytes of those that are done with, negative where there was nothing to do."""

    def flush(self) -> None:
        """Write what was counted beside the tally."""

    def close(self, queue: deque[Exchange]) -> None:
        """Do what can be done at once, and count what was taken and not done; at the end of the process."""


class Comparer:
    """Compares in this process, one copy at a time."""

    full = "queue full"
    is_idle = True

    def __init__(self, tally: Tally, judge: Callable[[Exchange], Finding]) -> None:
        self._tally = tally
        self._judge = judge
        self._pauses = Pauses()

    def take(self, queue: deque[Exchange]) -> int:
        """Compare and count the oldest copy."""
        if not queue:
            return -1
        exchange = queue.popleft()
        record(exchange, carefully(exchange, self._judge, self._pauses), self._tally)
        return len(exchange.served.body)

    def flush(self) -> None:
        """Nothing beside the tally."""

    def close(self, queue: deque[Exchange]) -> None:
        """Nothing: a comparison may take long."""


class Mirror:
    """A bounded queue and one thread; `offer` takes no lock and wakes nobody, and drops what does not fit."""

    def __init__(
        self,
        *,
        items: int = QUEUE_ITEMS,
        size: int = QUEUE_BYTES,
        judge: Callable[[Exchange], Finding] = judge,
        stream: Stream | None = None,
    ) -> None:
        self._items = items
        self._size = size
        self._judge = judge
        self._stream = stream
        self._pid = 0
        self._flush_now = False
        self._forget()

    def offer(self, exchange: Exchange) -> None:
        """Queue the exchange if there is room; called on the user's path."""
        if self._pid != os.getpid():
            self._start()
        size = len(exchange.served.body)
        if len(self._queue) < self._items and self._bytes + size <= self._size and not self._stopping:
            # Two threads may lose one of two additions here; the thread counts anew each second.
            self._bytes += size
            self._queue.append(exchange)
        else:
            self._tally.drop(exchange, self._taker.full)

    def drain(self, timeout: float) -> bool:
        """Wait until everything offered is done with and counted; False after `timeout` seconds. For tests."""
        deadline = time.monotonic() + timeout
        asked = False
        while time.monotonic() < deadline:
            quiet = not self._queue and not self._busy
            if quiet and asked and not self._flush_now:
                if self._tally.is_flushed and self._taker.is_idle:
                    return True
                asked = False
            elif quiet and not asked:
                self._flush_now = asked = True
            time.sleep(0.01)
        return False

    def stop(self) -> None:
        """Count what is still queued as dropped, and write the counts; at the end of the process."""
        if self._pid != os.getpid():
            return
        self._stopping = True
        self._thread.join(STOP_SECONDS)

    def _forget(self) -> None:
        # Also after a fork: the parent's queue and counts are the parent's.
        self._queue: deque[Exchange] = deque()
        self._bytes = 0
        self._tally = Tally()
        self._taker = self._make_taker()
        self._stopping = False
        self._busy = False
        self._flush_now = False

    def _make_taker(self) -> Taker:
        return Comparer(self._tally, self._judge) if self._stream is None else Sender(self._tally, self._stream)

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
        flushed = counted = time.monotonic()
        while not self._stopping:
            self._busy = True
            done = self._take()
            self._busy = done >= 0
            self._bytes = max(0, self._bytes - max(0, done))
            now = time.monotonic()
            # Seldom: in a process of greenlets everybody waits for the database.
            if self._flush_now or now - flushed >= FLUSH_SECONDS:
                self._flush()
                self._flush_now = False
                flushed = now
            if now - counted >= RECOUNT_SECONDS:
                self._bytes = sum(len(exchange.served.body) for exchange in self._queue.copy())
                counted = now
            if done < 0:
                time.sleep(POLL_SECONDS)
        self._end()

    def _take(self) -> int:
        try:
            return self._taker.take(self._queue)
        except Exception as error:  # noqa: BLE001  the thread has to live on
            logger.warning("copies of calls are lost: %s", type(error).__name__)
            # What goes wrong may go wrong with each.
            time.sleep(POLL_SECONDS)
            return 0

    def _end(self) -> None:
        # Whoever was in the middle of an offer.
        time.sleep(POLL_SECONDS)
        self._taker.close(self._queue)
        while self._queue:
            self._tally.drop(self._queue.popleft(), "shutdown")
        self._flush()
        connections.close_all()

    def _flush(self) -> None:
        try:
            self._tally.flush()
            self._taker.flush()
        except Exception as error:  # noqa: BLE001  the thread has to live on
            logger.warning("the mirror's counts cannot be written now and are kept: %s", type(error).__name__)


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
    return Mirror(
        items=options.get("QUEUE_ITEMS", QUEUE_ITEMS),
        size=options.get("QUEUE_BYTES", QUEUE_BYTES),
        stream=current_stream(),
    )
