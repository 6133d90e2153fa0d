"""How much of a report fits where there is only so much room."""

from collections.abc import Iterable

__all__ = ["fitting"]


def fitting(size: int, parts: Iterable[str]) -> list[str]:
    """The first parts that together take at most `size` bytes as UTF-8; later ones are not made."""
    taken = []
    for part in parts:
        size -= len(part.encode())
        if size < 0:
            break
        taken.append(part)
    return taken
