"""Every streamed copy is compared once, whoever dies in the middle, and what cannot be compared is set aside."""

import io
import json
import logging
import threading
import time

import pytest
from django.core.management import call_command
from django.db import connections

from strangler_django.verb import UsageError
from strangler_router import flags
from strangler_router.policy import Flag
from strangler_router.types import Reply
from strangler_shadow.models import ShadowCount, ShadowDifference, ShadowSent, ShadowSettled
from strangler_shadow.stream import PREFIX, Stream, StreamAway
from strangler_shadow.stream_entries import Entry, seal
from strangler_shadow.stream_state import stream_state
from strangler_shadow.work import Worker
from tests.shadow import urls_mirror
from tests.shadow.mirroring import (
    Service,
    end_mirror,
    exchange,
    mirrored_views,
    nothing_is_missing,
    reasons,
    totals,
    wait_for,
)


@pytest.fixture(autouse=True)
def _empty_tables(academy):
    for model in (ShadowCount, ShadowDifference, ShadowSent, ShadowSettled):
        model.objects.all().delete()


@pytest.fixture
def service():
    return Service()


@pytest.fixture
def project(server, settings, service):
    """The views of urls_mirror, whose copies go to the stream; gives a client."""
    with mirrored_views(settings, service, {"STREAM": server.url}) as client:
        for endpoint in urls_mirror.IDS:
            flags.append(Flag(endpoint=endpoint, mirror=10_000), who="test", why="test")
        yield client


def work(stream, **options):
    Worker(stream, **options).run(once=True)


def run_in_thread(work, *arguments):
    """A thread whose connections end with it."""

    def run():
        work(*arguments)
        connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def verb(*arguments):
    out = io.StringIO()
    call_command("strangler_shadow", *arguments, stdout=out)
    return out.getvalue()


def test_a_worker_counts_as_the_mirror_itself_does(project, stream, service):
    for _ in range(5):
        project.get("/plain/")
    end_mirror()
    service.reply = Reply(data={"level": "easy", "name": "by the service"})
    work(stream)
    project.get("/plain/")
    end_mirror()
    service.reply = Reply(data={"level": "easy", "name": "by the monolith"})
    work(stream)
    assert (totals()["sampled"], totals()["mismatched"], totals()["matched"]) == (6, 5, 1)
    assert ShadowDifference.objects.get().count == 5
    assert nothing_is_missing(stream)


class Dying(Stream):
    """A worker with this stream dies when it has counted and not acknowledged."""

    def end(self, deliveries):
        raise SystemExit


def test_what_was_counted_and_not_acknowledged_counts_once(project, server, stream):
    for _ in range(6):
        project.get("/plain/")
    end_mirror()
    with pytest.raises(SystemExit):
        work(Dying(server.url), concurrency=2)
    assert totals()["sampled"] == 4
    assert stream_state(stream)["pending"] == 4
    work(stream, idle=0.001)
    assert (totals()["sampled"], totals()["matched"]) == (6, 6)
    assert nothing_is_missing(stream)


def test_two_workers_with_the_same_entry_count_it_once(project, stream, service):
    together = threading.Barrier(2)
    right = service.reply

    def reply(call):
        together.wait(20)
        return right

    service.reply = reply
    project.get("/plain/")
    end_mirror()
    workers = [Worker(stream, idle=0.001) for _ in range(2)]
    threads = [run_in_thread(worker.run) for worker in workers]
    wait_for(lambda: totals()["sampled"] == 1)
    wait_for(lambda: nothing_is_missing(stream))
    for worker in workers:
        worker.stop()
    for thread in threads:
        thread.join(20)
    assert (totals()["sampled"], totals()["matched"]) == (1, 1)


def test_what_cannot_be_read_is_set_aside_and_counted(project, server, stream):
    project.get("/plain/")
    end_mirror()
    ((_, fields),) = server.client.xrange(PREFIX + "stream")
    forged = fields[b"entry"][:-1] + bytes([fields[b"entry"][-1] ^ 1])
    server.client.xadd(PREFIX + "stream", {"entry": forged, "generation": "g"})
    server.client.xadd(PREFIX + "stream", {"other": "canary"})
    work(stream)
    assert reasons() == {"errored: broken seal": 2}
    assert totals()["matched"] == 1
    assert [fields[b"reason"] for _, fields in server.client.xrange(PREFIX + "aside")] == [b"broken seal"] * 2
    assert 0 < server.client.pttl(PREFIX + "aside") <= 3600_000


