"""Every operator makes a mistake that a client could see, leaves what it was given alone, and is caught."""

import copy
import inspect
import json
import re
from importlib import import_module
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.exceptions import ValidationError

from strangler_router.types import Reply
from strangler_shadow import seeded
from strangler_shadow.compare import compare
from strangler_shadow.observation import Observation
from strangler_shadow.seeded import OPERATORS, damaged
from strangler_shadow.seeded.catalogue import listing
from strangler_shadow.seeded.draw import field_of, spread
from strangler_shadow.seeded.finished import observation_of, reply_of
from strangler_shadow.seeded.operator import Operator
from strangler_shadow.seeded.parts import written
from strangler_shadow.seeded.registry import MODULES
from tests.shadow.seeded_replies import COURSE, WHOLE, exact, raised, typed

LIKE = Observation()
every_operator = pytest.mark.parametrize("operator", OPERATORS.values(), ids=OPERATORS)
keys = st.sampled_from([*COURSE, "results", "next", "count"]) | st.text(max_size=3)
documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.sampled_from(list(COURSE.values()))
    | st.text(st.characters(codec="utf-8")) | st.datetimes().map(lambda when: f"{when.isoformat()}Z"),
    lambda children: st.lists(children, max_size=4)
    | st.dictionaries(keys, children, max_size=5),
    max_leaves=12,
)  # fmt: skip


def seen(control: Reply, candidate: Reply) -> list[Any]:
    return compare(observation_of(control, LIKE), observation_of(candidate, LIKE))


@st.composite
def replies(draw: st.DrawFn) -> Reply:
    document = draw(documents)
    if isinstance(document, dict) and draw(st.booleans()):
        return Reply(exception=ValidationError(document))
    if draw(st.booleans()):
        return Reply(data=document)
    status = draw(st.sampled_from([200, 201, 400, 401, 403, 404, 429]))
    return exact(document, status=status, headers=draw(st.sampled_from([(), WHOLE["a cached course"].headers[3:]])))


def test_there_are_a_hundred_and_the_package_lists_them():
    assert len(OPERATORS) >= 100
    assert inspect.getdoc(seeded) == inspect.cleandoc(
        f"{seeded.__doc__.splitlines()[0]}\n\n{listing()}"  # type: ignore[union-attr]
    )


def test_every_operator_has_a_name_of_its_own_and_a_line():
    modules = [import_module(f"strangler_shadow.seeded.{name}") for name in MODULES]
    kinds = [
        kind
        for module in modules
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, Operator) and kind.name
    ]
    assert sorted(kind.name for kind in kinds) == list(OPERATORS)
    for kind in kinds:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", kind.name)
        assert re.fullmatch(r"[^\n]{10,}\.", kind.__doc__ or ""), kind.name


@every_operator
def test_it_applies_somewhere_and_is_caught_wherever_it_does(operator):
    applied = 0
    for name, reply in WHOLE.items():
        for place in operator.places(reply):
            wrong = operator.damage(reply, place)
            assert written(wrong) != written(reply), (name, place)
            assert seen(reply, wrong), (name, place)
            applied += 1
    assert applied


@every_operator
def test_it_makes_its_mistake_in_typed_replies_and_exceptions_too(operator):
    for name, reply in {**typed(), **raised()}.items():
        before = written(reply)
        for place in operator.places(reply):
            assert written(operator.damage(reply, place)) != before, (name, place)
        assert written(reply) == before


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(replies(), st.integers(0, 9))
def test_no_operator_changes_what_it_is_given_and_the_same_seed_makes_the_same_mistake(reply, seed):
    kept = copy.deepcopy((reply.data, reply.body, reply.headers, getattr(reply.exception, "detail", None)))
    for operator in OPERATORS.values():
        once, twice = (damaged(operator, reply, seed) for _ in range(2))
        assert (once is None) == (twice is None)
        if once is not None and twice is not None:
            assert written(once) == written(twice) != written(reply), operator.name
    now = (reply.data, reply.body, reply.headers, getattr(reply.exception, "detail", None))
    assert json.dumps(now, default=repr) == json.dumps(kept, default=repr)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(replies().filter(lambda reply: reply.body is not None))
def test_what_an_operator_calls_a_mistake_is_one_in_any_document(reply):
    for operator in OPERATORS.values():
        for place in spread(list(operator.places(reply)), 1, 3):
            assert seen(reply, operator.damage(reply, place)), (operator.name, place)


@given(documents)
def test_an_answer_becomes_a_reply_and_an_answer_again(document):
    answer = observation_of(exact(document, headers=WHOLE["a cached course"].headers[3:]), LIKE)
    again = observation_of(reply_of(answer), LIKE)
    assert sorted(again.headers) == sorted(answer.headers)
    assert (again.status, again.cookies, again.body) == (answer.status, answer.cookies, answer.body)


def test_a_seed_keeps_to_one_field_and_another_seed_finds_another():
    operator = OPERATORS["text-as-int"]
    rows = exact([{"a": "1", "b": "2", "c": "3", "d": "4"} for _ in range(3)])
    shorter = exact([{"a": "5", "b": "6", "c": "7", "d": "8"}])
    fields = []
    for seed in range(20):
        [place], [other] = (spread(list(operator.places(reply)), seed, 1) for reply in (rows, shorter))
        assert field_of(place) == field_of(other)
        fields.append(field_of(place))
    assert len(set(fields)) == 4
