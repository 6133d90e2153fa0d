"""Outcomes and grouped differences that are not in the database yet, and how they get there."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from typing import Any

from django.db.models import F
from django.utils import timezone

from strangler_shadow.coverage import Coverage
from strangler_shadow.drops import CountKey
from strangler_shadow.epochs import add_to_epoch
from strangler_shadow.latency import Latencies
from strangler_shadow.models import ShadowCount, ShadowDifference
from strangler_shadow.once import new_uid
from strangler_shadow.traits import Traits, add_traits

__all__ = ["Batch", "Group", "GroupKey"]

# endpoint, rung, kind, pattern
GroupKey = tuple[str, str, str, str]


@dataclass(slots=True)
class Group:
    """One kind of difference at one place; examples hold stand-ins, never a recorded value."""

    count: int
    first_seen: datetime
    last_seen: datetime
    control: str
    candidate: str
    traits: Traits = field(default_factory=dict)


@dataclass(slots=True)
class Batch:
    """What is written in one transaction; `uid` names it, so that none is written twice.

    `paired` are endpoints and rungs of which there are pairs among the counts.
    """

    uid: str = field(default_factory=new_uid)
    counts: Counter[CountKey] = field(default_factory=Counter)
    groups: dict[GroupKey, Group] = field(default_factory=dict)
    coverage: dict[tuple[str, str], Coverage] = field(default_factory=dict)
    latencies: dict[tuple[str, str], Latencies] = field(default_factory=dict)
    paired: set[tuple[str, str]] = field(default_factory=set)

    @property
    def is_empty(self) -> bool:
        """Coverage and latencies come with counts."""
        return not (self.counts or self.groups)

    def write(self) -> None:
        """Add to the database within the caller's transaction."""
        self._add_counts()
        self._add_groups()

    def _add_counts(self) -> None:
        today = timezone.now().date()
        keys = sorted({(endpoint, rung) for endpoint, rung, *_ in self.counts})
        epochs = {key: self._epoch_of(key) for key in keys}
        for (endpoint, rung, answered, outcome, reason, weight), count in sorted(self.counts.items()):
            key: dict[str, Any] = {"endpoint": endpoint, "rung": rung, "answered": answered, "outcome": outcome}
            key |= {"reason": reason, "weight": weight, "day": today, "fingerprint": epochs[endpoint, rung]}
            row = ShadowCount.objects.filter(**key)
            if not row.update(count=F("count") + count):
                ShadowCount.objects.get_or_create(**key)
                row.update(count=F("count") + count)

    def _epoch_of(self, key: tuple[str, str]) -> str:
        coverage, latencies = self.coverage.get(key, Coverage()), self.latencies.get(key)
        return add_to_epoch(*key, coverage, latencies, has_pairs=key in self.paired)

    def _add_groups(self) -> None:
        for (endpoint, rung, kind, pattern), group in sorted(self.groups.items(), key=itemgetter(0)):
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
