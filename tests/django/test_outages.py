import re
import socketserver
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from academy.catalog.models import Course
from strangler_django.models import JournalRow
from strangler_django.serializers import store
from strangler_django.serializers.store import Store
from tests.django.conftest import Redis, cached_list, commands_of, make_course, plain_list


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "PAUSE", 0.1)
    monkeypatch.setattr(store, "LONGEST_WAIT", 0.25)


@pytest.fixture
def away(cached: Redis) -> Iterator[Redis]:
    """A warm list, then a server that no longer answers."""
    make_course(title="Before")
    cached_list()
    cached.suspend()
    yield cached
    cached.resume()


class Nameless(socketserver.BaseRequestHandler):
    """Answers every command with a text."""

    def handle(self) -> None:
        while said := self.request.recv(65536):
            self.request.sendall(b"$4\r\ntext\r\n" * len(re.findall(rb"\*\d+\r\n", said)))


@pytest.fixture
def nameless() -> Iterator[str]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Nameless) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"redis://127.0.0.1:{server.server_address[1]}/0"
        store.forget_stores()
        server.shutdown()
        thread.join()


def rename() -> None:
    course = Course.objects.get()
    course.title = "After"
    course.save()


def test_a_hung_server_costs_one_short_wait_and_no_answer(
    away: Redis, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "PAUSE", 60)
    waits = []
    exchange = Store._exchange

    def timed(self: Store, *given: Any) -> Any:
        started = time.perf_counter()
        try:
            return exchange(self, *given)
        finally:
            waits.append(time.perf_counter() - started)

    monkeypatch.setattr(Store, "_exchange", timed)
    for _ in range(3):
        assert client.get("/api/v1/courses/").status_code == 200
    [wait] = waits
    assert 0.2 < wait < 5


def test_a_write_during_an_outage_is_seen_during_and_after_it(away: Redis) -> None:
    rename()
    assert cached_list() == plain_list()
    assert JournalRow.objects.exists()
    away.resume()
    time.sleep(0.15)
    assert cached_list() == plain_list()
    assert not JournalRow.objects.exists()
    cached_list()
    assert commands_of(away, cached_list) == {"mget": 1}
    assert cached_list() == plain_list()


def test_a_reader_that_reconnects_first_bypasses_what_the_journal_names(away: Redis) -> None:
    rename()
    away.resume()
    store.forget_stores()
    # The very first read after the outage.
    assert b"After" in cached_list()
    assert b"After" in cached_list()


def test_a_rolled_back_write_leaves_no_journal(away: Redis) -> None:
    with transaction.atomic():
        rename()
        assert JournalRow.objects.exists()
        transaction.set_rollback(True)
    assert not JournalRow.objects.exists()
    assert b"Before" in cached_list()


def test_a_server_that_goes_between_mark_and_commit_is_journalled(cached: Redis) -> None:
    make_course(title="Before")
    cached_list()
    with transaction.atomic():
        rename()
        cached.suspend()
    try:
        assert JournalRow.objects.exists()
        assert b"After" in cached_list()
    finally:
        cached.resume()
    time.sleep(0.15)
    assert b"After" in cached_list()


def test_a_killed_server_is_never_an_error(cached: Redis, client: Client) -> None:
    course = make_course(title="Before")
    client.get("/api/v1/courses/")
    cached.kill()
    rename()
    for path in ("/api/v1/courses/", f"/api/v1/courses/{course.pk}/"):
        response = client.get(path)
        assert response.status_code == 200
        assert b"After" in response.content
    cached.start()
    time.sleep(0.15)
    assert b"After" in client.get("/api/v1/courses/").content


def test_while_the_breaker_is_open_one_object_costs_what_it_costs_without_a_server(
    cached: Redis, client: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "PAUSE", 60)
    path = f"/api/v1/courses/{make_course().pk}/"

    def asked() -> list[str]:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(path).status_code == 200
        return [query["sql"] for query in queries]

    asked()
    cached.kill()
    asked()
    without = asked()
    settings.CACHEOPS_REDIS = None
    assert asked() == without


def test_a_restarted_server_starts_empty_even_with_its_old_data(cached: Redis) -> None:
    make_course(title="Before")
    cached_list()
    cached.client.save()
    cached.kill()
    # Nobody marks or journals this: the old body must not come back all the same.
    Course.objects.update(title="After")
    cached.start()
    assert any(cached.client.scan_iter("strangler:*:body:*"))
    assert b"After" in cached_list()


def test_links_are_made_anew_after_a_restart_without_a_failed_read(cached: Redis) -> None:
    make_course()
    cached_list()
    cached.kill()
    cached.start()
    cached_list()
    assert commands_of(cached, cached_list) == {"mget": 1}


def test_an_unsettled_journal_row_is_bypassed_until_its_statement_ended(cached: Redis) -> None:
    course = make_course(title="Before")
    cached_list()
    JournalRow.objects.create(model="catalog.course", row=str(course.pk), token="x", settled=False)
    Course.objects.update(title="After")
    assert b"After" in cached_list()
    assert JournalRow.objects.exists()
    JournalRow.objects.update(settled=True)
    cached_list()
    assert not JournalRow.objects.exists()
    assert b"After" in cached_list()


@pytest.mark.parametrize("url", ["redis://:wrong@127.0.0.1:1/0", "unix:///nowhere/socket"])
def test_a_wrong_address_is_no_error(transactional_db: None, settings: object, client: Client, url: str) -> None:
    settings.CACHEOPS_REDIS = url
    make_course()
    assert client.get("/api/v1/courses/").status_code == 200
    assert cached_list() == plain_list()


def test_a_server_that_tells_no_run_id_is_no_error(
    transactional_db: None, settings: Any, client: Client, nameless: str
) -> None:
    settings.CACHEOPS_REDIS = nameless
    course = make_course()
    assert client.get(f"/api/v1/courses/{course.pk}/").status_code == 200
    assert store.current_store().breaker.open


def test_a_full_server_is_no_error_and_writes_are_seen(cached: Redis, client: Client) -> None:
    make_course(title="Before")
    cached_list()
    cached.client.config_set("maxmemory", 1)
    try:
        rename()
        assert b"After" in client.get("/api/v1/courses/").content
    finally:
        cached.client.config_set("maxmemory", 0)
    time.sleep(0.15)
    assert b"After" in cached_list()
    assert b"After" in cached_list()


def test_an_evicted_stamp_is_a_miss(cached: Redis) -> None:
    make_course()
    cached_list()
    for key in cached.client.scan_iter("strangler:*:stamp:*"):
        cached.client.delete(key)
    Course.objects.update(title="After")
    assert b"After" in cached_list()


def test_settings_without_the_client_library_say_what_to_install(
    settings: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CACHEOPS_REDIS = "redis://127.0.0.1"
    monkeypatch.setattr(store, "redis", None)
    with pytest.raises(ImproperlyConfigured, match=r"django-strangler\[cache\]"):
        store.current_store()
