"""May an endpoint move on: the evidence on it, judged by the project's rules."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.contrib.auth import get_user_model
from django.utils import timezone

from strangler_protos.bindings import Authority
from strangler_router.conf import settings
from strangler_router.gate import Judgement
from strangler_router.pin import Entry
from strangler_router.policy import Stage
from strangler_router.types import Side
from strangler_shadow.bound import alpha_of_epoch, pairs_missing, upper_bound
from strangler_shadow.coverage import Coverage
from strangler_shadow.declared import Declared, NeverSeen, declared_of, never_seen
from strangler_shadow.evidence import DIVERGENT, Evidence, Verification, read_evidence
from strangler_shadow.fingerprint import entry_of
from strangler_shadow.gate_rules import GateRules, read_rules
from strangler_shadow.history import Day, days_of
from strangler_shadow.latency import Interval, LatencyPoint, curve, intervals
from strangler_shadow.objections import (
    about_age,
    about_divergence,
    about_latency,
    about_monolith,
    about_number,
    about_sample,
    odds,
)
from strangler_shadow.tally import Outcome
from strangler_shadow.verdict import Verdict, worst

__all__ = ["GateReport", "ask_gate", "judge", "may_cutover", "with_history"]


AGAINST = {Stage.MONOLITH.value: "; that speaks against going back"}


@dataclass(frozen=True, slots=True, kw_only=True)
class GateReport:
    """A verdict on one step of one endpoint, and what it rests on.

    `bound` is the upper bound on the share of the traffic that diverges, at `confidence` over all looks and epochs;
    `missing` is how many further pairs without a difference would bring it below `max_rate`. `reasons` say what speaks
    against the step, or what is claimed where nothing does. `counts` are by outcome, and `reasons_of_counts` split
    them. Of the compared pairs `vacuous` were errors or empty, and `statuses`, `callers`, query `parameters` and
    declared choices (`values`) are what they had. `never_seen` names what they had not, of what the endpoint declares.
    `latency` are intervals of quantiles, control's before candidate's, which hold together at `confidence` as the
    bound does, and `curve` the quantiles as found. `history` is filled by `with_history`.
    """

    endpoint: str
    rung: str
    stage: str
    verdict: Verdict
    reasons: tuple[str, ...]
    max_rate: float
    confidence: float
    epoch: int
    fingerprint: str
    pairs: int
    divergent: int
    bound: float
    missing: int
    counts: Mapping[str, int]
    reasons_of_counts: Mapping[str, int]
    vacuous: int
    statuses: Mapping[str, int]
    callers: Mapping[str, int]
    parameters: Mapping[str, int]
    values: tuple[str, ...]
    never_seen: NeverSeen
    verified: Verification | None
    latency: tuple[Interval, ...] = ()
    curve: tuple[LatencyPoint, ...] = ()
    history: tuple[Day, ...] = ()


def may_cutover(endpoint: str, *, stage: str, basis_points: int, rung: str) -> Judgement:
    """For `STRANGLER["GATE"]`; a canary of any size is one step."""
    report = ask_gate(endpoint, stage=stage, rung=rung)
    evidence = (
        f"epoch {report.epoch} ({report.fingerprint}): {report.pairs:,} pairs, {report.divergent:,} divergent, "
        f"bound {report.bound:.3g} at {_percent(report.confidence)}"
    )
    return Judgement(verdict=report.verdict, reason="; ".join(report.reasons), evidence=evidence)


def ask_gate(
    endpoint: str, *, stage: str, rung: str, max_rate: float | None = None, confidence: float | None = None
) -> GateReport:
    """Read the evidence as it is now and judge it; rate and confidence are the project's where they are None.

    For stage MONOLITH, the way back, the pairs are those of calls that the service has answered. DIVERGED then speaks
    for going back, and EQUIVALENT against it.
    """
    rules = read_rules(settings().shadow.get("GATE", {}), stage, max_rate=max_rate, confidence=confidence)
    evidence = read_evidence(endpoint, rung, answered=_answered(stage))
    entry = entry_of(endpoint)
    return judge(
        evidence,
        rules,
        stage=stage,
        now=timezone.now(),
        method=entry.binding.http_method if entry else "GET",
        missing_kinds=_missing_kinds(entry, rung, evidence.coverage) if entry else (),
        declared=declared_of(entry) if entry else Declared(),
    )


def with_history(report: GateReport) -> GateReport:
    """The report with the days of its epoch, of which each costs a bound of its own."""
    alpha = alpha_of_epoch(report.epoch or 1, 1 - report.confidence)
    which = report.endpoint, report.rung, report.fingerprint
    return replace(report, history=days_of(*which, alpha=alpha, answered=_answered(report.stage)))


def judge(
    evidence: Evidence,
    rules: GateRules,
    *,
    stage: str,
    now: datetime,
    method: str = "GET",
    missing_kinds: Sequence[str] = (),
    declared: Declared | None = None,
) -> GateReport:
    """The verdict on moving to this stage: the worst objection, EQUIVALENT where there is none.

    `missing_kinds` are kinds of caller whose pairs are wanted, `declared` is what the endpoint's pairs could have had.
    """
    alpha = alpha_of_epoch(evidence.epoch or 1, 1 - rules.confidence)
    strata = evidence.strata(*DIVERGENT)
    bound, missing = upper_bound(strata, alpha=alpha), pairs_missing(strata, rate=rules.max_rate, alpha=alpha)
    claim = _claim(evidence, rules.max_rate, rules.confidence)
    latency = intervals(evidence.latencies, alpha=alpha)
    objections = list(about_age(evidence, rules, now)) or list(about_monolith(evidence, rules))
    objections = objections or list(about_divergence(evidence, rules, alpha))
    if not objections:
        objections += about_sample(evidence, rules, alpha, missing_kinds)
        objections += about_latency(latency, rules)
        if missing and _is_little_traffic(evidence, rules, bound, stage, now):
            claim = _claim(evidence, rules.little_traffic_rate, rules.confidence) + _verified(evidence)
        elif missing:
            objections.append(about_number(evidence, rules, bound, missing, method))
    return GateReport(
        endpoint=evidence.endpoint,
        rung=evidence.rung,
        stage=stage,
        verdict=worst(objection.verdict for objection in objections) if objections else Verdict.EQUIVALENT,
        reasons=tuple(objection.words for objection in objections) or (claim + AGAINST.get(stage, ""),),
        max_rate=rules.max_rate,
        confidence=rules.confidence,
        epoch=evidence.epoch,
        fingerprint=evidence.fingerprint,
        pairs=evidence.pairs,
        divergent=evidence.total(*DIVERGENT),
        bound=bound,
        missing=missing,
        counts={outcome.value: evidence.total(outcome) for outcome in Outcome},
        reasons_of_counts=dict(sorted(evidence.reasons.items())),
        vacuous=evidence.coverage.vacuous,
        statuses=dict(sorted(evidence.coverage.statuses.items())),
        callers=dict(sorted(evidence.coverage.callers.items())),
        parameters=dict(sorted(evidence.coverage.parameters.items())),
        values=tuple(sorted(evidence.coverage.values)),
        never_seen=never_seen(evidence.coverage, declared or Declared()),
        verified=evidence.verified,
        latency=latency,
        curve=curve(evidence.latencies),
    )


def _answered(stage: str) -> Side | None:
    # On the way back, pairs from before the cutover would hide what came with it.
    return Side.SERVICE if stage == Stage.MONOLITH else None


def _is_little_traffic(evidence: Evidence, rules: GateRules, bound: float, stage: str, now: datetime) -> bool:
    """Whether time and `verify` stand in for pairs; never where the monolith's handler may be deleted."""
    return (
        bound < rules.little_traffic_rate
        and stage != Stage.RETIRED
        and evidence.began is not None
        and (now - evidence.began).days >= rules.little_traffic_days
        and evidence.is_verified
        and evidence.verified is not None
        and evidence.verified.calls >= rules.little_traffic_calls
    )


