import gzip
import json

import pytest

from strangler_shadow.observation import Difference, Kind, Observation
from strangler_shadow.traits import add_traits, common_traits, traits_of


@pytest.fixture(autouse=True)
def _fields(settings):
    settings.STRANGLER = {"SHADOW": {"TRAITS": ["level", "free"]}}


def difference(path):
    return Difference(kind=Kind.VALUE, path=path, control=1, candidate=2)


def traits(document, *paths, pattern):
    answer = Observation(status=200, body=json.dumps(document).encode())
    return traits_of(answer, pattern, [difference(path) for path in paths])


def test_objects_that_differ_are_counted_beside_those_that_do_not():
    document = {"results": [{"level": level, "price": 1, "free": False} for level in ("a", "b", "b", "c")]}
    found = traits(document, "$.results[1].price", "$.results[2].price", pattern="$.results[*].price")
    assert found == {"level": {'"a"': [0, 1], '"b"': [2, 0], '"c"': [0, 1]}, "free": {"false": [2, 2]}}


def test_one_object_is_its_own_owner_and_a_nested_place_belongs_to_the_nearest():
    assert traits({"level": "a", "price": 1}, "$.price", pattern="$.price") == {"level": {'"a"': [1, 0]}}
    document = {"level": "outer", "parts": [{"level": "inner", "deep": {"x": [1]}}]}
    assert traits(document, "$.parts[0].deep.x[0]", pattern="$.parts[*].deep.x[*]") == {"level": {'"inner"': [1, 0]}}


@pytest.mark.parametrize(
    ("body", "pattern"),
    [
        (b"not json", "$.a"),
        (b"[" * 100_000, "$.a"),
        (b"{}", "$.a"),
        (b'{"level": "a"}', "status"),
        (b"[]", "$[*]"),
        (b'{"level": [1]}', "$.level"),
    ],
)
def test_bodies_without_a_trait_have_none(body, pattern):
    assert traits_of(Observation(status=200, body=body), pattern, [difference(pattern.replace("*", "0"))]) == {}


def test_a_value_that_all_that_differ_share_is_named_and_an_accident_is_not():
    common = {"level": {'"hard"': [9, 0], '"easy"': [0, 20]}, "free": {"true": [9, 19], "false": [0, 1]}}
    assert common_traits(common) == ['level="hard"']
    assert common_traits({"level": {'"hard"': [9, 0], '"odd"': [1, 0], '"easy"': [0, 20]}}) == []
    assert common_traits({"level": {'"hard"': [9, 0]}}) == []
    assert common_traits({}) == []


def test_counts_add_up():
    total: dict = {}
    for _ in range(3):
        add_traits(total, {"level": {'"a"': [1, 2]}})
    add_traits(total, {"level": {'"b"': [0, 1]}, "free": {"true": [1, 0]}})
    assert total == {"level": {'"a"': [3, 6], '"b"': [0, 1]}, "free": {"true": [1, 0]}}


def test_compressed_answers_are_read_too():
    body = gzip.compress(b'{"level": "a", "price": 1}')
    answer = Observation(status=200, headers=(("Content-Encoding", "gzip"),), body=body)
    assert traits_of(answer, "$.price", [difference("$.price")]) == {"level": {'"a"': [1, 0]}}
