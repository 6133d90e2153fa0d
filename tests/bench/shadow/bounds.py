"""How many live pairs the gate asks for."""

from collections.abc import Iterator

from strangler_shadow.bound import Stratum, alpha_of_epoch, pairs_missing
from tests.bench.rows import Row, at_most

__all__ = ["bound_rows"]

RATE, ALPHA = 0.001, 0.01
AGAINST = "bound below 1 in 1,000 at 99 %"
WEIGHT = 64


def bound_rows() -> Iterator[Row]:
    """Rows for the first epoch, for later ones, and for pairs that stand for many calls."""
    yield at_most(
        "pairs until the gate opens, none divergent", _pairs(0), "pairs", must=9_800, aim=5_900, against=AGAINST
    )
    yield at_most(
        "pairs until the gate opens, one divergent", _pairs(1), "pairs", must=13_200, aim=9_050, against=AGAINST
    )
    for epoch in (2, 5, 20):
        yield _told(f"pairs until the gate opens, none divergent, epoch {epoch}", _pairs(0, epoch=epoch))
    yield _told(f"pairs until the gate opens, none divergent, 1 in {WEIGHT} sampled", _pairs(0, weight=WEIGHT))


def _told(metric: str, value: int) -> Row:
    return Row(metric=metric, value=value, unit="pairs", against=AGAINST)


def _pairs(divergent: int, *, epoch: int = 1, weight: int = 1) -> int:
    """Of which so many are divergent; the last one is equal."""
    begun = [Stratum(pairs=divergent, divergent=divergent, weight=weight)]
    return divergent + pairs_missing(begun, rate=RATE, alpha=alpha_of_epoch(epoch, ALPHA))
