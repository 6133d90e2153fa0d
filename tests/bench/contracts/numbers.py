"""Histories of contracts that change, meet and part: no number may mean a second thing."""

import traceback
from collections.abc import Iterator

from tests.bench.rows import Row, at_least, at_most
from tests.extract import test_lock_histories as histories

__all__ = ["number_rows"]

STEPS = 10_000


def number_rows() -> Iterator[Row]:
    """Steps that were taken, and histories that broke the law."""
    histories.STEPS = STEPS
    reuses = 0
    try:
        histories.test_no_number_is_given_twice_in_any_history()
    except Exception:
        # Hypothesis stops at the first history and shows its smallest form.
        traceback.print_exc()
        reuses = 1
    against = f"{histories.Histories.merges} merges of two branches"
    yield at_least("number safety: steps", histories.Histories.steps, "steps", must=STEPS, against=against)
    yield at_most("number safety: histories with a reuse", reuses, "histories", must=0)
