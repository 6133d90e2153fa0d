"""A request whose copy is taken waits for nothing that it would not wait for without: counted, not timed."""

import gc
import sys
import threading
from collections import Counter

import pytest
from asgiref import local

from strangler_router import flags
from strangler_router.policy import Flag
from strangler_shadow import mirror
from tests.shadow.mirroring import Service, mirrored_views
from tests.shadow.test_stream import WAITING

# Reading the language and the timezone of a request, which a copy keeps, takes the lock of asgiref's thread-locals.
LOCALS = local.__file__
AUDITED = ("open", "os.", "shutil.", "socket.", "sqlite3.", "subprocess.", "tempfile.")
_watched: list[tuple[int, Counter]] = []


def _audit(event, _arguments):
    for thread, seen in _watched:
        if thread == threading.get_ident() and event.startswith(AUDITED):
            seen[event] += 1


# Audit hooks cannot be taken away, so there is one, which is idle but for `waits_of`.
sys.addaudithook(_audit)


def waits_of(function):
    """How often this thread opens, connects, asks SQL, sends, reads, sleeps or takes a lock on the way."""
    seen = Counter()

    def note(frame, event, called):
        if event != "c_call" or frame.f_code.co_filename == LOCALS:
            return
        if called.__name__ in WAITING or "lock" in type(getattr(called, "__self__", None)).__name__:
            seen[called.__name__] += 1

    # What earlier tests left is not to be finalized, which may take locks, while this is watched.
    gc.collect()
    gc.disable()
    _watched.append((threading.get_ident(), seen))
    sys.setprofile(note)
    try:
        function()
    finally:
        sys.setprofile(None)
        _watched.clear()
        gc.enable()
    return seen


@pytest.fixture(params=["in process", "by stream"])
def client(request, academy, settings, server):
    streamed = {"STREAM": server.url} if request.param == "by stream" else {}
    with mirrored_views(settings, Service(), streamed) as client:
        yield client


def waits_at(client, share):
    flags.append(Flag(endpoint="plain.get", mirror=share), who="test", why="test")
    for _ in range(3):
        assert client.get("/plain/").status_code == 200
    return waits_of(lambda: client.get("/plain/"))


def test_a_mirrored_request_waits_as_often_as_one_that_is_not(client):
    without = waits_at(client, 0)
    assert mirror._mirror is None
    mirrored = waits_at(client, 10_000)
    assert mirror._mirror is not None
    assert mirrored == without


def test_a_thousand_offers_wait_for_nothing(client):
    waits_at(client, 10_000)
    copies = []
    offer, mirror._mirror.offer = mirror._mirror.offer, copies.append
    client.get("/plain/")
    mirror._mirror.offer = offer
    assert waits_of(lambda: [mirror.offer(copies[0]) for _ in range(1000)]) == {}
    assert waits_of(lambda: mirror._starting.acquire() and mirror._starting.release()) == {"acquire": 1, "release": 1}
    assert waits_of(lambda: open("/dev/null").close())["open"] == 2  # noqa: PTH123  the call and its event
