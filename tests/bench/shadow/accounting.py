"""Whether every copy that the mirror was offered is counted once, with what became of it."""

import logging
import random
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

from django.core.management import call_command

from strangler_router.types import Exchange
from strangler_shadow.mirror import Mirror
from strangler_shadow.observer import Finding
from strangler_shadow.tally import Outcome, sums
from tests.bench.rows import Row, at_most
from tests.conftest import default_database
from tests.shadow.evidences import exchange

__all__ = ["accounting_rows"]

THREADS, COPIES, QUEUE = 4, 10_000, 5_000


def accounting_rows() -> Iterator[Row]:
    """Copies offered by several threads at once, more than fit, to a mirror that is stopped while its queue is full."""
    with tempfile.TemporaryDirectory() as folder, default_database({"NAME": str(Path(folder) / "counts.sqlite3")}):
        call_command("migrate", verbosity=0)
        # It warns of each copy that could not be judged.
        logging.getLogger("strangler_shadow").setLevel(logging.ERROR)
        mirror = Mirror(items=QUEUE, judge=_judge)
        threads = [threading.Thread(target=_offer, args=(mirror,)) for _ in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        mirror.stop()
        counted = {outcome: sum(int(str(row[outcome])) for row in sums()) for outcome in Outcome}
    offered = THREADS * COPIES
    against = f"{offered:,} offered: " + ", ".join(f"{count:,} {outcome}" for outcome, count in counted.items())
    yield at_most("pairs unaccounted for", abs(offered - sum(counted.values())), "pairs", must=0, against=against)


def _offer(mirror: Mirror) -> None:
    for number in range(COPIES):
        mirror.offer(exchange(subject=str(number % 7)))


def _judge(_exchange: Exchange) -> Finding:
    # One that has no answer would have the service left alone for a while.
    drawn = random.choice([None, *(outcome for outcome in Outcome if outcome is not Outcome.ERRORED)])
    if drawn is None:
        raise ValueError("a copy that cannot be judged")
    return Finding(outcome=drawn, reason="why" if drawn is Outcome.SKIPPED else "")
