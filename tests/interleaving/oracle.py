"""What a read may show: nothing older than the newest commit that had returned when it started."""

from collections.abc import Callable, Hashable, Iterable
from typing import Any

from tests.interleaving.database import Tables
from tests.interleaving.shapes import VALUES, Value

__all__ = ["Oracle", "Stale"]


class Stale(AssertionError):
    """A read showed what was no longer, or never, there."""


def _as_committed(tables: Tables) -> Tables:
    return tables


class Oracle:
    """All committed states in order, by whom, and which of these commits had returned to their writers when."""

    def __init__(self, tables: Tables) -> None:
        self.states = [tables]
        self.returned_states: list[int] = []
        self._open: list[tuple[int, set[Hashable]]] = []
        self._known: dict[tuple[int, str, Any], Any] = {}

    def committed(self, tables: Tables, writers: Iterable[Hashable]) -> None:
        self._open.append((len(self.states), set(writers)))
        self.states.append(tables)

    def share(self, writer: Hashable) -> None:
        """The newest state is this writer's too."""
        if self._open and self._open[-1][0] == len(self.states) - 1:
            self._open[-1][1].add(writer)

    def is_open(self, writer: Hashable) -> bool:
        """Whether the writer has committed something and does not know yet."""
        return any(writer in writers for _, writers in self._open)

    def returned(self, writer: Hashable) -> None:
        """The writer's call is over, or the writer is dead."""
        still_open = []
        for state, writers in self._open:
            writers.discard(writer)
            if writers:
                still_open.append((state, writers))
            else:
                self.returned_states.append(state)
        self._open = still_open

    def now(self) -> int:
        """The moment at which a read starts."""
        return len(self.returned_states)

    def check(self, since: int, values: Iterable[Value], shown_as: Callable[[Tables], Tables] = _as_committed) -> None:
        """Raises Stale. `shown_as` adds a transaction's own changes to a committed state."""
        for name, pk, value in values:
            if value == self._value(len(self.states) - 1, name, pk, shown_as):
                continue
            first = self._newest_returned(since, name, pk, shown_as)
            allowed = [self._value(at, name, pk, shown_as) for at in range(first, len(self.states))]
            if value not in allowed:
                every = [self._value(at, name, pk, shown_as) for at in range(len(self.states))]
                raise Stale(f"{name} of {pk} is {value!r}; committed so far: {every!r}, allowed: {allowed!r}")

    def _newest_returned(self, since: int, name: str, pk: Any, shown_as: Callable[[Tables], Tables]) -> int:
        for at in sorted(self.returned_states[:since], reverse=True):
            if self._value(at, name, pk, shown_as) != self._value(at - 1, name, pk, shown_as):
                return at
        return 0

    def _value(self, at: int, name: str, pk: Any, shown_as: Callable[[Tables], Tables]) -> Any:
        if shown_as is not _as_committed:
            return VALUES[name](shown_as(self.states[at]), pk)
        key = at, name, pk
        if key not in self._known:
            self._known[key] = VALUES[name](self.states[at], pk)
        return self._known[key]
