"""Copies of the project's database are whole, its own is left as it is, and nothing of them stays behind."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from socket import gethostname

import pytest
from django.db import DatabaseError, connection, connections, transaction

from strangler_router.effects import drop, held_everywhere
from strangler_router.twin import VARIABLE
from strangler_shadow.rows import read_rows
from strangler_shadow.twins import TwinError, connected, is_left_over, stem_of, twins
from strangler_shadow.twins_postgres import _create, _drop

pytestmark = pytest.mark.usefixtures("academy")
FIRST = "UPDATE learning_review SET stars = 3 - stars"


def forget_disks() -> None:
    """PostgreSQL waits for the disk at each copy that is made or dropped; nobody needs these after a crash."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ALTER SYSTEM SET fsync = off")
            cursor.execute("ALTER SYSTEM SET synchronous_commit = off")
            cursor.execute("SELECT pg_reload_conf()")


@pytest.fixture(scope="module", autouse=True)
def _hurry(seeded_academy: object) -> None:
    forget_disks()


def names_of_copies() -> set[str]:
    """Without those of another run on this machine."""
    names = {path.name for path in Path(tempfile.gettempdir()).glob("strangler_twin_*")}
    host, now, own = gethostname(), time.time(), f"_{os.getpid()}_"
    files = {name for name in names if own in name or is_left_over(name, host=host, now=now)}
    if connection.vendor != "postgresql":
        return files
    with connection.cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE datname LIKE 'strangler%'")
        return files | {name for (name,) in cursor.fetchall()}


def test_both_copies_hold_every_row_and_are_renewed_after_writes():
    own = read_rows(connection)
    with twins() as copies:
        for name in (copies.monolith, copies.service):
            with connected(name) as copy:
                assert read_rows(copy) == own
                with copy.cursor() as cursor:
                    cursor.execute("DELETE FROM learning_review")
                assert not read_rows(copy)["learning_review"].rows
        copies.renew()
        for name in (copies.monolith, copies.service):
            with connected(name) as copy:
                assert read_rows(copy) == own
    assert len(own["learning_review"].rows) > 1000
    assert read_rows(connection) == own


def test_no_copy_is_left_behind_whatever_happens():
    before = names_of_copies()

    def fail() -> None:
        with twins():
            assert names_of_copies() > before
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert names_of_copies() == before


def test_what_a_killed_run_left_is_removed_by_the_next():
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    left = stem_of(gethostname(), gone.pid, time.time())
    running = stem_of(gethostname(), os.getppid(), time.time())
    folders = [Path(tempfile.gettempdir()) / name for name in (left, running)]
    if connection.vendor == "sqlite":
        for folder in folders:
            folder.mkdir()
        with twins():
            assert [folder.exists() for folder in folders] == [False, True]
        folders[1].rmdir()
        return
    for name in (left, running):
        _create(connection, f"{name}_first", "template0")
    with twins():
        assert f"{left}_first" not in names_of_copies()
        assert f"{running}_first" in names_of_copies()
    _drop(connection, f"{running}_first")


def test_another_machines_copies_are_left_over_after_a_day():
    name = stem_of("elsewhere", 1, 1_000_000.0)
    assert not is_left_over(name, host="here", now=1_000_000.0 + 23 * 3600)
    assert is_left_over(name, host="here", now=1_000_000.0 + 25 * 3600)
    assert not is_left_over("academy", host="here", now=1e12)


def test_default_is_never_pointed_at_what_is_no_copy():
    with pytest.raises(TwinError, match="is no copy"), connected("academy"):
        pass


def test_nothing_but_default_is_pointed_elsewhere():
    before = {alias: dict(values) for alias, values in connections.databases.items()}
    wrapper = connections["default"]
    with twins() as copies, connected(copies.monolith):
        changed = {
            (alias, key)
            for alias, values in connections.databases.items()
            for key in values
            if values[key] != before[alias].get(key)
        }
        assert changed <= {("default", "NAME"), ("default", "OPTIONS"), ("default", "CONN_MAX_AGE")}
    assert {alias: dict(values) for alias, values in connections.databases.items()} == before
    assert connections["default"] is wrapper


