"""Names, recursion, depth and code of a serializer's own, in what is declared."""

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

import pytest
from rest_framework import serializers as drf
from rest_framework.utils.encoders import JSONEncoder

from academy.catalog.models import Course, Educator, Lesson
from academy.catalog.serializers import CourseSerializer
from strangler_django.serializers import batched
from strangler_extract.declared import overrides, shape_of
from strangler_extract.naming import distinct
from strangler_extract.shapes import Array, Field, Json, Kind, Mapping, Object, Reference, Scalar, Shape

if TYPE_CHECKING:
    from somewhere import Nowhere

NOON = dt.datetime(2025, 1, 15, 12, 0, tzinfo=dt.UTC)
TEXT, INTEGER, BOOLEAN = (Scalar(kind) for kind in (Kind.TEXT, Kind.INTEGER, Kind.BOOLEAN))


class PartSerializer(drf.Serializer):
    name = drf.CharField()


class TreeSerializer(drf.Serializer):
    name = drf.CharField()

    def get_fields(self) -> dict[str, drf.Field]:
        return {**super().get_fields(), "children": TreeSerializer(many=True)}


class LaterSerializer(drf.Serializer):
    """The annotation of an argument is known to type checkers only."""

    count = drf.SerializerMethodField()
    unsaid = drf.SerializerMethodField()

    def get_count(self, instance: "Nowhere") -> "int | None":
        return 1

    def get_unsaid(self, instance):
        return 1


class ShownSerializer(drf.Serializer):
    name = drf.CharField()
    part = PartSerializer()

    def to_representation(self, instance: Any) -> Any:
        return {**super().to_representation(instance), "extra": 1}


class SortedSerializer(drf.ListSerializer):
    def to_representation(self, data: Any) -> Any:
        return sorted(super().to_representation(data), key=str)


def keyed(shape: Shape) -> dict[str, Field]:
    shape = shape.items if isinstance(shape, Array) else shape
    assert isinstance(shape, Object)
    return {field.key: field for field in shape.fields}


def names(shape: Shape) -> list[str]:
    match shape:
        case Array(items) | Mapping(items):
            return names(items)
        case Object(name, fields):
            return [name, *(one for field in fields for one in names(field.shape))]
        case _:
            return []


def test_a_message_is_called_as_its_serializer_without_the_word() -> None:
    assert names(shape_of(PartSerializer())) == ["Part"]
    assert names(shape_of(PartSerializer(many=True))) == ["Part"]


def test_the_outermost_message_can_be_given_a_name() -> None:
    assert names(shape_of(TreeSerializer(), name="Forest")) == ["Forest"]
    assert keyed(shape_of(TreeSerializer(), name="Forest"))["children"].shape == Array(Reference("Forest"))


def test_a_serializer_within_itself_is_a_reference() -> None:
    assert keyed(shape_of(TreeSerializer()))["children"] == Field(
        key="children", shape=Array(Reference("Tree")), why="TreeSerializer"
    )


def test_serializers_that_never_end_become_json() -> None:
    class Endless(drf.Serializer):
        def get_fields(self) -> dict[str, drf.Field]:
            return {"more": type("EndlessSerializer", (Endless,), {})()}

    shape: Any = shape_of(Endless())
    while isinstance(shape, Object):
        shape = shape.fields[0].shape
    assert isinstance(shape, Json)
    assert "nested deeper" in shape.reason


def test_two_sets_of_fields_under_one_name_get_two_names() -> None:
    class Other(drf.Serializer):
        id = drf.IntegerField()

    Other.__name__ = "PartSerializer"

    class WholeSerializer(drf.Serializer):
        first = PartSerializer()
        second = Other(many=True)
        third = PartSerializer(many=True)

    fields = keyed(shape_of(WholeSerializer()))
    assert names(fields["first"].shape) == ["Part"]
    assert names(fields["second"].shape) == ["PartSecond"]
    assert names(fields["third"].shape) == ["Part"]


