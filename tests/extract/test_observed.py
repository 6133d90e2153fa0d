"""What documents look like, and what they say against a declaration."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strangler_extract.observed import merged, shape_of
from strangler_extract.shapes import Array, Field, Json, Kind, Mapping, Object, Reference, Scalar, Shape
from strangler_extract.sightings import Listed, Mixed, Varied

TEXT, INTEGER, NUMBER, BOOLEAN = (Scalar(kind) for kind in (Kind.TEXT, Kind.INTEGER, Kind.NUMBER, Kind.BOOLEAN))
PART = Object("Part", (Field(key="name", shape=TEXT, why="CharField"),))


def course(**keys: Shape) -> Object:
    return Object("Course", tuple(Field(key=key, shape=shape, why="declared") for key, shape in keys.items()))


def seen(*documents: Any) -> Shape:
    return shape_of(documents, name="Course")


def value(*values: Any) -> Shape:
    """What is seen under the one key of documents with these values."""
    shape = seen(*({"value": one} for one in values))
    assert isinstance(shape, Object)
    return shape.fields[0].shape


def keys(shape: Shape) -> list[str]:
    assert isinstance(shape, Object)
    return [field.key for field in shape.fields]


def whys(shape: Shape) -> list[str]:
    assert isinstance(shape, Object)
    return [field.why for field in shape.fields]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["a", None, "b"], TEXT),
        ([1, -(2**63), 2**63 - 1], INTEGER),
        ([1.0, 2.5], NUMBER),
        ([True, False], BOOLEAN),
        ([None, None], Json("only null was seen")),
        ([[], []], Json("only empty lists were seen")),
        ([{}, {}], Json("only empty objects were seen")),
        ([2**63], Json("integer beyond 64 bits")),
        ([[1, 2], [], None], Array(INTEGER)),
        ([[1, None]], Array(INTEGER)),
    ],
    ids=str,
)
def test_values_of_one_kind_have_its_shape(values: list[Any], expected: Shape) -> None:
    assert value(*values) == expected


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ([1, 2.5], "int64 in 1, double in 1 of 2"),
        ([True, 1, 1], "bool in 1, int64 in 2 of 3"),
        (["a", ["a"]], "string in 1, array in 1 of 2"),
        ([[1, "a"]], "a list: int64 in 1, string in 1 of 2"),
        ([[[1]]], "a list of lists"),
        ([[None]], "a list: only null was seen"),
        ([[{"1": 2}]], "a list of mappings"),
    ],
    ids=str,
)
def test_what_has_no_one_shape_is_json_with_the_reason(values: list[Any], reason: str) -> None:
    shape = value(*values)
    assert isinstance(shape, Json)
    assert shape.reason == reason


def test_fields_say_in_how_many_responses_they_were_seen() -> None:
    shape = seen({"a": [{"b": 1}, {"b": 2}]}, {"a": None})
    assert shape == Object(
        "Course",
        (
            Field(
                key="a",
                shape=Array(Object("CourseA", (Field(key="b", shape=INTEGER, why="observed in every response"),))),
                why="observed in every response",
            ),
        ),
    )


@pytest.mark.parametrize(
    "document",
    [{"2024": 1}, {"2024-05": 1}, {"2024-05-01T12:00:00Z": 1}, {"1.5": 1}, {"12345678-1234-5678-1234-567812345678": 1}],
)
def test_keys_that_look_like_data_make_a_mapping(document: dict[str, int]) -> None:
    shape = seen(document)
    assert isinstance(shape, Mapping)
    assert shape.values == INTEGER


def test_keys_that_differ_make_a_mapping() -> None:
    shape = seen({"easy": 1}, {"hard": 2})
    assert isinstance(shape, Mapping)
    assert shape.values == INTEGER
    several = seen({"easy": 1}, {"hard": "a"})
    assert isinstance(several, Varied)
    assert isinstance(several.values, Json)


def test_more_than_fifty_keys_make_a_mapping() -> None:
    assert isinstance(seen({f"k{number}": number for number in range(50)}), Object)
    assert isinstance(seen({f"k{number}": number for number in range(51)}), Mapping)


def test_a_key_that_comes_later_stands_behind_the_one_it_follows() -> None:
    shape = seen({"a": 1, "d": 1}, {"a": 1, "b": 1, "c": 1, "d": 1})
    assert isinstance(shape, Varied)
    assert [field.key for field in shape.seen] == ["a", "b", "c", "d"]


def test_keys_that_make_the_same_name_get_two_messages() -> None:
    shape = seen({"a_b": {"x": 1}, "aB": {"y": 1}})
    assert isinstance(shape, Object)
    assert [field.shape.name for field in shape.fields if isinstance(field.shape, Object)] == ["CourseAB", "CourseABAB"]


def test_documents_of_any_depth_have_a_shape() -> None:
    document: Any = 1
    for _ in range(500):
        document = {"more": [document]}
    shape: Any = seen(document)
    assert isinstance(shape, Object)
    assert isinstance(merged(shape, shape), Object)


def test_mappings_within_mappings_are_looked_at_in_time() -> None:
    document: Any = 1
    for _ in range(100):
        document = {"1": [document], "2": 1}
    assert isinstance(seen(document), Varied)


def test_a_declaration_stands_below_the_depth_that_is_told_apart() -> None:
    declared: Shape = PART
    document: Any = {"name": "x"}
    for _ in range(30):
        declared, document = course(more=declared), {"more": document}
    assert bare(merged(declared, seen(document))) == bare(merged(declared, None))


def test_an_object_of_many_declared_keys_stays_one() -> None:
    declared = course(**{f"k{number}": INTEGER for number in range(80)})
    assert merged(declared, seen({f"k{number}": 1 for number in range(80)})) == declared


def test_a_declaration_stands_where_nothing_was_seen() -> None:
    declared = course(a=TEXT, b=Array(PART))
    assert merged(declared, None) == declared
    assert merged(Array(declared), shape_of([[], []], name="Course")) == Array(declared)
    assert merged(declared, seen({"a": None, "b": []})) == declared


def test_agreement_changes_nothing() -> None:
    declared = course(a=TEXT, b=Array(PART), c=Mapping(INTEGER), d=NUMBER)
    documents = [{"a": "x", "b": [{"name": "y"}], "c": {"p": 1}, "d": 1.0}, {"a": None, "b": [], "c": {}, "d": None}]
    assert merged(declared, seen(*documents)) == declared


def test_declared_json_becomes_what_was_seen() -> None:
    shape = merged(course(a=Json("JSONField")), seen({"a": {"b": [1]}}))
    assert shape == Object(
        "Course",
        (
            Field(
                key="a",
                shape=Object("CourseA", (Field(key="b", shape=Array(INTEGER), why="observed in every response"),)),
                why="observed in every response",
            ),
        ),
    )


def test_declared_json_keeps_its_reason_where_no_shape_was_seen() -> None:
    declared = course(a=Json("JSONField"))
    assert merged(declared, seen({"a": 1}, {"a": "x"})) == declared
    assert merged(declared, seen({"a": None})) == declared


def test_what_all_documents_contradict_becomes_what_was_seen() -> None:
    shape = merged(course(a=TEXT, b=TEXT, c=Array(TEXT)), seen({"a": 1, "b": ["x"], "c": "x"}))
    assert isinstance(shape, Object)
    assert [field.shape for field in shape.fields] == [INTEGER, Array(TEXT), TEXT]
    assert set(whys(shape)) == {"observed in every response, not declared"}


def test_what_few_documents_contradict_stays() -> None:
    declared = course(a=TEXT, b=NUMBER, c=PART, d=Array(INTEGER), e=Mapping(TEXT))
    usual = {"a": "x", "b": 1.5, "c": {"name": "y"}, "d": [1, 2, 3], "e": {"f": "g"}}
    odd = {"a": False, "b": 1, "c": "y", "d": ["x"], "e": []}
    assert merged(declared, seen(usual, usual, odd)) == declared


def test_what_most_documents_contradict_in_several_ways_becomes_json() -> None:
    shape = merged(course(a=TEXT), seen({"a": 1}, {"a": False}, {"a": "x"}))
    assert isinstance(shape, Object)
    assert shape.fields[0].shape == Json("int64 in 1, bool in 1, string in 1 of 3")
    assert type(shape.fields[0].shape) is Json


def test_keys_are_those_of_the_documents() -> None:
    shape = merged(course(a=TEXT, gone=TEXT, b=TEXT), seen({"b": "x", "new": {"n": 1}, "a": "y"}))
    assert keys(shape) == ["b", "new", "a"]
    assert whys(shape) == [
        "declared, in the order observed",
        "observed in every response, undeclared",
        "declared, in the order observed",
    ]


def test_keys_that_are_missing_now_and_then_stay_where_they_were_declared() -> None:
    declared = course(a=TEXT, b=TEXT, c=TEXT)
    assert merged(declared, seen({"b": "x", "c": "x"}, {"a": "x", "c": "x"})) == declared


def test_keys_that_are_there_now_and_then_stand_where_they_were_seen() -> None:
    shape = merged(course(a=TEXT, b=TEXT), seen({"a": "x", "b": "x"}, {"a": "x", "new": 1, "b": "x"}))
    assert keys(shape) == ["a", "new", "b"]
    assert whys(shape) == ["declared", "observed in some responses, undeclared", "declared"]


def test_an_object_with_none_of_its_declared_keys_is_a_mapping() -> None:
    assert merged(course(a=TEXT), seen({"x": 1}, {"y": 1})) == Mapping(INTEGER)


def test_a_mapping_stays_one_though_its_keys_were_the_same() -> None:
    assert merged(Mapping(Json("any values")), seen({"easy": 1, "hard": 2})) == Mapping(INTEGER)
    assert merged(Mapping(INTEGER), seen({"easy": 1}, {"hard": 2})) == Mapping(INTEGER)
    assert merged(Mapping(Json("any values")), seen({"easy": 1, "hard": "x"})) == Mapping(Json("any values"))


def test_a_tree_stays_a_tree() -> None:
    declared = course(name=TEXT, children=Array(Reference("Course")))
    documents = {"name": "a", "children": [{"name": "b", "children": []}]}
    assert merged(declared, seen(documents)) == declared


def test_one_message_seen_in_two_places_keeps_one_name_where_its_shapes_agree() -> None:
    part = Object("Part", (Field(key="extra", shape=Json("JSONField"), why="JSONField"),))
    shape = merged(course(a=part, b=part), seen({"a": {"extra": {"x": 1}}, "b": {"extra": {"x": 2}}}))
    assert isinstance(shape, Object)
    assert shape.fields[0].shape == shape.fields[1].shape
    assert isinstance(shape.fields[0].shape, Object)
    assert shape.fields[0].shape.name == "Part"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc1"), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(JSON, max_size=3), st.lists(JSON, max_size=3))
def test_merging_never_fails_and_settles_at_once(some: list[Any], others: list[Any]) -> None:
    declared = merged(Json("nothing is declared"), shape_of(some, name="Some"))
    observed = shape_of(others, name="Others")
    once = merged(declared, observed)
    assert not remembers(once)
    assert bare(merged(once, observed)) == bare(once)


@given(st.lists(JSON, min_size=1, max_size=4))
def test_documents_fit_the_shape_that_was_seen_in_them(documents: list[Any]) -> None:
    shape = shape_of(documents, name="Course")
    assert all(fits(shape, document) for document in documents)


def remembers(shape: Shape) -> bool:
    """Whether counts of what was seen are left in a shape."""
    match shape:
        case Mixed() | Listed() | Varied():
            return True
        case Array(inner) | Mapping(inner):
            return remembers(inner)
        case Object(_, fields):
            return any(remembers(field.shape) for field in fields)
        case _:
            return False


def bare(shape: Shape) -> Shape:
    match shape:
        case Array(items):
            return Array(bare(items))  # type: ignore[arg-type]
        case Mapping(values):
            return Mapping(bare(values))  # type: ignore[arg-type]
        case Object(name, fields):
            return Object(name, tuple(Field(key=field.key, shape=bare(field.shape), why="") for field in fields))
        case Json():
            return Json("")
        case _:
            return shape


def fits(shape: Shape, document: Any) -> bool:
    exact = {Kind.TEXT: str, Kind.INTEGER: int, Kind.NUMBER: float, Kind.BOOLEAN: bool}
    match shape:
        case Json():
            return True
        case _ if document is None:
            return True
        case Scalar(kind):
            return type(document) is exact[kind]
        case Array(items):
            return type(document) is list and all(fits(items, item) for item in document)
        case Mapping(values):
            return type(document) is dict and all(fits(values, one) for one in document.values())
        case Object(_, fields):
            keyed = type(document) is dict and set(document) == {field.key for field in fields}
            return keyed and all(fits(field.shape, document[field.key]) for field in fields)
        case Reference():
            return False


def test_mixed_values_remember_their_counts() -> None:
    assert value("a", "b", 1) == Mixed("string in 2, int64 in 1 of 3", (("string", 2), ("int64", 1)))
