"""Fresh fields are asked for while Redis works."""

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
