"""How much faster one contestant is than another: interleaved rounds, medians, a bootstrap interval, the A/A spread."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from tests.bench.rows import Row, at_least, at_most

__all__ = ["RESAMPLES", "Contestant", "Ratio", "Samples", "measure", "most", "ratio", "repeated", "times_faster"]

# Seconds of each call, one line a round.
Samples = np.ndarray
RESAMPLES = 1000
FEWEST, MOST_READS = 1, 60
# One for so many that count.
UNCOUNTED = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Contestant:
    """Somebody who writes the list: `body` gives the bytes, `times` the seconds of so many reads."""

    name: str
    body: Callable[[], bytes]
    times: Callable[[int], list[float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """A ratio of medians, its 95 % interval, and how far a contestant is from itself: 0.01 is 1 %."""

    low: float
    value: float
    high: float
    spread: float

    def beside(self, against: str) -> str:
        """What stands beside the number in the table."""
        return f"{against} (95 % {self.low:.3g} to {self.high:.3g}, A/A {self.spread:.1%})"


def repeated(read: Callable[[], object], before: Callable[[], object] | None = None) -> Callable[[int], list[float]]:
    """The seconds of so many reads, each after an untimed `before`."""

    def times(reads: int) -> list[float]:
        taken = []
        for _ in range(reads):
            if before is not None:
                before()
            started = time.perf_counter()
            read()
            taken.append(time.perf_counter() - started)
        return taken

    return times


def measure(contestants: Sequence[Contestant], *, rounds: int, seconds: float) -> dict[str, Samples]:
    """Samples of each contestant, by name.

    Each has about `seconds` in each round. Turns are drawn anew for each round, so that whatever drifts meets all alike
    and each follows every other one. The first reads of a turn find the processor's caches full of somebody else's, so
    of those that are many a share is not counted.
    """
    reads = {c.name: min(max(int(seconds / min(c.times(2))), FEWEST), MOST_READS) for c in contestants}
    taken: dict[str, list[list[float]]] = {c.name: [] for c in contestants}
    turns = np.random.default_rng(1)
    for _ in range(rounds):
        for at in turns.permutation(len(contestants)):
            contestant = contestants[at]
            uncounted = reads[contestant.name] // UNCOUNTED
            taken[contestant.name].append(contestant.times(reads[contestant.name] + uncounted)[uncounted:])
    return {name: np.asarray(lines) for name, lines in taken.items()}


def ratio(over: Samples, under: Samples) -> Ratio:
    """The ratio of two contestants' medians.

    Percentile bootstrap (Efron and Tibshirani, An Introduction to the Bootstrap, ch. 13) over rounds, drawn for both
    alike, since the calls of a round share what the machine did meanwhile.
    """
    low, high = _interval(over, under)
    spread = max(_spread(over), _spread(under))
    return Ratio(low=low, value=float(np.median(over) / np.median(under)), high=high, spread=spread)


def times_faster(metric: str, found: Ratio, *, must: float | None, aim: float | None, against: str) -> Row:
    """A row that demands a ratio of at least `must`, or only informs."""
    beside = found.beside(against)
    if must is None:
        return Row(metric=metric, value=found.value, unit="times faster", against=beside)
    return at_least(metric, found.value, "times faster", must=must, aim=aim, against=beside)


def most(metric: str, found: Ratio, *, must: float | None, aim: float | None, against: str) -> Row:
    """A row that demands a ratio of at most `must`, or only informs."""
    beside = found.beside(against)
    if must is None:
        return Row(metric=metric, value=found.value, unit="times the time", against=beside)
    return at_most(metric, found.value, "times the time", must=must, aim=aim, against=beside)


def _interval(over: Samples, under: Samples) -> tuple[float, float]:
    rounds = len(over)
    drawn = np.random.default_rng(1).integers(0, rounds, (RESAMPLES, rounds))
    ratios = _medians(over[drawn]) / _medians(under[drawn])
    low, high = np.percentile(ratios, [2.5, 97.5])
    return float(low), float(high)


def _medians(drawn: np.ndarray) -> np.ndarray:
    return np.median(drawn.reshape(RESAMPLES, -1), axis=1)


def _spread(samples: Samples) -> float:
    """How far the median of half of the rounds lies from that of the other half; each half has both directions."""
    halves = np.arange(len(samples)) % 4
    first, second = samples[(halves == 0) | (halves == 3)], samples[(halves == 1) | (halves == 2)]
    if not len(second):
        return 0.0
    return float(abs(np.median(first) / np.median(second) - 1))
