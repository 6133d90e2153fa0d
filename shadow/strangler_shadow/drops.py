"""Count what was dropped on the path of a user: without a lock, and in the same memory however much it is."""

from collections import Counter
from itertools import count

__all__ = ["CountKey", "Drops"]

# endpoint, rung, side that answered, outcome, reason, weight
CountKey = tuple[str, str, str, str, str, int]


class Drops:
    """Any thread adds, one thread takes.

    Each key has an `itertools.count`, of which `next` is one step for all threads, as is `dict.setdefault`. It can
    only be read by a step of its own, which the reader takes off again.
    """

    def __init__(self) -> None:
        self._counters: dict[CountKey, count[int]] = {}
        self._taken: dict[CountKey, int] = {}
        self.is_waiting = False

    def add(self, key: CountKey) -> None:
        """One more."""
        next(self._counters.get(key) or self._counters.setdefault(key, count()))
        self.is_waiting = True

    def take(self) -> Counter[CountKey]:
        """Those since the last time."""
        # First: whoever adds from here on is either read below or sets it again.
        self.is_waiting = False
        found = Counter[CountKey]()
        for key, counter in [*self._counters.items()]:
            steps = next(counter)
            if new := steps - self._taken.get(key, 0):
                found[key] = new
            self._taken[key] = steps + 1
        return found
