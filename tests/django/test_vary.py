"""Keys that tell apart what their values may use."""

from datetime import timedelta
from datetime import timezone as fixed
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.urls import clear_script_prefix, set_script_prefix
from django.utils import timezone, translation
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory
from rest_framework.versioning import QueryParameterVersioning, URLPathVersioning

from academy.catalog.models import Course
from strangler_django.serializers import Cache, CachedModelSerializer, UndeclaredUse, batched
from strangler_django.serializers.vary import vary_digest
from tests.django.conftest import NOON, Redis, context_of, is_filled, make_course


def of_user(user: Any, name: str = "user") -> str:
    return vary_digest(context_of(user), [name])


def test_users_of_two_models_are_two_even_with_one_key() -> None:
    class Service:
        pk = 1

    assert of_user(User(pk=1)) != of_user(Service()) != of_user(User(pk=2)) != of_user(User(pk=1))
    assert of_user(User(pk=1)) == of_user(User(pk=1))


def test_no_request_no_user_and_an_anonymous_one_are_three() -> None:
    request = SimpleNamespace(user=None)
    for name in ("user", "role"):
        keys = [vary_digest({}, [name]), vary_digest({"request": request}, [name]), of_user(AnonymousUser(), name)]
        assert len(set(keys)) == 3


def test_a_user_without_a_row_has_no_key() -> None:
    with pytest.raises(UndeclaredUse, match=r"no primary key to tell it by \(django.contrib.auth.models.User\)"):
        of_user(User(username="a token's subject"))


def test_roles_tell_whatever_they_allow() -> None:
    users = [
        AnonymousUser(),
        User(pk=1),
        User(pk=1, is_staff=True),
        User(pk=1, is_superuser=True),
        User(pk=1, is_staff=True, is_superuser=True),
    ]
    assert len({of_user(user, "role") for user in users}) == 5
    assert of_user(User(pk=1), "role") == of_user(User(pk=2), "role")


def test_two_zones_of_one_name_have_two_keys() -> None:
    keys = set()
    for hours in (1, 2):
        with timezone.override(fixed(timedelta(hours=hours), "browser")):
            keys.add(vary_digest({}, ["timezone"]))
    assert len(keys) == 2


def test_where_the_project_is_mounted_is_part_of_every_key() -> None:
    before = vary_digest({}, [])
    set_script_prefix("/shop/")
    try:
        assert vary_digest({}, []) != before
    finally:
        clear_script_prefix()
    assert vary_digest({}, []) == before


def test_two_ways_to_version_links_have_two_keys() -> None:
    keys = set()
    for scheme in (None, URLPathVersioning(), QueryParameterVersioning()):
        request: Any = Request(APIRequestFactory().get("/"))
        request.version, request.versioning_scheme = "v1", scheme
        keys.add(vary_digest({"request": request}, ["host"]))
    assert len(keys) == 3


class Files(CachedModelSerializer):
    class Meta:
        model = Course
        fields = ["syllabus"]
        cache = Cache(vary=())


def test_that_there_is_no_request_tells_something_too(cached: Redis) -> None:
    make_course(syllabus="a.pdf")
    with pytest.raises(UndeclaredUse, match="a request, though there is none"):
        Files(Course.objects.all(), many=True).json()
    assert not is_filled(cached)


def test_a_personal_part_without_a_request_is_kept_apart(cached: Redis) -> None:
    class Serializer(CachedModelSerializer):
        who = batched(serializers.CharField(), vary="user")

        class Meta:
            model = Course
            fields = ["who"]
            cache = Cache()

        @who.batch
        def name_all(self, pks: Any) -> dict[int, str]:
            request = self.context.get("request")
            return dict.fromkeys(pks, "nobody asks" if request is None else str(request.user))

    make_course()
    for _ in ("cold", "warm"):
        assert Serializer(Course.objects.all(), many=True).json() == b'[{"who":"nobody asks"}]'
        shown = Serializer(Course.objects.all(), many=True, context=context_of()).json()
        assert shown == b'[{"who":"AnonymousUser"}]'


def test_a_default_that_a_partial_update_skips_is_reported(cached: Redis) -> None:
    class Serializer(CachedModelSerializer):
        extra = serializers.CharField(source="nothing", default="none")

        class Meta:
            model = Course
            fields = ["extra"]
            cache = Cache()

    make_course()
    assert Serializer(Course.objects.all(), many=True).json() == b'[{"extra":"none"}]'
    cached.client.flushall()
    with pytest.raises(UndeclaredUse, match="partial=True"):
        Serializer(Course.objects.all(), many=True, partial=True).json()


def test_a_memo_lasts_as_long_as_one_computation(cached: Redis) -> None:
    class Serializer(CachedModelSerializer):
        seen = serializers.SerializerMethodField()

        class Meta:
            model = Course
            fields = ["id", "seen"]
            cache = Cache()

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.known: dict[int, int] = {}

        def get_seen(self, course: Course) -> int:
            return self.known.setdefault(course.pk, len(self.known))

    make_course()
    serializer = Serializer(Course.objects.all(), many=True, context=context_of())
    assert b'"seen":0' in serializer.json()
    assert serializer.child.known == {}


def test_an_explicit_language_within_a_body_is_that_body_s_own(cached: Redis) -> None:
    class Serializer(CachedModelSerializer):
        yes = serializers.SerializerMethodField()

        class Meta:
            model = Course
            fields = ["yes"]
            cache = Cache()

        def get_yes(self, course: Course) -> str:
            with translation.override("de"):
                return translation.gettext("Yes")

    make_course(published_at=NOON)
    for language in ("en", "fr", "en"):
        with translation.override(language):
            assert Serializer(Course.objects.all(), many=True).json() == b'[{"yes":"Ja"}]'
