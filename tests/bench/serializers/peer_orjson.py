"""Dicts written by hand and orjson, without any cache: no model instances, each relation in one query."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import Any

import orjson
from django.core.files.storage import default_storage
from django.db.models import F, TextField
from django.db.models.functions import Cast
from django.utils.duration import duration_string

from academy.catalog.models import Course, Topic
from tests.bench.serializers.courses import Request, courses, enrolled, lesson_counts, review_counts

__all__ = ["orjson_courses"]

COLUMNS = (
    "id", "title", "slug", "summary", "level", "language", "price", "rating", "is_free", "published_at", "updated_at",
    "starts_on", "length", "external_id", "syllabus", "educator_id", "educator__name", "educator__photo",
)  # fmt: skip
LEVELS = dict(Course.Level.choices)


def orjson_courses(request: Request, size: int) -> bytes:
    """orjson writes times with Z, dates and UUIDs by itself; decimals, durations and links are text already."""
    # As text, for orjson refuses the integers beyond 64 bits that the column holds.
    found = list(courses(size).annotate(raw=Cast(F("metadata"), TextField())).values_list(*COLUMNS, "raw"))
    pks = [row[0] for row in found]
    rows = _rows(found, _topics(pks), lesson_counts(pks), review_counts(pks), enrolled(request.user, pks), request)
    return orjson.dumps(list(rows), option=orjson.OPT_UTC_Z)


def _topics(pks: Collection[int]) -> dict[int, list[dict[str, str]]]:
    topics: dict[int, list[dict[str, str]]] = defaultdict(list)
    links = Topic.objects.filter(courses__in=pks).order_by("slug").values_list("courses", "slug", "name")
    for course, slug, name in links:
        topics[course].append({"slug": slug, "name": name})
    return topics


def _rows(
    found: list[Any], topics: Any, lessons: dict[int, int], reviews: dict[int, int], mine: set[int], request: Request
) -> Iterator[dict[str, Any]]:
    origin = request.build_absolute_uri("/")[:-1]

    def link(name: str) -> str | None:
        return origin + default_storage.url(name) if name else None

    photos = {name: link(name) for name in {row[17] for row in found}}
    for (
        pk, title, slug, summary, level, language, price, rating, is_free, published_at, updated_at,
        starts_on, length, external_id, syllabus, educator, educator_name, educator_photo, metadata,
    ) in found:  # fmt: skip
        yield {
            "id": pk,
            "title": title,
            "slug": slug,
            "summary": summary,
            "level": level,
            "level_label": LEVELS.get(level, level),
            "language": language,
            "price": str(price),
            "rating": rating,
            "is_free": is_free,
            "published_at": published_at,
            "updated_at": updated_at,
            "starts_on": starts_on,
            "length": None if length is None else duration_string(length),
            "external_id": external_id,
            "syllabus": link(syllabus),
            "metadata": orjson.Fragment(metadata),
            "educator": {"id": educator, "name": educator_name, "photo": photos[educator_photo]},
            "topics": topics.get(pk, []),
            "lesson_count": lessons.get(pk, 0),
            "review_count": reviews.get(pk, 0),
            "is_enrolled": pk in mine,
        }
