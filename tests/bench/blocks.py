"""Interleaved blocks and the uncertainty of what they show."""

import time
from collections.abc import Callable, Sequence

import numpy as np
from scipy.stats import bootstrap

__all__ = ["change_of_p99", "interleaved", "microseconds"]


def interleaved(
    first: Callable[[], object], second: Callable[[], object], *, blocks: int, calls: int
) -> tuple[list[float], list[float]]:
    """Seconds of each call of two contestants, in blocks A B B A, so that whatever drifts meets both alike."""
    times: tuple[list[float], list[float]] = ([], [])
    for block in range(blocks):
        turns = ((0, first), (1, second))
        for index, contestant in turns if block % 2 == 0 else reversed(turns):
            times[index].extend(timed(contestant, calls))
    return times


def timed(contestant: Callable[[], object], calls: int) -> list[float]:
    """Seconds of each of so many calls."""
    taken = []
    for _ in range(calls):
        started = time.perf_counter()
        contestant()
        taken.append(time.perf_counter() - started)
    return taken


def microseconds(seconds: Sequence[float], percent: float) -> float:
    """A percentile in microseconds."""
    return float(np.percentile(seconds, percent)) * 1e6


def change_of_p99(before: Sequence[float], after: Sequence[float]) -> tuple[float, float, float]:
    """Relative change of the 99th percentile with its 95 % interval: (low, estimate, high), 0.1 is 10 % slower.

    Percentile bootstrap (Efron and Tibshirani, An Introduction to the Bootstrap, ch. 13) over single calls.
    """

    def change(one: np.ndarray, other: np.ndarray, axis: int = -1) -> np.ndarray:
        return np.percentile(other, 99, axis=axis) / np.percentile(one, 99, axis=axis) - 1

    result = bootstrap(
        (np.asarray(before), np.asarray(after)),
        change,
        vectorized=True,
        paired=False,
        method="percentile",
        n_resamples=2000,
        rng=np.random.default_rng(1),
    )
    interval = result.confidence_interval
    return float(interval.low), float(change(np.asarray(before), np.asarray(after))), float(interval.high)
