"""Texts that are planted wherever an exchange has room appear in nothing that is written, shown, kept or logged."""

import json
import os
import re
import socket
import sqlite3
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import redis

from tests.django.conftest import Redis

pytestmark = pytest.mark.timeout(300)

# `$.shown` is allow-listed; numbers have no letters, so that theirs are digits.
PLANTED = re.compile(rb"zanzibar(?!-shown)|777001|777002", re.IGNORECASE)
SHOWN = b"zanzibar-shown-of-the-"
USER = "zanzibar-user"
PROGRAM = f"""
import django
django.setup()
from django.contrib.auth.models import User
User.objects.create(username={USER!r}, email="zanzibar@example.org", first_name="zanzibar")
"""
# What the project itself logs, and Django of the users' own requests.
OWN = (b"project",)
USERS = (b"project", b"django.request")
TRAFFIC = "tests.shadow.private_traffic"
SHOWING = [f"evidence as {kind}" for kind in ("html", "json", "junit", "markdown")]
REPORTS = ("html", "json", "junit", "markdown", "pytest")


@dataclass
class Stage:
    """One project in several processes, and by name all that they leave behind."""

    folder: Path
    environment: dict[str, str]
    left: dict[str, bytes] = field(default_factory=dict)
    raw: dict[str, bytes] = field(default_factory=dict)

    def run(self, name, *line, codes=(0,), but=(), **environment):
        """Keep what a process writes on both streams, without the lines of these loggers."""
        log = self.folder / f"{name}.log"
        with log.open("wb") as file:
            done = subprocess.run(
                [sys.executable, "-m", *line], env=self.environment | environment, stdout=file, stderr=file,
                timeout=120, check=False,
            )  # fmt: skip
        assert done.returncode in codes, log.read_text()[-3000:]
        return self.keep(name, log.read_bytes(), but=but)

    def strangler(self, name, *line, **options):
        return self.run(name, "strangler_router", *line, **options)

    def keep(self, name, said, *, but=()):
        self.raw[name] = said
        lines = (line for line in said.splitlines() if line.partition(b"|")[0] not in but)
        self.left[name] = b"\n".join(lines)
        return said

    def keep_tables(self, name):
        with sqlite3.connect(self.folder / "state/academy.sqlite3") as database:
            tables = [table for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            for table in tables:
                if table.startswith("strangler_"):
                    rows = database.execute(f"SELECT * FROM {table}").fetchall()
                    self.keep(f"{name}: {table}", repr(rows).encode())

    def host(self):
        """The views as a service."""
        line = [sys.executable, "-m", "strangler_router", "host"]
        with (self.folder / "host.log").open("wb") as log:
            process = subprocess.Popen(line, env=self.environment | {"PRIVATE_SIDE": "service"}, stdout=log, stderr=log)
        host, port = self.environment["PRIVATE_HOST"].split(":")
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with socket.socket() as tried:
                if tried.connect_ex((host, int(port))) == 0:
                    return process
            time.sleep(0.1)
        process.kill()
        raise AssertionError((self.folder / "host.log").read_text())


def made(folder):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ACADEMY_")} | {
        "DJANGO_SETTINGS_MODULE": "tests.shadow.private_settings",
        "PYTHONPATH": os.pathsep.join([str(Path.cwd()), os.environ.get("PYTHONPATH", "")]),
        "ACADEMY_STATE": str(folder / "state"),
        "PRIVATE_HOST": f"127.0.0.1:{port}",
        "RECORDING_KEY": "MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDA=",
    }
    return Stage(folder, environment)


def mirrored_in_process(stage):
    recording = str(stage.folder / "real.recording")
    for side in ("monolith", "service"):
        stage.run(f"in process, {side} answers", TRAFFIC, side, USER, but=USERS, PRIVATE_RECORDING=recording)
    stage.keep("recording", Path(recording).read_bytes())
    stage.keep_tables("in process")


def mirrored_by_stream(stage, server):
    streamed = {"PRIVATE_STREAM": server.url}
    for side in ("monolith", "service"):
        stage.run(f"stream, {side} answers", TRAFFIC, side, USER, but=USERS, **streamed)
        stage.keep(f"Redis before a worker, {side} answers", everything_in(server))
        stage.strangler(f"worker, {side} answers", "shadow", "work", "--once", but=OWN, **streamed)
        stage.keep(f"Redis behind a worker, {side} answers", everything_in(server))
    stage.keep_tables("stream")
    for what, form in (("stats", "text"), ("diffs", "text"), ("diffs", "json")):
        stage.strangler(f"{what} as {form}", "shadow", what, "--format", form, **streamed)
    reports = {kind: stage.folder / f"evidence.{kind}" for kind in ("html", "json", "junit", "markdown")}
    options = [text for kind, path in reports.items() for text in ("--report", f"{kind}={path}")]
    line = ("can-cutover", "everything.get", "refuses.get", "--format", "json", "--history", *options)
    stage.strangler("gate", *line, codes=range(5), **streamed)
    for kind, path in reports.items():
        stage.keep(f"evidence as {kind}", path.read_bytes())
    stage.strangler("watch", "shadow", "watch", "--seconds", "1.2", **streamed)
    said = stage.raw["diffs as json"]
    for row in json.loads(said[said.index(b"[") :]):
        if row["endpoint"] == "everything.get":
            line = ("shadow", "replay", str(row["id"]), "--format", "json")
            stage.strangler(f"replay of {row['kind']} {row['pattern']}".replace("/", " "), *line, but=OWN, **streamed)
            break


