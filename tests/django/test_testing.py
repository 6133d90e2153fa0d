"""The assertions that projects use in their own tests."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.test import SimpleTestCase, TransactionTestCase
from pytest_django.fixtures import Settings
from rest_framework import serializers

from academy.catalog.models import Course, Educator
from academy.catalog.serializers import CourseSerializer
from strangler_django.serializers import Cache, CachedModelSerializer, batched, register_vary
from strangler_django.testing import assert_batched, assert_cache_safe
from tests.django.conftest import NOON, Redis, context_of, make_course, make_educator

# What a project registers that tells too little.
register_vary("first-letter", lambda context: str(context["request"].user)[:1], allows=["request.user"])


class LessonCount(serializers.ModelSerializer):
    lessons = serializers.SerializerMethodField()

    class Meta:
        model = Course
        fields = ["id", "lessons"]

    def get_lessons(self, course: Course) -> int:
        return course.lessons.count()


class Titles(CachedModelSerializer):
    class Meta:
        model = Course
        fields = ["id", "title", "published_at", "syllabus"]
        cache = Cache()


class Greeting(CachedModelSerializer):
    greeting = serializers.SerializerMethodField()

    class Meta:
        model = Course
        fields = ["id", "greeting"]
        cache = Cache(vary=["first-letter"])

    def get_greeting(self, course: Course) -> str:
        return f"Hello {self.context['request'].user}"


@pytest.fixture
def users(cached: Redis) -> list[User]:
    make_course(published_at=NOON, syllabus="a.pdf")
    make_course()
    return [User.objects.create(username=name) for name in ("ada", "alan")]


@pytest.mark.django_db
def test_a_block_within_its_number_of_queries_passes() -> None:
    with assert_batched(2):
        Course.objects.count()
        Educator.objects.count()


@pytest.mark.django_db
def test_an_n_plus_one_is_told_by_statement_field_and_line() -> None:
    educator = make_educator("Secret")
    for _ in range(3):
        make_course(educator=educator)
    wanted = Course.objects.filter(educator__name=educator.name)
    with pytest.raises(AssertionError) as caught, assert_batched(1):
        assert len(LessonCount(wanted, many=True).data) == 3
    told = str(caught.value)
    assert told.startswith("4 queries, where at most 1 are allowed:\n  3 x SELECT COUNT(*)")
    assert 'FROM "catalog_lesson" WHERE "catalog_lesson"."course_id" = ?' in told
    assert "LessonCount.lessons, " in told
    assert "test_testing.py:" in told
    assert "return course.lessons.count()" in told
    assert "1 x SELECT … FROM" in told
    assert "Secret" not in told


@pytest.mark.django_db
def test_batched_fields_ask_once_for_a_list() -> None:
    for _ in range(3):
        make_course()
    courses = Course.objects.select_related("educator").prefetch_related("topics")
    with assert_batched(4):
        assert len(CourseSerializer(list(courses), many=True, context=context_of()).data) == 3


@pytest.mark.django_db
def test_what_opens_a_transaction_does_not_count() -> None:
    from django.db import transaction

    with assert_batched(0), transaction.atomic():
        pass


@pytest.mark.django_db
def test_one_database_may_be_counted_alone() -> None:
    with assert_batched(0, using="other"):
        Course.objects.count()
    with pytest.raises(AssertionError, match="1 queries"), assert_batched(0, using="default"):
        Course.objects.count()


@pytest.mark.django_db
def test_an_error_within_the_block_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError), assert_batched(0):
        assert Course.objects.count() / 0


def test_a_cached_serializer_is_safe(users: list[User]) -> None:
    assert_cache_safe(Titles, users=[None, *users])


def test_the_academy_s_courses_are_safe(users: list[User]) -> None:
    assert_cache_safe(CourseSerializer, users=[None, users[0]], languages=["en", "de"], timezones=["UTC"])


def test_a_key_that_tells_too_little_is_found_with_caller_object_and_path(users: list[User]) -> None:
    with pytest.raises(AssertionError) as caught:
        assert_cache_safe(Greeting, users=users, languages=["en"], timezones=["UTC"], hosts=["testserver"])
    told = str(caught.value)
    first = Course.objects.order_by("pk")[0].pk
    assert told == (
        "Greeting, shown to (alan, en, UTC, testserver) after (ada, en, UTC, testserver) filled the cache, "
        f"object {first}: $.greeting is 'Hello ada', DRF gives 'Hello alan'"
    )


def test_what_the_guard_says_is_told(users: list[User]) -> None:
    class Serializer(Greeting):
        class Meta(Greeting.Meta):
            cache = Cache()

    with pytest.raises(AssertionError, match=r"Serializer, shown to \(ada, .*A cached body uses request\.user"):
        assert_cache_safe(Serializer, users=users)


def test_what_the_guard_bypasses_is_told(users: list[User], monkeypatch: pytest.MonkeyPatch) -> None:
    class Serializer(Greeting):
        class Meta(Greeting.Meta):
            cache = Cache()

    monkeypatch.delattr(mail, "outbox")
    with pytest.raises(AssertionError, match="uses what its key does not name"):
        assert_cache_safe(Serializer, users=users)


def test_what_the_view_adds_to_the_context_is_passed_on(users: list[User]) -> None:
    class Serializer(Greeting):
        class Meta(Greeting.Meta):
            cache = Cache()

        def get_greeting(self, course: Course) -> str:
            return str(self.context["tenant"])

    for context in ({"tenant": "one"}, lambda request: {"tenant": str(request.user)}):
        with pytest.raises(AssertionError, match=r"context\.tenant"):
            assert_cache_safe(Serializer, users=users, context=context)


def test_a_list_that_never_comes_from_the_cache_proves_nothing(users: list[User]) -> None:
    from django.db.models import Count

    with pytest.raises(AssertionError, match=r"Nothing of Titles came from the cache: annotations \(\d+ times\)"):
        assert_cache_safe(Titles, users=users, queryset=Course.objects.annotate(Count("lessons")))


def test_a_slice_may_be_shown(users: list[User]) -> None:
    assert_cache_safe(Titles, users=users, languages=["en"], queryset=Course.objects.order_by("-pk")[:1])


def test_a_class_that_is_not_cached_proves_nothing(users: list[User]) -> None:
    class Unplanned(Titles):
        class Meta(Titles.Meta):
            cache = Cache(vary="nobody-knows")

    class Uncached(CachedModelSerializer):
        class Meta:
            model = Course
            fields = ["id"]

    with pytest.raises(AssertionError, match=r"Unplanned is not cached: vary='nobody-knows' is not registered"):
        assert_cache_safe(Unplanned, users=users)
    with pytest.raises(AssertionError, match=r"Uncached has no Meta\.cache"):
        assert_cache_safe(Uncached, users=users)


def test_no_rows_prove_nothing(cached: Redis) -> None:
    with pytest.raises(AssertionError, match=r"There is no catalog\.Course to show"):
        assert_cache_safe(Titles, users=[None])


def test_a_single_caller_proves_nothing(users: list[User]) -> None:
    with pytest.raises(AssertionError, match="A single caller"):
        assert_cache_safe(Titles, users=[None], languages=["en"], timezones=["UTC"], hosts=["testserver"])


def test_without_redis_it_says_so(users: list[User], settings: Settings) -> None:
    settings.CACHEOPS_REDIS = None
    with pytest.raises(AssertionError, match="CACHEOPS_REDIS is not set"):
        assert_cache_safe(Titles, users=users)


def test_a_redis_that_is_away_proves_nothing(users: list[User], settings: Settings) -> None:
    settings.CACHEOPS_REDIS = "unix:///nowhere"
    with pytest.raises(AssertionError, match="unavailable"):
        assert_cache_safe(Titles, users=users)


@pytest.mark.django_db
def test_inside_a_transaction_it_says_what_to_use(redis_server: Redis) -> None:
    make_course()
    with pytest.raises(AssertionError, match="TransactionTestCase"):
        assert_cache_safe(Titles, users=[None])


def test_personal_parts_and_fresh_fields_are_safe(users: list[User]) -> None:
    class Serializer(CachedModelSerializer):
        mine = batched(serializers.CharField(), vary="user")
        now = batched(serializers.CharField(), fresh=True)

        class Meta:
            model = Course
            fields = ["id", "mine", "now"]
            cache = Cache()

        @mine.batch
        def name_all(self, pks: Any) -> dict[int, str]:
            return dict.fromkeys(pks, str(self.context["request"].user))

        @now.batch
        def name_now(self, pks: Any) -> dict[int, str]:
            return dict.fromkeys(pks, str(self.context["request"].user))

    assert_cache_safe(Serializer, users=[None, *users], languages=["en"])


class UnderUnittest(TransactionTestCase):
    @pytest.fixture(autouse=True)
    def _with_redis(self, redis_server: Redis) -> None:
        pass

    def test_both_work_under_unittest(self) -> None:
        make_course()
        with pytest.raises(AssertionError), assert_batched(0):
            Course.objects.count()
        assert_cache_safe(Titles, users=[None, User.objects.create(username="ada")], timezones=["UTC"])


class WithoutDatabase(SimpleTestCase):
    def test_nothing_is_counted_where_nothing_is_asked(self) -> None:
        with assert_batched(0):
            pass
