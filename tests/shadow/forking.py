"""Offers in a parent, in its forked child, and in the parent again; each process writes its own counts."""

import os
import sys

import django

django.setup()

import strangler_shadow.mirror  # noqa: E402
from strangler_router.types import Call, Decision, Exchange, Served, Side  # noqa: E402
from strangler_shadow.mirror import Mirror  # noqa: E402
from strangler_shadow.observer import Finding  # noqa: E402
from strangler_shadow.tally import Outcome  # noqa: E402

EXCHANGE = Exchange(
    call=Call(endpoint="plain.get", route="plain/", method="GET", path="/"),
    decision=Decision(side=Side.MONOLITH, rung="lifted", reason="", mirrored=True),
    served=Served(status=200, headers=(), cookies=(), body=b"{}", seconds=0.0),
)
strangler_shadow.mirror.FLUSH_SECONDS = 0.05
mirror = Mirror(judge=lambda exchange: Finding(outcome=Outcome.MATCHED))
mirror.offer(EXCHANGE)
mirror.offer(EXCHANGE)
assert mirror.drain(20)
child = os.fork()
if child == 0:
    mirror.offer(EXCHANGE)
    mirror.offer(EXCHANGE)
    assert mirror.drain(20)
    mirror.stop()
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
mirror.offer(EXCHANGE)
assert mirror.drain(20)
sys.exit()
