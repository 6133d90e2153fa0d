"""Copies reach the stream once, or are counted with the reason why they did not; the user never waits."""

import sys
import time
from collections import deque
from contextlib import suppress

import pytest
import redis
from django.db import Error
from django.http import HttpResponse
from django.test import Client

from strangler_router.calls import call_of, subject_of
from strangler_router.pin import decide
from strangler_shadow import mirror
from strangler_shadow.mirror import Mirror
from strangler_shadow.models import ShadowCount, ShadowSent, ShadowSettled
from strangler_shadow.stream import PREFIX, Stream, StreamAway
from strangler_shadow.stream_entries import open_sealed
from strangler_shadow.stream_sender import Sender
from strangler_shadow.stream_state import stream_state
from strangler_shadow.tally import Tally
from tests.bench import routing
from tests.shadow.mirroring import exchange, reasons, wait_for

# What `offer` may call that is written in C: nothing of it waits. The last three are a dict's and a counter's.
QUICK = {"getpid", "len", "append", "get", "setdefault", "next"}
# Locks (`with lock` shows as its exit), sockets, files, SQL.
WAITING = {"__exit__", "acquire", "connect", "execute", "open", "read", "readinto", "recv", "recv_into", "release",
           "select", "poll", "send", "sendall", "sleep", "write"}  # fmt: skip


@pytest.fixture(autouse=True)
def _empty_tables(academy, monkeypatch):
    monkeypatch.setattr(mirror, "FLUSH_SECONDS", 0.05)
    for model in (ShadowCount, ShadowSent, ShadowSettled):
        model.objects.all().delete()


@pytest.fixture
def make(server):
    """Makes mirrors that send to the server, and ends them."""
    made = []

    def make(items=10_000, lifetime=60, size=10**8, **options):
        stream = Stream(server.url, items=items, lifetime=lifetime, size=size)
        made.append(Mirror(stream=stream, **options))
        return made[-1], stream

    yield make
    for watched in made:
        watched.stop()
        watched._stream.close()


def sent():
    return sum(ShadowSent.objects.values_list("sent", flat=True))


def test_copies_wait_in_the_stream_and_the_database_says_how_many(make):
    watched, stream = make()
    for number in range(250):
        watched.offer(exchange(path=f"/{number}/", subject="7"))
    assert watched.drain(10)
    found = [open_sealed(delivery.data) for _ in range(3) for delivery in stream.read("w", 100, wait=0.1)]
    assert [entry.exchange.call.path for entry in found] == [f"/{number}/" for number in range(250)]
    assert len({entry.uid for entry in found}) == 250
    assert (sent(), reasons()) == (250, {})
    state = stream_state(stream)
    assert (state["waiting"], state["pending"], state["lost"], state["unaccounted"]) == (250, 250, 0, 0)


def test_a_full_stream_drops_the_newest_and_says_so(make):
    watched, stream = make(items=30)
    for _ in range(50):
        watched.offer(exchange())
    assert watched.drain(10)
    assert (sent(), reasons(), stream.backlog(time.time()).waiting) == (30, {"dropped: stream full": 20}, 30)


def test_the_streams_bytes_are_bounded_as_well_and_free_again_once_an_entry_has_ended(make):
    watched, stream = make(size=10_000)
    for _ in range(20):
        watched.offer(exchange(body=b"x" * 1000))
    assert watched.drain(10)
    assert 0 < sent() < 8
    stream.end(stream.read("w", 100, wait=0.1))
    before = sent()
    watched.offer(exchange(body=b"x" * 1000))
    assert watched.drain(10)
    assert sent() == before + 1


def test_what_is_too_large_for_an_entry_is_dropped_alone(make, settings):
    settings.STRANGLER = {**settings.STRANGLER, "SHADOW": {"ENTRY_BYTES": 100}}
    watched, _ = make()
    for size in (10, 101, 10):
        watched.offer(exchange(body=b"x" * size))
    assert watched.drain(10)
    assert (sent(), reasons()) == (2, {"dropped: too large": 1})


def test_a_push_that_is_made_again_adds_nothing(server):
    stream = Stream(server.url)
    first = stream.push("token", [b"a", b"b"], {"s": 2})
    assert stream.push("token", [b"a", b"b"], {"s": 2}) == first
    assert (first.added, stream.backlog(time.time()).waiting, stream.offered()) == (2, 2, {"s": 2})