def test_a_third_set_of_fields_gets_a_number_where_even_the_path_is_taken() -> None:
    def part(kind: Scalar) -> Object:
        return Object("Part", (Field(key="a", shape=kind, why=""),))

    taken = Object("PartAB", (Field(key="x", shape=TEXT, why=""),))
    whole = Object(
        "Whole",
        (
            Field(key="first", shape=part(TEXT), why=""),
            Field(key="taken", shape=taken, why=""),
            Field(key="a_b", shape=part(INTEGER), why=""),
        ),
    )
    assert names(distinct(whole)) == ["Whole", "Part", "PartAB", "PartAB2"]


def test_references_follow_an_object_that_gets_another_name() -> None:
    def tree(kind: Scalar) -> Object:
        return Object("Tree", (Field(key="a", shape=kind, why=""), Field(key="up", shape=Reference("Tree"), why="")))

    whole = Object("Whole", (Field(key="one", shape=tree(TEXT), why=""), Field(key="two", shape=tree(INTEGER), why="")))
    renamed = keyed(distinct(whole))["two"].shape
    assert keyed(renamed)["up"].shape == Reference("TreeTwo")


def test_references_mean_one_object_where_two_around_them_share_a_name() -> None:
    class OuterSerializer(drf.Serializer):
        def get_fields(self) -> dict[str, drf.Field]:
            return {"inner": InnerSerializer()}

    class InnerSerializer(drf.Serializer):
        def get_fields(self) -> dict[str, drf.Field]:
            return {"outer": OuterSerializer(), "self": InnerSerializer()}

    InnerSerializer.__name__ = "OuterSerializer"
    inner = keyed(shape_of(OuterSerializer()))["inner"].shape
    assert {key: field.shape for key, field in keyed(inner).items()} == {
        "outer": Reference("Outer"),
        "self": Reference("OuterInner"),
    }


def test_objects_that_differ_in_comments_only_share_a_name() -> None:
    def part(why: str) -> Object:
        return Object("Part", (Field(key="a", shape=Json(why), why=why),))

    whole = Object("Whole", (Field(key="one", shape=part("x"), why=""), Field(key="two", shape=part("y"), why="")))
    assert names(distinct(whole)) == ["Whole", "Part", "Part"]


@pytest.mark.django_db
def test_relations_within_depth_are_called_as_their_models() -> None:
    class DeepSerializer(drf.ModelSerializer):
        class Meta:
            model = Lesson
            fields = ["id", "course"]
            depth = 2

    shape = shape_of(DeepSerializer())
    assert names(shape) == ["Deep", "Course", "Educator", "Topic"]
    made = Course.objects.create(
        title="A", slug="a", updated_at=NOON, educator=Educator.objects.create(name="E", joined_at=NOON)
    )
    lesson = Lesson(course=made, position=1, title="L")
    written = json.loads(json.dumps(DeepSerializer(lesson).data, cls=JSONEncoder))
    assert list(written["course"]) == list(keyed(keyed(shape)["course"].shape))


def test_fields_before_a_representation_of_their_own_say_so() -> None:
    serializer = ShownSerializer()
    assert overrides(serializer)
    assert {field.why for field in keyed(shape_of(serializer)).values()} == {
        "CharField, before to_representation()",
        "PartSerializer, before to_representation()",
    }
    assert keyed(keyed(shape_of(serializer))["part"].shape)["name"].why == "CharField"


def test_a_list_with_a_representation_of_its_own_says_so_once() -> None:
    class ListedSerializer(ShownSerializer):
        class Meta:
            list_serializer_class = SortedSerializer

    serializer = ListedSerializer(many=True)
    assert overrides(serializer)
    assert keyed(shape_of(serializer))["name"].why == "CharField, before to_representation()"


