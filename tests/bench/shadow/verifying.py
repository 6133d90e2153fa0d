"""Pairs that `strangler verify` compares for each second of processor time, of both processes; drawing is left out."""

import os
import resource
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from itertools import cycle, islice
from pathlib import Path
from unittest.mock import patch

from django.conf import settings as django_settings
from django.core.management import call_command
from django.test.utils import override_settings

from strangler_router.conf import settings
from strangler_router.pin import Entry, Replay
from strangler_router.table import build_table
from strangler_router.types import Call, Side
from strangler_shadow import replay, twins
from strangler_shadow.callers import kinds_of_caller
from strangler_shadow.inert import staying_read_only
from strangler_shadow.samples import samples_of
from strangler_shadow.strategies import plain_calls, single_calls
from strangler_shadow.twin_service import TwinService, serving
from strangler_shadow.verify import Verification
from tests.bench.rows import Row, at_least
from tests.conftest import KEYS, default_database

__all__ = ["verifying_rows"]

COURSES = 100
WARM, PAIRS = 60, 600
COMMAND = f"env CATALOG_DATABASE=sqlite:///{{database}} {sys.executable} -m catalog_service"
TICKS = os.sysconf("SC_CLK_TCK")


def verifying_rows() -> Iterator[Row]:
    """The academy's endpoints that read, in equal parts, against the native service in a process of its own."""
    with (
        _academy(),
        twins.twins() as copies,
        serving(copies, "native", COMMAND) as service,
        twins.connected(copies.service),
    ):
        entries = [entry for entry in build_table().values() if entry.binding.is_safe]
        found = {entry.binding.id: _measure(entry, service, PAIRS // len(entries)) for entry in entries}
    pairs, here, there, floor = (sum(part) for part in zip(*found.values(), strict=True))
    against = f"{pairs} pairs, {here:.1f} s in verify, {there:.1f} s in the service"
    yield at_least(
        "pairs verified per second and core used, generation apart", pairs / (here + there), "per second",
        must=150, aim=300, against=against,
    )  # fmt: skip
    yield Row(
        metric="processor time of a verified pair", value=(here + there) / floor, unit="times the floor",
        against=f"the project's own Django asked for both answers and nothing else: {pairs / floor:.3g} per second",
    )  # fmt: skip
    for name, (count, ours, its, least) in found.items():
        yield Row(
            metric=f"of {name}", value=count / (ours + its), unit="per second", against=f"floor {count / least:.3g}"
        )


def _measure(entry: Entry, service: TwinService, pairs: int) -> tuple[int, float, float, float]:
    """Pairs, seconds of processor time here and in the service, and the seconds of both that asking alone takes."""
    assert service.process is not None
    made = _drawn(entry)
    verification = Verification(entry=entry, rung="native")
    verification.prepare()
    with replay.same_users():
        with staying_read_only():
            _pairs(verification, made, WARM)
            here, there = _here(), _there(service.process.pid)
            _pairs(verification, made, pairs)
            here, there = _here() - here, _there(service.process.pid) - there
        floor = _here() + _there(service.process.pid)
        for _, call in islice(cycle(made), pairs):
            _ask_both(call)
        floor = _here() + _there(service.process.pid) - floor
    return pairs, here, there, floor


def _ask_both(call: Call) -> None:
    for side, rung in ((Side.MONOLITH, ""), (Side.SERVICE, "native")):
        pinned = Replay(side=side, rung=rung, authenticator=call.caller.authenticator)
        replay._handler().get_response(replay._request(call, pinned))


def _pairs(verification: Verification, made: list[tuple[str, Call]], count: int) -> None:
    turns = cycle(made)
    until = verification.run.calls + count
    while verification.run.calls < until:
        verification.run.check(*next(turns))


def _drawn(entry: Entry) -> list[tuple[str, Call]]:
    samples, kinds = samples_of(entry.endpoint), kinds_of_caller()
    return [*plain_calls(entry, samples, kinds), *single_calls(entry, samples, kinds)]


def _here() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _there(pid: int) -> float:
    """Of a process and its children, as proc(5) counts it."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return (int(fields[11]) + int(fields[12])) / TICKS + sum(_there(int(child)) for child in children)


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
