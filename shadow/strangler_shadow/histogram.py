"""A histogram of durations in which every quantile is right within 1 %, and which can be added to another.

Buckets grow by a constant factor, so that a duration is off by at most a constant share of itself (DDSketch: Masson,
Rim and Lee, PVLDB 12(12), 2019). Bounds of quantiles want the edges of a bucket, the database wants JSON, and both want
the number of buckets settled: the `ddsketch` package gives none of these without its protobuf messages, so these few
lines are our own.
"""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Self

__all__ = ["ERROR", "LONGEST", "SHORTEST", "Bucket", "Histogram"]

# A share of the true value.
ERROR = 0.01
FACTOR = (1 + ERROR) / (1 - ERROR)
# In seconds; the first and the last bucket hold all that is beyond.
SHORTEST, LONGEST = 1e-6, 3_600.0
LAST = math.ceil(math.log(LONGEST / SHORTEST, FACTOR))


@dataclass(frozen=True, slots=True)
class Bucket:
    """Durations above `low` and up to `high` seconds; `middle` is off by `ERROR` at most of any of them."""

    number: int

    @property
    def low(self) -> float:
        """0 of the first."""
        return SHORTEST * FACTOR ** (self.number - 1) if self.number else 0.0

    @property
    def high(self) -> float:
        """Infinite of the last."""
        return SHORTEST * FACTOR**self.number if self.number < LAST else math.inf

    @property
    def middle(self) -> float:
        """What stands for a duration in it."""
        return SHORTEST * FACTOR**self.number * 2 / (FACTOR + 1)


@dataclass(slots=True)
class Histogram:
    """Counts by number of bucket, of which there are at most 1,102."""

    counts: Counter[int] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        """How many durations these are."""
        return self.counts.total()

    def add(self, seconds: float) -> None:
        """Count one duration."""
        number = math.ceil(math.log(seconds / SHORTEST, FACTOR)) if seconds > SHORTEST else 0
        self.counts[min(number, LAST)] += 1

    def merge(self, other: Self) -> None:
        """Add what the other has counted: the same as if all had been counted here."""
        self.counts += other.counts

    def at(self, ranks: Sequence[int]) -> Iterator[Bucket]:
        """The bucket of the k-th shortest duration, for each k from 1 to `total`, in the order that they rise in."""
        for before, after in pairwise((1, *ranks)):
            if before > after:
                raise ValueError(f"ranks have to rise, and {after} comes behind {before}")
        reached, numbers = 0, iter(sorted(self.counts.items()))
        number = 0
        for rank in ranks:
            while reached < rank:
                number, count = next(numbers)
                reached += count
            yield Bucket(number)

    def to_json(self) -> dict[str, int]:
        """A document for the database."""
        return {str(number): count for number, count in sorted(self.counts.items())}

    @classmethod
    def from_json(cls, document: Mapping[str, int]) -> Self:
        """Read the document back."""
        return cls(Counter({int(number): count for number, count in document.items()}))
