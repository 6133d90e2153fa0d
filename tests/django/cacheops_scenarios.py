"""Run by test_cacheops in a process of its own: cacheops patches every manager and transaction."""

import time

import cacheops
import pytest
from cacheops.signals import cache_invalidated
from django.core.checks import run_checks
from django.db import connection, transaction
from pytest_django.fixtures import Settings

from academy.catalog.models import Course, Educator, Lesson, Topic
from strangler_django.models import JournalRow
from strangler_django.serializers import store
from tests.django.conftest import (
    NOON,
    Redis,
    cached_list,
    commands_of,
    is_filled,
    make_course,
    make_educator,
    plain_list,
    queries_of,
    reads_of,
)

UNREACHABLE = pytest.mark.filterwarnings("ignore:The cacheops cache:RuntimeWarning")


@pytest.fixture
def warm(cached: Redis, monkeypatch: pytest.MonkeyPatch) -> Redis:
    monkeypatch.setattr(store, "PAUSE", 0.1)
    first, second = make_course(title="First"), make_course(title="Second", educator=make_educator("Bo"))
    first.topics.add(Topic.objects.create(slug="maths", name="Mathematics"))
    second.topics.add(Topic.objects.create(slug="music", name="Music"))
    Lesson.objects.create(course=first, position=1, title="One", created_at=NOON)
    cached_list()
    assert commands_of(cached, cached_list) == {"mget": 1}
    return cached


def sql(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def is_stale() -> bool:
    return cached_list() != plain_list()


def computed_by_reading() -> int:
    return reads_of(cached_list).filled


def test_an_object_is_read_anew_and_no_other(warm: Redis) -> None:
    sql("UPDATE catalog_course SET title = 'Renamed' WHERE title = 'First'")
    assert is_stale()
    cacheops.invalidate_obj(Course(pk=Course.objects.nocache().get(title="Renamed").pk))
    assert computed_by_reading() == 1
    assert not is_stale()


def test_an_object_reaches_the_bodies_that_depend_on_it(warm: Redis) -> None:
    sql("UPDATE catalog_educator SET name = 'Renamed'")
    assert is_stale()
    cacheops.invalidate_obj(Educator.objects.first())
    assert is_stale()
    cacheops.invalidate_obj(Educator.objects.last())
    assert not is_stale()


def test_a_row_that_is_gone_is_counted_no_more(warm: Redis) -> None:
    lesson = Lesson.objects.get()
    sql("DELETE FROM catalog_lesson")
    assert is_stale()
    cacheops.invalidate_obj(lesson)
    assert not is_stale()


def test_rows_named_by_their_link_alone(warm: Redis) -> None:
    educator = Educator.objects.first()
    sql("UPDATE catalog_course SET title = 'Renamed'")
    cacheops.invalidation.invalidate_dict(Course, {"educator_id": educator.pk})
    assert computed_by_reading() == 1


def test_a_join_reaches_the_row_that_shows_it(warm: Redis) -> None:
    joins = Course.topics.through.objects
    join = joins.first()
    sql("DELETE FROM catalog_course_topics")
    cacheops.invalidate_obj(join)
    assert computed_by_reading() == 1


@pytest.mark.parametrize(
    ("model", "statement"),
    [
        (Lesson, "DELETE FROM catalog_lesson"),
        (Course, "UPDATE catalog_course SET title = 'Renamed'"),
        (Educator, "UPDATE catalog_educator SET name = 'Renamed'"),
        (Course.topics.through, "DELETE FROM catalog_course_topics"),
    ],
)
def test_a_model_ends_every_body_that_reads_it(warm: Redis, model: type, statement: str) -> None:
    sql(statement)
    assert is_stale()
    cacheops.invalidate_model(model)
    assert not is_stale()
    assert commands_of(warm, cached_list) == {"mget": 1}


def test_a_model_that_no_body_reads_ends_none(warm: Redis) -> None:
    cacheops.invalidate_model(JournalRow)
    assert commands_of(warm, cached_list) == {"mget": 1}


def test_a_model_inside_a_transaction_counts_from_its_commit(warm: Redis) -> None:
    with transaction.atomic():
        sql("UPDATE catalog_course SET title = 'Renamed'")
        cacheops.invalidate_model(Course)
    assert not is_stale()


def test_everything_inside_a_transaction_is_bypassed_until_its_commit(warm: Redis) -> None:
    with transaction.atomic():
        sql("UPDATE catalog_course SET title = 'Renamed'")
        cacheops.invalidate_all()
        assert not is_stale()
        assert any(warm.client.get(key).startswith(b"P") for key in warm.client.scan_iter("strangler:*:stamp:*:[*]"))
    assert not is_stale()
    assert commands_of(warm, cached_list) == {"mget": 1}


def test_events_fill_nothing(warm: Redis) -> None:
    course = Course.objects.first()
    warm.client.flushall()
    cacheops.invalidate_obj(course)
    cacheops.invalidate_model(Lesson)
    cacheops.invalidate_all()
    assert not is_filled(warm)


@UNREACHABLE
@pytest.mark.parametrize("profiled", [True, False])
def test_saves_go_on_without_redis(warm: Redis, profiled: bool) -> None:
    row = Course.objects.first() if profiled else Educator.objects.first()
    warm.kill()
    setattr(row, "title" if profiled else "name", "Renamed")
    row.save()
    assert b"Renamed" in cached_list()
    warm.start()
    time.sleep(0.15)
    assert not is_stale()


def send(obj_dict: dict[str, object] | None) -> None:
    cache_invalidated.send(sender=Course, obj_dict=obj_dict)


@pytest.mark.parametrize("whole", [True, False])
def test_an_event_that_cannot_reach_redis_is_journalled(
    warm: Redis, whole: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "LONGEST_WAIT", 0.25)
    store.forget_stores()
    pk = Course.objects.nocache().get(title="First").pk
    sql("UPDATE catalog_course SET title = 'Renamed' WHERE title = 'First'")
    # The journal's own rows are cacheops' business as well, and it would wait for ever.
    with cacheops.no_invalidation:
        warm.suspend()
        try:
            send(None if whole else {"id": pk})
            assert JournalRow.objects.count() == 1
        finally:
            warm.resume()
        time.sleep(0.15)
        with transaction.atomic():
            # Too early to clear the journal.
            assert not is_stale()
            assert JournalRow.objects.exists()
        assert not is_stale()
        assert not JournalRow.objects.exists()
    cached_list()
    assert commands_of(warm, cached_list) == {"mget": 1}
    assert queries_of(cached_list) == 1


def test_an_event_that_makes_no_sense_breaks_no_save(warm: Redis, caplog: pytest.LogCaptureFixture) -> None:
    send({"id": "no number"})
    assert "could not be made void" in caplog.text


def test_receivers_work_without_events(warm: Redis) -> None:
    events: list[object] = []

    def hear(sender: object, **kwargs: object) -> None:
        events.append(sender)

    cache_invalidated.connect(hear)
    # Of the other course: the lesson's must be reached by the lesson alone.
    educator = Educator.objects.last()
    educator.name = "Renamed"
    educator.save()
    with cacheops.no_invalidation:
        Lesson.objects.all().delete()
    cache_invalidated.disconnect(hear)
    assert events == []
    assert not is_stale()
    assert b"Renamed" in cached_list()


def test_a_save_that_redis_could_break_is_a_warning(settings: Settings) -> None:
    def found() -> list[str | None]:
        return [message.id for message in run_checks() if message.id == "strangler_django.W103"]

    assert found() == []
    settings.CACHEOPS_DEGRADE_ON_FAILURE = False
    assert found() == ["strangler_django.W103"]
