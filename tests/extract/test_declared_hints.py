"""Type hints and sources at their edges, where there is no value of DRF's to compare with."""

import enum
from collections import Counter, deque
from collections.abc import Iterable
from typing import Any, NamedTuple, TypedDict, TypeVar

import pytest
from rest_framework import serializers as drf

from academy.catalog.models import Course, Lesson
from strangler_extract.declared import shape_of
from strangler_extract.hints import hint_shape, value_of
from strangler_extract.shapes import Array, Json, Kind, Mapping, Object, Scalar, Shape
from strangler_extract.tracing import landing_shape, trace

TEXT, INTEGER, BOOLEAN = (Scalar(kind) for kind in (Kind.TEXT, Kind.INTEGER, Kind.BOOLEAN))


class Plain(enum.Enum):
    ONE = 1


class Pair(NamedTuple):
    low: int
    high: int


class Keyless(TypedDict):
    pass


class Unreadable(TypedDict):
    name: "Nowhere"  # noqa: F821


Number = TypeVar("Number", bound=int)


@pytest.mark.parametrize(
    ("hint", "expected"),
    [
        (Number, INTEGER),
        (Pair, Array(INTEGER)),
        (Counter, Mapping(INTEGER)),
        (type(None), Json("only None is annotated")),
        (Plain, Json("Plain is no text and no number")),
        (Course, Json("an object of Course")),
        (list[Course], Json("a list: an object of Course")),
        (deque[int], Json("annotated as deque")),
        (Keyless, Json("Keyless has no keys")),
        (Unreadable, Json("Unreadable has no keys")),
        (object, Json("annotated as object")),
        (Any, Json("annotated as Any")),
        (list[dict[str, int]], Json("a list of mappings")),
        (dict[str, dict[str, int]], Mapping(Json("a mapping of mappings"))),
    ],
    ids=str,
)
def test_hints_say_what_the_encoder_writes_or_why_nobody_knows(hint: Any, expected: Shape) -> None:
    assert hint_shape(hint) == expected


@pytest.mark.parametrize(
    ("hint", "expected"),
    [
        (dict[int, str], str),
        (set[int], bool),
        (Counter[int], int),
        (list[tuple[int, str]], str),
        (Iterable[tuple[int, str]], str),
        (dict, None),
        (list[int], None),
        (Any, None),
    ],
    ids=str,
)
def test_batch_methods_map_keys_to_values_by_mappings_pairs_and_sets(hint: Any, expected: Any) -> None:
    assert value_of(hint) is expected


@pytest.mark.parametrize(
    ("owner", "path", "expected"),
    [
        (Lesson, "course.get_level_display", TEXT),
        (Lesson, "course.get_absolute_url", TEXT),
        (Lesson, "course.nothing", Json("Course.nothing is undeclared")),
        (Lesson, "course", Json("an object of Course")),
        (Lesson, "created_at.year", Json("year of column Lesson.created_at is undeclared")),
        (Lesson, "course.metadata.colour", Json("colour of column Course.metadata is undeclared")),
        (dict[str, Lesson], "any.minutes", INTEGER),
        (None, "anything", Json("anything is undeclared")),
    ],
    ids=str,
)
def test_sources_are_followed_as_far_as_declarations_go(owner: Any, path: str, expected: Shape) -> None:
    assert landing_shape(trace(owner, path.split("."))) == expected


def test_relations_and_choices_that_are_known_only_when_they_run_become_json() -> None:
    class LateSerializer(drf.Serializer):
        author = drf.PrimaryKeyRelatedField(read_only=True)
        colours = drf.MultipleChoiceField(choices=[])
        size = drf.ChoiceField(choices=[])
        strange = type("StrangeField", (drf.Field,), {})()

    shape = shape_of(LateSerializer())
    assert isinstance(shape, Object)
    assert [(field.shape, field.why) for field in shape.fields] == [
        (Json("PrimaryKeyRelatedField to an unknown model"), "undeclared"),
        (Json("choices that are not known beforehand"), "choices of MultipleChoiceField"),
        (Json("size is undeclared"), "undeclared"),
        (Json("StrangeField is unknown"), "undeclared"),
    ]


def test_choices_that_are_known_only_when_they_run_are_those_of_the_column() -> None:
    class LevelSerializer(drf.ModelSerializer):
        level = drf.ChoiceField(choices=[])

        class Meta:
            model = Course
            fields = ["level"]

    shape = shape_of(LevelSerializer())
    assert isinstance(shape, Object)
    assert (shape.fields[0].shape, shape.fields[0].why) == (TEXT, "column Course.level")
