"""What is known of endpoints from live pairs, as plain values that the reports write down."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from strangler_shadow.gate import GateReport
from strangler_shadow.kinds import Kind
from strangler_shadow.models import ShadowDifference
from strangler_shadow.risk import Risk
from strangler_shadow.risk_rules import risk_of
from strangler_shadow.rules import declared_rules
from strangler_shadow.tally import Outcome
from strangler_shadow.traits import common_traits
from strangler_shadow.varying import hidden
from strangler_shadow.verdict import Verdict, worst

__all__ = ["Copies", "DifferenceGroup", "EndpointEvidence", "EvidenceReport", "HiddenPlace", "copies", "read_found"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DifferenceGroup:
    """Differences of one kind at one place, with one example; values have stand-ins unless they may be shown.

    `id` is what `strangler shadow replay` takes, `only_where` names the kind of object that differs.
    """

    id: int
    kind: str
    risk: Risk
    pattern: str
    count: int
    first_seen: datetime
    last_seen: datetime
    control: str
    candidate: str
    only_where: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HiddenPlace:
    """What pairs say nothing about at one place; where a rule was declared, who answers for it, why and until when."""

    pattern: str
    words: str
    owner: str = ""
    reason: str = ""
    until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointEvidence:
    """The gate's word on one endpoint, its differences of all epochs, the worst first, and what rules hide."""

    gate: GateReport
    groups: tuple[DifferenceGroup, ...] = ()
    hides: tuple[HiddenPlace, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceReport:
    """What the gate said of endpoints at one time, which is ISO 8601 in UTC."""

    asked: str
    endpoints: tuple[EndpointEvidence, ...]

    @property
    def verdict(self) -> Verdict:
        """The verdict on all endpoints together."""
        return worst(endpoint.gate.verdict for endpoint in self.endpoints)


@dataclass(frozen=True, slots=True, kw_only=True)
class Copies:
    """How many copies had one outcome, split by `reasons`, which add up to the count."""

    outcome: str
    count: int
    reasons: tuple[tuple[str, int], ...] = ()


def read_found(gates: Iterable[GateReport], now: datetime) -> EvidenceReport:
    """The gate's reports with the differences that the database holds."""
    endpoints = tuple(
        EndpointEvidence(gate=gate, groups=_groups(gate), hides=tuple(_hides(gate.endpoint, now.date())))
        for gate in gates
    )
    return EvidenceReport(asked=now.isoformat(timespec="seconds"), endpoints=endpoints)


def copies(gate: GateReport) -> list[Copies]:
    """What became of each copy; one that has no reason of its own is split off as `no reason given`."""
    found = []
    for outcome in Outcome:
        count = gate.counts.get(outcome.value, 0)
        start = f"{outcome.value}: "
        reasons = [
            (name.removeprefix(start), number)
            for name, number in gate.reasons_of_counts.items()
            if name.startswith(start)
        ]
        rest = count - sum(number for _, number in reasons)
        if reasons and rest:
            reasons.append(("no reason given", rest))
        found.append(Copies(outcome=outcome.value, count=count, reasons=tuple(reasons)))
    return found


def _groups(gate: GateReport) -> tuple[DifferenceGroup, ...]:
    rows = ShadowDifference.objects.filter(endpoint=gate.endpoint, rung=gate.rung)
    found = (
        DifferenceGroup(
            id=row.pk,
            kind=row.kind,
            risk=_risk(row),
            pattern=row.pattern,
            count=row.count,
            first_seen=row.first_seen,
            last_seen=row.last_seen,
            control=row.control,
            candidate=row.candidate,
            only_where=tuple(common_traits(row.traits)),
        )
        for row in rows
    )
    return tuple(sorted(found, key=lambda group: (-group.risk, -group.count, group.kind, group.pattern)))


def _risk(row: ShadowDifference) -> Risk:
    # Of most values stand-ins are all that is known; a status is there as it was.
    kind = Kind(row.kind)
    if kind is Kind.STATUS:
        return risk_of(kind, row.pattern, json.loads(row.control), json.loads(row.candidate))
    known = (None if text == json.dumps(None) else text for text in (row.control, row.candidate))
    return risk_of(kind, row.pattern, *known)


def _hides(endpoint: str, today: date) -> Iterator[HiddenPlace]:
    declared = {rule.place: rule for rule in declared_rules() if rule.applies_to(endpoint, today)}
    for pattern, words in hidden(endpoint).items():
        rule = declared.get(pattern)
        if rule is None:
            yield HiddenPlace(pattern=pattern, words=words)
        else:
            yield HiddenPlace(pattern=pattern, words=words, owner=rule.owner, reason=rule.reason, until=rule.until)
