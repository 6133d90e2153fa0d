"""A process that compares what others mirrored: one consumer of the stream's group."""

import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from hashlib import sha256

from django.db import Error as DatabaseError
from django.db import close_old_connections, connections

from strangler_router.conf import settings
from strangler_router.types import Call, Decision, Exchange, Served, Side
from strangler_shadow.fields import declared_names
from strangler_shadow.observer import Finding, carefully, judge
from strangler_shadow.pauses import Pauses
from strangler_shadow.redact import redacted_pattern
from strangler_shadow.strata import halvings
from strangler_shadow.stream import Delivery, Stream, StreamAway
from strangler_shadow.stream_entries import SealError, open_sealed
from strangler_shadow.stream_sender import TOO_OLD
from strangler_shadow.stream_settling import Settlement, forget_settled, settle
from strangler_shadow.tally import Outcome
from strangler_shadow.work_pace import Pace

__all__ = ["UNREADABLE", "Worker", "place_of"]

IDLE_SECONDS = 60.0
DELIVERIES = 3
READ_SECONDS = 0.5
TEND_SECONDS = 1.0
FORGET_SECONDS = 60.0
LONGEST_PAUSE = 5.0
FLOOR = 0.2
SPARE = 0.9
UNREADABLE = "(unreadable)"
CRASHES = "workers crashed"
SEAL = "broken seal"

logger = logging.getLogger("strangler_shadow")


