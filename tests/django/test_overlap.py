"""Fresh fields are asked for while Redis works."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from rest_framework import serializers

from academy.catalog.models import Course
from strangler_django.serializers import Cache, CachedModelSerializer, batched, store
from strangler_django.serializers.rows import Rows
from tests.django.conftest import Redis, make_course

asked: list[list[Any]] = []
failure: list[Exception] = []


class FreshSerializer(CachedModelSerializer):
    seats = batched(serializers.IntegerField(), default=0, fresh=True)

    class Meta:
        model = Course
        fields = ["id", "seats"]
        cache = Cache(timeout=3600)

    @seats.batch
    def count_seats(self, pks: Any) -> Any:
        asked.append(list(pks))
        if failure:
            raise failure[0]
        return dict.fromkeys(pks, 7)


@pytest.fixture(autouse=True)
def nothing_asked() -> None:
    asked.clear()
    failure.clear()


def read() -> bytes:
    return FreshSerializer(Course.objects.order_by("id"), many=True).json()


@pytest.mark.parametrize("error", [ValueError("no seats"), OSError("no seats"), ConnectionError("no seats")])
def test_a_field_that_fails_is_no_failure_of_redis(cached: Redis, error: Exception) -> None:
    make_course()
    expected = read()
    failure.append(error)
    with pytest.raises(type(error), match="no seats"):
        read()
    failure.clear()
    [kept] = store._stores.values()
    assert not kept.breaker.open
    links = list(kept._idle)
    assert read() == expected
    assert list(kept._idle) == links


def test_a_field_is_asked_for_once_where_the_connection_was_closed(cached: Redis) -> None:
    course = make_course()
    expected = read()
    cached.client.client_kill_filter(_type="normal", skipme=True)
    asked.clear()
    assert read() == expected
    assert asked == [[course.pk]]


def test_a_row_that_is_gone_takes_its_fresh_value_along(cached: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, third = (make_course() for _ in range(3))
    read()
    Course.objects.filter(pk=second.pk).delete()
    named = [(first.pk, False), (second.pk, False), (third.pk, False)]
    monkeypatch.setattr("strangler_django.serializers.model.stored_rows", lambda queryset: Rows(queryset, named))
    assert read() == b'[{"id":%d,"seats":7},{"id":%d,"seats":7}]' % (first.pk, third.pk)


def test_without_redis_it_is_asked_for_once_too(cached: Redis, settings: Any) -> None:
    course = make_course()
    settings.CACHEOPS_REDIS = "redis://127.0.0.1:1"
    assert read() == b'[{"id":%d,"seats":7}]' % course.pk
    assert asked == [[course.pk]]


BIG = b"x" * 1_000_000
"""Far more than a server sends before somebody reads."""


def taking_often(take: Callable[[], None]) -> None:
    for _ in range(20):
        take()
        time.sleep(0.002)


@pytest.mark.parametrize("early", [True, False])
def test_replies_may_be_taken_as_they_come(cached: Redis, early: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not early:
        monkeypatch.setattr(store, "_TAKES_EARLY", False)
    server = store.Store(cached.url)
    cached.client.set("big", BIG)
    for meanwhile in (None, taking_often, lambda take: take()):
        replies = server.run(lambda _: [("GET", "big"), ("STRLEN", "big"), ("GET", "big")], meanwhile)
        assert replies == [BIG, len(BIG), BIG]
    assert len(server._idle) == 1


def test_what_was_taken_need_not_be_waited_for(cached: Redis) -> None:
    """Whoever reads early lets the server go on: without, most of the answer would still be on its side."""
    server = store.Store(cached.url)
    cached.client.set("big", BIG)

    def meanwhile(take: Callable[[], None]) -> None:
        taking_often(take)
        cached.suspend()

    try:
        assert server.run(lambda _: [("GET", "big")], meanwhile) == [BIG]
    finally:
        cached.resume()


@pytest.mark.parametrize("commands", [[("GET", "big"), ("LPUSH", "big", "x")], [("LPUSH", "big", "x"), ("GET", "big")]])
def test_a_refusal_that_is_taken_early_is_told_at_the_end(cached: Redis, commands: list[Any]) -> None:
    server = store.Store(cached.url)
    cached.client.set("big", BIG)
    with pytest.raises(store.Unavailable, match="Redis refuses: WRONGTYPE"):
        server.run(lambda _: commands, taking_often)
    assert server.run(lambda _: [("STRLEN", "big")]) == [len(BIG)]


def test_a_server_that_dies_in_the_midst_of_a_reply(cached: Redis) -> None:
    server = store.Store(cached.url)
    cached.client.set("big", BIG)
    after: list[str] = []

    def meanwhile(take: Callable[[], None]) -> None:
        if not after:
            take()
            cached.kill()
        after.append("asked")
        taking_often(take)

    with pytest.raises(store.Unavailable):
        server.run(lambda _: [("GET", "big")] * 9, meanwhile)
    assert after == ["asked"]
    assert server.breaker.open
    server.breaker.close()


def test_a_fresh_query_first_takes_what_has_come(cached: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    course = make_course()
    expected = read()
    taken: list[int] = []
    take = store.Replies.take

    def counted(replies: store.Replies) -> None:
        taken.append(len(asked))
        take(replies)

    def count_seats(self: Any, pks: Any) -> Any:
        asked.append(list(pks))
        return dict.fromkeys(Course.objects.filter(pk__in=pks).values_list("pk", flat=True), 7)

    monkeypatch.setattr(store.Replies, "take", counted)
    monkeypatch.setattr(FreshSerializer, "count_seats", count_seats)
    asked.clear()
    assert read() == expected
    assert (taken, asked) == ([1], [[course.pk]])
