"""Count outcomes and group differences in memory, and add them to the database in small batches."""

import enum
import logging
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from typing import Any

from django.db import Error, close_old_connections, transaction
from django.db.models import F
from django.utils import timezone

from strangler_router.types import Exchange, Side
from strangler_shadow.coverage import Coverage
from strangler_shadow.epochs import add_to_epoch
from strangler_shadow.fields import declared_names
from strangler_shadow.latency import Latencies
from strangler_shadow.models import ShadowCount, ShadowDifference
from strangler_shadow.observation import Difference, Observation
from strangler_shadow.redact import redacted, redacted_pattern
from strangler_shadow.traits import Traits, add_traits, traits_of

__all__ = ["UNANSWERED", "Outcome", "Tally", "sums"]

# How the reason begins.
UNANSWERED = "no answer of the monolith"

logger = logging.getLogger("strangler_shadow")

# endpoint, rung, side that answered, outcome, reason, weight
CountKey = tuple[str, str, str, str, str, int]
# endpoint, rung, kind, pattern
GroupKey = tuple[str, str, str, str]


class Outcome(enum.StrEnum):
    """What became of a sampled exchange; each has exactly one.

    ERRORED is without an answer of the service; without one of the monolith there is nothing to compare with: SKIPPED.
    """

    MATCHED = "matched"
    MISMATCHED = "mismatched"
    TRANSIENT = "transient"
    ERRORED = "errored"
    SKIPPED = "skipped"
    DROPPED = "dropped"


COMPARED = (Outcome.MATCHED, Outcome.MISMATCHED)


@dataclass(slots=True)
class _Group:
    count: int
    first_seen: datetime
    last_seen: datetime
    control: str
    candidate: str
    traits: Traits = field(default_factory=dict)


class Tally:
    """Written by the worker thread alone, but for `drop`, which the user's path calls."""

    def __init__(self) -> None:
        self._dropped: deque[CountKey] = deque()
        self._counts: Counter[CountKey] = Counter()
        self._groups: dict[GroupKey, _Group] = {}
        self._coverage: dict[tuple[str, str], Coverage] = {}
        self._latencies: dict[tuple[str, str], Latencies] = {}

    def drop(self, exchange: Exchange, reason: str) -> None:
        """Count an exchange that was never compared; an append is all that happens here."""
        self._dropped.append(_count_key(exchange, Outcome.DROPPED, reason))

    def count(
        self,
        exchange: Exchange,
        outcome: Outcome,
        *,
        reason: str = "",
        weight: int = 1,
        took: tuple[float, float] | None = None,
    ) -> None:
        """Count one exchange's outcome.

        `weight` is how many calls it stands for, `took` the seconds of control and candidate where both answered.
        """
        if outcome is Outcome.ERRORED and _owed_by_monolith(exchange):
            outcome, reason = Outcome.SKIPPED, f"{UNANSWERED}: {reason}"
        self._counts[_count_key(exchange, outcome, reason, weight)] += 1
        key = exchange.call.endpoint, exchange.decision.rung
        if outcome in COMPARED:
            self._coverage.setdefault(key, Coverage()).add(exchange)
        if took is not None:
            self._latencies.setdefault(key, Latencies()).add(exchange.decision.side, *took)

    def found(self, exchange: Exchange, control: Observation, differences: list[Difference]) -> None:
        """Group the differences of one mismatched exchange; each group counts once per exchange."""
        now = timezone.now()
        names = declared_names(exchange.call.endpoint)
        for difference in {(item.kind, item.pattern): item for item in differences}.values():
            place = redacted_pattern(difference, names)
            key = (exchange.call.endpoint, exchange.decision.rung, difference.kind.value, place)
            group = self._groups.get(key)
            if group is None:
                group = self._groups[key] = _Group(0, now, now, *redacted(difference, names))
            group.count += 1
            group.last_seen = now
            add_traits(group.traits, traits_of(control.body, difference.pattern, differences))

    @property
    def is_flushed(self) -> bool:
        """True where the database has everything."""
        return not (self._dropped or self._counts or self._groups)

    def flush(self) -> None:
        """Add to the database; what cannot be written now is kept for the next time."""
        if self.is_flushed:
            return
        try:
            with transaction.atomic():
                self.write()
        except Error as error:
            logger.warning("the mirror's counts cannot be written now and are kept: %s", error)
            # Only now: a new connection for each flush would cost users more than the flush does.
            close_old_connections()
            return
        self._counts.clear()
        self._groups.clear()
        self._coverage.clear()
        self._latencies.clear()

    def write(self) -> None:
        """Add to the database within the caller's transaction, and keep everything; it may yet be rolled back."""
        while self._dropped:
            self._counts[self._dropped.popleft()] += 1
        self._add_counts()
        self._add_groups()

    def _add_counts(self) -> None:
        today = timezone.now().date()
        pairs = sorted({(endpoint, rung) for endpoint, rung, *_ in self._counts})
        epochs = {
            pair: add_to_epoch(*pair, self._coverage.get(pair, Coverage()), self._latencies.get(pair)) for pair in pairs
        }
        for (endpoint, rung, answered, outcome, reason, weight), count in sorted(self._counts.items()):
            key: dict[str, Any] = {"endpoint": endpoint, "rung": rung, "answered": answered, "outcome": outcome}
            key |= {"reason": reason, "weight": weight, "day": today, "fingerprint": epochs[endpoint, rung]}
            row = ShadowCount.objects.filter(**key)
            if not row.update(count=F("count") + count):
                ShadowCount.objects.get_or_create(**key)
                row.update(count=F("count") + count)

    def _add_groups(self) -> None:
        for (endpoint, rung, kind, pattern), group in sorted(self._groups.items(), key=itemgetter(0)):
            row, _ = ShadowDifference.objects.select_for_update().get_or_create(
                endpoint=endpoint,
                rung=rung,
                kind=kind,
                pattern=pattern,
                defaults={
                    "first_seen": group.first_seen,
                    "last_seen": group.last_seen,
                    "control": group.control,
                    "candidate": group.candidate,
                },
            )
            row.count += group.count
            row.last_seen = max(row.last_seen, group.last_seen)
            add_traits(row.traits, group.traits)
            row.save()


def _owed_by_monolith(exchange: Exchange) -> bool:
    # Where the service has answered it is the monolith that is asked again.
    return exchange.decision.side is Side.SERVICE and not exchange.served.fell_back


def _count_key(exchange: Exchange, outcome: Outcome, reason: str, weight: int = 1) -> CountKey:
    decision = exchange.decision
    return exchange.call.endpoint, decision.rung, decision.side.value, outcome.value, reason[:100], weight


def sums(endpoint: str | None = None) -> Iterator[dict[str, object]]:
    """Totals by endpoint, rung and side, as `strangler shadow stats` prints them."""
    rows = ShadowCount.objects.all() if endpoint is None else ShadowCount.objects.filter(endpoint=endpoint)
    grouped: dict[tuple[str, str, str], Counter[str]] = {}
    reasons: dict[tuple[str, str, str], Counter[str]] = {}
    for row in rows:
        key = (row.endpoint, row.rung, row.answered)
        grouped.setdefault(key, Counter())[row.outcome] += row.count
        if row.reason:
            reasons.setdefault(key, Counter())[f"{row.outcome}: {row.reason}"] += row.count
    for key, outcomes in sorted(grouped.items()):
        yield {
            "endpoint": key[0],
            "rung": key[1],
            "answered": key[2],
            "sampled": sum(outcomes.values()),
            **{outcome.value: outcomes[outcome.value] for outcome in Outcome},
            "reasons": dict(reasons.get(key, {})),
        }
