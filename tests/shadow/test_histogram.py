"""A histogram says of durations what sorting them says, within 1 %, however they were brought together."""

import json
import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strangler_shadow.histogram import ERROR, LONGEST, SHORTEST, Histogram

durations = st.lists(st.floats(SHORTEST, LONGEST), min_size=1, max_size=200)
few = settings(max_examples=100, deadline=None)


def histogram(seconds):
    found = Histogram()
    for value in seconds:
        found.add(value)
    return found


@few
@given(seconds=durations, quantile=st.floats(0, 1))
def test_every_quantile_is_right_within_1_percent(seconds, quantile):
    rank = max(1, math.ceil(quantile * len(seconds)))
    true = sorted(seconds)[rank - 1]
    (bucket,) = histogram(seconds).at([rank])
    assert abs(bucket.middle - true) <= ERROR * true * (1 + 1e-9)
    assert bucket.low * (1 - 1e-9) <= true <= bucket.high * (1 + 1e-9)


@few
@given(parts=st.lists(durations, max_size=5), order=st.randoms())
def test_what_was_merged_is_what_all_together_are(parts, order):
    merged, kept = Histogram(), [histogram(part) for part in parts]
    order.shuffle(kept)
    for part in kept:
        merged.merge(Histogram.from_json(json.loads(json.dumps(part.to_json()))))
    assert merged == histogram([value for part in parts for value in part])
    assert merged.total == sum(map(len, parts))


def test_ranks_are_answered_in_one_walk_and_have_to_rise():
    found = histogram([0.001, 0.01, 0.01, 5.0])
    assert [round(1000 * bucket.middle) for bucket in found.at([1, 2, 3, 3, 4])] == [1, 10, 10, 10, 5028]
    with pytest.raises(ValueError, match="1 comes behind 3"):
        list(found.at([3, 1]))


def test_whatever_is_measured_it_stays_small():
    found = histogram([0.0, -1.0, 1e-12, 1e9, 3_600.1])
    shortest, longest = found.at([1, 5])
    assert (shortest.low, longest.high) == (0.0, math.inf)
    random.seed(5)
    found = histogram(10 ** random.uniform(-7, 4) for _ in range(50_000))
    assert len(found.counts) <= 1_102
    assert len(json.dumps(found.to_json())) < 16_000
