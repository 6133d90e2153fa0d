"""The mirror counts each copy once, and the user never notices it."""

import io
import json
import logging
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from strangler_router import flags
from strangler_router.errors import NoAnswer
from strangler_router.policy import Flag, Rung, Stage
from strangler_router.types import Call, Exchange, Reply
from strangler_shadow import mirror
from strangler_shadow.kinds import Kind
from strangler_shadow.mirror import Mirror
from strangler_shadow.models import ShadowCount, ShadowDifference
from strangler_shadow.observer import Finding
from strangler_shadow.tally import Outcome, sums
from tests.shadow import urls_mirror
from tests.shadow.mirroring import OUTCOMES, Service, end_mirror, exchange, mirrored_views, totals


@pytest.fixture(autouse=True)
def _empty_tables(academy, monkeypatch):
    monkeypatch.setattr(mirror, "FLUSH_SECONDS", 0.05)
    ShadowCount.objects.all().delete()
    ShadowDifference.objects.all().delete()


@pytest.fixture
def service():
    return Service()


@pytest.fixture
def project(academy, settings, service):
    """The views of urls_mirror, mirrored whole by a new mirror; gives a client."""
    with mirrored_views(settings, service, {"TRAITS": ["level"]}) as client:
        for endpoint in urls_mirror.IDS:
            flags.append(Flag(endpoint=endpoint, mirror=10_000), who="test", why="test")
        yield client
        stop()


def move(endpoint, stage):
    flags.append(Flag(endpoint=endpoint, stage=stage, rung=Rung.LIFTED, mirror=10_000), who="test", why="test")


def stop():
    """Ends the mirror of this process when all copies are compared."""
    if mirror._mirror is not None:
        assert mirror._mirror.drain(10)
        end_mirror()


def only(**counts):
    return dict.fromkeys(["sampled", *OUTCOMES], 0) | counts


def judge(exchange):
    """Does what the exchange's path says."""
    kind = exchange.call.path
    if kind == "raise":
        raise ValueError("canary")
    if kind == "slow":
        time.sleep(0.002)
    return Finding(outcome=Outcome(kind) if kind in OUTCOMES else Outcome.MATCHED, reason="why" * (kind == "skipped"))


KINDS = ["matched", "mismatched", "transient", "skipped", "errored", "raise", "slow"]
loads = st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 60)), max_size=40)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(loads=st.lists(loads, min_size=1, max_size=3), items=st.integers(1, 30), size=st.integers(0, 400))
def test_every_copy_is_counted_once_whatever_the_load(academy, loads, items, size):
    ShadowCount.objects.all().delete()
    watched = Mirror(items=items, size=size, judge=judge)

    def offer(load):
        for kind, length in load:
            watched.offer(exchange(kind, b"x" * length))

    threads = [threading.Thread(target=offer, args=(load,)) for load in loads]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if any(loads):
        watched.stop()
    offered = [kind for load in loads for kind, _ in load]
    found = totals()
    assert found["sampled"] == len(offered) == sum(found[name] for name in OUTCOMES)
    for name in ("matched", "mismatched", "transient", "skipped", "errored"):
        expected = sum(kind == name or (name, kind) in {("errored", "raise"), ("matched", "slow")} for kind in offered)
        assert found[name] <= expected


def test_a_full_queue_drops_and_says_so(academy):
    gate = threading.Event()
    watched = Mirror(items=2, judge=lambda exchange: gate.wait(10) and judge(exchange))
    watched.offer(exchange("matched"))
    while watched._queue:
        time.sleep(0.001)
    for _ in range(5):
        watched.offer(exchange("matched"))
    gate.set()
    assert watched.drain(10)
    watched.stop()
    [row] = sums()
    assert (row["matched"], row["dropped"], row["reasons"]) == (3, 3, {"dropped: queue full": 3})


def test_bytes_fill_the_queue_as_well(academy):
    gate = threading.Event()
    watched = Mirror(size=10, judge=lambda exchange: gate.wait(10) and judge(exchange))
    for length in (6, 5, 4, 1):
        watched.offer(exchange("matched", b"x" * length))
    gate.set()
    watched.stop()
    assert totals()["dropped"] >= 2
    assert totals()["sampled"] == 4


def test_equal_answers_match_and_different_ones_do_not(project, service):
    project.get("/plain/")
    assert mirror._mirror.drain(10)
    service.reply = Reply(data={"level": "easy", "name": "by the service"})
    project.get("/plain/")
    stop()
    assert totals() == only(sampled=2, matched=1, mismatched=1)
    [row] = ShadowDifference.objects.all()
    assert (row.endpoint, row.kind, row.pattern, row.count) == ("plain.get", "value", "$.name", 1)


