"""Pairs that `strangler verify` compares for each second of processor time, of both processes; drawing is left out."""

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from unittest.mock import patch

import psutil
from django.conf import settings as django_settings
from django.core.management import call_command
from django.test.utils import override_settings

from strangler_router.conf import settings
from strangler_router.pin import Entry, Replay
from strangler_router.table import build_table
from strangler_router.types import Call, Side
from strangler_shadow import replay, twins
from strangler_shadow.inert import staying_read_only
from strangler_shadow.management.commands.strangler_verify import EXAMPLES, SEED
from strangler_shadow.search import finds
from strangler_shadow.strategies import calls, plain_calls, single_calls
from strangler_shadow.twin_service import TwinService, serving
from strangler_shadow.verify import Verification
from tests.bench.rows import Row, at_least
from tests.conftest import KEYS, default_database

__all__ = ["verifying_rows"]

COURSES = 100
# What else the machine does only adds, so the quickest of some rounds is nearest to what the code takes.
ROUNDS = 5
COMMAND = f"env CATALOG_DATABASE=sqlite:///{{database}} {sys.executable} -m catalog_service"


def verifying_rows() -> Iterator[Row]:
    """The academy's endpoints that read, against the native service in a process of its own.

    The calls are those of `strangler verify`: with at most one thing in them, and as many drawn ones, of its seed.
    """
    with (
        _academy(),
        twins.twins() as copies,
        serving(copies, "native", COMMAND) as service,
        twins.connected(copies.service),
    ):
        entries = [entry for entry in build_table().values() if entry.binding.is_safe]
        found = {entry.binding.id: _measure(entry, service) for entry in entries}
    pairs, here, there, floor = (sum(part) for part in zip(*found.values(), strict=True))
    against = f"{pairs:,} pairs, {here:.1f} s in verify, {there:.1f} s in the service; quickest of {ROUNDS} rounds"
    yield at_least(
        "pairs verified per second and core used, generation apart", pairs / (here + there), "per second",
        must=150, aim=300, against=against,
    )  # fmt: skip
    yield Row(
        metric="processor time of a verified pair", value=(here + there) / floor, unit="times the floor",
        against=f"the project's own Django asked for one pair after the other, no more: {pairs / floor:.3g} per second",
    )  # fmt: skip
    for name, (count, ours, its, least) in found.items():
        yield Row(
            metric=f"of {name}", value=count / (ours + its), unit="per second", against=f"floor {count / least:.3g}"
        )


def _measure(entry: Entry, service: TwinService) -> tuple[int, float, float, float]:
    """Pairs, seconds of processor time here and in the service, and the seconds of both that asking alone takes."""
    assert service.process is not None
    verification = Verification(entry=entry, rung="native")
    verification.prepare()
    made = _made(verification)
    ours, floor = [], []
    with replay.same_users(), staying_read_only():
        pairs = _pairs(verification, made)
        for _ in range(ROUNDS):
            ours.append(_seconds(service, lambda: _pairs(verification, made)))
            floor.append(_seconds(service, lambda: [_ask_both(call) for _, call in made]))
    here, there = min(ours, key=sum)
    return pairs, here, there, min(map(sum, floor))


def _seconds(service: TwinService, run: Callable[[], object]) -> tuple[float, float]:
    """Processor time that a run takes here and in the service."""
    assert service.process is not None
    # Threads and what has ended included; see clock_getcpuclockid(3).
    parts = [service.process, *psutil.Process(service.process.pid).children(recursive=True)]
    clocks = [time.CLOCK_PROCESS_CPUTIME_ID, *(~part.pid << 3 | 2 for part in parts)]
    before = [*map(time.clock_gettime, clocks)]
    run()
    here, *there = (time.clock_gettime(clock) - began for clock, began in zip(clocks, before, strict=True))
    return here, sum(there)


def _ask_both(call: Call) -> None:
    for side, rung in ((Side.MONOLITH, ""), (Side.SERVICE, "native")):
        pinned = Replay(side=side, rung=rung, authenticator=call.caller.authenticator)
        replay._handler().get_response(replay._request(call, pinned))


def _pairs(verification: Verification, made: list[tuple[str, Call]]) -> int:
    """How many of the calls were compared; some are never the service's to answer."""
    before = verification.run.calls
    for asked in verification.run.in_turns(made):
        verification.run.check_against(*asked)
    return verification.run.calls - before


def _made(verification: Verification) -> list[tuple[str, Call]]:
    entry, samples, kinds = verification.entry, verification.samples, verification.kinds
    made = [*plain_calls(entry, samples, kinds), *single_calls(entry, samples, kinds)]
    finds(verification.run, calls(entry, samples, kinds), made.append, examples=EXAMPLES, seed=SEED)
    return made


@contextmanager
def _academy() -> Iterator[None]:
    with tempfile.TemporaryDirectory() as folder, default_database({"NAME": str(Path(folder) / "academy.sqlite3")}):
        call_command("migrate", verbosity=0)
        call_command("seed", courses=COURSES, stdout=StringIO())
        own = {
            **django_settings.STRANGLER, "KEYS": KEYS, "POLICY_FILE": "", "KILL_FILE": "",
            "SHADOW": {**settings().shadow, "CORPUS": str(Path(folder) / "corpus")},
        }  # fmt: skip
        with override_settings(STRANGLER=own), patch.dict(os.environ, ACADEMY_STATE=folder):
            replay.forget_handler()
            yield