def test_a_worker_that_is_told_to_end_gives_back_what_it_has_not_begun(project, stream, service):
    gate, right = threading.Event(), service.reply
    service.reply = lambda call: gate.wait(20) and right
    for _ in range(8):
        project.get("/plain/")
    end_mirror()
    worker = Worker(stream, concurrency=2)
    thread = run_in_thread(worker.run)
    wait_for(lambda: len(service.calls) == 2)
    worker.stop()
    gate.set()
    thread.join(20)
    assert totals()["matched"] == 2
    state = stream_state(stream)
    assert (state["waiting"], state["pending"], state["workers"]) == (6, 2, 0)
    # At once, since they were given back, and as if nobody had had them.
    assert stream.claim("next", idle=60).times == 1


def test_the_candidate_is_asked_no_faster_than_the_rate(project, stream, service):
    asked = []
    right = service.reply
    service.reply = lambda call: asked.append(time.monotonic()) or right
    for _ in range(12):
        project.get("/plain/")
    end_mirror()
    work(stream, rate=20, concurrency=4)
    assert totals()["matched"] == 12
    assert asked[-1] - asked[0] >= 9 / 20


def test_rechecks_count_towards_the_rate(project, stream, service):
    asked = []
    service.reply = lambda call: asked.append(time.monotonic()) or Reply(data={"name": "other"})
    for _ in range(4):
        project.get("/plain/")
    end_mirror()
    work(stream, rate=20)
    assert (totals()["mismatched"], len(asked)) == (4, 8)
    assert asked[-1] - asked[0] >= 5 / 20


def test_a_worker_with_a_rate_has_the_mirrors_thin_what_is_too_much(project, server, stream):
    worker = Worker(stream, rate=5)
    worker._tend()
    stream.push("t", [], {"plain.get GET 2xx user": 10_000})
    time.sleep(0.2)
    worker._tend()
    assert stream.backlog(time.time()).halvings["plain.get GET 2xx user"] >= 10
    worker._leave()


def test_weights_are_kept_with_the_counts(project, stream, academy):
    entries = [Entry(uid=f"{n:032}", exchange=exchange(path="/plain/"), at=time.time(), weight=2**n) for n in range(3)]
    stream.push("t", [seal(entry) for entry in entries], {})
    work(stream)
    assert dict(ShadowCount.objects.values_list("weight", "count")) == {1: 1, 2: 1, 4: 1}


def test_the_database_may_be_away_for_a_while(project, stream, monkeypatch):
    from django.db import OperationalError

    from strangler_shadow import stream_settling

    calls = []
    real = stream_settling._settle

    def fails_once(settlements):
        calls.append(1)
        if len(calls) == 1:
            raise OperationalError("away")
        return real(settlements)

    project.get("/plain/")
    end_mirror()
    monkeypatch.setattr(stream_settling, "_settle", fails_once)
    work(stream)
    assert totals()["matched"] == 1
    assert nothing_is_missing(stream)


def test_a_stream_that_is_away_ends_no_worker(project, server, stream):
    worker = Worker(stream)
    thread = run_in_thread(worker.run)
    project.get("/plain/")
    end_mirror()
    wait_for(lambda: totals()["matched"] == 1)
    server.kill()
    time.sleep(0.5)
    server.start()
    project.get("/plain/")
    end_mirror()
    wait_for(lambda: totals()["matched"] == 2, seconds=20)
    worker.stop()
    thread.join(20)


def test_a_lag_that_is_stated_is_waited_for(project, stream, service, settings):
    answers = iter(["old", "old", "by the monolith"])
    service.reply = lambda call: Reply(data={"level": "easy", "name": next(answers)})
    settings.STRANGLER = {**settings.STRANGLER, "SHADOW": {**settings.STRANGLER["SHADOW"], "LAG": {"plain.get": 0.05}}}
    project.get("/plain/")
    end_mirror()
    work(stream)
    assert (totals()["transient"], reasons()) == (1, {"transient: lagging": 1})


