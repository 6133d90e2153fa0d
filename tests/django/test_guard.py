from typing import Any

import pytest
from django.core import mail
from django.db.models import Count
from django.utils import timezone, translation
from rest_framework import serializers
from rest_framework.test import APIRequestFactory

from academy.catalog.models import Course, Educator, Lesson
from strangler_django.serializers import Cache, CachedModelSerializer, UndeclaredUse, batched
from tests.django.conftest import NOON, Redis, context_of, is_filled, make_course, make_educator, reads_of


class TitleSerializer(CachedModelSerializer):
    shout = serializers.SerializerMethodField()

    class Meta:
        model = Course
        fields = ["id", "title", "shout"]
        cache = Cache(timeout=60)

    def get_shout(self, course: Course) -> Any:
        raise NotImplementedError


def reading(look: Any, **declared: Any) -> type[TitleSerializer]:
    return type("LookingSerializer", (TitleSerializer,), {"get_shout": look, **declared})


def swallowed(self: Any, course: Course) -> str:
    try:
        return self.context["request"].user.username
    except Exception:
        return "nobody"


LEAKS = {
    "user": lambda self, course: self.context["request"].user.username,
    "user by get": lambda self, course: self.context.get("request").user.pk,
    "header": lambda self, course: self.context["request"].headers.get("Accept"),
    "query": lambda self, course: self.context["request"].query_params.get("q"),
    "path": lambda self, course: self.context["request"].build_absolute_uri(),
    "view": lambda self, course: str(self.context["view"]),
    "own context": lambda self, course: self.context.get("tenant"),
    "all of the context": lambda self, course: len(self.context),
    "a swallowed refusal": swallowed,
    "a query": lambda self, course: course.lessons.count(),
    "an unplanned relation": lambda self, course: course.educator.name,
}


@pytest.mark.parametrize("look", LEAKS.values(), ids=LEAKS.keys())
def test_undeclared_use_is_refused_under_test(cached: Redis, look: Any) -> None:
    make_course()
    with pytest.raises(UndeclaredUse):
        reading(look)(Course.objects.all(), many=True, context=context_of()).json()
    assert not is_filled(cached)