def test_thinned_strata_say_how_many_calls_each_copy_stands_for(make):
    watched, stream = make()
    stream.thin({"plain.get GET 2xx user": 3}, seconds=30)
    watched.offer(exchange())
    assert watched.drain(10)
    for _ in range(800):
        watched.offer(exchange(subject="7"))
    watched.offer(exchange())
    assert watched.drain(10)
    weights = [open_sealed(one.data).weight for _ in range(9) for one in stream.read("w", 100, wait=0.05)]
    assert weights.count(1) == 2
    kept = weights.count(8)
    assert 60 < kept < 150
    assert reasons() == {"dropped: thinned": 800 - kept}
    assert stream.offered() == {"plain.get GET 2xx user": 800, "plain.get GET 2xx anonymous": 2}


def test_while_redis_is_away_copies_wait_here_and_the_rest_is_dropped_with_the_reason(make, server, caplog):
    watched, stream = make(items=100)
    watched._items = 20
    server.kill()
    for _ in range(15):
        watched.offer(exchange())
    wait_for(lambda: watched._taker.full == "redis away")
    for _ in range(50):
        watched.offer(exchange())
    server.start()
    assert watched.drain(15)
    found = reasons()
    assert set(found) == {"dropped: redis away"}
    assert sent() + found["dropped: redis away"] == 65
    assert stream.backlog(time.time()).waiting == sent() >= 20
    assert "copies of calls wait in this process" in caplog.text


def test_a_hung_redis_costs_no_offer_more_than_a_moment_and_no_copy_counts_twice(make, server):
    watched, stream = make()
    watched.offer(exchange())
    assert watched.drain(5)
    server.suspend()
    taken = []
    for _ in range(40):
        started = time.perf_counter()
        watched.offer(exchange())
        taken.append(time.perf_counter() - started)
        time.sleep(0.05)
    # The push is on its way: the server reads it when it goes on, and the mirror pushes it again.
    time.sleep(0.5)
    server.resume()
    assert watched.drain(15)
    assert sorted(taken)[-3] < 0.005
    paths = [open_sealed(one.data).uid for one in stream.read("w", 100, wait=0.1)]
    assert len(paths) == len(set(paths)) == sent() == 41


def test_what_a_restarted_server_does_not_have_any_more_is_lost_and_said_so(make, server):
    watched, stream = make()
    for _ in range(10):
        watched.offer(exchange())
    assert watched.drain(5)
    server.client.config_set("save", "")
    server.kill()
    for file in server.directory.glob("*.rdb"):
        file.unlink()
    server.start()
    for _ in range(4):
        watched.offer(exchange())
    assert watched.drain(10)
    state = stream_state(stream)
    assert (state["waiting"], state["lost"], state["unaccounted"]) == (4, 10, 0)


def test_a_batch_that_nobody_knows_about_counts_as_sent_at_the_end_of_the_process(make, server):
    watched, stream = make()
    watched.offer(exchange())
    assert watched.drain(5)
    server.suspend()
    watched.offer(exchange())
    wait_for(lambda: watched._taker.full == "redis away")
    watched.stop()
    server.resume()
    # It had arrived in the server's socket, so that it waits; were it lost, it would show as unaccounted for.
    wait_for(lambda: stream.backlog(time.time()).waiting == 2)
    assert (sent(), stream_state(stream)["unaccounted"], reasons()) == (2, 0, {})


def test_what_no_worker_came_for_is_dropped_after_its_lifetime(make):
    watched, stream = make(lifetime=1)
    for _ in range(3):
        watched.offer(exchange())
    assert watched.drain(5)
    time.sleep(0.6)
    # Traffic goes on, so that the stream itself does not expire.
    watched.offer(exchange())
    wait_for(lambda: reasons().get("dropped: too old") == 3)
    wait_for(lambda: stream.backlog(time.time()).waiting == 1)
    assert sum(ShadowSent.objects.values_list("settled", flat=True)) == 3


def test_without_traffic_the_server_forgets_the_stream_by_itself(server):
    stream = Stream(server.url, lifetime=1)
    stream.push("token", [b"a"], {})
    assert 0 < server.client.pttl(PREFIX + "stream") <= 1000


