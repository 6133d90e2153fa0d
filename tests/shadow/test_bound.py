"""What the bounds promise, whatever the pairs and however often one looks."""

import math
import random
from functools import cache

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.special import betainc, betaln

from strangler_shadow.bound import Stratum, alpha_of_epoch, exceeds, lower_bound, pairs_missing, rules_out, upper_bound

ALPHA = 0.01
# What is left of alpha to pairs of which each stands for one call.
UNWEIGHTED = 0.9
# As far apart as halving leaves a bound and what it is the bound of.
HALVED = 1e-6

alphas = st.floats(1e-6, 0.2)
rates = st.floats(1e-5, 0.5)


few = settings(max_examples=40, deadline=None)


@st.composite
def strata(draw):
    pairs = draw(st.integers(0, 1_000_000))
    return Stratum(pairs=pairs, divergent=draw(st.integers(0, pairs)), weight=draw(st.integers(1, 64)))


several = st.lists(strata(), max_size=3)


def test_gates_open_after_so_many_pairs():
    alpha = alpha_of_epoch(1, ALPHA)
    assert pairs_missing([], rate=0.001, alpha=alpha) <= 5_900
    assert 1 + pairs_missing([Stratum(pairs=1, divergent=1)], rate=0.001, alpha=alpha) <= 9_050


def test_nothing_is_known_of_no_pairs():
    assert (lower_bound([], alpha=ALPHA), upper_bound([], alpha=ALPHA)) == (0, 1)
    assert not rules_out([], rate=1, alpha=ALPHA)


@few
@given(found=strata(), alpha=alphas)
def test_the_rate_that_was_seen_lies_between_the_bounds(found, alpha):
    assume(found.pairs)
    rate = found.divergent / found.pairs
    assert lower_bound([found], alpha=alpha) <= rate <= upper_bound([found], alpha=alpha)


@few
@given(found=several, more=st.integers(1, 100_000), lighter=st.integers(0, 64), alpha=alphas)
def test_equal_pairs_lower_the_bounds_and_divergent_ones_raise_them(found, more, lighter, alpha):
    weight = max(1, max((stratum.weight for stratum in found), default=1) - lighter)

    def bounds(*added):
        return [bound([*found, *added], alpha=alpha) for bound in (lower_bound, upper_bound)]

    for now, after in zip(bounds(), bounds(Stratum(pairs=more, divergent=0, weight=weight)), strict=True):
        assert after <= now * (1 + HALVED)
    for now, after in zip(bounds(), bounds(Stratum(pairs=more, divergent=more, weight=weight)), strict=True):
        assert after >= now * (1 - HALVED)


@few
@given(found=several, cuts=st.lists(st.floats(0, 1), min_size=4, max_size=4), order=st.randoms(), alpha=alphas)
def test_the_order_and_the_batches_in_which_pairs_were_counted_do_not_matter(found, cuts, order, alpha):
    parts = []
    for stratum, cut in zip(found, cuts, strict=False):
        divergent = int(stratum.divergent * cut)
        equal = int((stratum.pairs - stratum.divergent) * cut)
        first = Stratum(pairs=equal + divergent, divergent=divergent, weight=stratum.weight)
        rest = Stratum(
            pairs=stratum.pairs - first.pairs, divergent=stratum.divergent - divergent, weight=stratum.weight
        )
        parts += [first, rest]
    order.shuffle(parts)
    for bound in (lower_bound, upper_bound):
        assert bound(parts, alpha=alpha) == pytest.approx(bound(found, alpha=alpha), rel=HALVED)


@few
@given(found=several, alpha=alphas)
def test_what_is_above_the_upper_bound_is_ruled_out_and_what_is_below_is_not(found, alpha):
    bound = upper_bound(found, alpha=alpha)
    assert bound == 1 or rules_out(found, rate=bound * (1 + HALVED), alpha=alpha)
    assert not rules_out(found, rate=bound * (1 - HALVED), alpha=alpha)


@few
@given(found=several, alpha=alphas)
def test_what_is_below_the_lower_bound_is_exceeded_and_what_is_above_is_not(found, alpha):
    bound = lower_bound(found, alpha=alpha)
    assert bound == 0 or exceeds(found, rate=bound * (1 - HALVED), alpha=alpha)
    assert not exceeds(found, rate=bound * (1 + HALVED) or 1e-9, alpha=alpha)


