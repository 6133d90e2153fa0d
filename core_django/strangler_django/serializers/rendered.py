"""Objects as JSON that was put together, and whether decoding it gives DRF's own values."""

from collections.abc import Collection
from dataclasses import dataclass, field

from strangler_django.serializers.computing import is_exact

__all__ = ["Evidence", "Rendered"]


@dataclass(frozen=True, slots=True)
class Rendered:
    """Objects as pieces of JSON, with commas between the objects."""

    pieces: list[bytes]
    _evidence: "Evidence"

    def one(self) -> bytes:
        """The only object."""
        return b"".join(self.pieces)

    def array(self) -> bytes:
        """The JSON array of all objects."""
        return b"".join((b"[", *self.pieces, b"]"))

    @property
    def exact(self) -> bool:
        """Whether decoding gives DRF's own values and types."""
        return self._evidence.exact()


@dataclass(slots=True)
class Evidence:
    """Cached values that were spliced and how many bytes follow them, and whether fresh ones decode exactly."""

    cached: list[tuple[Collection[bytes], int]] = field(default_factory=list)
    fresh: bool = True

    def exact(self) -> bool:
        """Looks at every value, so asked only by who decodes."""
        return self.fresh and all(is_exact(value, trailer) for values, trailer in self.cached for value in values)

    def add(self, other: "Evidence") -> None:
        self.cached += other.cached
        self.fresh = self.fresh and other.fresh