def test_serializers_of_drf_and_of_ours_have_no_representation_of_their_own() -> None:
    assert not overrides(PartSerializer())
    assert not overrides(PartSerializer(many=True))
    assert not overrides(CourseSerializer(many=True))


def test_only_the_return_annotation_is_evaluated() -> None:
    fields = keyed(shape_of(LaterSerializer()))
    assert (fields["count"].shape, fields["count"].why) == (INTEGER, "annotation of get_count()")
    assert fields["unsaid"].why == "undeclared"
    assert fields["unsaid"].shape == Json("get_unsaid() has no readable return annotation")


def test_a_schema_on_the_method_comes_before_its_annotation() -> None:
    class NotedSerializer(drf.Serializer):
        count = drf.SerializerMethodField()

        def get_count(self, instance: Any) -> int:
            return 1

        get_count._spectacular_annotation = {"field": {"type": "boolean"}}  # type: ignore[attr-defined]

    assert keyed(shape_of(NotedSerializer()))["count"] == Field(key="count", shape=BOOLEAN, why="extend_schema_field")


def test_batched_fields_are_what_is_within_them() -> None:
    class BatchSerializer(drf.Serializer):
        count = batched(drf.IntegerField())
        tags = batched(drf.ListField(child=drf.CharField()))
        seen = batched(drf.ReadOnlyField())
        share = batched(drf.ReadOnlyField())
        unsaid = batched(drf.ReadOnlyField())

        @seen.batch
        def seen_by(self, keys: list[int]) -> set[int]:
            return set()

        @share.batch
        def shares(self, keys: list[int]) -> dict[int, str]:
            return {}

        @unsaid.batch
        def whatever(self, keys):
            return {}

    fields = keyed(shape_of(BatchSerializer()))
    assert [field.shape for field in fields.values()] == [
        INTEGER,
        Array(TEXT),
        BOOLEAN,
        TEXT,
        Json("whatever() has no readable return annotation"),
    ]


def test_a_plain_serializer_within_a_model_s_reads_the_related_model() -> None:
    class PersonSerializer(drf.Serializer):
        joined_at = drf.ReadOnlyField()
        courses = drf.PrimaryKeyRelatedField(many=True, read_only=True)

    class OwnedSerializer(drf.ModelSerializer):
        educator = PersonSerializer()

        class Meta:
            model = Course
            fields = ["educator"]

    person = keyed(keyed(shape_of(OwnedSerializer()))["educator"].shape)
    assert person["joined_at"] == Field(key="joined_at", shape=TEXT, why="column Educator.joined_at")
    assert person["courses"] == Field(key="courses", shape=Array(INTEGER), why="column Course.id")


def test_what_fails_when_it_is_looked_at_becomes_json() -> None:
    class TenantSerializer(drf.Serializer):
        name = drf.CharField()

        def get_fields(self) -> dict[str, drf.Field]:
            return {**super().get_fields(), self.context["tenant"]: drf.CharField()}

    class HolderSerializer(drf.Serializer):
        id = drf.IntegerField()
        tenant = TenantSerializer()

    tenant = keyed(shape_of(HolderSerializer()))["tenant"].shape
    assert tenant == Json("TenantSerializer could not be read: KeyError: 'tenant'")


def test_serializers_that_declare_nothing_become_json() -> None:
    class AnySerializer(drf.BaseSerializer):
        def to_representation(self, instance: Any) -> Any:
            return instance

    class RecursiveSerializer(drf.Serializer):
        def to_representation(self, instance: Any) -> Any:
            return self.parent.to_representation(instance)

    assert isinstance(shape_of(AnySerializer()), Json)
    assert shape_of(RecursiveSerializer()) == Json("RecursiveSerializer has no fields")


def test_the_academy_s_courses_are_typed_but_for_their_json_column() -> None:
    untyped = [key for key, field in keyed(shape_of(CourseSerializer())).items() if isinstance(field.shape, Json)]
    assert untyped == ["metadata"]
