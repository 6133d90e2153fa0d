"""Real gunicorn workers of every kind beside a real lifted host, on a database file that all of them share."""

import os
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
MANAGE = ROOT / "core_django" / "manage.py"
TEACHER = {"Authorization": "Token demo-only-teacher"}
PATHS = [
    ("v1:course-list.get", "/api/v1/courses/?page_size=5&ordering=-price", {}),
    ("v1:course-list.get", "/api/v1/courses/?search=a&page=2&page_size=3", TEACHER),
    ("v1:course-detail.get", "/api/v1/courses/3/", {"Accept-Language": "de"}),
    ("v1:course-lessons.get", "/api/v1/courses/3/lessons/", {}),
    ("v1:educator-detail.get", "/api/v1/educators/1/", {}),
    ("v1:enrolment-detail.get", "/api/v1/enrolments/1/", TEACHER),
]
ENDPOINTS = sorted({endpoint for endpoint, _, _ in PATHS})


@dataclass(frozen=True, slots=True)
class Answer:
    began: float
    path: str
    status: int
    worker: str
    side: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Academy:
    """A database file, and what a process needs to serve it."""

    database: Path
    environment: dict[str, str]

    def move(self, stage):
        """Append a flag for every endpoint; returns when it was committed."""
        connection = sqlite3.connect(self.database, timeout=10)
        with connection:
            connection.executemany(
                "INSERT INTO strangler_flagchange"
                " (endpoint, stage, basis_points, mirror, rung, seed, who, why, evidence, at)"
                " VALUES (?, ?, 0, 0, 'lifted', '', 'test', 'test', '', '2025-01-01')",
                [(endpoint, stage) for endpoint in ENDPOINTS],
            )
        connection.close()
        return time.monotonic()


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def wait_for_port(port, process, log):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(f"nobody listens: {log.read_text()}")


@contextmanager
def program(command, environment, port, log):
    with log.open("w") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
    try:
        wait_for_port(port, process, log)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def academy(tmp_path_factory):
    state = tmp_path_factory.mktemp("gunicorn")
    port = free_port()
    environment = {
        **os.environ,
        "ACADEMY_STATE": str(state),
        "ACADEMY_DATABASE": str(state / "academy.sqlite3"),
        "ACADEMY_LIFTED": f"127.0.0.1:{port}",
        "DJANGO_SETTINGS_MODULE": "academy.settings",
        "PYTHONPATH": str(ROOT),
    }
    for command in (["migrate", "--verbosity", "0"], ["seed", "--courses", "20"]):
        subprocess.run(
            [sys.executable, str(MANAGE), *command], env=environment, check=True, timeout=120, capture_output=True
        )
    with program([str(BIN / "strangler"), "host"], environment, port, state / "host.log"):
        environment["DJANGO_SETTINGS_MODULE"] = "tests.end_to_end.gunicorn_settings"
        yield Academy(state / "academy.sqlite3", environment)


WORKERS = {
    "sync": ["--worker-class", "sync"],
    "sync preloaded": ["--worker-class", "sync", "--preload"],
    "gthread": ["--worker-class", "gthread", "--threads", "4"],
    "gthread preloaded": ["--worker-class", "gthread", "--threads", "4", "--preload"],
    "gevent": ["--worker-class", "gevent"],
    # Django that was loaded before gevent patches shares a connection between greenlets, with the router or without.
    "gevent preloaded": ["--worker-class", "gevent", "--preload", "--config", "{folder}/patch_first.py"],
}


@pytest.fixture(params=WORKERS)
def site(request, academy, tmp_path):
    port = free_port()
    (tmp_path / "patch_first.py").write_text("from gevent import monkey\n\nmonkey.patch_all()\n")
    workers = [word.format(folder=tmp_path) for word in WORKERS[request.param]]
    command = [
        str(BIN / "gunicorn"), "academy.wsgi:application", "--bind", f"127.0.0.1:{port}", "--workers", "2",
        "--timeout", "20", "--graceful-timeout", "5", *workers,
    ]  # fmt: skip
    academy.move("service")
    with program(command, academy.environment, port, tmp_path / "gunicorn.log"):
        yield f"http://127.0.0.1:{port}"


def ask(site, path, headers):
    began = time.monotonic()
    request = urllib.request.Request(site + path, headers={"Host": "academy.example", **headers})
    try:
        with urllib.request.urlopen(request, timeout=15) as response:
            found, status, body = response.headers, response.status, response.read()
    except urllib.error.HTTPError as error:
        found, status, body = error.headers, error.code, error.read()
    worker, side = found.get("X-Answered-By", "none none").split()
    return Answer(began, path, status, worker, side, body)


class Traffic:
    """Clients that ask without a pause, until the block ends."""

    def __init__(self, site, clients=6):
        self.site = site
        self.answers = []
        self.errors = []
        self.stopped = threading.Event()
        self.threads = [threading.Thread(target=self.client, args=(number,)) for number in range(clients)]

    def client(self, number):
        turn = number
        while not self.stopped.is_set():
            _, path, headers = PATHS[turn % len(PATHS)]
            try:
                self.answers.append(ask(self.site, path, headers))
            except OSError as error:
                self.errors.append(error)
            turn += 1

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        for thread in self.threads:
            thread.join(30)


def settle(traffic, moment):
    """Wait for answers by both workers to calls that began a second after the flag moved; returns them."""
    deadline = time.monotonic() + 40
    while time.monotonic() < deadline:
        time.sleep(0.1)
        found = [answer for answer in list(traffic.answers) if answer.began >= moment + 1]
        if len(found) >= 10 and len({answer.worker for answer in found}) == 2:
            return found
    raise AssertionError(f"{len(found)} answers, not by two workers: {traffic.errors}")


def test_a_cutover_under_traffic_is_seen_by_every_worker_within_a_second_and_fails_nobody(academy, site):
    """The first requests go to the service: nothing that was made before the fork may be used after it."""
    with Traffic(site) as traffic:
        for side in ("service", "monolith", "service"):
            assert {answer.side for answer in settle(traffic, academy.move(side))} == {side}
    assert traffic.errors == []
    assert {answer.status for answer in traffic.answers} == {200}
    bodies = {(answer.path, answer.body) for answer in traffic.answers}
    assert len(bodies) == len({path for path, _ in bodies}) == len(PATHS)