def test_after_the_move_the_monolith_is_asked_instead(project, service):
    move("plain.get", Stage.SERVICE)
    service.reply = Reply(data={"level": "easy", "name": "other"})
    assert project.get("/plain/").json()["name"] == "other"
    stop()
    [row] = sums()
    assert (row["answered"], row["mismatched"]) == ("service", 1)
    [difference] = ShadowDifference.objects.all()
    assert difference.control != difference.candidate


def test_a_difference_that_does_not_repeat_is_transient(project, service):
    names = iter(["once", *["by the monolith"] * 9])
    service.reply = lambda call: Reply(data={"level": "easy", "name": next(names)})
    project.get("/plain/")
    stop()
    assert totals() == only(sampled=1, transient=1)
    assert not ShadowDifference.objects.exists()


@pytest.mark.parametrize("kind", ["unavailable", "deadline exceeded", "internal"])
def test_no_answer_counts_as_errored_by_its_kind(project, service, kind):
    service.reply = NoAnswer("canary", kind=kind)
    project.get("/plain/")
    stop()
    [row] = sums()
    assert (row["errored"], row["reasons"]) == (1, {f"errored: {kind}": 1})


def test_a_fallback_is_no_match(project, service):
    move("plain.get", Stage.SERVICE)
    service.reply = NoAnswer("down", kind="unavailable")
    assert project.get("/plain/").json()["name"] == "by the monolith"
    stop()
    assert totals() == only(sampled=1, errored=1)


def test_the_user_waits_neither_for_a_shadow_that_hangs_nor_for_one_that_raises(project, service):
    gate = threading.Event()
    service.reply = lambda call: Reply(data=str(gate.wait(20)))
    for _ in range(3):
        started = time.monotonic()
        assert project.get("/plain/").json() == {"level": "easy", "name": "by the monolith"}
        assert time.monotonic() - started < 2
    service.reply = RuntimeError("canary")
    gate.set()
    project.get("/plain/")
    stop()
    assert totals()["sampled"] == 4


def test_an_observer_that_raises_does_not_change_the_answer(project, settings):
    settings.STRANGLER = {**settings.STRANGLER, "OBSERVERS": ["tests.shadow.test_mirror.broken_observer"]}
    response = Client().get("/plain/")
    assert (response.status_code, response.json()["name"]) == (200, "by the monolith")


def broken_observer(exchange):
    raise RuntimeError("an observer of the project")


def test_an_unsafe_method_is_never_asked_twice(project, service):
    assert project.post("/plain/").status_code == 201
    unsafe = Call(endpoint="plain.get", route="plain/", method="POST", path="/plain/")
    mirror.offer(Exchange(call=unsafe, decision=exchange().decision, served=exchange().served))
    stop()
    assert service.calls == []
    [row] = sums()
    assert row["reasons"] == {"skipped: unsafe": 1}


def test_counts_are_kept_while_the_database_is_away(project, caplog):
    def rename(old, new):
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE {old} RENAME TO {new}")

    rename("strangler_shadow_shadowcount", "counts_are_away")
    try:
        project.get("/plain/")
        assert not mirror._mirror.drain(0.5)
        assert "the mirror's counts cannot be written now and are kept" in caplog.text
    finally:
        rename("counts_are_away", "strangler_shadow_shadowcount")
    project.get("/plain/")
    stop()
    assert totals() == only(sampled=2, matched=2)


def test_a_lost_connection_costs_no_count(project, academy):
    if academy.vendor != "postgresql":
        pytest.skip("SQLite has no connection to lose")
    project.get("/plain/")
    assert mirror._mirror.drain(5)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
    for _ in range(3):
        project.get("/plain/")
    stop()
    assert totals()["sampled"] == 4


