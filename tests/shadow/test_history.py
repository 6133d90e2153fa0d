"""The days of an epoch say how its bound came down."""

from datetime import timedelta
from itertools import pairwise

import pytest

from strangler_shadow.bound import Stratum, upper_bound
from strangler_shadow.gate import ask_gate, with_history
from strangler_shadow.history import days_of
from strangler_shadow.models import ShadowCount
from strangler_shadow.tally import Outcome
from tests.shadow.evidences import NAME, mirrored

pytestmark = pytest.mark.django_db


def move(days, **where):
    """Let what was counted be of so many days earlier."""
    for row in ShadowCount.objects.filter(**where):
        row.day -= timedelta(days=days)
        row.save()


def report():
    return with_history(ask_gate(NAME, stage="canary", rung="native"))


def test_each_day_holds_what_came_before_and_the_last_one_is_the_report_s():
    mirrored(times=4_000)
    mirrored(Outcome.MISMATCHED)
    move(9)
    mirrored(Outcome.ERRORED, reason="unavailable", times=2)
    move(3)
    mirrored(times=9_000)
    mirrored(Outcome.TRANSIENT, times=70)
    found = report()
    assert [(day.pairs, day.divergent) for day in found.history] == [(4_001, 1), (4_003, 3), (13_003, 3)]
    assert [(later.day - earlier.day).days for earlier, later in pairwise(found.history)] == [9, 3]
    assert [day.bound for day in found.history] == [
        pytest.approx(upper_bound([Stratum(pairs=pairs, divergent=divergent)], alpha=0.0084), rel=1e-5)
        for pairs, divergent in [(4_001, 1), (4_003, 3), (13_003, 3)]
    ]
    assert found.history[-1].bound == found.bound


def test_pairs_of_different_weights_are_kept_apart():
    mirrored(times=900)
    mirrored(Outcome.MISMATCHED, times=3)
    ShadowCount.objects.filter(outcome="matched").update(weight=8)
    (day,) = report().history
    strata = [Stratum(pairs=3, divergent=3), Stratum(pairs=900, divergent=0, weight=8)]
    assert day.bound == pytest.approx(upper_bound(strata, alpha=0.0084), rel=1e-5)


def test_days_of_other_epochs_rungs_and_without_pairs_are_left_out(django_assert_num_queries):
    mirrored(Outcome.DROPPED, reason="queue full")
    mirrored(rung="lifted")
    mirrored(times=5)
    ShadowCount.objects.filter(outcome="matched", rung="native").update(fingerprint="another")
    assert report().history == ()
    with django_assert_num_queries(1):
        assert [day.pairs for day in days_of(NAME, "native", "another", alpha=0.01)] == [5]
