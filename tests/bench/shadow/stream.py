"""The mirror at scale: what `offer()` costs, what users feel of workers elsewhere, and whether any pair is missing."""

import http.client
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

import psutil

from tests.bench.blocks import change_of_p99, microseconds, timed
from tests.bench.open_loop import open_loop, succeeded
from tests.bench.rows import Row, at_least, at_most
from tests.bench.shadow.odd_catalog import SIZE
from tests.end_to_end.demo.processes import Stack
from tests.end_to_end.embedded import valkey

__all__ = ["stream_rows"]

FOLDER = Path("build/bench/stream")
ENDPOINT = "v1:course-detail.get"
BLOCKS, BLOCK_SECONDS, RATE = 16, 6.0, 20
# Users, the monolith and Valkey have a processor; what would have machines of its own, worker and service, has another.
HERE, *_, ELSEWHERE = sorted(os.sched_getaffinity(0)) * 2
DRAIN_SECONDS = 180.0
CANDIDATES = ("healthy", "hung", "10x slow", "answering 100 MB")
MEMORY = 64
BUSY = 30
PAIRS = 5_000
PATHS = {
    "v1:course-detail.get": ["/api/v1/courses/{}/", "/api/v1/courses/{}/?fields=id,title"],
    "v1:course-list.get": ["/api/v1/courses/?page_size=5&page={}", "/api/v1/courses/?search=a&ordering=-price&page={}"],
    "v1:course-lessons.get": ["/api/v1/courses/{}/lessons/"],
    "v1:educator-detail.get": ["/api/v1/educators/{}/"],
}


def stream_rows() -> Iterator[Row]:
    """`offer()` by itself; then gunicorn, service, Valkey and a worker, each a process of its own, seven minutes."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    with _on_processor(HERE), valkey(FOLDER) as url:
        yield from _offer_rows(url)
        stack = _Streamed(FOLDER, redis_url=url)
        try:
            stack.command("manage", "migrate", "--verbosity", "0")
            stack.command("manage", "seed", "--courses", "50")
            stack.start_catalog()
            stack.start_monolith()
            stack.start_worker()
            _seconds(stack.http_port)
            yield from _alarm_rows(stack)
            for candidate in CANDIDATES:
                with _candidate(stack, candidate):
                    yield from _user_rows(stack, candidate)
            yield from _accounts(stack)
        finally:
            stack.stop()


@dataclass(slots=True)
class _Streamed(Stack):
    @property
    def environment(self) -> dict[str, str]:
        targets = {"native": f"127.0.0.1:{self.catalog_port}", "lifted": "127.0.0.1:1"}
        return {
            **Stack.environment.fget(self),  # type: ignore[attr-defined]
            "DJANGO_SETTINGS_MODULE": "tests.shadow.work_settings",
            "WORK_TARGETS": json.dumps(targets),
            "WORK_STREAM": self.redis_url,
            "PYTHONPATH": os.pathsep.join([str(Path.cwd()), os.environ.get("PYTHONPATH", "")]),
        }

    def start_worker(self) -> "subprocess.Popen[bytes]":
        line = [sys.executable, "-m", "strangler_router", "shadow", "work", "--concurrency", "2"]
        with (self.folder / "worker.log").open("ab") as log, _on_processor(ELSEWHERE):
            process = subprocess.Popen(line, env=self.environment, stdout=log, stderr=log, start_new_session=True)
        self.running["worker"] = process
        return process

    def _start(self, name: str, line: list[str], environment: dict[str, str], port: int) -> None:
        with _on_processor(ELSEWHERE if name == "catalog" else HERE):
            Stack._start(self, name, line, environment, port)


@contextmanager
def _on_processor(number: int) -> Iterator[None]:
    """This thread, and what it starts, keep to one processor."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {number})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _offer_rows(url: str) -> Iterator[Row]:
    from strangler_shadow.mirror import Mirror
    from strangler_shadow.stream import Stream

    exchange = _exchange()
    # A database of its own: what is still on its way when this ends is nobody's to compare.
    stream = Stream(f"{url}?db=1", items=1_000_000, size=10**10)
    mirror = Mirror(items=1_000_000, size=10**12, stream=stream)
    # The counts of this load belong to no database.
    mirror._flush = lambda: None  # type: ignore[method-assign]

    def offer() -> None:
        mirror.offer(exchange)

    timed(offer, 2_000)
    seconds = timed(offer, 20_000)
    mirror.stop()
    stream._client.flushall()
    yield at_most("offer() to a stream, p50", microseconds(seconds, 50), "µs", must=10, aim=3, against="mirror 0")
    yield at_most("offer() to a stream, p99", microseconds(seconds, 99), "µs", must=100, against="mirror 0")


def _exchange() -> Any:
    from strangler_router.types import Call, Decision, Exchange, Served, Side

    return Exchange(
        call=Call(endpoint=ENDPOINT, route="", method="GET", path="/api/v1/courses/1/"),
        decision=Decision(side=Side.MONOLITH, rung="native", reason="", mirrored=True),
        served=Served(status=200, headers=(), cookies=(), body=b"x" * 2500, seconds=0.01),
    )


@contextmanager
def _candidate(stack: _Streamed, candidate: str) -> Iterator[None]:
    """The service as it is named here, and healthy again afterwards."""
    if candidate == "healthy":
        yield
    elif candidate == "hung":
        stack.suspend("catalog")
        try:
            yield
        finally:
            stack.resume("catalog")
    else:
        stack.stop("catalog")
        odd = "slow" if "slow" in candidate else "huge"
        limit = {"STRANGLER_SERVICE_MAX_MESSAGE": str(2 * SIZE)}
        stack.start_catalog("tests.bench.shadow.odd_catalog", CANDIDATE=odd, **limit)
        try:
            yield
        finally:
            stack.stop("catalog")
            stack.start_catalog()


