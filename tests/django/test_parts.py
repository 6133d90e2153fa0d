"""Batched values that are cached beside the shared body."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models import Count
from django.test import override_settings
from django.utils import translation
from rest_framework import serializers

from academy.catalog.models import Course, Lesson
from academy.learning.models import Enrolment, Learner
from strangler_django.serializers import (
    Cache,
    CachedModelSerializer,
    UndeclaredUse,
    batched,
    invalidate,
    register_vary,
)
from tests.django.conftest import NOON, Redis, commands_of, context_of, make_course, queries_of, reads_of


class PersonalSerializer(CachedModelSerializer):
    lesson_count = batched(serializers.IntegerField(), default=0, depends_on="lessons")
    is_enrolled = batched(
        serializers.BooleanField(), default=False, vary="user", depends_on=["enrolments", "enrolments__learner"]
    )
    progress = batched(
        serializers.CharField(), default=None, vary="user", depends_on=["enrolments", "enrolments__learner"]
    )

    class Meta:
        model = Course
        fields = ["id", "is_enrolled", "title", "progress", "lesson_count"]
        cache = Cache(timeout=3600)

    @lesson_count.batch
    def count_lessons(self, pks: Any) -> Any:
        return Lesson.objects.filter(course__in=pks).order_by().values_list("course").annotate(Count("pk"))

    @is_enrolled.batch
    def find_enrolled(self, pks: Any) -> Any:
        user = self.context["request"].user
        if not user.is_authenticated:
            return set()
        return set(Enrolment.objects.filter(course__in=pks, learner__user=user).values_list("course", flat=True))

    @progress.batch
    def find_progress(self, pks: Any) -> Any:
        user = self.context["request"].user
        mine = Enrolment.objects.filter(course__in=pks, learner__user_id=user.pk)
        return ((one.course_id, f"{one.progress} %") for one in mine)


def learner(name: str) -> User:
    user = User.objects.create_user(name)
    Learner.objects.create(user=user, display_name=name, joined_at=NOON)
    return user


def enrol(user: User, course: Course) -> Enrolment:
    return Enrolment.objects.create(course=course, learner=user.learner, progress=40, enrolled_at=NOON)


def shown(user: User | None = None, cls: Any = PersonalSerializer) -> Any:
    return json.loads(cls(Course.objects.all(), many=True, context=context_of(user)).json())


def test_personal_values_are_kept_apart_and_read_in_the_same_round_trip(cached: Redis) -> None:
    ada, bo = learner("ada"), learner("bo")
    course, other = make_course(title="One"), make_course(title="Two")
    enrol(ada, course)
    for _ in ("cold", "warm"):
        assert [row["is_enrolled"] for row in shown(ada)] == [True, False]
        assert [row["progress"] for row in shown(ada)] == ["40.00 %", None]
        assert [row["is_enrolled"] for row in shown(bo)] == [False, False]
        assert [row["is_enrolled"] for row in shown()] == [False, False]
    assert list(shown(ada)[0]) == PersonalSerializer.Meta.fields
    assert commands_of(cached, lambda: shown(ada)) == {"mget": 1}
    assert queries_of(lambda: shown(ada)) == 1
    assert other.pk != course.pk


def test_a_new_user_costs_the_personal_queries_only(cached: Redis) -> None:
    ada, bo = learner("ada"), learner("bo")
    for _ in range(3):
        make_course()
    shown(ada)
    # The keys, and one query for each of the two personal fields.
    assert queries_of(lambda: shown(bo)) == 3


def test_a_write_to_what_only_personal_values_read_leaves_the_bodies(cached: Redis) -> None:
    ada = learner("ada")
    course = make_course()
    shown(ada)
    assert shown(ada)[0]["is_enrolled"] is False
    enrolment = enrol(ada, course)
    # Keys, and the two fields: no body was computed.
    assert queries_of(lambda: shown(ada)) == 3
    assert shown(ada)[0]["is_enrolled"] is True
    enrolment.delete()
    assert shown(ada)[0]["is_enrolled"] is False
    Enrolment.objects.bulk_create([Enrolment(course=course, learner=ada.learner, progress=1, enrolled_at=NOON)])
    invalidate(Enrolment, Enrolment.objects.values_list("pk", flat=True))
    assert shown(ada)[0]["progress"] == "1.00 %"


def test_a_personal_field_may_not_use_what_it_does_not_name(cached: Redis) -> None:
    class Serializer(CachedModelSerializer):
        greeting = batched(serializers.CharField(), vary="role")

        class Meta:
            model = Course
            fields = ["id", "greeting"]
            cache = Cache()

        @greeting.batch
        def greet(self, pks: Any) -> Any:
            user = self.context["request"].user
            return dict.fromkeys(pks, "team" if user.is_staff else user.username)

    make_course()
    assert shown(User(pk=1, is_staff=True), Serializer)[0]["greeting"] == "team"
    with pytest.raises(UndeclaredUse, match=r"request\.user\.username"):
        shown(User(pk=2, username="ada"), Serializer)


def test_values_vary_by_whatever_is_registered(cached: Redis) -> None:
    register_vary(
        "shop", lambda context: context["request"].headers.get("X-Shop", ""), allows=["request.headers.X-Shop"]
    )

    class Serializer(CachedModelSerializer):
        shop = batched(serializers.CharField(), vary="shop")

        class Meta:
            model = Course
            fields = ["shop"]
            cache = Cache()

        @shop.batch
        def name_shop(self, pks: Any) -> Any:
            return dict.fromkeys(pks, self.context["request"].headers.get("X-Shop", "none"))

    make_course()

    def of(shop: str) -> Any:
        context = context_of()
        context["request"].META["HTTP_X_SHOP"] = shop
        return json.loads(Serializer(Course.objects.all(), many=True, context=context).json())

    for _ in ("cold", "warm"):
        assert [of(shop) for shop in ("north", "south")] == [[{"shop": "north"}], [{"shop": "south"}]]


def test_a_value_with_a_timeout_of_its_own_ends_before_its_body(cached: Redis) -> None:
    class Serializer(CachedModelSerializer):
        views = batched(serializers.IntegerField(), timeout=1)
        calls = 0

        class Meta:
            model = Course
            fields = ["id", "views"]
            cache = Cache(timeout=3600)

        @views.batch
        def count_views(self, pks: Any) -> Any:
            Serializer.calls += 1
            return dict.fromkeys(pks, Serializer.calls)

    make_course()
    assert [shown(cls=Serializer)[0]["views"] for _ in range(3)] == [1, 1, 1]
    lifetimes = {cached.client.pttl(key) for key in cached.client.scan_iter("*:body:*")}
    assert min(lifetimes) <= 1000
    assert max(lifetimes) > 3_000_000
    for key in cached.client.scan_iter("*:body:*"):
        if cached.client.pttl(key) <= 1000:
            cached.client.delete(key)
    read = reads_of(lambda: shown(cls=Serializer))
    assert (read.misses, read.batches) == (1, [("views", 1)])


def test_the_keys_of_a_batch_may_be_those_of_a_related_object(cached: Redis) -> None:
    class Serializer(CachedModelSerializer):
        colleagues = batched(serializers.IntegerField(), source="educator", default=0, depends_on="educator__courses")
        asked: list[Any] = []

        class Meta:
            model = Course
            fields = ["id", "colleagues"]
            cache = Cache()

        @colleagues.batch
        def count_courses(self, educators: Any) -> Any:
            Serializer.asked.append(sorted(educators))
            counted = Course.objects.filter(educator__in=educators).order_by().values_list("educator")
            return counted.annotate(Count("pk"))

    first = make_course()
    make_course(educator=first.educator)
    make_course()
    assert [row["colleagues"] for row in shown(cls=Serializer)] == [2, 2, 1]
    assert Serializer.asked == [sorted(set(Course.objects.values_list("educator", flat=True)))]
    Course.objects.last().delete()
    make_course(educator=first.educator)
    assert [row["colleagues"] for row in shown(cls=Serializer)] == [3, 3, 3]


@override_settings(USE_TZ=True)
def test_a_body_that_says_what_it_varies_by_may_use_nothing_else(cached: Redis) -> None:
    class Serializer(CachedModelSerializer):
        label = serializers.SerializerMethodField()

        class Meta:
            model = Course
            fields = ["id", "label"]
            cache = Cache(vary=())

        def get_label(self, course: Course) -> str:
            return str(translation.gettext("Yes"))

    make_course()
    with pytest.raises(UndeclaredUse, match="active language"):
        shown(cls=Serializer)


def test_a_body_without_words_or_times_is_shared_by_all_languages(cached: Redis) -> None:
    class Serializer(CachedModelSerializer):
        class Meta:
            model = Course
            fields = ["id", "title"]
            cache = Cache(vary=())

    make_course()
    shown(cls=Serializer)
    with translation.override("de"):
        assert reads_of(lambda: shown(cls=Serializer)).hits == 1


def test_times_of_a_body_that_does_not_vary_by_zone_are_refused(cached: Redis) -> None:
    class Serializer(CachedModelSerializer):
        class Meta:
            model = Course
            fields = ["id", "updated_at"]
            cache = Cache(vary=("language",))

    make_course()
    with pytest.raises(UndeclaredUse, match="current time zone"):
        shown(cls=Serializer)


@pytest.mark.parametrize("options", [{"vary": "user"}, {"timeout": 5}])
def test_a_fresh_field_is_not_cached_as_well(options: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="leave vary and timeout out"):
        batched(serializers.IntegerField(), fresh=True, **options)


def test_a_field_that_becomes_fresh_is_not_read_from_older_bodies(cached: Redis) -> None:
    def made(**meta: Any) -> Any:
        options = {"model": Course, "fields": ["title", "slug"], "cache": Cache(), **meta}
        return type("Serializer", (CachedModelSerializer,), {"Meta": type("Meta", (), options)})

    make_course(title="One", slug="one")
    for meta in ({}, {"no_cache_fields": ["slug"]}, {"no_cache_fields": ["title"]}, {}):
        assert shown(cls=made(**meta)) == [{"title": "One", "slug": "one"}]
