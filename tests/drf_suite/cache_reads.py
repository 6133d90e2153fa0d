"""How many bodies came from the cache, told by the package itself."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Reads"]


@dataclass(slots=True)
class Reads:
    """Sums over all reads of this process."""

    sums: Counter[str] = field(default_factory=Counter)
    bypasses: Counter[str] = field(default_factory=Counter)

    def listen(self) -> None:
        """Be told of each read from now on."""
        from strangler_django.serializers import reads

        reads.listeners.append(self._note)

    @property
    def objects(self) -> int:
        """Bodies that were asked for."""
        return self.sums["objects"]

    @property
    def hits(self) -> int:
        """Bodies that came from the cache."""
        return self.sums["hits"]

    def numbers(self) -> dict[str, Any]:
        """For the report."""
        return {**{name: self.sums[name] for name in ("objects", "hits", "filled")}, "bypasses": dict(self.bypasses)}

    def _note(self, read: Any) -> None:
        for name in ("objects", "hits", "filled"):
            self.sums[name] += getattr(read, name)
        if read.bypass:
            self.bypasses[read.bypass] += 1