def everything_in(server):
    """Keys and values, as they are and as they are dumped."""
    client = redis.Redis.from_url(server.url)
    readers = {
        b"stream": client.xrange, b"hash": client.hgetall, b"string": client.get, b"set": client.smembers,
        b"zset": lambda key: client.zrange(key, 0, -1), b"list": lambda key: client.lrange(key, 0, -1),
    }  # fmt: skip
    found = [(key, readers[client.type(key)](key)) for key in client.keys("*")]
    client.close()
    assert found
    return repr(found).encode()


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    stage = made(tmp_path_factory.mktemp("privacy"))
    stage.run("migrate", "django", "migrate", "--verbosity", "0")
    subprocess.run([sys.executable, "-c", PROGRAM], env=stage.environment, check=True, capture_output=True)
    process, server = stage.host(), Redis()
    try:
        mirrored_in_process(stage)
        mirrored_by_stream(stage, server)
    finally:
        process.terminate()
        process.wait(20)
        server.close()
    stage.keep("service", (stage.folder / "host.log").read_bytes(), but=OWN)
    return stage


@pytest.fixture(scope="module")
def verified(stage):
    """What `strangler verify` leaves behind that was given the recording."""
    process = stage.host()
    reports = {kind: stage.folder / f"report.{kind}" for kind in REPORTS}
    options = [text for kind, path in reports.items() for text in ("--report", f"{kind}={path}")]
    recording = str(stage.folder / "real.recording")
    line = ("verify", "everything.get", "refuses.get", "--rung", "lifted", "--examples", "1", "--requests", recording)
    try:
        said = stage.run("verify", "strangler_router", *line, *options, codes=(1,), but=OWN)
    finally:
        process.terminate()
        process.wait(20)
    corpus = b"\n".join(path.read_bytes() for path in (stage.folder / "state/corpus").rglob("*.json"))
    left = {"terminal": stage.left.pop("verify"), "corpus": corpus}
    assert b"everything.get" in said
    return left | {kind: path.read_bytes() for kind, path in reports.items()}


def leaks(said):
    return [said[max(0, found.start() - 80) : found.end() + 40] for found in PLANTED.finditer(said)][:5]


def test_nothing_that_is_left_holds_a_planted_text(stage):
    found = {name: leaks(said) for name, said in stage.left.items() if leaks(said)}
    assert found == {}


def test_every_place_differed_and_was_seen(stage):
    said = stage.raw["diffs as json"]
    rows = {(row["endpoint"], row["kind"], row["pattern"]) for row in json.loads(said[said.index(b"[") :])}
    kinds = {kind for _, kind, _ in rows}
    assert kinds >= {"body", "coding", "cookie", "error shape", "extra", "header", "missing", "null", "order",
                     "precision", "status", "value"}  # fmt: skip
    places = {pattern for endpoint, _, pattern in rows if endpoint == "everything.get"}
    assert places >= {"$.name", "$.rows[*].name", "etag", "flavour", "link", "location", "retry-after", "x-own"}
    assert any("#" in place for place in places)


def test_only_what_is_allow_listed_is_shown(stage):
    """And the logs that were read are those in which the project's own lines are."""
    with_it = {name for name, said in stage.left.items() if SHOWN in said}
    assert with_it == {
        "in process: strangler_shadow_shadowdifference",
        "stream: strangler_shadow_shadowdifference",
        "diffs as json",
        "diffs as text",
        *SHOWING,
        *(name for name in stage.left if name.startswith("replay")),
    }
    logs = ["service", *(name for name in stage.left if name.startswith(("in process, ", "worker, ", "replay")))]
    assert len(logs) == 6
    assert all(b"zanzibar-log-of-the" in stage.raw[name] for name in logs)


def test_replays_add_no_line_to_what_django_logs_of_users_requests(stage):
    for name in ("in process, monolith answers", "stream, monolith answers"):
        refused = [line for line in stage.raw[name].splitlines() if line.startswith(b"django.request|")]
        assert len(refused) == 3


@pytest.mark.parametrize("what", ["terminal", "corpus", *REPORTS])
def test_what_verify_says_of_recorded_calls_holds_none(verified, what):
    assert leaks(verified[what]) == []
