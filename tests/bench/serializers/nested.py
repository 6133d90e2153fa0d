"""Courses with twenty lessons each, both cached: splicing bytes against decoding, merging and encoding again."""

import json
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import redis
from django.db import connection
from django.test import override_settings
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer

from academy.catalog.models import Course, Lesson
from academy.catalog.serializers import CourseEducatorSerializer, LessonSerializer
from strangler_django.serializers import Cache, CachedModelSerializer
from strangler_django.serializers.store import Store
from tests.bench.rows import Row
from tests.bench.serializers.courses import Request, courses, learner_request
from tests.bench.serializers.dataset import CHILDREN
from tests.bench.serializers.ratios import Contestant, measure, ratio, repeated, times_faster

__all__ = ["cached_nested", "nested_rows"]

PARENTS = 100
FIELDS = ["id", "title", "slug", "summary", "level", "price", "rating", "published_at", "educator", "lessons"]


class CachedLessonSerializer(CachedModelSerializer):
    class Meta:
        model = Lesson
        fields = LessonSerializer.Meta.fields
        cache = Cache(timeout=3600)


class CachedOutlineSerializer(CachedModelSerializer):
    """A course with its lessons, each of which is an entry of its own."""

    educator = CourseEducatorSerializer()
    lessons = CachedLessonSerializer(many=True)

    class Meta:
        model = Course
        fields = FIELDS
        cache = Cache(timeout=3600)


class PlainOutlineSerializer(serializers.ModelSerializer):
    """The same as plain DRF."""

    educator = CourseEducatorSerializer()
    lessons = LessonSerializer(many=True)

    class Meta:
        model = Course
        fields = FIELDS


def cached_nested(request: Request, parents: int = PARENTS) -> bytes:
    """Cold or warm, as Redis has it."""
    return CachedOutlineSerializer(courses(parents), many=True, context={"request": request}).json()


def plain_nested(request: Request, parents: int = PARENTS) -> bytes:
    """DRF with its relations prefetched."""
    loaded = courses(parents).select_related("educator").prefetch_related("lessons")
    data = PlainOutlineSerializer(list(loaded), many=True, context={"request": request}).data
    return bytes(JSONRenderer().render(data))


def nested_rows(url: str, *, parents: int = PARENTS, rounds: int, seconds: float) -> Iterator[Row]:
    """Encode phase and whole read."""
    request = learner_request()

    def by_hand() -> bytes:
        return plain_nested(request, parents)

    def whole() -> bytes:
        return cached_nested(request, parents)

    with override_settings(CACHEOPS_REDIS=url), closing(redis.Redis.from_url(url)) as client:
        client.flushall()
        expected = by_hand()
        entries = _entries(expected)
        if not whole() == whole() == expected == _merged(entries):
            raise ValueError("The nested lists must be the same bytes.")
        encode = Contestant(name="encode", body=whole, times=lambda reads: _encoding(whole, reads))
        merge = Contestant(name="merge", body=by_hand, times=repeated(lambda: _merged(entries)))
        plain = Contestant(name="plain", body=by_hand, times=repeated(by_hand))
        warm = Contestant(name="warm", body=whole, times=repeated(whole))
        samples = measure([encode, merge, plain, warm], rounds=rounds, seconds=seconds)
    what = f"{parents} objects with {len(entries[0][1])} children each"
    faster = ratio(samples["merge"], samples["encode"])
    yield times_faster(f"encode phase, {what}", faster, must=8, aim=14, against="decode, merge, JSONRenderer")
    faster = ratio(samples["plain"], samples["warm"])
    yield times_faster(f"warm, {what}", faster, must=None, aim=None, against="DRF prefetched")


def _entries(content: bytes) -> list[tuple[bytes, list[bytes]]]:
    """What a cache of representations holds: each parent without its children, and each child."""
    found = []
    for parent in json.loads(content):
        children = parent.pop("lessons")
        if len(children) != CHILDREN:
            raise ValueError(f"Course {parent['id']} has {len(children)} lessons, not {CHILDREN}.")
        render = JSONRenderer().render
        found.append((render(parent), [render(child) for child in children]))
    return found


def _merged(entries: list[tuple[bytes, list[bytes]]]) -> bytes:
    decoded = []
    for content, children in entries:
        parent = json.loads(content)
        parent["lessons"] = [json.loads(child) for child in children]
        decoded.append(parent)
    return bytes(JSONRenderer().render(decoded))


def _encoding(read: Any, reads: int) -> list[float]:
    """Seconds of each warm read after Redis gave the last entries, without the queries that follow."""
    taken = []
    for _ in range(reads):
        with _after_last_reply() as clock:
            read()
            taken.append(clock.seconds())
    return taken


class _Clock:
    """Starts anew with each reply of Redis and stands still during queries."""

    started: float | None = None
    queries = 0.0

    def restart(self) -> None:
        self.started, self.queries = time.perf_counter(), 0.0

    def query(self, execute: Any, *arguments: Any) -> Any:
        started = time.perf_counter()
        try:
            return execute(*arguments)
        finally:
            self.queries += time.perf_counter() - started

    def seconds(self) -> float:
        if self.started is None:
            raise LookupError("Redis was not asked, so there is no encode phase to measure.")
        return time.perf_counter() - self.started - self.queries


@contextmanager
def _after_last_reply() -> Iterator[_Clock]:
    clock, run = _Clock(), Store.run

    def timed_run(self: Store, *arguments: Any, **options: Any) -> Any:
        replies = run(self, *arguments, **options)
        clock.restart()
        return replies

    Store.run = timed_run  # type: ignore[method-assign]
    try:
        with connection.execute_wrapper(clock.query):
            yield clock
    finally:
        Store.run = run  # type: ignore[method-assign]
