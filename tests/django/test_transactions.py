"""Races on PostgreSQL, where readers go on while writers hold their transactions open."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections, transaction

from academy.catalog.models import Course, Lesson, Topic
from strangler_django.serializers import reading
from tests.django.conftest import (
    NOON,
    Redis,
    cached_list,
    commands_of,
    is_filled,
    make_course,
    make_educator,
    plain_list,
    reads_of,
)

pytestmark = pytest.mark.usefixtures("postgres")


def elsewhere(work: Callable[[], Any]) -> Any:
    """Runs work on another connection, to its end."""

    def run() -> Any:
        try:
            return work()
        finally:
            connections["postgres"].close()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(run).result(20)


def rename(title: str = "After") -> None:
    course = Course.objects.order_by("id")[0]
    course.title = title
    course.save()


def test_another_reader_sees_the_old_row_until_commit_and_stores_nothing(redis_server: Redis) -> None:
    make_course(title="Before")
    cached_list()
    with transaction.atomic(using="postgres"):
        rename()
        read = elsewhere(lambda: reads_of(cached_list))
        assert (read.misses, read.filled) == (1, 0)
        assert b"Before" in elsewhere(cached_list)
        assert b"After" in cached_list()
    assert b"After" in elsewhere(cached_list)
    assert b"After" in cached_list()


@pytest.mark.parametrize(
    "write",
    [
        rename,
        lambda: Course.objects.get().topics.add(Topic.objects.create(slug="art", name="Art")),
        lambda: Lesson.objects.create(course=Course.objects.get(), position=1, title="One", created_at=NOON),
        lambda: Lesson.objects.all().delete(),
    ],
    ids=["saved", "m2m", "created", "deleted"],
)
def test_a_writer_that_never_reads_ends_its_own_marks(redis_server: Redis, write: Callable[[], Any]) -> None:
    Lesson.objects.create(course=make_course(title="Before"), position=9, title="Nine", created_at=NOON)
    cached_list()
    write()
    read = elsewhere(lambda: reads_of(cached_list))
    assert (read.misses, read.filled) == (1, 1)


def test_a_rolled_back_transaction_is_never_seen_and_caching_goes_on(redis_server: Redis) -> None:
    make_course(title="Before")
    cached_list()
    with transaction.atomic(using="postgres"):
        rename()
        transaction.set_rollback(True, using="postgres")
    assert b"Before" in cached_list()
    cached_list()
    assert commands_of(redis_server, cached_list) == {"mget": 1}


def test_a_write_between_stamp_and_database_voids_what_was_read(
    redis_server: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_course(title="Before")
    compute = reading.compute_bodies

    def interrupted(*arguments: Any) -> Any:
        bodies = compute(*arguments)
        monkeypatch.setattr(reading, "compute_bodies", compute)
        elsewhere(rename)
        return bodies

    monkeypatch.setattr(reading, "compute_bodies", interrupted)
    assert b"Before" in cached_list()
    assert b"After" in cached_list()


def test_the_first_of_two_writers_to_commit_leaves_the_other_s_mark(redis_server: Redis) -> None:
    make_course(title="Before")
    other = make_educator("Before")
    Course.objects.update(educator=other)
    cached_list()
    with transaction.atomic(using="postgres"):
        # Two writers of one body that do not lock each other's rows.
        other.name = "After"
        other.save()
        elsewhere(lambda: rename("Middle"))
        read = elsewhere(lambda: reads_of(cached_list))
        assert (read.misses, read.filled) == (1, 0)
        assert b"Middle" in elsewhere(cached_list)
        assert b'"name":"Before"' in elsewhere(cached_list)
    assert b'"name":"After"' in elsewhere(cached_list)
    assert cached_list() == plain_list()


def test_a_course_that_joins_an_educator_under_change_is_renewed_too(redis_server: Redis) -> None:
    make_course()
    educator = make_educator("Before")
    with transaction.atomic(using="postgres"):
        educator.name = "After"
        educator.save()
        elsewhere(lambda: make_course(title="Joined", educator=educator.__class__.objects.get(pk=educator.pk)))
        assert b'"name":"Before"' in elsewhere(cached_list)
    assert b'"name":"Before"' not in elsewhere(cached_list)


def test_a_lesson_moved_by_two_writers_voids_every_course_it_passed(redis_server: Redis) -> None:
    courses = [make_course() for _ in range(3)]
    lesson = Lesson.objects.create(course=courses[0], position=1, title="One", created_at=NOON)
    cached_list()
    saved, commit = threading.Event(), threading.Event()

    def move(target: Course) -> None:
        moved = Lesson.objects.get(pk=lesson.pk)
        moved.course = target
        moved.save()

    def move_late() -> None:
        with transaction.atomic(using="postgres"):
            move(courses[2])
            saved.set()
            commit.wait(10)

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic(using="postgres"):
            move(courses[1])
            late = pool.submit(elsewhere, move_late)
            assert not saved.wait(0.3)
        assert saved.wait(10)
        # The second move is not committed: its first course may be read, not stored.
        cached_list()
        commit.set()
        late.result(20)
    assert cached_list() == plain_list()


def test_a_snapshot_that_is_older_than_its_stamp_is_not_stored(redis_server: Redis) -> None:
    make_course(title="Before")
    with transaction.atomic(using="postgres"):
        with connections["postgres"].cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        list(Course.objects.all())
        elsewhere(rename)
        assert b"Before" in cached_list()
        assert not is_filled(redis_server)
    assert b"After" in cached_list()


def test_readers_and_writers_at_once_never_read_what_was_overwritten(redis_server: Redis) -> None:
    course = make_course(title="0")
    committed = [0]

    def write() -> None:
        for number in range(1, 60):
            row = Course.objects.get(pk=course.pk)
            row.title = str(number)
            with transaction.atomic(using="postgres"):
                row.save()
            committed[0] = number

    def read() -> int:
        reads = 0
        while committed[0] < 59:
            least = committed[0]
            found = int(cached_list().partition(b'"title":"')[2].partition(b'"')[0])
            assert found >= least
            reads += 1
        return reads

    with ThreadPoolExecutor(4) as pool:
        readers = [pool.submit(elsewhere, read) for _ in range(3)]
        pool.submit(elsewhere, write).result(60)
        assert all(reader.result(60) for reader in readers)
