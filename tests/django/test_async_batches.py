import asyncio
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from rest_framework import serializers

from academy.catalog.models import Course, Lesson
from strangler_django.serializers import Cache, CachedModelSerializer, batched
from tests.django.conftest import NOON, Redis, make_course


class AsyncSerializer(CachedModelSerializer):
    lesson_count = batched(serializers.IntegerField(), default=0, depends_on="lessons")
    weather = batched(serializers.CharField(), fresh=True)

    class Meta:
        model = Course
        fields = ["title", "lesson_count", "weather"]
        cache = Cache()

    @lesson_count.batch
    async def count_lessons(self, pks: Any) -> dict[int, int]:
        counts: dict[int, int] = {}
        async for course in Lesson.objects.filter(course__in=pks).values_list("course", flat=True):
            counts[course] = counts.get(course, 0) + 1
        return counts

    @weather.batch
    async def ask_weather(self, pks: Any) -> dict[int, str]:
        await asyncio.sleep(0.001)
        return dict.fromkeys(pks, "fair")


@pytest.fixture
def course(cached: Redis) -> Course:
    course = make_course(title="One")
    Lesson.objects.create(course=course, position=1, title="One", created_at=NOON)
    return course


EXPECTED = b'{"title":"One","lesson_count":1,"weather":"fair"}'


def test_asynchronous_batches_work_in_synchronous_code(course: Course) -> None:
    for _ in ("cold", "warm"):
        assert AsyncSerializer(Course.objects.all(), many=True).json() == b"[" + EXPECTED + b"]"
    assert AsyncSerializer(course).data == {"title": "One", "lesson_count": 1, "weather": "fair"}


def test_ajson_gives_the_bytes_of_json(course: Course) -> None:
    async def read() -> tuple[bytes, bytes]:
        return (
            await AsyncSerializer(Course.objects.all(), many=True).ajson(),
            await AsyncSerializer(course).ajson(),
        )

    for _ in ("cold", "warm"):
        assert async_to_sync(read)() == (b"[" + EXPECTED + b"]", EXPECTED)
