"""Leave a service alone for a while after it gave no answer: a copy of a call is not worth a user's CPU time."""

import time
from collections.abc import Callable

__all__ = ["Pauses"]

SHORTEST, LONGEST = 1.0, 30.0


class Pauses:
    """Until when nobody asks an endpoint and rung: a second, then twice as long each time, half a minute at most."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lengths: dict[tuple[str, str], float] = {}
        self._until: dict[tuple[str, str], float] = {}

    def start(self, endpoint: str, rung: str) -> None:
        """Begin a pause after a call without an answer."""
        key = endpoint, rung
        length = self._lengths[key] = min(2 * self._lengths.get(key, SHORTEST / 2), LONGEST)
        self._until[key] = self._clock() + length

    def end(self, endpoint: str, rung: str) -> None:
        """Forget the pauses: the service has answered."""
        self._lengths.pop((endpoint, rung), None)

    def is_on(self, endpoint: str, rung: str) -> bool:
        """Whether to wait still."""
        return self._clock() < self._until.get((endpoint, rung), 0.0)
