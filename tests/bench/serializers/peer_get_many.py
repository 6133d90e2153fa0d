"""DRF with a cache by hand: Django's `get_many` of each object's representation, merged with the personal field."""

from typing import Any

from django.core.cache.backends.redis import RedisCache
from rest_framework.renderers import JSONRenderer

from academy.catalog.models import Course
from tests.bench.serializers.courses import Request, courses, enrolled, lesson_counts, review_counts
from tests.bench.serializers.peer_drf import BatchedByHandSerializer

__all__ = ["GetMany"]


class GetMany:
    """Reads representations from Redis, as Django's cache keeps them, and fills what is missing."""

    def __init__(self, redis: str) -> None:
        self.cache = RedisCache(f"{redis}?db=1", {"TIMEOUT": 3600})

    def read(self, request: Request, size: int) -> bytes:
        pks = list(courses(size).values_list("pk", flat=True))
        names = {pk: f"course:{pk}" for pk in pks}
        known = self.cache.get_many(names.values())
        missing = [pk for pk, name in names.items() if name not in known]
        if missing:
            filled = {names[pk]: shared for pk, shared in self._shared(request, missing)}
            self.cache.set_many(filled)
            known |= filled
        personal = enrolled(request.user, pks)
        return bytes(
            JSONRenderer().render([known[name] | {"is_enrolled": pk in personal} for pk, name in names.items()])
        )

    def _shared(self, request: Request, pks: list[int]) -> list[tuple[int, dict[str, Any]]]:
        loaded = Course.objects.filter(pk__in=pks).select_related("educator").prefetch_related("topics")
        context = {
            "request": request,
            "lesson_counts": lesson_counts(pks),
            "review_counts": review_counts(pks),
            "enrolled": set(),
        }
        one = BatchedByHandSerializer(context=context)
        return [(course.pk, one.to_representation(course)) for course in loaded]
