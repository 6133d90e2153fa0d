from collections.abc import Collection
from typing import Any

import pytest
from rest_framework import serializers

from academy.catalog.models import Course, Educator
from strangler_django.serializers import CachedModelSerializer, batched
from tests.django.conftest import make_course


class LengthSerializer(CachedModelSerializer):
    calls: list[list[int]] = []
    length = batched(serializers.IntegerField(), default=0)
    known = batched(serializers.BooleanField())
    note = batched(serializers.CharField())

    class Meta:
        model = Course
        fields = ["length", "known", "note"]

    @length.batch
    def lengths(self, pks: Collection[int]) -> dict[int, Any]:
        self.calls.append(list(pks))
        return {pk: str(pk) for pk in pks if pk % 2}

    @known.batch
    def find_known(self, pks: Collection[int]) -> set[int]:
        return {pk for pk in pks if pk % 2}

    @note.batch
    def notes(self, pks: Collection[int]) -> dict[int, None]:
        return {}


@pytest.fixture(autouse=True)
def no_calls() -> None:
    LengthSerializer.calls.clear()


def test_a_list_asks_once_for_unique_keys() -> None:
    courses = [Course(pk=pk) for pk in (1, 2, 3, 1)]
    data = LengthSerializer(courses, many=True).data
    assert LengthSerializer.calls == [[1, 2, 3]]
    assert [row["length"] for row in data] == [1, 0, 3, 1]


def test_a_missing_key_gives_the_default_and_a_set_means_membership() -> None:
    [odd, even] = LengthSerializer([Course(pk=1), Course(pk=2)], many=True).data
    assert odd == {"length": 1, "known": True, "note": None}
    assert even == {"length": 0, "known": False, "note": None}


def test_a_single_object_asks_for_itself() -> None:
    assert LengthSerializer(Course(pk=3)).data["length"] == 3
    assert LengthSerializer.calls == [[3]]


def test_unsaved_objects_have_the_default_and_ask_nothing() -> None:
    assert LengthSerializer(Course()).data["length"] == 0
    assert LengthSerializer([Course(), Course()], many=True).data[1]["length"] == 0
    assert LengthSerializer.calls == []


def test_an_empty_list_asks_nothing() -> None:
    assert LengthSerializer([], many=True).data == []
    assert LengthSerializer.calls == []


def test_a_subclass_may_override_the_batch_method() -> None:
    class Longer(LengthSerializer):
        def lengths(self, pks: Collection[int]) -> dict[int, int]:
            return dict.fromkeys(pks, 99)

    assert Longer(Course(pk=2)).data["length"] == 99


def test_a_batch_method_that_returns_something_else_says_what_to_return() -> None:
    class Wrong(LengthSerializer):
        def lengths(self, pks: Collection[int]) -> list[int]:  # type: ignore[override]
            return list(pks)

    with pytest.raises(TypeError, match="return a mapping of key to value, pairs of key and value, or a set"):
        Wrong(Course(pk=2)).data  # noqa: B018


def test_a_nested_list_asks_once_for_each_parent(db: None) -> None:
    class EducatorSerializer(serializers.ModelSerializer):
        courses = LengthSerializer(many=True)

        class Meta:
            model = Educator
            fields = ["courses"]

    course = make_course()
    make_course(educator=course.educator)
    data = EducatorSerializer(course.educator).data
    assert len(data["courses"]) == 2
    assert len(LengthSerializer.calls) == 1


def test_batched_fields_are_read_only() -> None:
    serializer = LengthSerializer(data={"length": 5})
    assert serializer.is_valid()
    assert serializer.validated_data == {}