def test_a_server_without_memory_is_away_and_says_no_argument(server):
    stream = Stream(server.url)
    server.client.config_set("maxmemory", 1)
    try:
        with pytest.raises(StreamAway) as caught:
            stream.push("token", [b"canary"], {})
    finally:
        server.client.config_set("maxmemory", 0)
    assert "canary" not in str(caught.value)


def called_in_c(function, *arguments):
    """Names of all C functions that are called on the way, at any depth."""
    seen = []

    def note(_frame, event, called):
        if event == "c_call":
            seen.append(called.__name__)

    sys.setprofile(note)
    try:
        function(*arguments)
    finally:
        sys.setprofile(None)
    return set(seen) - {"setprofile"}


@pytest.mark.parametrize("room", [True, False])
@pytest.mark.parametrize("streamed", [True, False])
def test_an_offer_takes_no_lock_and_calls_nothing_that_waits(make, academy, streamed, room):
    watched = make()[0] if streamed else Mirror(judge=lambda _exchange: time.sleep(0.01))
    watched.offer(exchange())
    copy = exchange(body=b"x" * (1 if room else 10**9))
    assert called_in_c(watched.offer, copy) <= QUICK
    watched.stop()


def test_taking_the_copy_waits_for_nothing_either(make, academy):
    middleware, request, _ = routing._bound_request()
    http = request._request
    middleware.process_view(http, None, (), {})
    pin = http.strangler_pin
    decide(pin, request, subject_of)
    pin.call = call_of(request, pin)
    watched, _ = make()
    middleware.observers = [watched.offer]
    response = HttpResponse(b"{}", content_type="application/json")
    middleware._observe(http, response, pin)
    called = called_in_c(middleware._observe, http, response, pin)
    assert "append" in called
    assert not called & WAITING


def test_no_credential_reaches_redis(academy, server, settings):
    settings.ROOT_URLCONF = "tests.shadow.urls_mirror"
    settings.STRANGLER = {
        "LIFTED": {"secret.get": "SERVICE"},
        "REFRESH": 0,
        "OBSERVERS": ["strangler_shadow.mirror.offer"],
        "SHADOW": {"STREAM": server.url},
        "DROP_HEADERS": ["X-Own-Token"],
    }
    from strangler_router import flags
    from strangler_router.policy import Flag

    flags.append(Flag(endpoint="secret.get", mirror=10_000), who="test", why="test")
    mirror._mirror = None
    headers = {"Authorization": "Bearer zanzibar-1", "Cookie": "sessionid=zanzibar-2; csrftoken=zanzibar-3"}
    headers |= {"X-Own-Token": "zanzibar-4", "X-Api-Key": "zanzibar-5", "Accept-Language": "de"}
    Client(headers=headers).get("/secret/")
    mirror._mirror.stop()
    mirror._mirror = None
    ((_, fields),) = redis.Redis.from_url(server.url).xrange(PREFIX + "stream")
    for text in (b"zanzibar", b"canary", b"secret.get"):
        assert text not in fields[b"entry"]
    opened = open_sealed(fields[b"entry"]).exchange
    assert b"canary-name" in opened.served.body
    assert "zanzibar" not in repr(opened)
    # The cookie that the answer sets is there by name and attributes.
    assert "canary-cookie" not in repr(opened)
    assert "flavour; path=/" in opened.served.cookies


@pytest.mark.parametrize("lost", [0, 1, 2])
def test_copies_count_as_sent_once_though_the_reply_to_a_commit_is_lost(stream, lossy, lost):
    sender = Sender(Tally(), stream)
    sender.take(deque([exchange()] * 3))
    for _ in range(lost):
        lossy.is_losing = True
        while lossy.is_losing:
            with suppress(Error):
                sender.flush()
        assert not sender.is_idle
        sender.take(deque([exchange()]))

    def written():
        # What is lost may be under way still, and a second one beside it is refused.
        with suppress(Error):
            sender.flush()
        return sender.is_idle

    wait_for(written)
    assert lossy.lost == lost
    assert sent() == 3 + lost


def test_a_sender_draws_for_itself(server):
    tally, stream = Tally(), Stream(server.url)
    sender = Sender(tally, stream, draw=lambda: 0.5)
    sender._halvings = {"plain.get GET 2xx anonymous": 1}
    assert sender.take(deque([exchange()])) == 2
    assert stream.backlog(time.time()).waiting == 0
