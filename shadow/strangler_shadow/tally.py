"""Count outcomes and group differences in memory, and add them to the database in small batches."""

import enum
import logging
from collections import Counter
from collections.abc import Iterator

from django.db import Error
from django.utils import timezone

from strangler_router.types import Exchange, Side
from strangler_shadow.batch import Batch, Group
from strangler_shadow.coverage import Coverage
from strangler_shadow.drops import CountKey, Drops
from strangler_shadow.fields import declared_names
from strangler_shadow.latency import Latencies
from strangler_shadow.models import ShadowCount
from strangler_shadow.observation import Difference, Observation
from strangler_shadow.once import NotedWrites
from strangler_shadow.redact import redacted, redacted_pattern
from strangler_shadow.traits import add_traits, traits_of

__all__ = ["PAIRS", "UNANSWERED", "Outcome", "Tally", "sums"]

# How the reason begins.
UNANSWERED = "no answer of the monolith"

logger = logging.getLogger("strangler_shadow")


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
PAIRS = (*COMPARED, Outcome.ERRORED)


class Tally:
    """Written by the worker thread alone, but for `drop`, which the user's path calls."""

    def __init__(self) -> None:
        self._drops = Drops()
        self._open = Batch()
        # On its way to the database, and perhaps there: a commit whose reply is lost is a commit.
        self._sealed: Batch | None = None
        self._writes = NotedWrites()

    def drop(self, exchange: Exchange, reason: str) -> None:
        """Count an exchange that was never compared; a step of a counter is all that happens here."""
        self._drops.add(_count_key(exchange, Outcome.DROPPED, reason))

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
        self._open.counts[_count_key(exchange, outcome, reason, weight)] += 1
        key = exchange.call.endpoint, exchange.decision.rung
        if outcome in PAIRS:
            self._open.paired.add(key)
        if outcome in COMPARED:
            self._open.coverage.setdefault(key, Coverage()).add(exchange)
        if took is not None:
            self._open.latencies.setdefault(key, Latencies()).add(exchange.decision.side, *took)

    def found(self, exchange: Exchange, control: Observation, differences: list[Difference]) -> None:
        """Group the differences of one mismatched exchange; each group counts once per exchange."""
        now = timezone.now()
        names = declared_names(exchange.call.endpoint)
        groups = self._open.groups
        for difference in {(item.kind, item.pattern): item for item in differences}.values():
            place = redacted_pattern(difference, names)
            key = (exchange.call.endpoint, exchange.decision.rung, difference.kind.value, place)
            group = groups.get(key)
            if group is None:
                group = groups[key] = Group(0, now, now, *redacted(difference, names))
            group.count += 1
            group.last_seen = now
            add_traits(group.traits, traits_of(control, difference.pattern, differences))

    @property
    def is_flushed(self) -> bool:
        """True where the database has everything."""
        return self._open.is_empty and self._sealed is None and not self._drops.is_waiting

    def flush(self) -> None:
        """Add to the database, each batch once; what cannot be written now is kept for the next time."""
        while not self.is_flushed:
            if self._sealed is None:
                self._open.counts.update(self._drops.take())
                if self._open.is_empty:
                    return
                self._sealed, self._open = self._open, Batch()
            if not self._settle(self._sealed):
                return
            self._sealed = None

    def write(self) -> None:
        """Add to the database within the caller's transaction, and keep everything; it may yet be rolled back."""
        self._open.counts.update(self._drops.take())
        for batch in filter(None, (self._sealed, self._open)):
            batch.write()

    def _settle(self, batch: Batch) -> bool:
        try:
            self._writes.write(batch.uid, batch.write)
        except Error as error:
            logger.warning("the mirror's counts cannot be written now and are kept: %s", error)
            return False
        return True


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
