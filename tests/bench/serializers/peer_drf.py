"""DRF as it is written first, and DRF batched by hand."""

from collections.abc import Iterable
from typing import Any

from rest_framework import serializers
from rest_framework.renderers import JSONRenderer

from academy.catalog.models import Course
from tests.bench.naive import NaiveCourseSerializer
from tests.bench.serializers.courses import (
    Request,
    courses,
    enrolled,
    lesson_counts,
    loaded_courses,
    review_counts,
)

__all__ = ["BatchedByHandSerializer", "batched_by_hand", "naive"]


class BatchingListSerializer(serializers.ListSerializer):
    """Asks for every course's counts at once and leaves them in the context."""

    def to_representation(self, data: Iterable[Course]) -> list[Any]:
        loaded = list(data)
        pks = [course.pk for course in loaded]
        self.context.update(
            lesson_counts=lesson_counts(pks),
            review_counts=review_counts(pks),
            enrolled=enrolled(self.context["request"].user, pks),
        )
        return super().to_representation(loaded)


class BatchedByHandSerializer(NaiveCourseSerializer):
    class Meta(NaiveCourseSerializer.Meta):
        list_serializer_class = BatchingListSerializer

    def get_lesson_count(self, course: Course) -> int:
        return self.context["lesson_counts"].get(course.pk, 0)

    def get_review_count(self, course: Course) -> int:
        return self.context["review_counts"].get(course.pk, 0)

    def get_is_enrolled(self, course: Course) -> bool:
        return course.pk in self.context["enrolled"]


def naive(request: Request, size: int) -> bytes:
    """Five queries an object: two counts, one exists, two relations."""
    data = NaiveCourseSerializer(courses(size), many=True, context={"request": request}).data
    return bytes(JSONRenderer().render(data))


def batched_by_hand(request: Request, size: int) -> bytes:
    """select_related, prefetch_related, and one query a count."""
    data = BatchedByHandSerializer(loaded_courses(size), many=True, context={"request": request}).data
    return bytes(JSONRenderer().render(data))
