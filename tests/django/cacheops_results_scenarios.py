"""Run by test_cacheops in a process of its own: cacheops patches every manager and transaction."""

import tempfile
from decimal import Decimal
from typing import Any

import cacheops
import pytest
from cacheops.simple import FileCache
from django.contrib.auth.models import User
from django.core.checks import run_checks
from django.db import connection, transaction
from django.db.models import Max, Sum
from django.utils.safestring import SafeString, mark_safe
from pytest_django.fixtures import Settings

from academy.catalog.models import Course, Lesson, Topic
from strangler_django.serializers import cached_result
from tests.django.conftest import NOON, Redis, make_course, queries_of, reads_of

calls: list[Any] = []


@cached_result(timeout=60, depends_on=["catalog.Course", "catalog.Course_topics"])
def titles(topic: str = "") -> list[str]:
    calls.append(topic)
    found = Course.objects.filter(topics__isnull=False) if topic else Course.objects.all()
    return list(found.values_list("title", flat=True))


@pytest.fixture(autouse=True)
def warm(cached: Redis) -> None:
    make_course(title="Before", price=Decimal("1.50"))
    titles()
    calls.clear()


def rename() -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE catalog_course SET title = 'After'")


def test_a_result_is_kept_beside_cacheops() -> None:
    assert titles() == ["Before"]
    assert calls == []
    assert queries_of(titles) == 1


@pytest.mark.parametrize(
    "invalidate",
    [
        lambda: cacheops.invalidate_obj(Course.objects.get()),
        lambda: cacheops.invalidate_model(Course),
        lambda: cacheops.invalidation.invalidate_dict(Course, {"level": "beginner"}),
        cacheops.invalidate_all,
    ],
)
def test_what_cacheops_invalidates_ends_results(invalidate: Any) -> None:
    rename()
    assert titles() == ["Before"]
    invalidate()
    assert titles() == ["After"]
    titles()
    assert calls == [""]


def test_a_join_that_cacheops_invalidates_ends_results() -> None:
    course = Course.objects.get()
    course.topics.add(Topic.objects.create(slug="maths", name="Mathematics"))
    assert titles("any") == ["Before"]
    join = Course.topics.through.objects.get()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM catalog_course_topics")
    cacheops.invalidate_obj(join)
    assert titles("any") == []


def test_a_model_that_is_not_depended_on_ends_none() -> None:
    Lesson.objects.create(course=Course.objects.get(), position=1, title="One", created_at=NOON)
    cacheops.invalidate_model(User)
    titles()
    assert calls == []


def test_an_invalidation_inside_a_transaction_counts_from_its_commit() -> None:
    with transaction.atomic():
        rename()
        cacheops.invalidate_model(Course)
        assert titles() == ["After"]
    assert titles() == ["After"]


def test_the_prefix_of_cacheops_keeps_results_apart(settings: Settings) -> None:
    seen: list[Any] = []

    def prefix(query: Any) -> str:
        seen.append((query.func, query.db, set(query.tables)))
        return "tenant"

    before = titles.key()
    settings.CACHEOPS_PREFIX = prefix
    assert titles.key() != before
    assert titles() == ["Before"]
    assert calls == [""]
    assert seen[0] == (titles.__wrapped__, "default", {"catalog_course", "catalog_course_topics"})


def test_counts_aggregates_and_functions_of_cacheops_pass_our_json() -> None:
    for _ in range(2):
        assert Course.objects.count() == 1
        assert Course.objects.filter(level="beginner").exists() is True
        found = Course.objects.aggregate(Sum("price"), Max("updated_at"))
        assert found == {"price__sum": Decimal("1.50"), "updated_at__max": NOON}
    assert queries_of(Course.objects.count) == 0

    @cacheops.cached_as(Course, timeout=60)
    def pairs() -> Any:
        calls.append(1)
        return tuple(Course.objects.values_list("title", "price"))

    assert pairs() == pairs() == (("Before", Decimal("1.50")),)
    assert len(calls) == 1


@pytest.mark.filterwarnings("ignore:Call to deprecated setex:DeprecationWarning")
def test_fragments_stay_safe_strings() -> None:
    fragment = cacheops.cached(timeout=60)(lambda: mark_safe("<b>"))
    for _ in range(2):
        assert type(fragment()) is SafeString


def test_the_file_cache_passes_our_json() -> None:
    with tempfile.TemporaryDirectory() as directory:
        kept = FileCache(directory).cached(timeout=60)(lambda: calls.append(1) or (1, 2))
        assert kept() == kept() == (1, 2)
    assert len(calls) == 1


def test_rows_are_refused_by_name() -> None:
    with pytest.raises(TypeError, match=r"At \[0\] there is a academy\.catalog\.models\.Course"):
        list(Course.objects.cache(ops={"fetch"}))


def found() -> list[str]:
    return [str(message.id)[-4:] for message in run_checks() if "11" in str(message.id)]


def test_sound_settings_pass(settings: Settings) -> None:
    settings.CACHEOPS_REDIS = "redis://localhost/0?socket_timeout=0.25&socket_connect_timeout=0.25"
    assert found() == []


def test_pickle_is_the_default_of_cacheops_and_an_error(settings: Settings) -> None:
    settings.CACHEOPS_REDIS = {"host": "localhost", "socket_timeout": 0.25, "socket_connect_timeout": 0.25}
    del settings.CACHEOPS_SERIALIZER
    assert found() == ["E110"]


@pytest.mark.parametrize(
    "profile", [{"ops": "get"}, {"ops": "all"}, {"ops": {"fetch", "count"}}, {"cache_on_save": True}, {"ops": ["get"]}]
)
def test_profiles_that_keep_rows_are_an_error(settings: Settings, profile: dict[str, Any]) -> None:
    settings.CACHEOPS_REDIS = None
    settings.CACHEOPS = {"catalog.course": profile | {"timeout": 60}, "auth.*": None}
    assert found() == ["E114"]
    settings.CACHEOPS_SERIALIZER = "json"
    assert found() == []


@pytest.mark.parametrize("timeouts", ["", "?socket_timeout=0.25", "?socket_timeout=5&socket_connect_timeout=0.25"])
def test_a_client_without_short_timeouts_is_a_warning(settings: Settings, timeouts: str) -> None:
    settings.CACHEOPS_REDIS = "redis://localhost/0" + timeouts
    assert found() == ["W111"]


def test_a_hit_says_so() -> None:
    assert reads_of(titles).hits == 1
