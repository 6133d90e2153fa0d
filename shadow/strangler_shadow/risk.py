"""How much a difference may cost: four levels, each a sentence about the client that meets it."""

import enum

__all__ = ["Risk"]


class Risk(enum.IntEnum):
    """What a difference may cost, least first, so that `sorted(…, reverse=True)` puts the worst on top."""

    LOW = 1
    """A client that reads values by their names cannot tell."""
    MEDIUM = 2
    """Some clients notice: caches, readers of exact texts, people who read messages."""
    HIGH = 3
    """What clients read or rely on is gone, of another type, or says something else."""
    HIGHEST = 4
    """Somebody may see or do what the monolith keeps from them, or the other way round."""

    @property
    def word(self) -> str:
        """`high`."""
        return self.name.lower()
