"""How long readers of one process pause before they look again for what another reader computes.

Pauses double up to LONGEST. Where many threads wait, each pauses longer, so that together they look for at most a
quarter of the time: two hundred that look twenty times a second keep the one that computes from its turn.
"""

import os
import threading
import time
from typing import Self

__all__ = ["Waiter"]

FIRST, LONGEST = 0.002, 0.05
LONGEST_AMONG_MANY = 1.0
LOOK, LOOK_PER_NAME = 0.001, 0.000025
"""Seconds between looks for each reader that waits, of which a quarter is the look itself."""


class _Room:
    """How many wait in this process."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.readers = 0


_room = _Room()


def _leave_after_fork() -> None:
    global _room
    _room = _Room()


os.register_at_fork(after_in_child=_leave_after_fork)


class Waiter:
    """One reader that waits for values, from here to the end of the block."""

    def __init__(self) -> None:
        self._room = _room
        self._pause = FIRST

    def __enter__(self) -> Self:
        with self._room.lock:
            self._room.readers += 1
        return self

    def __exit__(self, *_error: object) -> None:
        with self._room.lock:
            self._room.readers -= 1

    def pause(self, names: int = 1) -> float:
        """Sleep before looking for so many values; the seconds that it would have been for a reader alone."""
        meant = self._pause
        crowded = self._room.readers * (LOOK + names * LOOK_PER_NAME)
        time.sleep(max(meant, min(crowded, LONGEST_AMONG_MANY)))
        self._pause = min(2 * meant, LONGEST)
        return meant
