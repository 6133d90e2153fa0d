"""What is said of both sides' latency is true at all times together, and says where it was measured."""

import json
import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strangler_router.types import Side
from strangler_shadow.latency import ENOUGH, QUANTILES, Latencies, curve, intervals, slower, spread

ALPHA = 0.1
seconds = st.floats(1e-5, 100)
pairs = st.tuples(st.sampled_from(Side), seconds, seconds)


def latencies(*pairs):
    found = Latencies()
    for pair in pairs:
        found.add(*pair)
    return found


def drawn(number, *, factor=1.0, seed=3, side=Side.MONOLITH):
    random.seed(seed)
    return [(side, random.lognormvariate(-4, 0.5), factor * random.lognormvariate(-4, 0.5)) for _ in range(number)]


@settings(max_examples=60, deadline=None)
@given(parts=st.lists(st.lists(pairs, max_size=30), max_size=4))
def test_what_workers_counted_adds_up(parts):
    merged = Latencies()
    for part in parts:
        merged.merge(Latencies.from_json(json.loads(json.dumps(latencies(*part).to_json()))))
    assert merged == latencies(*(pair for part in parts for pair in part))


@pytest.mark.parametrize("quantile", QUANTILES)
def test_the_ranks_that_hold_a_quantile_miss_it_seldom_however_often_one_looks(quantile):
    """10,000 runs of 2,000 pairs, looked at after each: the share that is ever wrong is at most alpha."""
    np = pytest.importorskip("numpy")
    generator = np.random.default_rng(11)
    counts = np.arange(1, 2_001)
    allowed = np.array([spread(quantile, pairs=int(count), alpha=ALPHA) for count in counts])
    wrong = 0
    for _ in range(20):
        below = (generator.random((500, 2_000)) < quantile).cumsum(axis=1)
        wrong += int((np.abs(below / counts - quantile) > allowed).any(axis=1).sum())
    assert wrong <= ALPHA * 10_000


def test_the_intervals_of_both_sides_hold_the_true_quantiles_at_every_look():
    """Log-normal durations, 60 runs, looked at 40 times each; the true quantiles are exp(mu + sigma z)."""
    z = {0.5: 0.0, 0.95: 1.6448536, 0.99: 2.3263479}
    for run in range(60):
        found = Latencies()
        for _ in range(40):
            for pair in drawn(50, seed=run * 1_000 + found.found["control served"].total):
                found.add(*pair)
            for interval in intervals(found, alpha=ALPHA):
                true = 1_000 * math.exp(-4 + 0.5 * z[interval.quantile])
                assert interval.low_ms <= true <= (interval.high_ms or math.inf)


def test_intervals_hold_what_was_found_and_become_narrow():
    widths = []
    for number in (10, 1_000, 100_000):
        median = intervals(latencies(*drawn(number)), alpha=0.01)[0]
        assert median.low_ms <= median.ms <= (median.high_ms or math.inf)
        widths.append((median.high_ms or math.inf) / (median.low_ms or 1e-9))
    assert widths == sorted(widths, reverse=True)
    assert widths[-1] < 1.06


def test_without_pairs_nothing_is_said():
    assert intervals(Latencies(), alpha=0.01) == ()
    assert curve(Latencies()) == ()


def test_a_few_pairs_have_no_upper_end():
    found = intervals(latencies(*drawn(20)), alpha=0.01)
    assert [(item.quantile, item.side, item.high_ms) for item in found][-1] == (0.99, "candidate", None)
    assert list(slower(found, times=1.0)) == []


def test_slower_is_said_where_it_is_sure_and_never_of_twins():
    assert not list(slower(intervals(latencies(*drawn(50_000)), alpha=0.01), times=1.0))
    found = intervals(latencies(*drawn(50_000, factor=2.0)), alpha=0.01)
    assert [control.quantile for control, _ in slower(found, times=1.5)] == [0.5, 0.95, 0.99]
    control, candidate = found[:2]
    assert not list(slower(found[:2], times=candidate.ms / control.high_ms - 0.001))
    assert list(slower(found[:2], times=candidate.low_ms / control.high_ms - 0.001))


def test_the_places_of_a_pair_are_those_of_the_side_that_answered():
    found = latencies((Side.MONOLITH, 0.1, 0.2), (Side.SERVICE, 0.3, 0.4))
    measured = {place: next(histogram.at([1])).middle for place, histogram in found.found.items()}
    assert {place: round(value, 1) for place, value in measured.items()} == {
        "control served": 0.1, "candidate replayed": 0.2, "control replayed": 0.3, "candidate served": 0.4,
    }  # fmt: skip


def test_like_is_compared_with_like_where_a_canary_gives_enough_of_both():
    monolith, service = drawn(2_000), drawn(ENOUGH, side=Side.SERVICE)
    assert latencies(*monolith).compared() == ("control served", "candidate replayed")
    assert latencies(*service).compared() == ("control replayed", "candidate served")
    assert latencies(*monolith, *service[1:]).compared() == ("control served", "candidate replayed")
    assert latencies(*monolith, *service).compared() == ("control served", "candidate served")


def test_a_curve_rises_and_is_of_the_places_that_are_compared():
    points = curve(latencies(*drawn(5_000, factor=3.0)))
    assert [points[0].quantile, points[10].quantile, points[-1].quantile] == [0.01, 0.5, 0.999]
    for values in ([point.control_ms for point in points], [point.candidate_ms for point in points]):
        assert values == sorted(values)
    assert points[10].candidate_ms / points[10].control_ms == pytest.approx(3.0, rel=0.1)
