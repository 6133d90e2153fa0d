"""Latencies by quantile: few ones to print, and a curve that says nothing that the calls do not."""

import pytest

from strangler_shadow.latency import LatencyPoint
from strangler_shadow.quantiles import curve_ms, quantiles_ms


def test_the_curve_has_both_sides_at_the_same_quantiles():
    control, candidate = [number / 1000 for number in range(101)], [number / 500 for number in range(101)]
    curve = {point.quantile: (point.control_ms, point.candidate_ms) for point in curve_ms(control, candidate)}
    assert curve[0.0] == (0.0, 0.0)
    assert curve[0.5] == (50.0, 100.0)
    assert curve[0.75] == (75.0, 150.0)
    assert curve[0.985] == (98.5, 197.0)


@pytest.mark.parametrize(("calls", "last"), [(1, 0.0), (2, 0.5), (10, 0.9), (99, 0.985), (100, 0.99), (1000, 0.999)])
def test_the_curve_ends_where_fewer_than_one_call_was_slower(calls, last):
    assert curve_ms([0.01] * calls, [0.02] * 5000)[-1] == LatencyPoint(
        quantile=last, control_ms=10.0, candidate_ms=20.0
    )


def test_the_curve_agrees_with_the_printed_quantiles():
    seconds = [(number * 7919 % 997) / 1000 for number in range(500)]
    curve = {f"p{100 * point.quantile:g}": point.control_ms for point in curve_ms(seconds, seconds)}
    assert {name: curve[name] for name in ("p50", "p90", "p99")} == quantiles_ms(seconds)


def test_there_is_no_curve_where_a_side_never_answered():
    assert curve_ms([], [0.1]) == curve_ms([0.1], []) == ()
