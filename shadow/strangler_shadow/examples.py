"""Which of two examples of one difference to show: the smaller, which is the quicker to understand."""

from collections.abc import Sequence
from typing import Protocol, TypeVar

from strangler_router.types import Call
from strangler_shadow.observation import Difference, Observation

__all__ = ["Example", "size_of", "smaller"]


class Example(Protocol):
    """A call, both answers to it, and how they differ; `report.Finding` is one."""

    @property
    def call(self) -> Call:
        """The call."""

    @property
    def control(self) -> Observation:
        """The monolith's answer."""

    @property
    def candidate(self) -> Observation:
        """The service's answer."""

    @property
    def differences(self) -> Sequence[Difference]:
        """All differences of the two."""


One = TypeVar("One", bound=Example)


def smaller(first: One, other: One) -> One:
    """The one with fewer differences, then with smaller answers, then with the shorter call; the first of equals."""
    return other if size_of(other) < size_of(first) else first


def size_of(example: Example) -> tuple[int, int, int]:
    """Differences, bytes of both bodies, characters and bytes of the call."""
    call = example.call
    bodies = len(example.control.body) + len(example.candidate.body)
    return len(example.differences), bodies, len(call.path) + len(call.query) + len(call.body)