def test_a_forked_process_counts_for_itself(academy):
    if academy.vendor != "sqlite":
        pytest.skip("one database is enough here")
    program = Path(__file__).with_name("forking.py")
    environment = {**os.environ, "ACADEMY_DATABASE": academy.url.removeprefix("sqlite:///")}
    result = subprocess.run(
        [sys.executable, program], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert totals() == only(sampled=5, matched=5)


def verb(what, *arguments):
    out = io.StringIO()
    call_command("strangler_shadow", what, *arguments, stdout=out)
    return out.getvalue()


def everything_kept():
    with connection.cursor() as cursor:
        for model in (ShadowCount, ShadowDifference):
            cursor.execute(f"SELECT * FROM {model._meta.db_table}")
            yield from (repr(row) for row in cursor.fetchall())
    yield from (verb("stats"), verb("diffs"), verb("stats", "--format", "json"), verb("diffs", "--format", "json"))


def test_no_recorded_value_is_kept_logged_or_printed(project, service, caplog):
    caplog.set_level(logging.DEBUG, "strangler_shadow")
    service.reply = lambda call: Reply(
        data={
            "same": "canary-same",
            "name": "canary-other",
            "items": ["canary-3", {"canary/4": 2}, None],
            "number": 4242424243,
            "canary new": [],
        },
        headers=(("X-Canary", "canary-other-header"), ("X-Other", "canary")),
        status=203,
    )
    headers = {"X-Request-Id": "canary-id", "Accept-Language": "de", "X-Any": "canary"}
    for stage in (Stage.MONOLITH, Stage.SERVICE):
        move("secret.get", stage)
        move("crashes.get", stage)
        project.get("/secret/?q=canary-query", headers=headers)
        assert mirror._mirror.drain(10)
        service.reply, kept = NoAnswer("canary-error", kind="internal"), service.reply
        caplog.clear()
        project.get("/crashes/?canary", headers=headers)
        assert mirror._mirror.drain(10)
        service.reply = kept
    logged = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("strangler_shadow"))
    stop()
    assert totals()["mismatched"] == 2
    assert ShadowDifference.objects.count() >= 8
    for text in [logged, *everything_kept()]:
        assert "canary" not in text.lower().replace("x-canary", "")
        assert "424242424" not in text


def test_a_replayed_crash_is_not_logged_again(project, service, caplog):
    move("crashes.get", Stage.SERVICE)
    service.reply = Reply(data="fine")
    assert project.get("/crashes/").status_code == 200
    stop()
    # Nothing can be said of the service by a monolith that fails.
    assert totals()["skipped"] == 1
    assert "canary-error" not in caplog.text


def test_stats_and_diffs_are_printed_as_text_and_json(project, service):
    assert "nothing mirrored yet" in verb("stats")
    assert verb("diffs") == "no differences\n"
    service.reply = Reply(data={"level": "easy", "name": "other"})
    project.get("/plain/")
    project.get("/lists/")
    stop()
    assert "plain.get" in verb("stats")
    assert "$.name" in verb("diffs")
    [row] = json.loads(verb("stats", "plain.get", "--format", "json"))
    assert {**only(sampled=1, mismatched=1), "endpoint": "plain.get"}.items() <= row.items()
    [difference] = json.loads(verb("diffs", "plain.get", "--format", "json"))
    assert (difference["kind"], difference["pattern"], difference["count"]) == ("value", "$.name", 1)
    assert json.loads(verb("diffs", "nothing.get", "--format", "json")) == []


def test_diffs_begin_with_what_risks_most(academy):
    now = timezone.now()
    for kind, pattern, count, sides in (
        (Kind.ORDER, "$", 900, ("", "")),
        (Kind.STATUS, "status", 1, ("403", "200")),
        (Kind.VALUE, "$.a", 7, ("1", "2")),
    ):
        ShadowDifference.objects.create(
            endpoint="plain.get", rung="native", kind=kind, pattern=pattern, count=count, first_seen=now, last_seen=now,
            control=sides[0], candidate=sides[1],
        )  # fmt: skip
    found = json.loads(verb("diffs", "--format", "json"))
    assert [row["risk"] for row in found] == ["highest", "high", "low"]


def test_traits_name_the_one_kind_of_object_that_differs(project, service):
    def reply(call):
        return Reply(data={"results": [{"level": level, "price": number + (level == "hard")} for number, level in
                                       enumerate(["easy", "hard", "hard", "odd"])]})  # fmt: skip

    service.reply = reply
    for _ in range(8):
        project.get("/lists/")
    stop()
    [difference] = json.loads(verb("diffs", "--format", "json"))
    assert (difference["pattern"], difference["only where"]) == ("$.results[*].price", ['level="hard"'])


def test_threads_that_offer_first_share_one_worker(academy):
    for _ in range(20):
        watched = Mirror(judge=judge)
        barrier = threading.Barrier(4)

        def offer(watched=watched, barrier=barrier):
            barrier.wait()
            watched.offer(exchange("matched"))

        threads = [threading.Thread(target=offer) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        watched.stop()
    found = totals()
    assert found["sampled"] == found["matched"] + found["dropped"] == 80
