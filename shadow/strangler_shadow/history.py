"""How the evidence of one epoch grew: what was known at the end of each day."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from django.db.models import Sum

from strangler_router.types import Side
from strangler_shadow.bound import Stratum, upper_bound
from strangler_shadow.models import ShadowCount
from strangler_shadow.tally import PAIRS, Outcome

__all__ = ["Day", "days_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """All pairs of the epoch up to the end of this day, the divergent ones among them, and the upper bound then."""

    day: date
    pairs: int
    divergent: int
    bound: float


def days_of(
    endpoint: str, rung: str, fingerprint: str, *, alpha: float, answered: Side | None = None
) -> tuple[Day, ...]:
    """Days on which pairs were counted, oldest first; the bounds of all of them hold together.

    With `answered` the pairs are those of calls that this side has answered.
    """
    rows = ShadowCount.objects.filter(endpoint=endpoint, rung=rung, fingerprint=fingerprint, outcome__in=PAIRS)
    if answered is not None:
        rows = rows.filter(answered=answered.value)
    counted: defaultdict[date, Counter[tuple[int, bool]]] = defaultdict(Counter)
    for day, weight, outcome, count in rows.values_list("day", "weight", "outcome").annotate(total=Sum("count")):
        counted[day][weight, outcome != Outcome.MATCHED] += count
    return tuple(_grown(sorted(counted.items()), alpha))


def _grown(counted: list[tuple[date, Counter[tuple[int, bool]]]], alpha: float) -> Iterator[Day]:
    pairs, divergent = Counter[int](), Counter[int]()
    for day, counts in counted:
        for (weight, is_divergent), count in counts.items():
            pairs[weight] += count
            divergent[weight] += count if is_divergent else 0
        strata = [
            Stratum(pairs=count, divergent=divergent[weight], weight=weight) for weight, count in sorted(pairs.items())
        ]
        yield Day(day=day, pairs=pairs.total(), divergent=divergent.total(), bound=upper_bound(strata, alpha=alpha))
