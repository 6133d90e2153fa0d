"""What the database holds about one endpoint and rung, as one value: live pairs of the present epoch, and verify."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Q, QuerySet, Sum
from django.utils import timezone

from strangler_router.types import Side
from strangler_shadow.bound import Stratum
from strangler_shadow.coverage import Coverage
from strangler_shadow.fingerprint import fingerprint_of
from strangler_shadow.latency import Latencies
from strangler_shadow.models import ShadowCount, ShadowEpoch, ShadowVerification
from strangler_shadow.tally import PAIRS, UNANSWERED, Outcome
from strangler_shadow.verdict import Verdict

__all__ = ["Evidence", "Verification", "read_evidence", "record_verification"]

DIVERGENT = (Outcome.MISMATCHED, Outcome.ERRORED)
WITHOUT_MONOLITH = f"{Outcome.SKIPPED}: {UNANSWERED}"
# Left out by the draw: the weights of those that were drawn make up for it.
THINNED = f"{Outcome.DROPPED}: thinned"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """The last `strangler verify` of this fingerprint; `who` and `build` are empty where it ran here."""

    at: datetime
    verdict: Verdict
    calls: int
    who: str = ""
    build: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Counts of one epoch by outcome and weight; `reasons` splits them by `outcome: reason`.

    `epoch` is its number, 0 where nothing was counted yet. `changed` names what is not as it was in the epoch before,
    and `earlier` is how many pairs that one has.
    """

    endpoint: str
    rung: str
    fingerprint: str
    epoch: int = 0
    began: datetime | None = None
    latest: datetime | None = None
    counts: Mapping[tuple[Outcome, int], int] = field(default_factory=dict)
    reasons: Mapping[str, int] = field(default_factory=dict)
    coverage: Coverage = field(default_factory=Coverage)
    latencies: Latencies = field(default_factory=Latencies)
    changed: tuple[str, ...] = ()
    earlier: int = 0
    verified: Verification | None = None

    def total(self, *outcomes: Outcome) -> int:
        """How many copies had one of these outcomes; all copies where none is named."""
        return sum(count for (outcome, _), count in self.counts.items() if not outcomes or outcome in outcomes)

    @property
    def pairs(self) -> int:
        """Live pairs: errored ones count as divergent, transient ones are apart."""
        return self.total(*PAIRS)

    @property
    def left_out(self) -> int:
        """Copies that were never compared, though no draw had left them out."""
        return self.total(Outcome.SKIPPED, Outcome.DROPPED) - self.reasons.get(THINNED, 0)

    @property
    def unanswered(self) -> int:
        """Copies of the service's answers that the monolith had none to compare with."""
        return sum(count for reason, count in self.reasons.items() if reason.startswith(WITHOUT_MONOLITH))

    @property
    def is_verified(self) -> bool:
        """Whether `strangler verify` found no difference."""
        return self.verified is not None and self.verified.verdict is Verdict.EQUIVALENT

    def strata(self, *divergent: Outcome, among: tuple[Outcome, ...] = PAIRS) -> list[Stratum]:
        """Copies by weight, and how many of them had an outcome that counts as divergent here."""
        pairs, found = Counter[int](), Counter[int]()
        for (outcome, weight), count in self.counts.items():
            if outcome in among:
                pairs[weight] += count
                found[weight] += count if outcome in divergent else 0
        return [Stratum(pairs=count, divergent=found[weight], weight=weight) for weight, count in sorted(pairs.items())]


def read_evidence(endpoint: str, rung: str, *, answered: Side | None = None) -> Evidence:
    """The evidence on the endpoint as this process has it: of its contract, its code, its settings.

    With `answered` its counts are of copies of calls that this side has answered; the rest is always of the epoch.
    """
    fingerprint = fingerprint_of(endpoint, rung)
    about = Q(endpoint=endpoint, rung=rung)
    now = about & Q(fingerprint=fingerprint.digest)
    last = ShadowEpoch.objects.filter(about).exclude(now).order_by("-latest").first()
    epoch = ShadowEpoch.objects.filter(now).first()
    counts, reasons = Counter[tuple[Outcome, int]](), Counter[str]()
    rows = _counted(now, answered).values_list("outcome", "weight", "reason").annotate(total=Sum("count"))
    for name, weight, reason, total in rows:
        counts[Outcome(name), weight] += total
        if reason:
            reasons[f"{name}: {reason}"] += total
    return Evidence(
        endpoint=endpoint,
        rung=rung,
        fingerprint=fingerprint.digest,
        epoch=epoch.number if epoch else 0,
        began=epoch.began if epoch else None,
        latest=epoch.latest if epoch else None,
        counts=counts,
        reasons=reasons,
        coverage=Coverage.from_json(epoch.coverage if epoch else {}),
        latencies=Latencies.from_json(epoch.latency if epoch else {}),
        changed=tuple(fingerprint.changed_since(last.parts)) if last else (),
        earlier=_pairs_of(_counted(about & Q(fingerprint=last.fingerprint), answered)) if last else 0,
        verified=_verification(now),
    )


def record_verification(endpoint: str, rung: str, *, verdict: Verdict, calls: int) -> None:
    """Keep what `strangler verify` said of an endpoint: the newest word on each fingerprint counts."""
    ShadowVerification.objects.update_or_create(
        endpoint=endpoint,
        rung=rung,
        fingerprint=fingerprint_of(endpoint, rung).digest,
        defaults={"at": timezone.now(), "verdict": verdict.value, "calls": calls, "who": "", "build": ""},
    )


def _counted(which: Q, answered: Side | None) -> QuerySet[ShadowCount]:
    rows = ShadowCount.objects.filter(which)
    return rows if answered is None else rows.filter(answered=answered.value)


def _pairs_of(rows: QuerySet[ShadowCount]) -> int:
    found = rows.filter(outcome__in=PAIRS).aggregate(total=Sum("count"))
    return found["total"] or 0


def _verification(which: Q) -> Verification | None:
    row = ShadowVerification.objects.filter(which).first()
    if row is None:
        return None
    return Verification(at=row.at, verdict=Verdict(row.verdict), calls=row.calls, who=row.who, build=row.build)
