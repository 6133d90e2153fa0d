"""serpy over the hand-batched load: its fields do no formatting, so each is given DRF's spelling."""

from datetime import datetime
from typing import Any

import serpy
from django.utils.duration import duration_string
from rest_framework.renderers import JSONRenderer

from academy.catalog.models import Course
from tests.bench.serializers.courses import Request, enrolled, lesson_counts, loaded_courses, review_counts

__all__ = ["moment", "serpy_courses"]


def moment(value: datetime | None) -> str | None:
    """A UTC time as DRF spells it."""
    return None if value is None else value.isoformat().removesuffix("+00:00") + "Z"


class OptionalText(serpy.Field):
    """Text of a value, or null."""

    def to_value(self, value: Any) -> str | None:
        return None if value is None else str(value)


class Moment(serpy.Field):
    to_value = staticmethod(moment)


class Length(serpy.Field):
    def to_value(self, value: Any) -> str | None:
        return None if value is None else duration_string(value)


class Link(serpy.Field):
    """A file's address at the origin of the request."""

    def to_value(self, value: Any) -> str | None:
        return f"http://testserver{value.url}" if value else None


class TopicSerializer(serpy.Serializer):
    slug = serpy.StrField()
    name = serpy.StrField()


class EducatorSerializer(serpy.Serializer):
    id = serpy.IntField()
    name = serpy.StrField()
    photo = Link()


class CourseSerializer(serpy.Serializer):
    id = serpy.IntField()
    title = serpy.StrField()
    slug = serpy.StrField()
    summary = serpy.StrField()
    level = serpy.StrField()
    level_label = serpy.StrField(attr="get_level_display", call=True)
    language = serpy.StrField()
    price = serpy.StrField()
    rating = serpy.Field()
    is_free = serpy.BoolField()
    published_at = Moment()
    updated_at = Moment()
    starts_on = OptionalText()
    length = Length()
    external_id = serpy.StrField()
    syllabus = Link()
    metadata = serpy.Field()
    educator = EducatorSerializer()
    topics = TopicSerializer(attr="topics.all", call=True, many=True)
    lesson_count = serpy.IntField()
    review_count = serpy.IntField()
    is_enrolled = serpy.BoolField()


def serpy_courses(request: Request, size: int) -> bytes:
    """serpy has no renderer of its own: DRF's, as its users take."""
    loaded = annotated(loaded_courses(size), request)
    return bytes(JSONRenderer().render(CourseSerializer(loaded, many=True).data))


def annotated(loaded: list[Course], request: Request) -> list[Any]:
    """The courses with what belongs to them from other tables, as attributes, in three queries."""
    pks = [course.pk for course in loaded]
    lessons, reviews, mine = lesson_counts(pks), review_counts(pks), enrolled(request.user, pks)
    for course in loaded:
        course.lesson_count = lessons.get(course.pk, 0)
        course.review_count = reviews.get(course.pk, 0)
        course.is_enrolled = course.pk in mine
    return loaded
