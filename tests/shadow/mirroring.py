"""The views of urls_mirror whose calls are all mirrored to a service, and what the mirror counted."""

import time
from contextlib import contextmanager

from django.test import Client

from strangler_protos.identity import Caller
from strangler_router.types import Call, Decision, Exchange, Reply, Served, Side
from strangler_shadow import mirror, replay
from strangler_shadow.stream_state import stream_state
from strangler_shadow.tally import Outcome, sums
from tests.shadow import urls_mirror

OUTCOMES = [outcome.value for outcome in Outcome]


class Service:
    """Answers in the service's place with `reply`, or raises it, or asks it."""

    def __init__(self):
        self.calls = []
        self.reply = Reply(data={"level": "easy", "name": "by the monolith"})

    def __call__(self, binding, rung):
        def ask(call):
            self.calls.append(call)
            reply = self.reply(call) if callable(self.reply) else self.reply
            if isinstance(reply, Exception):
                raise reply
            return reply

        return ask


@contextmanager
def mirrored_views(settings, service, shadow):
    """A client of the views, with a mirror of their own; flags say how much is mirrored."""
    settings.ROOT_URLCONF = "tests.shadow.urls_mirror"
    settings.STRANGLER = {
        "LIFTED": dict.fromkeys(urls_mirror.IDS, "SERVICE"),
        "BACKEND": service,
        "REFRESH": 0,
        "OBSERVERS": ["strangler_shadow.mirror.offer"],
        "SHADOW": shadow,
    }
    replay._handler.cache_clear()
    mirror._mirror = None
    # A replay that fails in the worker signals it to every client of this process.
    yield Client(raise_request_exception=False)
    end_mirror()
    replay._handler.cache_clear()


def end_mirror():
    """Ends the mirror of this process, which sends what waits."""
    if mirror._mirror is not None:
        mirror._mirror.stop()
        mirror._mirror = None


def exchange(path="/x/", body=b"{}", **caller):
    """An exchange that a mirror may be offered; keywords are the caller's."""
    return Exchange(
        call=Call(endpoint="plain.get", route="plain/", method="GET", path=path, caller=Caller(**caller)),
        decision=Decision(side=Side.MONOLITH, rung="lifted", reason="test", mirrored=True),
        served=Served(status=200, headers=(), cookies=(), body=body, seconds=0.01),
    )


def totals():
    """What was counted, by outcome."""
    found = dict.fromkeys(["sampled", *OUTCOMES], 0)
    for row in sums():
        for name in found:
            found[name] += row[name]
    return found


def reasons():
    """What was counted, by reason."""
    found = {}
    for row in sums():
        for name, count in row["reasons"].items():
            found[name] = found.get(name, 0) + count
    return found


def nothing_is_missing(stream):
    """Whether each copy that was sent to the stream is counted."""
    state = stream_state(stream)
    return {state[name] for name in ("waiting", "pending", "lost", "unaccounted")} == {0}


def wait_for(condition, seconds=10):
    """Waits until it holds, and fails where it never does."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)
