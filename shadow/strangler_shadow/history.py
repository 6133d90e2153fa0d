"""How the evidence of one epoch grew: what was known at the end of each day."""

from dataclasses import dataclass
from datetime import date

__all__ = ["Day"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """All pairs of the epoch up to the end of this day, the divergent ones among them, and the upper bound then."""

    day: date
    pairs: int
    divergent: int
    bound: float