def _user_rows(stack: _Streamed, candidate: str) -> Iterator[Row]:
    samples: dict[str, list[list[float]]] = {"0": [], "100": []}
    busy: dict[str, list[float]] = {"0": [], "100": []}
    resident = {name: _resident(stack.running[name].pid) for name in ("monolith", "worker")}
    most = dict(resident)
    for block in range(BLOCKS):
        mirror = "0" if block % 4 in {0, 3} else "100"
        _mirror(stack, int(mirror))
        psutil.cpu_percent(percpu=True)
        samples[mirror].append(_seconds(stack.http_port))
        busy[mirror].append(psutil.cpu_percent(percpu=True)[HERE])
        most = {name: max(size, _resident(stack.running[name].pid)) for name, size in most.items()}
    quiet, mirrored = samples["0"], samples["100"]
    low, _, high = change_of_p99(succeeded(quiet[0::2]), succeeded(quiet[1::2]))
    spread = max(abs(low), abs(high))
    bound = max(0.10, 2 * spread)
    _, estimate, upper = change_of_p99(succeeded(quiet), succeeded(mirrored))
    name = f"user p99, worker elsewhere, candidate {candidate}"
    yield at_most(
        f"{name}: the users' processor in use",
        max(map(mean, busy.values())),
        "%",
        must=BUSY,
        against=f"{RATE}/s, Valkey and who asks included",
    )
    yield Row(metric=f"{name}: A/A spread", value=spread * 100, unit="%", against="mirror 0 against itself")
    yield Row(metric=f"{name}: change", value=estimate * 100, unit="%", against="mirror 0")
    yield Row(
        metric=f"{name}: upper end of its 95 % interval",
        value=upper * 100,
        unit="%",
        against="mirror 0",
        must=f"<= {bound * 100:.3g} (10 % or twice the A/A spread)",
        holds=upper <= bound,
    )
    asked = sum(map(len, (*quiet, *mirrored)))
    failed = asked - len(succeeded(quiet + mirrored))
    yield at_most("… failed requests", failed, "requests", must=0, against=f"{asked:,} requests")
    for process, size in most.items():
        grown = (size - resident[process]) / 1e6
        yield at_most(f"… memory of the {process}, more than before", grown, "MB", must=MEMORY, against="mirror 0")


def _resident(pid: int) -> int:
    """Bytes of memory of a process and its children."""
    tree = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    return sum(process.memory_info().rss for process in tree)


def _mirror(stack: Stack, percent: int, *endpoints: str) -> None:
    """Set the share; a command would take its second, and the cores."""
    from strangler_router import flags
    from strangler_router.policy import Flag, Rung
    from tests.conftest import default_database

    with default_database({"NAME": str(stack.database)}):
        for endpoint in endpoints or (ENDPOINT,):
            flag = Flag(endpoint=endpoint, mirror=percent * 100, rung=Rung.NATIVE)
            flags.append(flag, who="benchmark", why="benchmark")


def _accounts(stack: Stack) -> Iterator[Row]:
    """What became of all copies, once nothing waits."""
    missing, rows = _at_rest(stack)
    offered = PAIRS + len(CANDIDATES) * BLOCKS // 2 * BLOCK_SECONDS * RATE
    found = {outcome: sum(row[outcome] for row in rows) for outcome in ("matched", "errored", "dropped", "sampled")}
    yield Row(metric="pairs offered to the stream", value=offered, unit="pairs", against="")
    for outcome in ("matched", "errored", "dropped"):
        yield Row(metric=f"… {outcome}", value=found[outcome], unit="pairs", against="")
    yield at_most("pairs unaccounted for", missing + abs(offered - found["sampled"]), "pairs", must=0)


def _alarm_rows(stack: Stack) -> Iterator[Row]:
    """Many different answers of a service that is right."""
    _mirror(stack, 100, *PATHS)
    connection = http.client.HTTPConnection("127.0.0.1", stack.http_port, timeout=20)
    paths = [path.format(number) for number in range(1, 51) for template in PATHS.values() for path in template]
    for number in range(PAIRS):
        connection.request("GET", paths[number % len(paths)])
        connection.getresponse().read()
    connection.close()
    _, rows = _at_rest(stack)
    _mirror(stack, 0, *PATHS)
    matched, *alarms = (sum(row[outcome] for row in rows) for outcome in ("matched", "mismatched", "transient"))
    against = f"{matched:,} pairs over HTTP, {len(paths)} addresses"
    yield at_most("false alarms of live pairs", sum(alarms), "pairs", must=0, against=against)
    yield at_least("… matched", matched, "pairs", must=PAIRS, against=f"{PAIRS:,} asked")


def _at_rest(stack: Stack) -> tuple[int, list[dict[str, Any]]]:
    """How many copies are not counted once nothing waits, or too long was waited, and the counts by endpoint."""
    deadline = time.monotonic() + DRAIN_SECONDS
    while True:
        found = stack.json("strangler", "shadow", "stats")
        stream = found["stream"]
        missing = stream["lost"] + stream["unaccounted"] + stream["waiting"]
        if not missing or time.monotonic() > deadline:
            return missing, found["endpoints"]
        time.sleep(1)


def _seconds(port: int) -> list[float]:
    return open_loop(port, seconds=BLOCK_SECONDS, rate=RATE)
