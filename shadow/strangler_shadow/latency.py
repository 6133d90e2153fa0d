"""How long both sides took."""

from dataclasses import dataclass

__all__ = ["LatencyPoint"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyPoint:
    """One quantile, between 0 and 1, of both sides' latency in milliseconds."""

    quantile: float
    control_ms: float
    candidate_ms: float
