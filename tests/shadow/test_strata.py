"""The rate is kept, rare kinds of call keep their floor, and weights undo the thinning."""

import random

from hypothesis import given
from hypothesis import strategies as st

from strangler_protos.identity import Caller
from strangler_router.types import Call, Decision, Exchange, Served, Side
from strangler_shadow.strata import halvings, stratum_of

offers = st.dictionaries(st.text("abcdefgh", min_size=1, max_size=2), st.floats(0.01, 5_000), min_size=1, max_size=20)


def drawn(offered, found):
    return {stratum: count / 2 ** found.get(stratum, 0) for stratum, count in offered.items()}


@given(offered=offers, rate=st.floats(0.5, 2_000), floor=st.floats(0, 5))
def test_what_is_drawn_keeps_to_the_rate_and_to_the_floor(offered, rate, floor):
    left = drawn(offered, halvings(offered, rate=rate, floor=floor))
    # Floors are rounded up to a power of two, at most twice themselves.
    floors = min(floor, rate / len(offered)) * len(offered)
    assert sum(left.values()) <= max(rate, min(rate, sum(offered.values()))) + floors + 1e-6
    for stratum, count in offered.items():
        assert left[stratum] >= min(count, floor, rate / len(offered)) * (1 - 1e-9)


@given(offered=offers)
def test_nothing_is_thinned_below_the_rate(offered):
    assert halvings(offered, rate=sum(offered.values()), floor=1) == {}


def test_a_rare_kind_is_compared_more_often_than_its_share():
    offered = {"often": 1000.0, "seldom": 0.5}
    assert drawn(offered, halvings(offered, rate=10, floor=0.5)) == {"often": 1000 / 128, "seldom": 0.5}


def test_weights_undo_the_thinning():
    offered, divergent = {"a": 900.0, "b": 90.0, "c": 10.0}, {"a": 0.01, "b": 0.2, "c": 0.5}
    found = halvings(offered, rate=200, floor=10)
    random.seed(1)
    totals = []
    for _ in range(300):
        total = 0
        for stratum, count in offered.items():
            weight = 2 ** found.get(stratum, 0)
            kept = sum(random.random() * weight < 1 for _ in range(int(count)))
            total += weight * sum(random.random() < divergent[stratum] for _ in range(kept))
        totals.append(total / 1000)
    expected = sum(offered[stratum] * divergent[stratum] for stratum in offered) / 1000
    assert abs(sum(totals) / len(totals) - expected) < 0.0015


def test_a_stratum_says_endpoint_method_status_and_role():
    def stratum(status, **caller):
        return stratum_of(
            Exchange(
                call=Call(endpoint="x.get", route="x/", method="GET", path="/x/", caller=Caller(**caller)),
                decision=Decision(side=Side.MONOLITH, rung="native", reason=""),
                served=Served(status=status, headers=(), cookies=(), body=b"", seconds=0.1),
            )
        )

    assert stratum(200) == "x.get GET 2xx anonymous"
    assert stratum(404, subject="7") == "x.get GET 4xx user"
    assert stratum(200, subject="7", is_staff=True) == "x.get GET 2xx staff"