class Worker:
    """Reads, compares with so many threads, counts, and only then acknowledges.

    What dies between count and acknowledgement is delivered again and known by its uid. An entry that `DELIVERIES`
    workers had and did not end is set aside; one that is delivered again is compared alone, so that none is blamed for
    another. `rate` is questions to candidates a second, 0 is no limit.
    """

    def __init__(self, stream: Stream, *, concurrency: int = 4, rate: float = 0.0, idle: float = IDLE_SECONDS) -> None:
        self.name = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(2)}"
        self._stream = stream
        self._concurrency = concurrency
        self._pace = Pace(rate)
        self._idle = idle
        self._pauses = Pauses()
        self._stopping = threading.Event()
        self._pool = ThreadPoolExecutor(concurrency, thread_name_prefix="strangler-work")
        self._due = {self._tend: 0.0, self._forget: 0.0, self._look_for_idle: 0.0}
        self._idle_found = False
        self._offered: tuple[float, dict[str, int]] | None = None

    def stop(self) -> None:
        """End soon: what is under way is finished, the rest is given back."""
        self._stopping.set()

    def run(self, *, once: bool = False) -> None:
        """Work until `stop`, or with `once` until nothing waits."""
        pause = 0.0
        try:
            while not self._stopping.is_set():
                try:
                    if not self._round() and once:
                        break
                    pause = 0.0
                except (StreamAway, DatabaseError) as error:
                    # What was read and not counted stays pending, and is claimed later.
                    pause = min(2 * pause or 0.5, LONGEST_PAUSE)
                    logger.warning(
                        "the worker waits: %s", error if isinstance(error, StreamAway) else type(error).__name__
                    )
                    close_old_connections()
                    # What was given back is nobody's.
                    self._idle_found = True
                    self._stopping.wait(pause)
        finally:
            self._leave()

    def _round(self) -> bool:
        """Tend, then compare one batch; whether there was one."""
        now = time.monotonic()
        for task, due in self._due.items():
            if now >= due:
                task()
        if self._idle_found:
            claimed = self._stream.claim(self.name, idle=self._idle)
            self._idle_found = claimed is not None
            if claimed is not None:
                self._work([claimed])
                return True
        deliveries = self._stream.read(self.name, 2 * self._concurrency, wait=READ_SECONDS)
        if deliveries:
            self._work(deliveries)
        return bool(deliveries)

    def _work(self, deliveries: Sequence[Delivery]) -> None:
        found = list(self._pool.map(self._settlement, deliveries))
        done = [delivery for delivery, settlement in zip(deliveries, found, strict=True) if settlement is not None]
        settled = self._settle(deliveries, [settlement for settlement in found if settlement is not None])
        for delivery, settlement in zip(deliveries, found, strict=True):
            if settlement is not None and settlement.uid in settled:
                self._keep(delivery, settlement)
        if done:
            self._stream.end(done)
        if len(done) < len(deliveries):
            self._stream.release(self.name, [item for item in deliveries if item not in done], idle=self._idle)

    def _settle(self, deliveries: Sequence[Delivery], settlements: Sequence[Settlement]) -> set[str]:
        try:
            return {settlement.uid for settlement in settle(settlements)}
        except DatabaseError:
            # No entry is to blame.
            self._stream.release(self.name, deliveries, idle=self._idle)
            raise

    def _settlement(self, delivery: Delivery) -> Settlement | None:
        """What becomes of one entry; None where the worker ends before it was begun."""
        try:
            entry = open_sealed(delivery.data)
        except SealError:
            return _unreadable(delivery)
        settled = partial(
            Settlement,
            uid=entry.uid,
            generation=delivery.generation,
            exchange=entry.exchange,
            weight=entry.weight,
        )
        if delivery.times > DELIVERIES:
            return settled(finding=Finding(outcome=Outcome.ERRORED, reason=CRASHES))
        if time.time() - entry.at > self._stream.lifetime:
            return settled(finding=Finding(outcome=Outcome.DROPPED, reason=TOO_OLD))
        if self._stopping.is_set() or self._stopping.wait(self._pace.reserve()):
            return None
        return settled(finding=carefully(entry.exchange, self._judge, self._pauses))

    def _judge(self, exchange: Exchange) -> Finding:
        # The first turn was waited for before the comparison began.
        paid = [True]

        def pace() -> None:
            if paid:
                paid.pop()
            else:
                self._pace.wait()

        try:
            return judge(exchange, pace=pace)
        finally:
            # A replayed view answers a lost connection with a 500; the next one shall not.
            for connection in connections.all(initialized_only=True):
                if connection.errors_occurred:
                    connection.close_if_unusable_or_obsolete()

    def _keep(self, delivery: Delivery, settlement: Settlement) -> None:
        finding = settlement.finding
        if finding.reason in {CRASHES, SEAL}:
            logger.warning("an entry was set aside: %s", finding.reason)
            self._stream.set_aside(delivery, finding.reason)
        endpoint = settlement.exchange.call.endpoint
        names = declared_names(endpoint) if finding.differences else ()
        for difference in finding.differences:
            place = redacted_pattern(difference, names)
            self._stream.keep_example(
                place_of(endpoint, settlement.exchange.decision.rung, difference.kind.value, place), delivery.data
            )

    def _tend(self) -> None:
        self._due[self._tend] = time.monotonic() + TEND_SECONDS
        state = {"at": time.time(), "rate": self._pace.rate, "concurrency": self._concurrency}
        self._stream.register(self.name, state)
        offered = self._stream.offered()
        now, before = time.monotonic(), self._offered
        self._offered = now, offered
        if before is None:
            return
        backlog = self._stream.backlog(time.time())
        rates = [float(state["rate"]) for state in backlog.workers.values() if time.time() - state["at"] < self._idle]
        thinned: dict[str, int] = {}
        if all(rates):
            per_second = {name: (count - before[1].get(name, 0)) / (now - before[0]) for name, count in offered.items()}
            # The fuller the stream, the less is drawn.
            rate = SPARE * sum(rates) * max(0.1, 1 - backlog.waiting / self._stream.items)
            thinned = halvings(per_second, rate=rate, floor=settings().shadow.get("FLOOR", FLOOR))
        self._stream.thin(thinned, seconds=self._idle)

    def _look_for_idle(self) -> None:
        self._due[self._look_for_idle] = time.monotonic() + self._idle / 4
        self._idle_found = True

    def _forget(self) -> None:
        self._due[self._forget] = time.monotonic() + FORGET_SECONDS
        forget_settled(2 * self._stream.lifetime)
        self._stream.forget_dead(time.time(), idle=self._stream.lifetime)

    def _leave(self) -> None:
        # Each thread has connections of its own, so each has to be there to close them.
        together = threading.Barrier(self._concurrency)
        for _ in range(self._concurrency):
            self._pool.submit(_close_all, together)
        self._pool.shutdown()
        try:
            self._stream.forget(self.name)
        except StreamAway as error:
            logger.warning("the worker could not sign off: %s", error)


def _close_all(together: threading.Barrier) -> None:
    together.wait(LONGEST_PAUSE)
    connections.close_all()


def _unreadable(delivery: Delivery) -> Settlement:
    nobody = Exchange(
        call=Call(endpoint=UNREADABLE, route="", method="GET", path=""),
        decision=Decision(side=Side.MONOLITH, rung="", reason=""),
        served=Served(status=0, headers=(), cookies=(), body=b"", seconds=0.0),
    )
    uid = sha256(delivery.generation.encode() + delivery.id).hexdigest()[:32]
    return Settlement(
        uid=uid,
        generation=delivery.generation,
        exchange=nobody,
        finding=Finding(outcome=Outcome.ERRORED, reason=SEAL),
    )


def place_of(endpoint: str, rung: str, kind: str, pattern: str) -> str:
    """Names the place of a difference, as examples are kept."""
    return sha256("\0".join([endpoint, rung, kind, pattern]).encode()).hexdigest()
