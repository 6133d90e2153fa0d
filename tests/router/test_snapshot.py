"""Each process here is a real one, on a database file that others write."""

import json
import logging
import multiprocessing
import os
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from strangler_router.policy import EMPTY_POLICY, Flag, Policy, Stage
from strangler_router.snapshot import (
    KILL_CHECK_SECONDS,
    KILL_VARIABLE,
    Snapshot,
    is_killed,
    read_last_good,
    write_last_good,
)
from tests.router.snapshot_program import NAME, serve

MANAGE = Path(__file__).parents[2] / "core_django" / "manage.py"
POLICY = Policy(revision=7, flags={NAME: Flag(endpoint=NAME, stage=Stage.SERVICE, mirror=5)})


class Process:
    """A process that routes by its own snapshot."""

    def __init__(self, context, database, environment):
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=serve, args=(theirs, database, environment))
        self.process.start()
        theirs.close()

    def ask(self, command="stage"):
        self.connection.send(command)
        assert self.connection.poll(20), "the process does not answer"
        return self.connection.recv()

    def wait_for(self, answer, seconds=1.0):
        deadline = time.monotonic() + seconds
        while (seen := self.ask()) != answer and time.monotonic() < deadline:
            time.sleep(0.02)
        return seen

    def close(self):
        with suppress(OSError):
            self.connection.send(None)
        self.process.join(10)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        self.connection.close()


@pytest.fixture(scope="module")
def context():
    """Processes are forked from one that has loaded Django, which saves a second for each."""
    found = multiprocessing.get_context("forkserver")
    found.set_forkserver_preload(["tests.router.snapshot_program"])
    return found


@pytest.fixture(scope="module")
def empty_database(tmp_path_factory):
    path = tmp_path_factory.mktemp("snapshot") / "empty.sqlite3"
    environment = {**os.environ, "ACADEMY_DATABASE": str(path), "ACADEMY_STATE": str(path.parent)}
    command = [sys.executable, str(MANAGE), "migrate", "strangler", "--verbosity", "0"]
    subprocess.run(command, env=environment, check=True, timeout=60)
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return path


@pytest.fixture
def database(empty_database, tmp_path):
    path = tmp_path / "academy.sqlite3"
    path.write_bytes(empty_database.read_bytes())
    return path


@pytest.fixture
def change(database):
    def append(stage):
        connection = sqlite3.connect(database, timeout=10)
        with connection:
            connection.execute(
                "INSERT INTO strangler_flagchange"
                " (endpoint, stage, basis_points, mirror, rung, seed, who, why, evidence, at)"
                " VALUES (?, ?, 0, 0, 'lifted', '', 'test', 'test', '', '2025-01-01')",
                (NAME, stage),
            )
        connection.close()

    return append


@pytest.fixture
def start(database, context):
    running = []

    def run(**environment):
        running.append(Process(context, database, environment))
        return running[-1]

    yield run
    for process in running:
        process.close()


def test_every_process_sees_a_change_within_a_second(start, change):
    processes = [start(), start()]
    assert [process.ask() for process in processes] == ["monolith", "monolith"]
    for stage in ("service", "canary", "monolith"):
        change(stage)
        assert [process.wait_for(stage) for process in processes] == [stage, stage]


def test_the_first_request_of_a_process_sees_the_flags_already(start, change):
    change("service")
    assert start().ask() == "service"


def test_a_change_that_commits_behind_a_newer_one_is_seen(start, change, database):
    change("monolith")
    connection = sqlite3.connect(database)
    with connection:
        connection.execute(
            "INSERT INTO strangler_flagchange (id, endpoint, stage, basis_points, mirror, rung, seed, who, why,"
            " evidence, at) VALUES (100, 'other.get', 'service', 0, 0, 'lifted', '', 't', 't', '', '2025-01-01')"
        )
    process = start()
    assert process.ask() == "monolith"
    with connection:
        connection.execute(
            "INSERT INTO strangler_flagchange (id, endpoint, stage, basis_points, mirror, rung, seed, who, why,"
            " evidence, at) VALUES (50, ?, 'service', 0, 0, 'lifted', '', 't', 't', '', '2025-01-01')",
            (NAME,),
        )
    connection.close()
    assert process.wait_for("service") == "service"


def test_without_the_database_routing_goes_on_and_a_new_process_takes_the_last_good_file(
    start, change, database, tmp_path
):
    change("service")
    running = start()
    assert running.ask() == "service"
    aside = database.with_suffix(".aside")
    database.rename(aside)
    database.mkdir()
    time.sleep(0.7)
    fresh = start()
    assert (running.ask(), fresh.ask()) == ("service", "service")
    database.rmdir()
    aside.rename(database)
    change("monolith")
    assert running.wait_for("monolith", 3) == "monolith"


def test_without_database_and_file_the_monolith_answers(start, database):
    database.unlink()
    database.mkdir()
    assert start().ask() == "monolith"


