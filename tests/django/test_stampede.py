"""Many readers of the same missing bodies."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connections
from rest_framework import serializers

from academy.catalog.models import Course
from strangler_django.serializers import Cache, CachedModelSerializer, batched
from tests.django.conftest import Redis, make_course, reads_seen

pytestmark = pytest.mark.usefixtures("postgres")


class SlowSerializer(CachedModelSerializer):
    weight = batched(serializers.IntegerField(), default=0)
    computed: list[int] = []
    failing = False
    seconds = 0.1

    class Meta:
        model = Course
        fields = ["id", "weight"]
        cache = Cache()

    @weight.batch
    def weigh(self, pks: Any) -> Any:
        time.sleep(self.seconds)
        if self.failing:
            raise RuntimeError("the scales are broken")
        self.computed.extend(pks)
        return dict.fromkeys(pks, 1)


@pytest.fixture(autouse=True)
def unused() -> Iterator[None]:
    SlowSerializer.computed.clear()
    yield
    SlowSerializer.failing = False


def shown(_: Any = None) -> bytes:
    return SlowSerializer(Course.objects.order_by("pk"), many=True).json()


def together(count: int, work: Callable[[int], Any]) -> list[Any]:
    """Runs work in as many threads at once; what they return or raise."""
    gate = threading.Barrier(count)
    found: list[Any] = [None] * count

    def run(number: int) -> None:
        try:
            gate.wait(10)
            found[number] = work(number)
        except Exception as error:
            found[number] = error
        finally:
            connections["postgres"].close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return found


def test_of_many_readers_one_computes(redis_server: Redis) -> None:
    courses = [make_course() for _ in range(5)]
    with reads_seen() as seen:
        found = together(12, shown)
    assert set(found) == {shown()}
    assert len(SlowSerializer.computed) <= 2 * len(courses)
    assert sum(read.waits for read in seen) >= 5 * 10


def test_readers_of_overlapping_lists_wait_only_for_what_another_computes(redis_server: Redis) -> None:
    pks = [make_course().pk for _ in range(6)]

    def window(number: int) -> bytes:
        time.sleep(0.03 * number)
        return SlowSerializer(Course.objects.filter(pk__in=pks[number : number + 4]).order_by("pk"), many=True).json()

    found = together(3, window)
    assert all(isinstance(content, bytes) and content.count(b'"weight":1') == 4 for content in found)
    assert sorted(SlowSerializer.computed) == pks


def test_a_reader_that_fails_gives_its_leases_back(redis_server: Redis) -> None:
    make_course()
    SlowSerializer.failing = True
    with pytest.raises(RuntimeError, match="the scales"):
        shown()
    assert list(redis_server.client.scan_iter("*:lease:*")) == []
    SlowSerializer.failing = False
    started = time.perf_counter()
    shown()
    assert time.perf_counter() - started < 2


def test_a_reader_that_died_holds_nobody_up_longer_than_computing(redis_server: Redis) -> None:
    make_course()
    shown()
    [body] = redis_server.client.scan_iter("*:body:*")
    redis_server.client.delete(body)
    prefix, _, rest = body.partition(b"body:")
    redis_server.client.set(prefix + b"lease:body:" + rest, "dead", px=60_000)
    SlowSerializer.computed.clear()
    started = time.perf_counter()
    shown()
    assert len(SlowSerializer.computed) == 1
    assert time.perf_counter() - started < 2


def test_entries_made_together_do_not_end_together(redis_server: Redis) -> None:
    for _ in range(40):
        make_course()
    SlowSerializer.seconds = 0
    shown()
    SlowSerializer.seconds = 0.1
    lifetimes = {redis_server.client.ttl(key) for key in redis_server.client.scan_iter("*:body:*")}
    assert len(lifetimes) > 5
    assert min(lifetimes) >= 269
    assert max(lifetimes) <= 300


def test_a_body_above_the_limit_is_not_kept(redis_server: Redis) -> None:
    class Serializer(CachedModelSerializer):
        class Meta:
            model = Course
            fields = ["title"]
            cache = Cache(max_bytes=100)

    make_course(title="x" * 200)
    make_course(title="small")
    with reads_seen() as seen:
        for _ in range(2):
            assert b"x" * 200 in Serializer(Course.objects.all(), many=True).json()
    assert [(read.hits, read.filled, read.too_large) for read in seen] == [(0, 1, 1), (1, 0, 1)]
