"""Shapes that remember more of what was seen than a contract can say; to everybody else they are their base."""

from dataclasses import dataclass

from strangler_extract.shapes import Field, Json, Mapping, Shape

__all__ = ["DEEPEST", "NOTHING", "TOO_DEEP", "Listed", "Mixed", "Varied"]

DEEPEST = 24
"""Levels of a document that are told apart; protobuf itself ends at 100 messages within each other."""
TOO_DEEP = f"nested deeper than {DEEPEST}"
NOTHING = frozenset({"only null was seen", "only empty lists were seen", "only empty objects were seen", TOO_DEEP})
"""Reasons that say nothing against a declaration."""


@dataclass(frozen=True, slots=True)
class Mixed(Json):
    """Values of several kinds: how many of each, by their names (`string`, `object`, `array` ...)."""

    tally: tuple[tuple[str, int], ...]

    def mostly(self, kind: str) -> bool:
        """Whether at least half of the values are of this kind."""
        return dict(self.tally).get(kind, 0) * 2 >= sum(count for _, count in self.tally)


@dataclass(frozen=True, slots=True)
class Listed(Json):
    """Lists of what no repeated field can hold."""

    items: Shape


@dataclass(frozen=True, slots=True)
class Varied(Mapping):
    """Objects whose keys differ or look like data; `seen` says what was seen under each."""

    seen: tuple[Field, ...]
