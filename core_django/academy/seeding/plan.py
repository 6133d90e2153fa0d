import random
from dataclasses import dataclass
from datetime import UTC, datetime

BASE_DATE = datetime(2026, 1, 1, 9, 30, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much to seed, and from which seed; every row follows from these two numbers."""

    courses: int
    seed: int

    @property
    def educators(self) -> int:
        return self.courses // 20 + 3

    @property
    def learners(self) -> int:
        return self.courses // 2 + 20

    def dice(self, *names: object) -> random.Random:
        """A stream of random numbers that belongs to `names` alone, so that no table's rows depend on another's."""
        # Seeding from text goes through SHA-512, which PYTHONHASHSEED does not reach.
        return random.Random("/".join(map(str, (self.seed, *names))))  # noqa: S311  rows, not secrets