def _claim(evidence: Evidence, rate: float, confidence: float) -> str:
    return (
        f"fewer than {odds(rate)} differ, at {_percent(confidence)}: {evidence.pairs:,} pairs, "
        f"{evidence.total(*DIVERGENT):,} divergent"
    )


def _verified(evidence: Evidence) -> str:
    calls = evidence.verified.calls if evidence.verified else 0
    return f"; that is the smaller claim for little traffic, beside {calls:,} equal calls of `strangler verify`"


def _percent(share: float) -> str:
    return f"{100 * share:.4g} %"


def _missing_kinds(entry: Entry, rung: str, coverage: Coverage) -> list[str]:
    """Kinds of caller that the project has and no pair is of; asked where the service decides about objects."""
    if entry.authority(rung) is not Authority.SERVICE:
        return []
    users = get_user_model()._default_manager.filter(is_active=True, is_staff=False)
    there = len(users.values_list("pk")[:2])
    missing = {
        "anonymous": not coverage.callers["anonymous"],
        "a user": there > 0 and not coverage.subjects,
        "another user": there > 1 and len(coverage.subjects) < 2,
        "another tenant": bool(settings().tenant) and len(coverage.tenants) < 2,
    }
    return [kind for kind, is_missing in missing.items() if is_missing]
