"""The cached serializers under test; import them within `watching` only."""

from collections.abc import Collection

from django.db.models import Count, Sum
from rest_framework import serializers

from academy.catalog.models import Course, Educator, Lesson
from strangler_django.serializers import Cache, CachedModelSerializer, batched

__all__ = ["LISTED", "CardSerializer", "EducatorSerializer", "LineSerializer", "PageSerializer"]

LIFE = Cache(timeout=3600, vary=())


class LineSerializer(CachedModelSerializer):
    class Meta:
        model = Lesson
        cache = LIFE
        fields = ["id", "title"]


class EducatorSerializer(CachedModelSerializer):
    lesson_count = batched(serializers.IntegerField(), default=0, depends_on="courses__lessons")

    class Meta:
        model = Educator
        cache = LIFE
        fields = ["id", "name", "lesson_count"]

    @lesson_count.batch
    def count_lessons(self, pks: Collection[int]) -> dict[int, int]:
        lessons = Lesson.objects.filter(course__educator__in=pks).order_by()
        return dict(lessons.values_list("course__educator").annotate(Count("pk")))


class CardSerializer(CachedModelSerializer):
    """A foreign key, a many-to-many relation and a count along a reverse foreign key within one body."""

    educator = serializers.CharField(source="educator.name")
    topics = serializers.SlugRelatedField(many=True, read_only=True, slug_field="name")
    lesson_count = batched(serializers.IntegerField(), default=0, depends_on="lessons")

    class Meta:
        model = Course
        cache = LIFE
        fields = ["id", "title", "educator", "topics", "lesson_count"]

    @lesson_count.batch
    def count_lessons(self, pks: Collection[int]) -> dict[int, int]:
        return dict(Lesson.objects.filter(course__in=pks).order_by().values_list("course").annotate(Count("pk")))


class PageSerializer(CachedModelSerializer):
    """A part under a facet of its own, and children by reference."""

    minutes = batched(serializers.IntegerField(), default=0, depends_on="lessons", timeout=600)
    educator = EducatorSerializer()
    lessons = LineSerializer(many=True)

    class Meta:
        model = Course
        cache = LIFE
        fields = ["id", "title", "minutes", "educator", "lessons"]

    @minutes.batch
    def sum_minutes(self, pks: Collection[int]) -> dict[int, int]:
        return dict(Lesson.objects.filter(course__in=pks).order_by().values_list("course").annotate(Sum("minutes")))


LISTED = {"card": CardSerializer, "page": PageSerializer, "educator": EducatorSerializer}
"""What is read, to the serializer that shows it."""
