"""Verdicts and their exit codes, and which of several counts."""

from collections.abc import Iterable

from strangler_router.gate import Verdict

__all__ = ["Verdict", "worst"]

# A difference that was found is a fact, whatever else went wrong.
BY_WEIGHT = [Verdict.DIVERGED, Verdict.INFRA, Verdict.STALE, Verdict.INCONCLUSIVE, Verdict.EQUIVALENT]


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The verdict on several endpoints together; INCONCLUSIVE on none."""
    return min(verdicts, key=BY_WEIGHT.index, default=Verdict.INCONCLUSIVE)