def test_a_forked_child_looks_for_itself(start, change):
    change("service")
    process = start()
    assert process.ask() == "service"
    assert process.ask("fork") == "service, 1 thread, retired"


def test_a_fork_before_the_first_request_works_too(start, change):
    change("service")
    assert start().ask("fork") == "service, 1 thread, retired"


def test_the_kill_switch_works_without_the_database(start, database, tmp_path):
    database.unlink()
    database.mkdir()
    process = start()
    assert process.ask() == "monolith"
    (tmp_path / "kill").touch()
    time.sleep(1.5 * KILL_CHECK_SECONDS)
    assert process.ask() == "monolith killed"
    (tmp_path / "kill").unlink()
    time.sleep(1.5 * KILL_CHECK_SECONDS)
    assert process.ask() == "monolith"
    assert start(STRANGLER_KILL="1").ask() == "monolith killed"


@pytest.mark.parametrize("by", ["variable", "file"])
def test_the_kill_switch_is_seen_at_once(settings, monkeypatch, tmp_path, by):
    file = tmp_path / "kill"
    settings.STRANGLER = {"KILL_FILE": file}
    assert not is_killed()
    if by == "file":
        file.touch()
    else:
        monkeypatch.setenv(KILL_VARIABLE, "1")
    assert is_killed()


@pytest.fixture
def file(settings, tmp_path):
    path = tmp_path / "deep" / "policy.json"
    settings.STRANGLER = {"POLICY_FILE": path}
    return path


def test_the_last_good_file_keeps_the_policy(file):
    write_last_good(POLICY)
    assert read_last_good() == POLICY
    assert [found.name for found in file.parent.iterdir()] == [file.name]


def test_the_last_good_file_is_never_seen_half_written(file):
    """Every read while two writers replace it finds one of the two policies."""
    other = Policy(revision=8, flags={f"{n}.get": Flag(endpoint=f"{n}.get") for n in range(500)})
    write_last_good(POLICY)
    stop = threading.Event()

    def write():
        while not stop.is_set():
            write_last_good(other)
            write_last_good(POLICY)

    writers = [threading.Thread(target=write) for _ in range(2)]
    for writer in writers:
        writer.start()
    try:
        seen = {Policy.from_json(json.loads(file.read_text())).revision for _ in range(300)}
    finally:
        stop.set()
        for writer in writers:
            writer.join(10)
    assert seen <= {7, 8}
    assert [found.name for found in file.parent.iterdir()] == [file.name]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"revision": 1}', "\x00", '{"revision": 1, "flags": [{}]}'])
def test_a_file_that_cannot_be_read_is_logged_and_counts_for_nothing(file, caplog, text):
    file.parent.mkdir()
    file.write_text(text)
    assert read_last_good() == EMPTY_POLICY
    assert str(file) in caplog.text


def test_no_file_is_no_complaint(file, caplog):
    assert read_last_good() == EMPTY_POLICY
    assert caplog.text == ""


def test_a_file_that_cannot_be_replaced_is_logged_and_leaves_nothing_behind(file, caplog):
    file.mkdir(parents=True)
    write_last_good(POLICY)
    assert str(file) in caplog.text
    assert [found.name for found in file.parent.iterdir()] == [file.name]


def test_without_a_file_configured_nothing_is_written(settings, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    settings.STRANGLER = {}
    write_last_good(POLICY)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.django_db
def test_with_refresh_0_every_look_is_one_query(settings, django_assert_num_queries):
    settings.STRANGLER = {"REFRESH": 0}
    snapshot = Snapshot()
    with django_assert_num_queries(2):
        snapshot.current()
        snapshot.current()


def test_an_outage_is_logged_once(settings, caplog, monkeypatch):
    settings.STRANGLER = {"REFRESH": 0.01, "POLICY_FILE": ""}
    caplog.set_level(logging.WARNING)
    assert Snapshot().current() == EMPTY_POLICY  # pytest-django forbids the database here
    time.sleep(0.2)
    assert caplog.text.count("the flags cannot be read") == 1


# How the thread is ended here.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_settings_that_cannot_be_read_do_not_end_the_thread(settings, monkeypatch):
    monkeypatch.setattr("strangler_router.snapshot.flags.read_policy", lambda: POLICY)
    settings.STRANGLER = {**settings.STRANGLER, "REFRESH": 0.05}
    before = set(threading.enumerate())
    Snapshot().current()
    [thread] = set(threading.enumerate()) - before
    good, settings.STRANGLER = settings.STRANGLER, {**settings.STRANGLER, "TARGETS": {"a.v1.B": "localhost:1"}}
    time.sleep(0.5)
    assert thread.is_alive()

    def stop():
        # Threads of other snapshots look here too.
        if threading.current_thread() is thread:
            raise SystemExit
        return POLICY

    monkeypatch.setattr("strangler_router.snapshot.flags.read_policy", stop)
    settings.STRANGLER = good
    thread.join(5)
    assert not thread.is_alive()
