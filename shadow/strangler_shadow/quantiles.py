"""Latency quantiles."""

import statistics
from collections.abc import Sequence

__all__ = ["quantiles_ms"]


def quantiles_ms(seconds: Sequence[float]) -> dict[str, float]:
    """p50, p90 and p99 in milliseconds by linear interpolation (statistics.quantiles, inclusive); empty of nothing."""
    if not seconds:
        return {}
    cuts = statistics.quantiles(seconds, n=100, method="inclusive") if len(seconds) > 1 else [seconds[0]] * 99
    return {f"p{percent}": round(cuts[percent - 1] * 1000, 3) for percent in (50, 90, 99)}
