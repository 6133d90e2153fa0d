"""How long both sides took, and by how much they surely differ, however often one looks.

Between the buckets of which two ranks a quantile lies is said by a confidence sequence: the true quantile is inside at
all times together but for a chance of alpha (Howard and Ramdas, Sequential estimation of quantiles with applications to
A/B testing and best-arm identification, Bernoulli 28(3), 2022, their closed form). The ends of the interval are the
outer edges of these buckets, so what the histogram rounds widens it and never spoils it. The durations are taken to be
drawn from one distribution, as long as the epoch lasts; where calls are thinned, from that of the compared pairs.

A duration is measured at one of two places, and these are not alike. `served`: on the user's path, from the choice of a
side until the server has sent the body, so with the wait for a slow client. `replayed`: in the mirror's thread or in a
worker, through the whole of Django with its middleware, without a client, without throttles, with empty caches, and
beside other comparisons. While the monolith answers, its durations are served ones and the service's replayed; after
the cutover it is the other way round. Only in a canary are both sides' served: then these are compared, of different
users' calls.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from strangler_router.types import Side
from strangler_shadow.histogram import Histogram

__all__ = ["QUANTILES", "Interval", "Latencies", "LatencyPoint", "curve", "intervals", "slower", "spread"]

QUANTILES = (0.5, 0.95, 0.99)
POINTS = (0.01, *(step / 20 for step in range(1, 20)), 0.99, 0.995, 0.999)
SERVED, REPLAYED = "served", "replayed"
CONTROL, CANDIDATE = "control", "candidate"
PLACES = tuple(f"{side} {place}" for side in (CONTROL, CANDIDATE) for place in (SERVED, REPLAYED))
# Which places are compared with each other, control's first, the like ones where there are enough of both.
LIKE = f"{CONTROL} {SERVED}", f"{CANDIDATE} {SERVED}"
UNLIKE = (f"{CONTROL} {SERVED}", f"{CANDIDATE} {REPLAYED}"), (f"{CONTROL} {REPLAYED}", f"{CANDIDATE} {SERVED}")
ENOUGH = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyPoint:
    """One quantile, between 0 and 1, of both sides' latency in milliseconds."""

    quantile: float
    control_ms: float
    candidate_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """Between what the true quantile of one side lies; `high_ms` is None where no duration bounds it yet."""

    side: str
    measured: str
    quantile: float
    pairs: int
    ms: float
    low_ms: float
    high_ms: float | None


@dataclass(slots=True)
class Latencies:
    """Histograms of one epoch's compared pairs, by side and place."""

    found: dict[str, Histogram] = field(default_factory=lambda: {place: Histogram() for place in PLACES})

    def add(self, answered: Side, control: float, candidate: float) -> None:
        """Count one pair's seconds, where `answered` is the side whose answer was served."""
        for place, seconds in zip(UNLIKE[answered is Side.SERVICE], (control, candidate), strict=True):
            self.found[place].add(seconds)

    def merge(self, other: Self) -> None:
        """Add what the other has counted."""
        for place, histogram in other.found.items():
            self.found[place].merge(histogram)

    def compared(self) -> tuple[str, str]:
        """The places of control and candidate that are compared: the most telling ones that there are."""
        return LIKE if self._fewer(LIKE) >= ENOUGH else max(UNLIKE, key=self._fewer)

    def _fewer(self, places: tuple[str, str]) -> int:
        return min(self.found[place].total for place in places)

    def to_json(self) -> dict[str, Any]:
        """A document for the database."""
        return {place: histogram.to_json() for place, histogram in self.found.items() if histogram.total}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Read the document back; an empty one is of no pairs."""
        return cls({place: Histogram.from_json(document.get(place, {})) for place in PLACES})


def spread(quantile: float, *, pairs: int, alpha: float) -> float:
    """By what share of the pairs an empirical quantile may be off, at any time, but for a chance of alpha."""
    slack = (1.4 * math.log(math.log(2.1 * pairs)) + math.log(10 / alpha)) / pairs
    return 1.5 * math.sqrt(quantile * (1 - quantile) * slack) + 0.8 * slack


def intervals(latencies: Latencies, *, alpha: float) -> tuple[Interval, ...]:
    """The quantiles of both sides where they are compared; all that could be are right together but for alpha."""
    each = alpha / (len(QUANTILES) * len(PLACES))
    places = latencies.compared()
    if any(not latencies.found[place].total for place in places):
        return ()
    return tuple(_interval(latencies, place, quantile, each) for quantile in QUANTILES for place in places)


def slower(found: tuple[Interval, ...], *, times: float) -> Iterator[tuple[Interval, Interval]]:
    """Control's and candidate's intervals of the quantiles at which the candidate surely takes more times as long."""
    for control, candidate in zip(found[::2], found[1::2], strict=True):
        if control.high_ms is not None and candidate.low_ms > times * control.high_ms:
            yield control, candidate


def curve(latencies: Latencies) -> tuple[LatencyPoint, ...]:
    """Both sides' quantiles as they were found, for a drawing."""
    control, candidate = (_quantiles(latencies.found[place]) for place in latencies.compared())
    return tuple(
        LatencyPoint(quantile=quantile, control_ms=one, candidate_ms=other)
        for quantile, one, other in zip(POINTS, control, candidate, strict=False)
    )


def _quantiles(histogram: Histogram) -> list[float]:
    ranks = [math.ceil(quantile * histogram.total) for quantile in POINTS] if histogram.total else []
    return [_ms(bucket.middle) for bucket in histogram.at(ranks)]


def _interval(latencies: Latencies, place: str, quantile: float, alpha: float) -> Interval:
    histogram, (side, measured) = latencies.found[place], place.split()
    pairs = histogram.total
    off = spread(quantile, pairs=pairs, alpha=alpha)
    low, middle = math.ceil(pairs * (quantile - off)), math.ceil(pairs * quantile)
    high = math.floor(pairs * (quantile + off)) + 1
    (found,) = histogram.at([middle])
    lowest = next(histogram.at([low])).low if low >= 1 else 0.0
    highest = next(histogram.at([high])).high if high <= pairs else math.inf
    return Interval(
        side=side,
        measured=measured,
        quantile=quantile,
        pairs=pairs,
        ms=_ms(found.middle),
        low_ms=_ms(lowest),
        high_ms=_ms(highest) if highest < math.inf else None,
    )


def _ms(seconds: float) -> float:
    return round(1000 * seconds, 4)
