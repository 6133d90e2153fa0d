"""How many questions a second the candidate is asked at most."""

import threading
import time
from collections.abc import Callable

__all__ = ["Pace"]


class Pace:
    """A token bucket that holds one token; `rate` is questions a second, 0 is no limit.

    Turner, New directions in communications (or which way to the information age?), IEEE Communications Magazine 24,
    1986. Threads share it, and each gets its turn at a time of its own, so that the rate is constant.
    """

    def __init__(self, rate: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.rate = rate
        self._clock = clock
        self._lock = threading.Lock()
        self._next = 0.0

    def reserve(self) -> float:
        """Take the next turn; the seconds until it comes."""
        if not self.rate:
            return 0.0
        with self._lock:
            now = self._clock()
            turn = max(self._next, now - 1 / self.rate)
            self._next = turn + 1 / self.rate
            return max(0.0, turn - now)

    def wait(self) -> None:
        """Wait for one's turn."""
        time.sleep(self.reserve())