@pytest.mark.parametrize("look", [LEAKS["user"], LEAKS["a query"], swallowed], ids=["user", "query", "swallowed"])
def test_undeclared_use_bypasses_the_cache_in_production(
    cached: Redis, look: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    make_course()
    monkeypatch.delattr(mail, "outbox")
    cls = reading(look)
    shown = cls(Course.objects.all(), many=True, context=context_of()).json()
    assert b'"shout":' in shown
    assert not is_filled(cached)
    assert "bypasses its cache" in caplog.text


def test_a_shared_batch_method_may_not_look_at_the_user(cached: Redis) -> None:
    class Serializer(CachedModelSerializer):
        seen = batched(serializers.BooleanField(), default=False)

        class Meta:
            model = Course
            fields = ["id", "seen"]
            cache = Cache()

        @seen.batch
        def find_seen(self, pks: Any) -> set[int]:
            return set(pks) if self.context["request"].user.is_staff else set()

    make_course()
    with pytest.raises(UndeclaredUse, match=r"request\.user"):
        Serializer(Course.objects.all(), many=True, context=context_of()).json()


def test_a_plain_field_may_be_fresh_and_see_the_user(cached: Redis) -> None:
    cls = reading(
        lambda self, course: f"{course.title} for {self.context['request'].user}",
        Meta=type("Meta", (TitleSerializer.Meta,), {"no_cache_fields": ["shout"]}),
    )
    make_course(title="Maths")
    for user in ("ada", "grace"):
        shown = cls(Course.objects.all(), many=True, context=context_of(user)).json()
        assert f"Maths for {user}".encode() in shown


def test_bodies_vary_by_language_and_time_zone(cached: Redis) -> None:
    from django.utils.translation import gettext

    cls = reading(lambda self, course: f"{gettext('Yes')} {timezone.localtime(NOON):%H}")
    make_course()
    seen = set()
    for language in ("en", "de", "fr", "en"):
        for zone in ("UTC", "Asia/Tokyo"):
            with translation.override(language), timezone.override(zone):
                for _ in ("cold", "warm"):
                    seen.add(cls(Course.objects.all(), many=True, context=context_of()).json())
    assert len(seen) == 6


def test_links_vary_by_host_and_scheme(cached: Redis) -> None:
    class Serializer(CachedModelSerializer):
        class Meta:
            model = Course
            fields = ["syllabus"]
            cache = Cache()

    make_course(syllabus="syllabi/a.pdf")
    requests: list[Any] = [
        None,
        APIRequestFactory().get("/x", headers={"Host": "one.example"}),
        APIRequestFactory().get("/x", headers={"Host": "two.example"}),
        APIRequestFactory().get("/x", secure=True, headers={"Host": "one.example"}),
    ]
    for _ in ("cold", "warm"):
        seen = [
            Serializer(Course.objects.all(), many=True, context={"request": request}).json() for request in requests
        ]
        assert seen == [
            b'[{"syllabus":"/media/syllabi/a.pdf"}]',
            b'[{"syllabus":"http://one.example/media/syllabi/a.pdf"}]',
            b'[{"syllabus":"http://two.example/media/syllabi/a.pdf"}]',
            b'[{"syllabus":"https://one.example/media/syllabi/a.pdf"}]',
        ]


def test_other_fields_have_other_bodies(cached: Redis) -> None:
    class Serializer(CachedModelSerializer):
        def __init__(self, *args: Any, only: str = "title", **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.fields = {name: field for name, field in self.fields.items() if name == only}

        class Meta:
            model = Lesson
            fields = ["title", "position"]
            cache = Cache()

    Lesson.objects.create(course=make_course(), position=7, title="One", created_at=NOON)
    for _ in ("cold", "warm"):
        for only, expected in (("title", b'{"title":"One"}'), ("position", b'{"position":7}')):
            assert Serializer(Lesson.objects.get(), only=only).json() == expected


def test_a_body_without_links_may_not_ask_for_the_host(cached: Redis) -> None:
    class Serializer(CachedModelSerializer):
        home = batched(serializers.CharField())

        class Meta:
            model = Course
            fields = ["id", "home"]
            cache = Cache()

        @home.batch
        def homes(self, pks: Any) -> dict[int, str]:
            return dict.fromkeys(pks, self.context["request"].build_absolute_uri("/"))

    make_course()
    with pytest.raises(UndeclaredUse, match="the request's host"):
        Serializer(Course.objects.all(), many=True, context=context_of()).json()


class CountingSerializer(CachedModelSerializer):
    lessons = batched(serializers.IntegerField(), default=0)

    class Meta:
        model = Course
        fields = ["id", "lessons"]
        cache = Cache()

    @lessons.batch
    def count_lessons(self, pks: Any) -> Any:
        return Lesson.objects.filter(course__in=pks).order_by().values_list("course").annotate(Count("pk"))


def test_a_batch_method_reads_only_rows_whose_writes_are_seen(cached: Redis) -> None:
    make_course()
    with pytest.raises(UndeclaredUse, match="rows of catalog_lesson, whose writes would not make it void"):
        CountingSerializer(Course.objects.all(), many=True).json()
    assert not is_filled(cached)


def test_who_gives_a_timeout_has_said_how_old_a_value_may_be(cached: Redis) -> None:
    class Serializer(CachedModelSerializer):
        courses = batched(serializers.IntegerField(), default=0, timeout=30)

        class Meta:
            model = Educator
            fields = ["courses"]
            cache = Cache()

        @courses.batch
        def count_courses(self, pks: Any) -> Any:
            return Course.objects.filter(educator__in=pks).order_by().values_list("educator").annotate(Count("pk"))

    make_educator()
    assert Serializer(Educator.objects.all(), many=True).json() == b'[{"courses":0}]'
    assert reads_of(lambda: Serializer(Educator.objects.all(), many=True).json()).hits == 1
    assert min(cached.client.ttl(key) for key in cached.client.scan_iter("*:body:*")) <= 30


def test_a_query_of_its_own_is_named_by_its_tables_and_not_by_its_values(cached: Redis) -> None:
    make_course()

    def look(self: Any, course: Course) -> int:
        return course.lessons.filter(title="a secret").count()

    with pytest.raises(UndeclaredUse, match="a query of its own on catalog_lesson") as refused:
        reading(look)(Course.objects.all(), many=True, context=context_of()).json()
    assert "secret" not in str(refused.value)
