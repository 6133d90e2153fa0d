"""Batched fields below the top: once a level for all parents, whatever the serializers around them do."""

import json
from typing import Any

import pytest
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer

from academy.catalog.models import Course, Educator, Lesson
from strangler_django.serializers import Cache, CachedListSerializer, CachedModelSerializer, UndeclaredUse, batched
from tests.django.conftest import NOON, Redis, context_of, make_course, make_educator, queries_of, reads_of


class LessonSerializer(CachedModelSerializer):
    length = batched(serializers.IntegerField(), default=-1)
    calls: list[list[int]] = []

    class Meta:
        model = Lesson
        fields = ["title", "length"]

    @length.batch
    def measure(self, pks: Any) -> Any:
        self.calls.append(sorted(pks))
        return [(pk, 60) for pk in pks]


class CourseSerializer(CachedModelSerializer):
    lessons = LessonSerializer(many=True)

    class Meta:
        model = Course
        fields = ["title", "lessons"]


class EducatorSerializer(CachedModelSerializer):
    courses = CourseSerializer(many=True)

    class Meta:
        model = Educator
        fields = ["name", "courses"]


@pytest.fixture
def lessons(cached: Redis) -> list[int]:
    LessonSerializer.calls.clear()
    for _ in range(2):
        educator = make_educator()
        for _ in range(2):
            course = make_course(educator=educator)
            Lesson.objects.create(course=course, position=1, title="One", created_at=NOON)
    return list(Lesson.objects.order_by("pk").values_list("pk", flat=True))


@pytest.mark.parametrize("prefetch", [(), ("courses__lessons",)], ids=["lazy", "prefetched"])
def test_a_level_is_one_call_for_all_parents(lessons: list[int], prefetch: tuple[str, ...]) -> None:
    educators = list(Educator.objects.prefetch_related(*prefetch))
    data = EducatorSerializer(educators, many=True).data
    assert LessonSerializer.calls == [lessons]
    assert [course["lessons"][0]["length"] for row in data for course in row["courses"]] == [60] * 4


def test_relations_are_read_no_more_often_than_by_drf(lessons: list[int]) -> None:
    class Plain(serializers.ModelSerializer):
        class PlainCourse(serializers.ModelSerializer):
            class PlainLesson(serializers.ModelSerializer):
                class Meta:
                    model = Lesson
                    fields = ["title"]

            lessons = PlainLesson(many=True)

            class Meta:
                model = Course
                fields = ["title", "lessons"]

        courses = PlainCourse(many=True)

        class Meta:
            model = Educator
            fields = ["name", "courses"]

    expected = queries_of(lambda: Plain(Educator.objects.all(), many=True).data)
    assert queries_of(lambda: EducatorSerializer(Educator.objects.all(), many=True).data) == expected


def test_a_single_object_asks_once_for_all_that_it_nests(lessons: list[int]) -> None:
    EducatorSerializer(Educator.objects.first()).data  # noqa: B018
    assert LessonSerializer.calls == [lessons[:2]]


def test_an_unsaved_object_has_the_default(cached: Redis) -> None:
    assert LessonSerializer(Lesson(title="New")).data == {"title": "New", "length": -1}


def test_a_representation_of_its_own_is_cached_with_its_batches(cached: Redis) -> None:
    class Serializer(CachedModelSerializer):
        rank = batched(serializers.IntegerField(), default=0)
        mine = batched(serializers.BooleanField(), default=False, fresh=True)

        class Meta:
            model = Course
            fields = ["title", "mine", "rank"]
            cache = Cache()

        @rank.batch
        def ranks(self, pks: Any) -> Any:
            return dict.fromkeys(pks, 3)

        @mine.batch
        def find_mine(self, pks: Any) -> Any:
            return set(pks)

        def to_representation(self, instance: Course) -> Any:
            shown = super().to_representation(instance)
            shown["shout"] = shown["title"].upper()
            return shown

    make_course(title="One")
    expected = b'[{"title":"One","mine":true,"rank":3,"shout":"ONE"}]'
    for hits in (0, 1):
        read = reads_of(lambda: Serializer(Course.objects.all(), many=True).json())
        assert read.hits == hits
    assert Serializer(Course.objects.all(), many=True).json() == expected
    assert JSONRenderer().render(Serializer(Course.objects.all(), many=True).data) == expected


def test_a_representation_that_uses_a_fresh_value_is_refused(cached: Redis) -> None:
    class Serializer(CachedModelSerializer):
        mine = batched(serializers.BooleanField(), default=False, fresh=True)

        class Meta:
            model = Course
            fields = ["title", "mine"]
            cache = Cache()

        @mine.batch
        def find_mine(self, pks: Any) -> Any:
            return set(pks)

        def to_representation(self, instance: Course) -> Any:
            shown = super().to_representation(instance)
            return shown if shown["mine"] else {"title": shown["title"]}

    make_course()
    with pytest.raises(UndeclaredUse, match="uses the value of a field that is not in the cached body"):
        Serializer(Course.objects.all(), many=True).json()


def test_fields_may_be_chosen_for_each_request(cached: Redis) -> None:
    class Serializer(CachedModelSerializer):
        rank = batched(serializers.IntegerField(), default=0)
        asked = 0

        class Meta:
            model = Course
            fields = ["id", "title", "rank"]
            cache = Cache()

        def __init__(self, *args: Any, fields: Any = None, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            for name in set(self.fields) - set(fields or self.fields):
                self.fields.pop(name)

        @rank.batch
        def ranks(self, pks: Any) -> Any:
            Serializer.asked += 1
            return {}

    make_course(title="One")

    def shown(*fields: str) -> Any:
        return json.loads(Serializer(Course.objects.all(), many=True, fields=fields, context=context_of()).json())

    for _ in ("cold", "warm"):
        assert shown("title") == [{"title": "One"}]
        assert shown("title", "rank") == [{"title": "One", "rank": 0}]
    assert Serializer.asked == 1


def test_a_list_serializer_of_the_project_s_own_still_asks_once(lessons: list[int]) -> None:
    class Newest(serializers.ListSerializer):
        def to_representation(self, data: Any) -> Any:
            return super().to_representation(data.order_by("-pk")[:2])

    class Serializer(LessonSerializer):
        class Meta(LessonSerializer.Meta):
            list_serializer_class = Newest
            cache = Cache()

    many = Serializer(Lesson.objects.all(), many=True)
    assert isinstance(many, CachedListSerializer)
    assert len(many.data) == 2
    assert LessonSerializer.calls == [lessons[-2:]]
