import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strangler_router.policy import BASIS_POINTS, EMPTY_POLICY, Flag, Policy, Rung, Stage

flags = st.builds(
    Flag,
    endpoint=st.text(min_size=1),
    stage=st.sampled_from(Stage),
    basis_points=st.integers(0, BASIS_POINTS),
    mirror=st.integers(0, BASIS_POINTS),
    rung=st.sampled_from(Rung),
    seed=st.text(),
)
policies = st.builds(
    lambda revision, found: Policy(revision=revision, flags={flag.endpoint: flag for flag in found}),
    st.integers(0),
    st.lists(flags),
)


@given(policies)
def test_a_policy_survives_the_disk(policy):
    back = Policy.from_json(json.loads(json.dumps(policy.to_json())))
    assert (back.revision, dict(back.flags)) == (policy.revision, dict(policy.flags))
    assert all(isinstance(flag.stage, Stage) and isinstance(flag.rung, Rung) for flag in back.flags.values())


def test_the_kill_switch_is_never_written():
    assert "killed" not in Policy(killed=True).to_json()


@pytest.mark.parametrize(
    "document",
    [
        {},
        [],
        None,
        {"revision": 1},
        {"revision": 1, "flags": [{"endpoint": "a.get"}]},
        {"revision": 1, "flags": ["a.get"]},
        {"revision": 1, "flags": [{"endpoint": "a.get", "stage": "gone", "rung": "lifted"}]},
        {"revision": 1, "flags": [{"endpoint": "a.get", "stage": "canary", "rung": "lifted", "unknown": 1}]},
        {"revision": 1, "flags": [{"endpoint": "a.get", "stage": "canary", "rung": "lifted", "basis_points": "50"}]},
        {"revision": 1, "flags": [{"endpoint": "a.get", "stage": "canary", "rung": "lifted", "mirror": 10_001}]},
    ],
    ids=repr,
)
def test_a_document_that_is_no_policy_is_refused(document):
    with pytest.raises((KeyError, TypeError, ValueError)):
        Policy.from_json(document)


def test_a_policy_cannot_be_changed():
    with pytest.raises(AttributeError):
        EMPTY_POLICY.killed = True
    with pytest.raises(TypeError):
        EMPTY_POLICY.flags["a.get"] = Flag(endpoint="a.get")
