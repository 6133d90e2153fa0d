"""Count what became of streamed copies, each once, however often it is delivered."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from strangler_router.types import Exchange
from strangler_shadow.models import ShadowSent, ShadowSettled
from strangler_shadow.observer import Finding, record
from strangler_shadow.tally import Tally

__all__ = ["SentKey", "Settlement", "add_sent", "forget_settled", "sent_key", "settle"]

# generation, endpoint, rung, side that answered
SentKey = tuple[str, str, str, str]
ATTEMPTS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What became of one copy, and in which life of the server it was sent."""

    uid: str
    generation: str
    exchange: Exchange
    finding: Finding
    weight: int = 1


def settle(settlements: Sequence[Settlement]) -> list[Settlement]:
    """Count those that were not counted before, in one transaction with the note that they are; returns them.

    A worker that dies after this and before it acknowledges leaves entries behind that are known here.
    """
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with transaction.atomic():
                return _settle(settlements)
        except IntegrityError:
            # Another worker was given the same entry, and was quicker.
            if attempt == ATTEMPTS:
                raise
    raise AssertionError


def _settle(settlements: Sequence[Settlement]) -> list[Settlement]:
    by_uid = {settlement.uid: settlement for settlement in settlements}
    for uid in ShadowSettled.objects.filter(pk__in=by_uid).values_list("pk", flat=True):
        del by_uid[uid]
    now = timezone.now()
    ShadowSettled.objects.bulk_create(ShadowSettled(uid=uid, at=now) for uid in sorted(by_uid))
    tally, counts = Tally(), Counter[SentKey]()
    for settlement in by_uid.values():
        record(settlement.exchange, settlement.finding, tally, weight=settlement.weight)
        counts[sent_key(settlement.generation, settlement.exchange)] += 1
    tally.write()
    for key, count in sorted(counts.items()):
        _add(key, "settled", count)
    return list(by_uid.values())


def add_sent(counts: Counter[SentKey]) -> None:
    """Add how many copies were sent, within the caller's transaction."""
    for key, count in sorted(counts.items()):
        _add(key, "sent", count)


def forget_settled(seconds: float) -> None:
    """Forget notes that are older; no entry lives so long."""
    ShadowSettled.objects.filter(at__lt=timezone.now() - timedelta(seconds=seconds)).delete()


def sent_key(generation: str, exchange: Exchange) -> SentKey:
    """Where a copy's sending and settling are counted."""
    decision = exchange.decision
    return generation, exchange.call.endpoint, decision.rung, decision.side.value


def _add(key: SentKey, column: str, count: int) -> None:
    generation, endpoint, rung, answered = key
    row = ShadowSent.objects.filter(generation=generation, endpoint=endpoint, rung=rung, answered=answered)
    change = {column: F(column) + count}
    if not row.update(**change):
        ShadowSent.objects.get_or_create(generation=generation, endpoint=endpoint, rung=rung, answered=answered)
        row.update(**change)