@pytest.mark.parametrize(
    ("headers", "outcome"),
    [
        ({"X-Cache": "HIT from proxy"}, {"matched: cached": 1}),
        ({"Age": "7"}, {"matched: cached": 1}),
        ({"Age": "0", "X-Cache": "MISS"}, {}),
    ],
)
def test_an_answer_that_was_kept_somewhere_is_marked(project, stream, service, monkeypatch, headers, outcome):
    from rest_framework.response import Response

    data = {"level": "easy", "name": "by the monolith"}
    monkeypatch.setattr(urls_mirror.Plain, "get", lambda self, request: Response(data, headers=headers))
    service.reply = Reply(data=data, headers=tuple(headers.items()))
    project.get("/plain/")
    end_mirror()
    work(stream)
    assert (totals()["matched"], reasons()) == (1, outcome)


def test_one_kept_difference_is_asked_for_again(project, stream, service):
    service.reply = Reply(data={"level": "easy", "name": "canary"})
    project.get("/plain/?q=canary")
    end_mirror()
    work(stream)
    [row] = json.loads(verb("diffs", "--format", "json"))
    again = verb("replay", str(row["id"]))
    assert "plain.get value at $.name: still differs (mismatched" in again
    assert "canary" not in again
    service.reply = Reply(data={"level": "easy", "name": "by the monolith"})
    found = json.loads(verb("replay", str(row["id"]), "--format", "json"))
    assert (found["outcome"], found["still there"], found["differences"]) == ("matched", False, [])


def test_what_cannot_be_asked_for_again_is_said(project, server, stream, service):
    with pytest.raises(UsageError, match="there is no difference 7"):
        verb("replay", "7")
    service.reply = Reply(data={})
    project.get("/plain/")
    end_mirror()
    work(stream)
    server.client.flushall()
    with pytest.raises(UsageError, match="is not kept any more"):
        verb("replay", str(ShadowDifference.objects.first().pk))


def test_without_a_stream_there_is_no_work(academy):
    with pytest.raises(UsageError, match="STREAM"):
        verb("work")


def test_stats_and_watch_say_what_waits(project, server, stream):
    project.get("/plain/")
    end_mirror()
    [row] = [json.loads(verb("stats", "--format", "json"))["stream"]]
    assert (row["waiting"], row["workers"], row["unaccounted"]) == (1, 0, 0)
    assert "stream: waiting 1, pending 0, oldest " in verb("stats")
    thread = run_in_thread(lambda: (time.sleep(0.5), work(stream)))
    lines = verb("watch", "--seconds", "2.5").splitlines()
    thread.join(20)
    assert len(lines) >= 2
    assert any("sampled 1, matched 1" in line for line in lines)
    assert "waiting 0" in lines[-1]
    server.kill()
    assert "away Redis: ConnectionError" in verb("stats")


def test_no_recorded_value_leaves_the_stream(project, server, stream, service, caplog):
    caplog.set_level(logging.DEBUG)
    service.reply = lambda call: Reply(
        data={"same": "canary-same", "name": "canary-2", "number": 4242424243}, headers=(("X-Canary", "canary-3"),)
    )
    headers = {"X-Request-Id": "canary-id", "X-Any": "canary", "Cookie": "canary=canary", "Authorization": "x canary"}
    project.get("/secret/?q=canary-query", headers=headers)
    project.get("/crashes/?q=canary-query", headers=headers)
    end_mirror()
    server.client.xadd(PREFIX + "stream", {"entry": "canary", "generation": "canary"})
    caplog.clear()
    work(stream)
    row = ShadowDifference.objects.filter(pattern="$.name").get()
    said = [verb("stats"), verb("diffs"), verb("replay", str(row.pk)), verb("watch", "--seconds", "0.5")]
    said += [verb(what, "--format", "json") for what in ("stats", "diffs")]
    said += [repr(list(model.objects.values())) for model in (ShadowCount, ShadowDifference, ShadowSettled)]
    said += [record.getMessage() for record in caplog.records]
    assert totals()["mismatched"] == 2
    for text in said:
        assert "canary" not in text.lower().replace("x-canary", "")
        assert "424242424" not in text


def test_a_refused_stream_says_which_kind_of_error_and_no_address(server):
    server.kill()
    with pytest.raises(StreamAway, match=r"^Redis: ConnectionError$"):
        Stream("redis://:canary@127.0.0.1:1/0").backlog(0)
