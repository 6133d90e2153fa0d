"""django-ninja over the hand-batched load: pydantic schemas and ninja's own rendering of the response."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from django.utils.duration import duration_string
from ninja import Field, NinjaAPI, Schema
from pydantic import PlainSerializer

from tests.bench.serializers.courses import Request, loaded_courses
from tests.bench.serializers.peer_serpy import annotated, moment

__all__ = ["ninja_courses"]

# ninja's own encoder cuts microseconds off and spells durations after ISO 8601; DRF does not.
Moment = Annotated[datetime, PlainSerializer(moment)]
Length = Annotated[timedelta, PlainSerializer(duration_string)]


class TopicSchema(Schema):
    slug: str
    name: str


class EducatorSchema(Schema):
    id: int
    name: str
    photo: str | None

    @staticmethod
    def resolve_photo(educator: Any) -> str | None:
        return link(educator.photo)


class CourseSchema(Schema):
    id: int
    title: str
    slug: str
    summary: str
    level: str
    level_label: str = Field(alias="get_level_display")
    language: str
    price: Decimal
    rating: float | None
    is_free: bool
    published_at: Moment | None
    updated_at: Moment
    starts_on: date | None
    length: Length | None
    external_id: UUID
    syllabus: str | None
    metadata: Any
    educator: EducatorSchema
    topics: list[TopicSchema]
    lesson_count: int
    review_count: int
    is_enrolled: bool

    @staticmethod
    def resolve_syllabus(course: Any) -> str | None:
        return link(course.syllabus)


def link(file: Any) -> str | None:
    """A file's address at the origin of the request."""
    return f"http://testserver{file.url}" if file else None


api = NinjaAPI(docs_url=None, openapi_url=None)


@api.get("/{size}", response=list[CourseSchema], by_alias=False, url_name="courses")
def list_courses(request: Request, size: int) -> list[Any]:
    return annotated(loaded_courses(size), request)


def ninja_courses(request: Request, size: int) -> bytes:
    """The bytes of ninja's response; its view costs some microseconds more than a bare serializer."""
    return bytes(_view()(request, size=size).content)


_views: list[Any] = []


def _view() -> Any:
    if not _views:
        _views.extend(route.callback for route in api.urls[0] if route.name == "courses")
    return _views[0]
