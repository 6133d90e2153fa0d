"""How long the gate takes on ten million recorded pairs."""

import time
from collections.abc import Iterator
from datetime import timedelta
from itertools import product

from django.core.management import call_command
from django.utils import timezone

from strangler_router.policy import Stage
from strangler_router.types import Side
from strangler_shadow.coverage import Coverage
from strangler_shadow.epochs import add_to_epoch
from strangler_shadow.gate import ask_gate, may_cutover
from strangler_shadow.models import ShadowCount
from strangler_shadow.tally import Outcome
from tests.bench.rows import Row, at_most
from tests.conftest import default_database

__all__ = ["deciding_rows"]

NAME, RUNG = "v1:enrolment-detail.get", "native"
PAIRS, DAYS, WEIGHTS, DECISIONS = 10_000_000, 90, (1, 2, 8, 64), 100
# What else a mirror counts of them, and why.
BESIDE = [
    (Outcome.MISMATCHED, ""),
    (Outcome.TRANSIENT, "lagging"),
    (Outcome.ERRORED, "unavailable"),
    (Outcome.ERRORED, "deadline exceeded"),
    (Outcome.SKIPPED, "both sides fail"),
    (Outcome.DROPPED, "queue full"),
]


def deciding_rows() -> Iterator[Row]:
    """Milliseconds of one decision: queries, sums, bounds; the first one, with its start-up, apart."""
    with default_database({"NAME": ":memory:"}):
        call_command("migrate", verbosity=0)
        rows = _record()
        pairs = ask_gate(NAME, stage="canary", rung=RUNG).pairs
        seconds = sorted(_seconds() for _ in range(DECISIONS))
    against = f"{pairs:,} pairs in {rows:,} rows of {DAYS} days, {DECISIONS} decisions"
    yield at_most("gate decision, p50", 1000 * seconds[DECISIONS // 2], "ms", must=50, against=against)
    yield Row(metric="gate decision, p99", value=1000 * seconds[int(0.99 * DECISIONS)], unit="ms", against=against)


def _seconds() -> float:
    started = time.perf_counter()
    may_cutover(NAME, stage=Stage.CANARY, basis_points=100, rung=RUNG)
    return time.perf_counter() - started


def _record() -> int:
    """Counts as they add up over the days; gives the number of rows."""
    fingerprint = add_to_epoch(NAME, RUNG, Coverage())
    today = timezone.now().date()
    cells = list(product(range(DAYS), [side.value for side in Side], WEIGHTS))
    rows = [
        ShadowCount(
            endpoint=NAME,
            rung=RUNG,
            answered=side,
            day=today - timedelta(days=day),
            outcome=outcome,
            reason=reason,
            weight=weight,
            fingerprint=fingerprint,
            count=PAIRS // len(cells) + 1 if outcome is Outcome.MATCHED else 1,
        )
        for day, side, weight in cells
        for outcome, reason in [(Outcome.MATCHED, ""), *BESIDE]
    ]
    ShadowCount.objects.bulk_create(rows, batch_size=1000)
    return len(rows)
