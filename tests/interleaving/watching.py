"""Keeps what the tests' serializers depend on apart from what every other serializer does."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import ModuleType
from unittest.mock import patch

from strangler_django.serializers import fetching, reading, signals

__all__ = ["impatient", "watching"]

PATIENCE = 0.006
"""What readers wait for each other at most, in seconds."""


@contextmanager
def watching() -> Iterator[ModuleType]:
    """Within the block writes reach the bodies of these serializers and of no others; gives their module."""
    with ExitStack() as stack:
        for name in ("_dependencies", "_crossings", "_any_row"):
            stack.enter_context(patch.object(signals, name, {}))
        from tests.interleaving import serializers

        for cls in (*serializers.LISTED.values(), serializers.LineSerializer):
            # In an order that the next process has too, so that a seed gives the same history there.
            signals.watch(sorted(cls().plan().sources, key=repr))
        yield serializers


def impatient(serializers: ModuleType) -> None:
    """Lets the next history begin with the same patience as every other."""
    reading._paces.clear()
    for cls in (*serializers.LISTED.values(), serializers.LineSerializer):
        reading._paces[cls] = fetching.Pace(PATIENCE)
