"""Nested serializers with a cache of their own."""

import json
from typing import Any

import pytest
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer

from academy.catalog.models import Course, Educator, Lesson, Topic
from strangler_django.serializers import Cache, CachedModelSerializer, batched
from tests.django.conftest import (
    NOON,
    Redis,
    commands_of,
    context_of,
    make_course,
    make_educator,
    queries_of,
    reads_seen,
)


class LessonSerializer(CachedModelSerializer):
    class Meta:
        model = Lesson
        fields = ["position", "title", "video"]
        cache = Cache()


class EducatorSerializer(CachedModelSerializer):
    shout = batched(serializers.CharField(), fresh=True)

    class Meta:
        model = Educator
        fields = ["id", "name", "shout"]
        cache = Cache()

    @shout.batch
    def shouts(self, pks: Any) -> Any:
        EducatorSerializer.asked.append(list(pks))
        return dict.fromkeys(pks, "hey")

    asked: list[Any] = []


class CourseSerializer(CachedModelSerializer):
    lessons = LessonSerializer(many=True)
    educator = EducatorSerializer()
    rank = batched(serializers.IntegerField(), default=7, fresh=True)

    class Meta:
        model = Course
        fields = ["lessons", "id", "educator", "title", "rank"]
        cache = Cache()

    @rank.batch
    def ranks(self, pks: Any) -> Any:
        return {}


class PlainLesson(serializers.ModelSerializer):
    class Meta(LessonSerializer.Meta):
        list_serializer_class = serializers.ListSerializer


class PlainEducator(serializers.ModelSerializer):
    shout = serializers.ReadOnlyField(default="hey")

    class Meta(EducatorSerializer.Meta):
        list_serializer_class = serializers.ListSerializer


class PlainCourse(serializers.ModelSerializer):
    lessons = PlainLesson(many=True)
    educator = PlainEducator()
    rank = serializers.ReadOnlyField(default=7)

    class Meta(CourseSerializer.Meta):
        list_serializer_class = serializers.ListSerializer


def shown() -> bytes:
    return CourseSerializer(Course.objects.all(), many=True, context=context_of()).json()


def plain() -> bytes:
    return JSONRenderer().render(PlainCourse(Course.objects.all(), many=True, context=context_of()).data)


@pytest.fixture
def warm(cached: Redis) -> Redis:
    educator = make_educator()
    for _ in range(3):
        course = make_course(educator=educator)
        for position in (2, 1):
            Lesson.objects.create(
                course=course, position=position, title=f"L{position}", video="a.mp4", created_at=NOON
            )
    make_course()
    assert shown() == plain()
    assert shown() == plain()
    return cached


def test_a_level_is_one_round_trip(warm: Redis) -> None:
    assert commands_of(warm, shown) == {"mget": 2}
    assert queries_of(shown) == 1


def test_fresh_fields_are_asked_for_once_a_level(warm: Redis) -> None:
    EducatorSerializer.asked.clear()
    shown()
    assert [sorted(keys) for keys in EducatorSerializer.asked] == [
        sorted(Educator.objects.values_list("pk", flat=True))
    ]


def test_a_body_holds_keys_and_no_copies(warm: Redis) -> None:
    entries = [warm.client.get(key) for key in warm.client.scan_iter("*:body:*")]
    assert sum(b"Amina" in entry for entry in entries) == Educator.objects.count()
    assert sum(b'"L1"' in entry for entry in entries) == 3


def test_a_child_s_write_is_seen_and_its_parents_stay(cached: Redis, nobody_reads: None) -> None:
    class TitleSerializer(CachedModelSerializer):
        class Meta:
            model = Course
            fields = ["title"]
            cache = Cache()

    class Serializer(CachedModelSerializer):
        course = TitleSerializer()

        class Meta:
            model = Lesson
            fields = ["position", "course"]
            cache = Cache()

    def listed() -> list[str]:
        rows = json.loads(Serializer(Lesson.objects.order_by("position"), many=True).json())
        return [row["course"]["title"] for row in rows]

    course = make_course(title="Before")
    for position in range(5):
        Lesson.objects.create(course=course, position=position, title="L", created_at=NOON)
    assert listed() == ["Before"] * 5
    course.title = "After"
    course.save()
    with reads_seen() as seen:
        assert listed() == ["After"] * 5
    # The child is told of first: one row was computed, and no lesson.
    assert [(read.objects, read.misses) for read in seen] == [(1, 1), (5, 0)]


@pytest.mark.parametrize(
    "write",
    [
        lambda: Lesson.objects.create(course=Course.objects.last(), position=1, title="New", created_at=NOON),
        lambda: Lesson.objects.first().delete(),
        lambda: Lesson.objects.create(course=Course.objects.last(), position=1, title="X", created_at=NOON).save(),
        lambda: [Course.objects.last().delete(), Educator.objects.last().delete()],
    ],
    ids=["created", "deleted", "saved", "parent deleted"],
)
def test_children_come_and_go(warm: Redis, write: Any) -> None:
    write()
    assert shown() == plain()
    assert shown() == plain()


def test_children_follow_their_order(warm: Redis) -> None:
    lesson = Lesson.objects.filter(position=1).first()
    lesson.position = 9
    lesson.save()
    assert shown() == plain()


def test_a_moved_child_leaves_its_old_parent(warm: Redis) -> None:
    lesson = Lesson.objects.first()
    lesson.course = Course.objects.last()
    lesson.save()
    assert shown() == plain()


def test_a_child_that_nobody_saw_vanish_ends_in_drf_s_own_path(warm: Redis) -> None:
    Lesson.objects.all()._raw_delete("default")
    for key in warm.client.scan_iter("*:body:*"):
        if b'"L' in (warm.client.get(key) or b""):
            warm.client.delete(key)
    assert shown() == plain()


def test_a_missing_child_is_remembered_as_missing(warm: Redis) -> None:
    Lesson.objects.all()._raw_delete("default")
    for key in warm.client.scan_iter("*:body:*"):
        if b'"L' in (warm.client.get(key) or b""):
            warm.client.delete(key)
    shown()
    # Keys and, in DRF's own path, rows with lessons; nobody looks for the six lessons again.
    first = queries_of(shown)
    assert first == queries_of(shown)
    Lesson.objects.create(pk=1, course=Course.objects.first(), position=1, title="Back", created_at=NOON)
    assert shown() == plain()


def test_many_to_many_children_are_referred_to_as_well(cached: Redis) -> None:
    class TopicSerializer(CachedModelSerializer):
        class Meta:
            model = Topic
            fields = ["slug"]
            cache = Cache()

    class Serializer(CachedModelSerializer):
        topics = TopicSerializer(many=True)

        class Meta:
            model = Course
            fields = ["topics"]
            cache = Cache()

    course = make_course()
    topics = [Topic.objects.create(slug=slug, name=slug) for slug in "bca"]
    course.topics.set(topics)

    def slugs() -> list[str]:
        [row] = json.loads(Serializer(Course.objects.all(), many=True).json())
        return [topic["slug"] for topic in row["topics"]]

    assert slugs() == slugs() == ["a", "b", "c"]
    course.topics.remove(topics[0])
    assert slugs() == ["a", "c"]
    topics[1].slug = "z"
    topics[1].save()
    assert slugs() == ["a", "z"]
    topics[2].courses.clear()
    assert slugs() == ["z"]
