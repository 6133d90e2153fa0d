"""A native service writes the table that the monolith's cached serializers read: no reader ever sees what was before.

The service is a process of its own, the monolith the whole of Django; Redis and the databases are real servers.
"""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.db.models import Exists, OuterRef
from django.test import Client
from django.utils import timezone

from academy.learning.models import Enrolment, Review
from catalog_service.reviews import SHOWN_BY
from strangler_django.models import JournalRow
from strangler_django.serializers import store
from strangler_django.serializers.databases import database
from strangler_router import flags
from strangler_router.policy import Flag, Rung, Stage
from strangler_services.stamps import PAUSE
from tests.conftest import CATALOG, KEYS
from tests.django.conftest import Redis, commands_of
from tests.end_to_end.demo.processes import free_port

ENDPOINT = "v1:course-reviews.post"


@pytest.fixture(scope="module")
def server() -> Iterator[Redis]:
    running = Redis()
    yield running
    running.close()


@pytest.fixture
def valkey(server: Redis, academy: Any, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Redis]:
    """An empty Redis that the monolith caches in; a look at it is never further away than 0.1 s."""
    server.reset()
    settings.CACHEOPS_REDIS = server.url
    monkeypatch.setattr(store, "PAUSE", 0.1)
    store.forget_stores()
    yield server
    store.forget_stores()
    JournalRow.objects.all().delete()


@contextmanager
def catalog_service(url: str, redis: str, folder: Path) -> Iterator[str]:
    """`python -m catalog_service` with a database to write and a Redis to stamp in; its address."""
    address = f"127.0.0.1:{free_port()}"
    environment = {
        **os.environ,
        "CATALOG_DATABASE": url,
        "CATALOG_REDIS": redis,
        "CATALOG_STAMPS": database("default"),
        "STRANGLER_SERVICE_ADDRESS": address,
        "STRANGLER_SERVICE_KEYS": json.dumps(KEYS),
    }
    with (folder / "catalog.log").open("w+") as log:
        process = subprocess.Popen([sys.executable, "-m", "catalog_service"], env=environment, stderr=log)
        try:
            deadline = time.monotonic() + 30
            while '"listening"' not in (folder / "catalog.log").read_text():
                assert process.poll() is None, (folder / "catalog.log").read_text()
                assert time.monotonic() < deadline
                time.sleep(0.05)
            yield address
        finally:
            process.terminate()
            process.wait(20)


@pytest.fixture(scope="module")
def address(seeded_academy: Any, server: Redis, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with catalog_service(seeded_academy.url, server.url, tmp_path_factory.mktemp("service")) as found:
        yield found


@pytest.fixture
def service(academy: Any, valkey: Redis, address: str, settings: Any) -> None:
    """Reviews are posted to the native service."""
    targets = {CATALOG: {**academy.targets, "native": address}}
    settings.STRANGLER = {**settings.STRANGLER, "TARGETS": targets, "RPC_TIMEOUT": 8}
    flags.append(Flag(endpoint=ENDPOINT, stage=Stage.SERVICE, rung=Rung.NATIVE), who="test", why="test")


@pytest.fixture
def enrolments(service: None) -> Iterator[list[Enrolment]]:
    """Learners of one course on the list's first page who have not reviewed it; their reviews go afterwards."""
    reviewed = Review.objects.filter(course=OuterRef("course"), learner=OuterRef("learner"))
    wanted = Enrolment.objects.filter(~Exists(reviewed), learner__user__is_active=True, course__is_published=True)
    open_ones: dict[int, list[Enrolment]] = {}
    for enrolment in wanted.filter(course_id__lte=15).select_related("learner__user__auth_token", "course"):
        open_ones.setdefault(enrolment.course_id, []).append(enrolment)
    found = max(open_ones.values(), key=len)
    yield found
    Review.objects.filter(course=found[0].course, learner__in=[one.learner for one in found]).delete()


def listed(course: int) -> int:
    """The review count that the monolith's list shows."""
    rows = Client().get("/api/v1/courses/").json()["results"]
    return next(row["review_count"] for row in rows if row["id"] == course)


def warm(server: Redis, course: int) -> int:
    """The count, once it is answered from the cache alone."""
    listed(course)
    found: list[int] = []
    assert commands_of(server, lambda: found.append(listed(course))) == {"mget": 1}
    return found[0]


def review(enrolment: Enrolment, *, stars: int = 5) -> Any:
    client = Client(headers={"Authorization": f"Token {enrolment.learner.user.auth_token.key}"})
    response = client.post(f"/api/v1/courses/{enrolment.course_id}/reviews/", {"stars": stars}, "application/json")
    pin = response.wsgi_request.strangler_pin
    assert pin.decision.side.value == "service"
    return response


def elsewhere(work: Any, *arguments: Any) -> Any:
    """The work's result, through a connection and a request of another thread."""

    def run() -> Any:
        try:
            return work(*arguments)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(run).result(30)


def test_a_review_that_the_service_stored_is_in_the_very_next_list(enrolments, valkey):
    course = enrolments[0].course_id
    before = warm(valkey, course)
    for number, enrolment in enumerate(enrolments[:3], 1):
        assert review(enrolment).status_code == 201
        assert listed(course) == before + number
    assert warm(valkey, course) == before + 3
    assert not JournalRow.objects.exists()


def test_what_the_service_refuses_or_rolls_back_voids_nothing_that_is_right(enrolments, valkey):
    course = enrolments[0].course_id
    review(enrolments[0])
    before = warm(valkey, course)
    assert review(enrolments[0]).status_code == 400
    assert review(enrolments[1], stars=6).status_code == 400
    assert (listed(course), warm(valkey, course)) == (before, before)


@pytest.mark.parametrize("how", ["killed", "hung", "full"])
def test_a_review_while_redis_is_away_is_seen_then_and_afterwards(enrolments, valkey, how):
    course = enrolments[0].course_id
    before = warm(valkey, course)
    away = {"killed": valkey.kill, "hung": valkey.suspend, "full": lambda: valkey.client.config_set("maxmemory", 1)}
    back = {"killed": valkey.start, "hung": valkey.resume, "full": lambda: valkey.client.config_set("maxmemory", 0)}
    away[how]()
    try:
        assert review(enrolments[0]).status_code == 201
        assert list(JournalRow.objects.values_list("model", "row", "settled")) == [(SHOWN_BY, str(course), True)]
        assert listed(course) == before + 1
    finally:
        back[how]()
        # The service asks again.
        time.sleep(PAUSE)
    store.forget_stores()
    # The first to reach Redis again finds the old body there.
    assert listed(course) == before + 1
    assert warm(valkey, course) == before + 1
    assert not JournalRow.objects.exists()


def test_a_review_that_can_be_neither_marked_nor_journalled_is_not_stored(enrolments, valkey):
    course = enrolments[0].course_id
    before = warm(valkey, course)
    valkey.kill()
    table, hidden = JournalRow._meta.db_table, "hidden_journal"
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} RENAME TO {hidden}")
    try:
        assert review(enrolments[0]).status_code == 503
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE {hidden} RENAME TO {table}")
        valkey.start()
        time.sleep(PAUSE)
    assert not Review.objects.filter(course=course, learner=enrolments[0].learner).exists()
    assert warm(valkey, course) == before