def _log_wealth(pairs, divergent, rate):
    """The mixture in closed form: an incomplete beta function over the likelihood at the rate."""
    a, b = divergent + 0.5, pairs - divergent + 1
    mass = betainc(a, b, rate)
    if mass <= 0:
        return -math.inf
    log_mixture = math.log(0.5) - 0.5 * math.log(rate) + math.log(mass) + betaln(a, b)
    return log_mixture - divergent * math.log(rate) - (pairs - divergent) * math.log1p(-rate)


@few
@given(pairs=st.integers(100, 100_000), divergent=st.integers(0, 30), alpha=alphas)
def test_the_bound_is_the_one_that_the_closed_form_has(pairs, divergent, alpha):
    highest = 1 - 1e-9
    assume(_log_wealth(pairs, divergent, highest) > -math.log(alpha))
    expected = brentq(
        lambda rate: max(_log_wealth(pairs, divergent, rate), -1e6) + math.log(alpha), 1e-9, highest, xtol=1e-12
    )
    found = upper_bound([Stratum(pairs=pairs, divergent=divergent)], alpha=alpha / UNWEIGHTED)
    assert found == pytest.approx(expected, rel=0.005)


@few
@given(found=several, rate=rates, alpha=alphas)
def test_so_many_more_equal_pairs_rule_a_rate_out_and_one_fewer_does_not(found, rate, alpha):
    missing = pairs_missing(found, rate=rate, alpha=alpha)

    def after(pairs):
        weight = max((stratum.weight for stratum in found), default=1)
        return rules_out([*found, Stratum(pairs=pairs, divergent=0, weight=weight)], rate=rate, alpha=alpha)

    assert after(missing)
    assert missing == 0 or not after(missing - 1)


def test_all_epochs_together_spend_no_more_than_there_is():
    shares = [alpha_of_epoch(number, ALPHA) for number in range(1, 10_000)]
    assert shares == sorted(shares, reverse=True)
    assert 0.9999 * ALPHA < sum(shares) < ALPHA


@pytest.mark.parametrize(
    ("rare_share", "rare_rate", "rate"),
    # All differences are in what is sampled often, or all in the rest.
    [(0.05, 0.2, 0.0), (0.05, 0.0, 0.2 / 19)],
)
def test_sampling_a_stratum_more_often_does_not_change_what_is_said_of_the_traffic(rare_share, rare_rate, rate):
    traffic = 4_000_000
    found = []
    for share, diverges, weight in ((rare_share, rare_rate, 1), (1 - rare_share, rate, 20)):
        pairs = round(traffic * share / weight)
        found.append(Stratum(pairs=pairs, divergent=round(pairs * diverges), weight=weight))
    truth = rare_share * rare_rate + (1 - rare_share) * rate
    assert lower_bound(found, alpha=ALPHA) < truth < upper_bound(found, alpha=ALPHA)
    assert upper_bound(found, alpha=ALPHA) < 1.2 * truth


@few
@given(found=several, factor=st.sampled_from([2, 4, 8]), alpha=alphas)
def test_what_all_pairs_stand_for_matters_little(found, factor, alpha):
    heavier = [
        Stratum(pairs=stratum.pairs, divergent=stratum.divergent, weight=factor * stratum.weight) for stratum in found
    ]
    assert (
        upper_bound(heavier, alpha=1000 * alpha) <= upper_bound(found, alpha=alpha) <= upper_bound(heavier, alpha=alpha)
    )


def test_an_endpoint_that_diverges_is_seldom_promoted_however_often_one_looks():
    alpha, rate, runs, horizon = 0.1, 0.02, 1_000, 5_000
    chance = random.Random(1)

    @cache
    def opens_at(divergent):
        return divergent + pairs_missing([Stratum(pairs=divergent, divergent=divergent)], rate=rate, alpha=alpha)

    wrong = 0
    for _ in range(runs):
        pairs = divergent = 0
        while pairs < horizon:
            # Between two differences the wealth only grows, so that the last look before one stands for all.
            pairs += int(math.log(1 - chance.random()) / math.log1p(-rate))
            if pairs >= opens_at(divergent):
                wrong += 1
                break
            pairs, divergent = pairs + 1, divergent + 1
    # Three standard deviations above what is allowed.
    assert 0 < wrong <= alpha * runs + 3 * math.sqrt(alpha * (1 - alpha) * runs)