def test_hooks_run_after_a_commit_on_a_copy_and_never_after_a_rollback():
    ran = []
    with twins() as copies, connected(copies.monolith):
        with transaction.atomic():
            transaction.on_commit(lambda: ran.append("committed"))
            assert ran == []
        with transaction.atomic():
            transaction.on_commit(lambda: ran.append("rolled back"))
            transaction.set_rollback(True)
    assert ran == ["committed"]


def test_a_hook_that_was_refused_a_connection_fails_alone_and_any_other_failure_is_seen():
    ran = []

    def ask():
        with socket.create_connection(("127.0.0.1", 9)):
            pass

    def fail():
        raise ZeroDivisionError

    with twins() as copies, connected(copies.monolith), held_everywhere(drop):
        with transaction.atomic():
            transaction.on_commit(ask)
            transaction.on_commit(lambda: ran.append(1))
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            transaction.on_commit(fail)
    assert ran == [1]


def test_a_database_in_use_is_a_clear_error_on_postgresql(seeded_academy):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite copies a database in use")
    with closing(connection.copy()) as other:
        other.ensure_connection()
        with pytest.raises(TwinError, match="postgres is in use by other connections"), twins():
            pass


def test_a_role_without_the_right_is_a_clear_error_on_postgresql():
    if connection.vendor != "postgresql":
        pytest.skip("SQLite knows no roles")
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE poor LOGIN")
    own = connections.databases["default"]
    connections.databases["default"] = {**own, "USER": "poor"}
    kept = connections["default"]
    kept.close()
    del connections["default"]
    try:
        with pytest.raises(TwinError, match=r"the role poor may not copy postgres .*CREATEDB"), twins():
            pass
    finally:
        connections["default"].close()
        connections.databases["default"], connections["default"] = own, kept
        with connection.cursor() as cursor:
            cursor.execute("DROP ROLE poor")


def run_in_process(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    program = """
import django; django.setup()
from django.conf import settings
from django.core.cache import cache
from django.db import connection, transaction
with connection.cursor() as cursor:
    cursor.execute("DELETE FROM learning_review")
with transaction.atomic():
    transaction.on_commit(lambda: print("a hook ran"))
cache.set("a", 1)
print(connection.settings_dict["NAME"], cache.get("a"), settings.CACHEOPS_ENABLED)
"""
    return subprocess.run(
        [sys.executable, "-c", program], env=os.environ | environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("seeded_academy", ["sqlite_file"], indirect=True)
def test_a_process_that_is_told_of_a_copy_works_on_it_and_quietly(academy, tmp_path):
    own = read_rows(connection)
    environment = {"ACADEMY_DATABASE": academy.url.removeprefix("sqlite:///"), "ACADEMY_STATE": str(tmp_path)}
    with twins() as copies:
        done = run_in_process(environment | {VARIABLE: copies.service})
        assert done.stdout == f"a hook ran\n{copies.service} None False\n", done.stderr
        with connected(copies.service) as copy:
            assert not read_rows(copy)["learning_review"].rows
    assert read_rows(connection) == own
    refused = run_in_process(environment | {VARIABLE: copies.service.replace(f"_{os.getpid()}_", "_999999999_")})
    assert refused.returncode == 1
    assert "which is no copy of a running `strangler verify`; unset it" in refused.stderr
    assert read_rows(connection) == own


@pytest.mark.parametrize("seeded_academy", ["postgres_socket"], indirect=True)
def test_databases_beside_the_copy_are_only_read(academy):
    from strangler_router.twin import _confine

    with closing(connection.copy("replica")) as other:
        _confine(connection=other)
        with pytest.raises(DatabaseError, match="read-only"), other.cursor() as cursor:
            cursor.execute(FIRST)