def test_two_reviews_of_one_learner_at_once_end_in_the_monolith_s_error(enrolments, valkey):
    course = enrolments[0].course_id
    before = warm(valkey, course)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: elsewhere(review, enrolments[0]), range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 400, 400, 400]
    refusals = {answer.content for answer in answers if answer.status_code == 400}
    assert refusals == {b'{"non_field_errors":["You have reviewed this course already."]}'}
    assert listed(course) == before + 1


# SQLite has one writer at a time.
@pytest.mark.parametrize("seeded_academy", ["postgres_socket"], indirect=True)
def test_the_service_s_end_does_not_end_an_open_write_of_the_monolith(enrolments, valkey):
    first, second = enrolments[:2]
    course = first.course_id
    before = warm(valkey, course)
    with transaction.atomic():
        Review.objects.create(course=first.course, learner=first.learner, stars=5, created_at=timezone.now())
        assert elsewhere(review, second).status_code == 201
        # The service renewed; the monolith's review is not committed, and what is read now may not be kept.
        assert elsewhere(listed, course) == before + 1
        assert elsewhere(listed, course) == before + 1
    assert elsewhere(listed, course) == before + 2
    assert warm(valkey, course) == before + 2


def test_no_reader_beside_both_writers_sees_less_than_was_answered(enrolments, valkey):
    course = enrolments[0].course_id
    answered = [warm(valkey, course)]
    wanted = answered[0] + len(enrolments)
    lock, over = threading.Lock(), threading.Event()

    def by_the_monolith(enrolment: Enrolment) -> None:
        Review.objects.create(course=enrolment.course, learner=enrolment.learner, stars=4, created_at=timezone.now())

    def write(number: int, enrolment: Enrolment) -> None:
        (by_the_monolith if number % 2 else review)(enrolment)
        with lock:
            answered[0] += 1

    def read() -> int:
        reads = 0
        while not over.is_set():
            least = answered[0]
            assert listed(course) >= least
            reads += 1
        return reads

    with ThreadPoolExecutor(4) as pool:
        readers = [pool.submit(elsewhere, read) for _ in range(2)]
        writers = [pool.submit(elsewhere, write, number, one) for number, one in enumerate(enrolments)]
        try:
            for writer in writers:
                writer.result(60)
        finally:
            over.set()
        assert all(reader.result(60) for reader in readers)
    assert listed(course) == answered[0] == wanted


# The program that is killed writes SQLite.
@pytest.mark.parametrize("seeded_academy", ["sqlite_file"], indirect=True)
def test_what_a_killed_service_left_marked_is_bypassed_until_it_expires(enrolments, valkey, academy):
    enrolment = enrolments[0]
    course = enrolment.course_id
    before = warm(valkey, course)
    statement = (
        "INSERT INTO learning_review (course_id, learner_id, stars, text, created_at)"
        f" VALUES ({course}, {enrolment.learner_id}, 5, '', '2025-01-01')"
    )
    file = academy.url.removeprefix("sqlite:///")
    program = Path(__file__).parents[1] / "services" / "killed_writer.py"
    arguments = [valkey.url, database("default"), file, statement, SHOWN_BY, str(course)]
    assert subprocess.run([sys.executable, str(program), *arguments], check=False).returncode == -9
    assert listed(course) == before + 1
    # Nothing is kept under the mark.
    assert "mget" in commands_of(valkey, lambda: listed(course))
    assert set(commands_of(valkey, lambda: listed(course))) != {"mget"}
    time.sleep(3.1)
    assert warm(valkey, course) == before + 1
