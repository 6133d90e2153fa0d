"""Where the lines of charts run: always inside, at the height of their value, and with words that say the same."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strangler_shadow.latency import LatencyPoint
from strangler_shadow.reports.charts import (
    BOTTOM,
    LEFT,
    RIGHT,
    TOP,
    bound_chart,
    latency_chart,
    percent,
    quantile_name,
)

FIRST = date(2026, 11, 10)
MILLISECONDS = st.floats(0, 1e7, allow_nan=False)


def curve(*points):
    return [LatencyPoint(quantile=q, control_ms=one, candidate_ms=other) for q, one, other in points]


def places(trace):
    return [tuple(map(float, point.split(","))) for point in trace.points.split()]


def assert_inside(chart):
    for x, y in (place for trace in chart.traces for place in places(trace)):
        assert LEFT <= x <= RIGHT
        assert TOP <= y <= BOTTOM
    assert all(LEFT <= tick.at <= RIGHT for tick in chart.x_ticks)
    assert all(TOP <= tick.at <= BOTTOM for tick in chart.y_ticks)
    heights = [tick.at for tick in chart.y_ticks]
    assert len(heights) >= 2
    assert heights == sorted(set(heights), reverse=True)


@given(st.lists(st.tuples(st.floats(0, 1), MILLISECONDS, MILLISECONDS), min_size=1, max_size=30))
def test_curves_stay_inside_whatever_they_are(points):
    assert_inside(latency_chart(curve(*sorted(points))))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40), st.floats(1e-6, 0.9), st.integers(1, 40))
def test_bounds_stay_inside_whatever_they_are(rates, limit, apart):
    chart = bound_chart([(FIRST + timedelta(apart * number), rate) for number, rate in enumerate(rates)], limit)
    assert_inside(chart)
    assert TOP < chart.limit < BOTTOM


def test_the_tail_has_as_much_room_as_the_rest():
    chart = latency_chart(curve(*((quantile, 1, 2) for quantile in (0, 0.5, 0.9, 0.99, 0.999))))
    at = {tick.label: tick.at for tick in chart.x_ticks}
    assert list(at) == ["p0", "p50", "p90", "p99", "p99.9"]
    assert at["p90"] - at["p0"] == pytest.approx(at["p99"] - at["p90"], abs=0.2)
    assert at["p99"] - at["p90"] == pytest.approx(at["p99.9"] - at["p99"], abs=0.2)


def test_equal_ratios_are_equally_far_apart_and_more_is_higher():
    chart = latency_chart(curve((0, 1, 10), (0.9, 10, 100)))
    (_, one), (_, ten) = places(chart.traces[0])
    (_, also_ten), (_, hundred) = places(chart.traces[1])
    assert one > ten > hundred
    assert ten == also_ten
    assert one - ten == pytest.approx(ten - hundred, abs=0.2)


@pytest.mark.parametrize(
    ("low", "high", "labels"),
    [
        (3, 40, ["2", "5", "10", "20", "50"]),
        (10, 10, ["5", "10", "20"]),
        (0.3, 9_000, ["0.2", "1", "10", "100", "1,000", "10,000"]),
    ],
)
def test_heights_are_labelled_by_round_numbers(low, high, labels):
    assert [tick.label for tick in latency_chart(curve((0, low, low), (0.9, high, high))).y_ticks] == labels


def test_named_quantiles_have_signs():
    chart = latency_chart(curve((0, 1, 1), (0.5, 2, 2), (0.75, 3, 3), (0.9, 4, 4)))
    assert [len(trace.marks) for trace in chart.traces] == [2, 2]
    assert len(latency_chart(curve((0, 1, 1))).traces[0].marks) == 1


def test_the_threshold_stands_where_its_rate_does():
    chart = bound_chart([(FIRST, 0.02), (FIRST + timedelta(1), 0.001), (FIRST + timedelta(4), 0.0002)], 0.001)
    heights = {tick.label: tick.at for tick in chart.y_ticks}
    assert list(heights) == ["0.01 %", "0.1 %", "1 %", "10 %"]
    (first, second, last) = places(chart.traces[0])
    assert chart.limit == heights["0.1 %"] == second[1]
    assert first[1] < chart.limit < last[1]
    assert [second[0] - first[0], last[0] - second[0]] == pytest.approx([94, 282], abs=0.2)
    assert chart.words == ("On 2026-11-10 the bound was 2 %, on 2026-11-14 0.02 %; it has to fall below 0.1 %.")


@pytest.mark.parametrize(("days", "labels"), [(1, 1), (2, 2), (3, 3), (400, 3)])
def test_days_are_labelled_at_both_ends_and_between(days, labels):
    chart = bound_chart([(FIRST + timedelta(number), 0.01) for number in range(days)], 0.001)
    found = [tick.label for tick in chart.x_ticks]
    assert len(found) == labels
    assert found[0] == "2026-11-10"
    assert found[-1] == (FIRST + timedelta(days - 1)).isoformat()


def test_numbers_are_put_into_few_digits():
    shares = {1: "100 %", 0.5: "50 %", 0.01234: "1.23 %", 0.00049: "0.049 %", 0.0009982: "0.0998 %", 0: "0 %"}
    assert {share: percent(share) for share in shares} == shares
    assert percent(5.9e-7) == "0.000059 %"
    assert [quantile_name(quantile) for quantile in (0, 0.5, 0.999)] == ["p0", "p50", "p99.9"]
