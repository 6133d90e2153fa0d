"""The warm list of 100 courses against its naive twin, in one process, in interleaved blocks."""

import json
from collections.abc import Callable
from statistics import median
from time import perf_counter
from typing import Any

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.test import override_settings
from rest_framework.renderers import JSONRenderer
from rest_framework.test import APIRequestFactory

from academy.catalog.models import Course
from academy.catalog.serializers import CourseSerializer
from tests.bench.naive import NaiveCourseSerializer

Contestant = Callable[[], bytes]


def measure(redis: str, *, size: int = 100, blocks: int = 10, reads: int = 20) -> dict[str, float]:
    """p50s in seconds and their ratio, for the first `size` courses of the database as a learner reads them.

    Needs that many courses; `redis` is a URL as CACHEOPS_REDIS takes it.
    """
    request: Any = APIRequestFactory().get("/")
    request.user = User.objects.filter(learner__isnull=False).first()
    context = {"request": request}

    def courses() -> QuerySet[Course]:
        return Course.objects.order_by("id")[:size]

    def naive() -> bytes:
        return JSONRenderer().render(NaiveCourseSerializer(courses(), many=True, context=context).data)

    def warm() -> bytes:
        return CourseSerializer(courses(), many=True, context=context).json()

    with override_settings(CACHEOPS_REDIS=redis):
        expected = naive()
        if len(json.loads(expected)) != size or warm() != expected or warm() != expected:
            raise ValueError(f"The database must hold {size} courses, and both must write the same bytes.")
        times: dict[str, list[float]] = {"naive": [], "warm": []}
        for block in range(blocks):
            # A B, B A: whatever drifts meets both alike.
            turns = [("naive", naive, max(reads // 10, 1)), ("warm", warm, reads)]
            for name, read, count in turns if block % 2 else reversed(turns):
                times[name] += [_timed(read) for _ in range(count)]
    p50 = {name: median(taken) for name, taken in times.items()}
    return p50 | {"ratio": p50["naive"] / p50["warm"]}


def _timed(read: Contestant) -> float:
    started = perf_counter()
    read()
    return perf_counter() - started
