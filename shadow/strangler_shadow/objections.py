"""What speaks against moving an endpoint on, with the numbers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from strangler_protos.bindings import SAFE_METHODS
from strangler_shadow.bound import exceeds, lower_bound, rules_out, upper_bound
from strangler_shadow.evidence import DIVERGENT, THINNED, Evidence
from strangler_shadow.gate_rules import GateRules
from strangler_shadow.latency import Interval, slower
from strangler_shadow.tally import PAIRS, Outcome
from strangler_shadow.verdict import Verdict

__all__ = [
    "Objection",
    "about_age",
    "about_divergence",
    "about_latency",
    "about_monolith",
    "about_number",
    "about_sample",
    "odds",
]


@dataclass(frozen=True, slots=True)
class Objection:
    """A verdict other than EQUIVALENT, and why."""

    verdict: Verdict
    words: str


def about_age(evidence: Evidence, rules: GateRules, now: datetime) -> Iterator[Objection]:
    """Evidence of something else than what is there now."""
    if not evidence.pairs and evidence.earlier:
        words = (
            f"nothing was compared since a change of: {', '.join(evidence.changed)}; "
            f"{evidence.earlier:,} earlier pairs say nothing of what is there now"
        )
        yield Objection(Verdict.STALE, words)
    elif evidence.latest and (now - evidence.latest).days >= rules.max_age:
        words = f"the last pair is of {evidence.latest:%Y-%m-%d}, and {rules.max_age} days are the limit"
        yield Objection(Verdict.STALE, words)


def about_monolith(evidence: Evidence, rules: GateRules) -> Iterator[Objection]:
    """A monolith that does not answer is no measure of the service."""
    if evidence.unanswered > rules.left_out * evidence.total():
        words = (
            f"the monolith gave no answer to {evidence.unanswered:,} of {evidence.total():,} copies "
            f"({_split(evidence, Outcome.SKIPPED)}): its own trouble, which says nothing of the service"
        )
        yield Objection(Verdict.INFRA, words)


def about_divergence(evidence: Evidence, rules: GateRules, alpha: float) -> Iterator[Objection]:
    """More divergent pairs than further ones can make good: as surely above the rate as it would have to be below."""
    mismatched, errored = evidence.total(Outcome.MISMATCHED), evidence.total(Outcome.ERRORED)
    differing = evidence.strata(Outcome.MISMATCHED)
    if exceeds(differing, rate=rules.max_rate, alpha=alpha):
        words = (
            f"{mismatched:,} of {evidence.pairs:,} pairs differ, {odds(lower_bound(differing, alpha=alpha))} or more; "
            f"`strangler shadow diffs {evidence.endpoint}` says where"
        )
        yield Objection(Verdict.DIVERGED, words)
    elif exceeds(evidence.strata(*DIVERGENT), rate=rules.max_rate, alpha=alpha):
        words = (
            f"the service gave no answer to {errored:,} of {evidence.pairs:,} pairs "
            f"({_split(evidence, Outcome.ERRORED)}), and {mismatched:,} differ; both count, and "
            f"{odds(rules.max_rate)} is the limit"
        )
        yield Objection(Verdict.DIVERGED if mismatched > errored else Verdict.INFRA, words)


def about_sample(
    evidence: Evidence, rules: GateRules, alpha: float, missing_kinds: Sequence[str]
) -> Iterator[Objection]:
    """Pairs that stand for something else than the traffic."""
    if transient := evidence.total(Outcome.TRANSIENT):
        among = evidence.strata(Outcome.TRANSIENT, among=(*PAIRS, Outcome.TRANSIENT))
        if not rules_out(among, rate=rules.transient, alpha=alpha):
            words = (
                f"{transient:,} differences were gone when both sides were asked again, which may be "
                f"{upper_bound(among, alpha=alpha):.2%} of the traffic; {rules.transient:.2%} is the limit"
            )
            yield Objection(Verdict.INCONCLUSIVE, words)
    if evidence.left_out > rules.left_out * evidence.total():
        words = (
            f"{evidence.left_out:,} of {evidence.total():,} copies were not compared "
            f"({_split(evidence, Outcome.SKIPPED, Outcome.DROPPED)}); {rules.left_out:.0%} is the limit"
        )
        yield Objection(Verdict.INCONCLUSIVE, words)
    coverage = evidence.coverage
    if coverage.vacuous > rules.vacuous * coverage.compared:
        words = (
            f"{coverage.vacuous:,} of {coverage.compared:,} compared answers were errors or empty; "
            f"{rules.vacuous:.0%} is the limit"
        )
        yield Objection(Verdict.INCONCLUSIVE, words)
    if evidence.pairs and missing_kinds and not evidence.is_verified:
        words = (
            f"the service is the authority on objects, and no pair is of: {', '.join(missing_kinds)}; "
            f"`strangler verify {evidence.endpoint}` asks as them"
        )
        yield Objection(Verdict.INCONCLUSIVE, words)


def about_latency(latency: tuple[Interval, ...], rules: GateRules) -> Iterator[Objection]:
    """Answers that are equal and come later: no difference, and no reason to move on either."""
    for control, candidate in slower(latency, times=rules.slower) if rules.slower is not None else ():
        words = (
            f"at p{100 * control.quantile:g} the service ({candidate.measured}) surely takes more than "
            f"{rules.slower:g} times as long as the monolith ({control.measured}): {candidate.low_ms:,.3g} ms or more, "
            f"and {control.high_ms:,.3g} ms or less"
        )
        yield Objection(Verdict.INCONCLUSIVE, words)


def about_number(evidence: Evidence, rules: GateRules, bound: float, missing: int, method: str) -> Objection:
    """Too few pairs, and how many are missing."""
    if method not in SAFE_METHODS:
        return Objection(Verdict.INCONCLUSIVE, f"{method} is never mirrored, so that no live pair can speak for it")
    if not evidence.pairs:
        words = f"nothing was compared yet; `strangler cutover {evidence.endpoint} --mirror 100 --why …` begins it"
        return Objection(Verdict.INCONCLUSIVE, words)
    words = (
        f"{evidence.pairs:,} pairs, {evidence.total(*DIVERGENT):,} divergent: up to {odds(bound)} may differ; about "
        f"{missing:,} more pairs without a difference bring that below {odds(rules.max_rate)}"
    )
    return Objection(Verdict.INCONCLUSIVE, words)


def odds(rate: float) -> str:
    """`1 in 1,000`, or `60%` where it is no small share."""
    return f"1 in {1 / rate:,.0f}" if 0 < rate < 0.1 else f"{rate:.0%}"


def _split(evidence: Evidence, *outcomes: Outcome) -> str:
    found = (
        (reason.partition(": ")[2], count)
        for reason, count in sorted(evidence.reasons.items())
        if reason.startswith(outcomes) and reason != THINNED
    )
    return ", ".join(f"{reason} {count:,}" for reason, count in found)
