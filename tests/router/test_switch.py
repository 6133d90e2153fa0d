from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strangler_router.policy import BASIS_POINTS, EMPTY_POLICY, Flag, Policy, Rung, Stage
from strangler_router.switch import bucket, choose
from strangler_router.types import Side

NAME = "course-list.get"
SUBJECTS = [f"user:{number}" for number in range(20_000)]

seeds = st.text(max_size=40)
subjects = st.text(min_size=1, max_size=40)
points = st.integers(0, BASIS_POINTS)


def policy(stage=Stage.CANARY, *, killed=False, **values):
    return Policy(flags=MappingProxyType({NAME: Flag(endpoint=NAME, stage=stage, **values)}), killed=killed)


def side(basis_points, subject, **values):
    return choose(policy(basis_points=basis_points, **values), NAME, subject).side


@given(seeds, subjects)
def test_a_bucket_is_one_of_ten_thousand(seed, subject):
    assert 0 <= bucket(seed, subject) < BASIS_POINTS


@given(points, subjects, seeds)
def test_a_subject_stays_where_it_is(basis_points, subject, seed):
    first = choose(policy(basis_points=basis_points, seed=seed), NAME, subject)
    assert choose(policy(basis_points=basis_points, seed=seed), NAME, subject) == first


@given(points, points, subjects, seeds)
def test_a_higher_percentage_takes_nobody_back(one, other, subject, seed):
    lower, higher = sorted([one, other])
    if side(lower, subject, seed=seed) is Side.SERVICE:
        assert side(higher, subject, seed=seed) is Side.SERVICE


@given(subjects, seeds)
def test_nobody_moves_at_0_and_everybody_at_100_percent(subject, seed):
    assert side(0, subject, seed=seed) is Side.MONOLITH
    assert side(BASIS_POINTS, subject, seed=seed) is Side.SERVICE


@given(points)
def test_an_anonymous_caller_moves_at_100_percent_only(basis_points):
    assert (side(basis_points, None) is Side.SERVICE) == (basis_points == BASIS_POINTS)


@pytest.mark.parametrize("basis_points", [100, 500, 5_000, 9_000])
def test_the_share_of_users_is_the_percentage(basis_points):
    moved = sum(side(basis_points, subject) is Side.SERVICE for subject in SUBJECTS)
    expected = len(SUBJECTS) * basis_points / BASIS_POINTS
    deviation = (expected * (1 - basis_points / BASIS_POINTS)) ** 0.5
    assert abs(moved - expected) < 4 * deviation


def test_buckets_are_uniform():
    counts = [0] * 100
    for subject in SUBJECTS:
        counts[bucket(NAME, subject) // 100] += 1
    chi_squared = sum((count - 200) ** 2 / 200 for count in counts)
    assert chi_squared < 160  # 99 degrees of freedom: above it once in ten thousand


def test_two_seeds_are_independent():
    one = {subject for subject in SUBJECTS if bucket("one", subject) < 1_000}
    other = {subject for subject in SUBJECTS if bucket("other", subject) < 1_000}
    assert 140 < len(one & other) < 260  # 200 expected


@given(points, subjects, st.text(min_size=1, max_size=40))
def test_endpoints_that_share_a_seed_move_the_same_users(basis_points, subject, seed):
    flags = {
        name: Flag(endpoint=name, stage=Stage.CANARY, basis_points=basis_points, seed=seed)
        for name in ("a.get", "b.get")
    }
    shared = Policy(flags=MappingProxyType(flags))
    assert choose(shared, "a.get", subject).side is choose(shared, "b.get", subject).side


def test_the_default_seed_is_the_endpoint():
    assert Flag(endpoint=NAME).cohort_seed == NAME
    assert Flag(endpoint=NAME, seed="checkout").cohort_seed == "checkout"


def test_buckets_never_change_between_releases():
    assert [bucket("course-list.get", f"user:{number}") for number in (1, 2, 3)] == [7400, 4739, 1574]


@given(st.sampled_from(Stage), points, st.none() | subjects, st.booleans())
def test_the_kill_switch_leaves_only_retired_endpoints_with_the_service(stage, basis_points, subject, mirrored):
    killed = policy(stage, basis_points=basis_points, killed=True, mirror=BASIS_POINTS * mirrored)
    expected = Side.SERVICE if stage is Stage.RETIRED else Side.MONOLITH
    assert choose(killed, NAME, subject).side is expected


@pytest.mark.parametrize(
    ("stage", "expected"),
    [(Stage.MONOLITH, Side.MONOLITH), (Stage.SERVICE, Side.SERVICE), (Stage.RETIRED, Side.SERVICE)],
)
def test_other_stages_do_not_ask_who_calls(stage, expected):
    for subject in (None, "user:1", "user:2"):
        decision = choose(policy(stage, rung=Rung.NATIVE), NAME, subject)
        assert (decision.side, decision.rung) == (expected, "native")


def test_an_endpoint_without_a_flag_stays_on_the_monolith():
    assert choose(EMPTY_POLICY, NAME, "user:1").side is Side.MONOLITH


@given(st.sampled_from(Stage), points, st.floats(0, 1, exclude_max=True))
def test_the_mirrored_share_is_the_share_of_draws(stage, mirror, draw):
    assert choose(policy(stage, mirror=mirror), NAME, None, draw=draw).mirrored == (draw * BASIS_POINTS < mirror)


@given(st.floats(0, 1, exclude_max=True))
def test_mirror_at_0_takes_nothing_and_at_100_percent_everything(draw):
    assert not choose(policy(Stage.MONOLITH, mirror=0), NAME, None, draw=draw).mirrored
    assert choose(policy(Stage.MONOLITH, mirror=BASIS_POINTS), NAME, None, draw=draw).mirrored


@given(st.sampled_from(Stage), points, st.none() | subjects)
def test_every_decision_says_why(stage, basis_points, subject):
    assert choose(policy(stage, basis_points=basis_points), NAME, subject).reason
