"""Errors of another structure are told apart from errors with another message."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strangler_shadow.compare import compare
from strangler_shadow.error_shapes import outline
from strangler_shadow.observation import Kind, Observation
from strangler_shadow.risk import Risk

# The machine may be busy with something else.
unhurried = settings(deadline=None)

DETAIL = {"detail": "Not found."}


def found(control: Any, candidate: Any, *, status: int = 400) -> list[tuple[Kind, str, Risk]]:
    left, right = (Observation(status=status, body=json.dumps(each).encode()) for each in (control, candidate))
    return [(each.kind, each.path, each.risk) for each in compare(left, right)]


@pytest.mark.parametrize(
    ("control", "candidate", "place"),
    [
        (DETAIL, {"errors": [{"message": "Not found."}]}, "$"),
        (DETAIL, ["Not found."], "$"),
        (DETAIL, "Not found.", "$"),
        (DETAIL, {}, "$"),
        (DETAIL, {"detail": {"message": "Not found."}}, "$.detail"),
        ({"title": ["Required."]}, {"title": {"0": "Required."}}, "$.title"),
        ({"title": ["Required."]}, {"title": "Required."}, "$.title"),
        ({"title": ["Required."]}, {"title": None}, "$.title"),
        ([{"a": ["x"]}, {}], [{"a": ["x"]}, {"a": ["x"]}], "$[1]"),
        ({"name": ["Required."], "a": 1}, {"title": ["Required."], "b": 2}, "$"),
    ],
)
def test_another_structure_is_one_difference_of_its_own_kind(control, candidate, place):
    assert found(control, candidate) == [(Kind.ERROR_SHAPE, place, Risk.HIGH)]
    assert found(candidate, control) == [(Kind.ERROR_SHAPE, place, Risk.HIGH)]


@pytest.mark.parametrize(
    ("control", "candidate", "expected"),
    [
        (DETAIL, {"detail": "Gone."}, [(Kind.VALUE, "$.detail", Risk.MEDIUM)]),
        ({"a": ["x"]}, {"a": ["x", "y"]}, [(Kind.LENGTH, "$.a", Risk.HIGH)]),
        ({"a": ["x"], "b": ["x"]}, {"a": ["x"]}, [(Kind.MISSING, "$.b", Risk.HIGH)]),
        ({"detail": "x", "code": 1}, {"detail": "x", "code": "1"}, [(Kind.TYPE, "$.code", Risk.HIGH)]),
        ({"detail": "x", "code": 1}, {"code": 1, "detail": "x"}, [(Kind.ORDER, "$", Risk.LOW)]),
    ],
)
def test_in_one_structure_messages_and_members_are_compared_as_ever(control, candidate, expected):
    assert found(control, candidate) == expected


def test_what_differs_beside_another_structure_is_still_said():
    control, candidate = {"detail": "x", "errors": []}, {"detail": "y", "errors": {}}
    assert found(control, candidate) == [
        (Kind.ERROR_SHAPE, "$.errors", Risk.HIGH),
        (Kind.VALUE, "$.detail", Risk.MEDIUM),
    ]


def test_only_errors_have_it():
    assert [kind for kind, *_ in found(DETAIL, {"errors": []}, status=200)] == [Kind.MISSING, Kind.EXTRA]


def test_both_outlines_show_keys_and_types_and_no_value():
    control, candidate = (
        Observation(status=404, body=body) for body in (b'{"detail":"secret"}', b'{"errors":[{"code":1},{"x":2}]}')
    )
    (shape,) = compare(control, candidate)
    assert (shape.control, shape.candidate) == ({"detail": "text"}, {"errors": [{"code": "number"}]})


documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)


@unhurried
@given(documents, documents)
def test_two_errors_that_differ_are_never_called_equal_and_an_equal_one_never_differs(left, right):
    plain = bool(found(left, right, status=200))
    assert bool(found(left, right)) == plain
    assert found(left, left) == []
    json.dumps(outline(left))
