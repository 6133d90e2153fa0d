"""Latency quantiles."""

import statistics
from collections.abc import Sequence

from strangler_shadow.latency import LatencyPoint

__all__ = ["curve_ms", "quantiles_ms"]

# Evenly apart on a scale of the share that is slower still, which is where services differ.
CURVE = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.925, 0.95, 0.97, 0.98, 0.985, 0.99,
         0.9925, 0.995, 0.997, 0.998, 0.999)  # fmt: skip


def quantiles_ms(seconds: Sequence[float]) -> dict[str, float]:
    """p50, p90 and p99 in milliseconds by linear interpolation (statistics.quantiles, inclusive); empty of nothing."""
    if not seconds:
        return {}
    cuts = statistics.quantiles(seconds, n=100, method="inclusive") if len(seconds) > 1 else [seconds[0]] * 99
    return {f"p{percent}": round(cuts[percent - 1] * 1000, 3) for percent in (50, 90, 99)}


def curve_ms(control: Sequence[float], candidate: Sequence[float]) -> tuple[LatencyPoint, ...]:
    """Both sides' latencies at the same quantiles, up to the last one that at least one call of each was slower than.

    Linear interpolation as in `quantiles_ms`; empty where a side has no latency.
    """
    fewest = min(len(control), len(candidate))
    left, right = sorted(control), sorted(candidate)
    reached = [quantile for quantile in CURVE if fewest and round(fewest * (1 - quantile), 6) >= 1]
    return tuple(
        LatencyPoint(quantile=quantile, control_ms=_at(left, quantile), candidate_ms=_at(right, quantile))
        for quantile in reached
    )


def _at(ordered: Sequence[float], quantile: float) -> float:
    whole, part = divmod(quantile * (len(ordered) - 1), 1)
    lower = ordered[int(whole)]
    upper = ordered[min(int(whole) + 1, len(ordered) - 1)]
    return round((lower + part * (upper - lower)) * 1000, 3)
