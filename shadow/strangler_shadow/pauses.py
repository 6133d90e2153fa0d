"""Leave a service alone for a while after it gave no answer: a copy of a call is not worth a user's CPU time."""

import time
from collections.abc import Callable

__all__ = ["Pauses"]

SECONDS = 1.0


class Pauses:
    """Endpoint and rung, and until when nobody asks; one more call a second finds out whether it is back."""

    def __init__(self, *, seconds: float = SECONDS, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._until: dict[tuple[str, str], float] = {}

    def start(self, endpoint: str, rung: str) -> None:
        """Begin a pause."""
        self._until[endpoint, rung] = self._clock() + self._seconds

    def is_on(self, endpoint: str, rung: str) -> bool:
        """Whether to wait still."""
        return self._clock() < self._until.get((endpoint, rung), 0.0)
