"""Stop asking a target that does not answer, and cap how many calls wait for it at once.

The circuit breaker pattern (M. Nygard, Release It!, 2nd ed., ch. 5): closed, open for a while, then one probe.
pybreaker holds its lock while the call runs, which would serialise the threads of a worker; hence our own.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from strangler_router.errors import NoAnswer

__all__ = ["Breaker"]

# What one call meets, a bug or an older contract, says nothing about the next one, which may be another endpoint's.
CRASHES = frozenset({"contract", "internal", "unknown"})


class Breaker:
    """One target's state in one process. `failures` in a row open it for `pause` seconds."""

    def __init__(
        self,
        name: str,
        *,
        in_flight: int = 64,
        failures: int = 5,
        pause: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self._cap = in_flight
        self._threshold = failures
        self._pause = pause
        self._clock = clock
        self._lock = threading.Lock()
        self._under_way = 0
        self._failed = 0
        self._open_until = 0.0

    @property
    def is_open(self) -> bool:
        """True while calls are refused."""
        return self._clock() < self._open_until

    @contextmanager
    def call(self) -> Iterator[None]:
        """Count a call; `NoAnswer` before it starts where the breaker is open or the cap is reached.

        `NoAnswer` raised inside counts as a failure unless the service is there and crashed or refused; anything else
        is an answer.
        """
        self._enter()
        try:
            yield
        except NoAnswer as error:
            self._leave(failed=error.kind not in CRASHES)
            raise
        except BaseException:
            self._leave(failed=False)
            raise
        self._leave(failed=False)

    def _enter(self) -> None:
        with self._lock:
            if self._failed >= self._threshold:
                now = self._clock()
                if self.is_open:
                    raise NoAnswer(f"{self.name} failed {self._failed} times in a row", kind="breaker open")
                # One probe: everybody else waits out another pause.
                self._open_until = now + self._pause
            if self._under_way >= self._cap:
                raise NoAnswer(f"{self.name} has {self._under_way} calls under way already", kind="in-flight cap")
            self._under_way += 1

    def _leave(self, *, failed: bool) -> None:
        with self._lock:
            self._under_way -= 1
            self._failed = self._failed + 1 if failed else 0
            if self._failed >= self._threshold:
                self._open_until = self._clock() + self._pause
