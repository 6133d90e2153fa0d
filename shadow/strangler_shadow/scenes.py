"""Which columns of a generated row are at an edge, and how that is written down."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Scene", "shown"]

LONGEST_SHOWN = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A row of a model by its label, and which columns are at an edge: its own, or those of a row tied to it.

    `tie` names the relation to the row that has the `values`; `pk` is None where the row is yet to be made.
    """

    model: str
    tie: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    pk: Any = None

    def __str__(self) -> str:
        """`catalog.Course with price=Decimal('9999999.99')`."""
        edges = ", ".join(f"{name}={shown(value)}" for name, value in self.values.items())
        return self.model + (f".{self.tie}" if self.tie else "") + (f" with {edges}" if edges else "")


def shown(value: Any) -> str:
    """As Python or ISO 8601 writes it; of what is long the beginning and its length."""
    text = value.isoformat() if hasattr(value, "isoformat") else repr(value)
    if len(text) <= LONGEST_SHOWN:
        return text
    length = f" ({len(value):,} long)" if isinstance(value, (str, bytes, list, dict)) else ""
    return f"{text[:LONGEST_SHOWN]}…{length}"
