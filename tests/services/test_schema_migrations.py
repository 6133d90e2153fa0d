"""Migrations of the monolith that break the catalog's SQL are found by the command and by the running service."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from io import StringIO
from itertools import count
from pathlib import Path
from textwrap import indent
from typing import Any

import grpc
import pytest
from django.core.management import call_command
from django.db import connections
from grpc_health.v1 import health_pb2, health_pb2_grpc

import academy.catalog.migrations
import academy.learning.migrations
from catalog_service import database
from catalog_service.database import LEDGER, open_database, readiness
from catalog_service.service import CatalogService
from strangler_django.verb import UsageError
from strangler_extract.management.commands.strangler_check_schema import CheckFailed
from strangler_services import ServerSettings, start_in_thread
from strangler_services.ledger import Ledger
from strangler_services.schema import breakages
from tests.conftest import CATALOG, KEYS, Database, default_database
from tests.services.catalog_copies import Copy, postgres_copies, sqlite_copies
from tests.services.catalog_statements import recorded

SERVING, NOT_SERVING = health_pb2.HealthCheckResponse.SERVING, health_pb2.HealthCheckResponse.NOT_SERVING
TEXT = "models.CharField(max_length=20, null=True)"
BREAKING = {
    "a column is dropped": ("catalog", 'RemoveField("course", "summary")', "summary"),
    "a column is renamed": ("catalog", 'RenameField("educator", "photo", "portrait")', "photo"),
    "a column gets another type": ("catalog", f'AlterField("course", "rating", {TEXT})', "rating"),
    "a table is renamed": ("catalog", 'AlterModelTable("lesson", "catalog_unit")', "catalog_lesson"),
    "a required column is added": (
        "learning",
        'AddField("review", "mood", models.CharField(max_length=9, default="good"))',
        "learning_review.mood is NOT NULL without a default, and the INSERT leaves it out",
    ),
    "a unique constraint goes": ("learning", 'RemoveConstraint("review", "one_review")', "ON CONFLICT"),
}  # fmt: skip
HARMLESS = {
    "a nullable column": ("catalog", 'AddField("course", "badge", models.CharField(max_length=9, null=True))'),
    "a default of the database": ("learning", 'AddField("review", "likes", models.IntegerField(db_default=0))'),
    "a table": ("catalog", 'CreateModel("Badge", [("id", models.BigAutoField(primary_key=True))])'),
    "an index": ("catalog", 'AddIndex("course", models.Index(fields=["price"], name="by_price"))'),
    "a longer text": ("catalog", 'AlterField("course", "title", models.CharField(max_length=400))'),
}  # fmt: skip


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def copies(request: pytest.FixtureRequest, tmp_path_factory: Any, django_db_blocker: Any) -> Iterator[Copy]:
    with django_db_blocker.unblock():
        if request.param == "sqlite":
            yield sqlite_copies(tmp_path_factory.mktemp("copies"))
        else:
            with postgres_copies(request.getfixturevalue("postgres_socket")) as copy:
                yield copy


@pytest.fixture
def copied(copies: Copy) -> Iterator[Database]:
    """A small academy that is Django's default database meanwhile."""
    changes, url = copies()
    with default_database(changes):
        yield changes, url


numbers = count()


@pytest.fixture
def write_migration(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Give an app of the academy one migration more."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def write(app: str, operation: str) -> None:
        folder = tmp_path / f"migrations_{next(numbers)}"
        known = {"catalog": academy.catalog.migrations, "learning": academy.learning.migrations}[app]
        shutil.copytree(Path(known.__path__[0]), folder, ignore=shutil.ignore_patterns("__pycache__"))
        body = indent(f'dependencies = [("{app}", "0001_initial")]\noperations = [migrations.{operation}]\n', "    ")
        lines = f"from django.db import migrations, models\n\n\nclass Migration(migrations.Migration):\n{body}"
        (folder / "0002_changed.py").write_text(lines)
        settings.MIGRATION_MODULES = {app: folder.name}

    return write


def check() -> str:
    out = StringIO()
    call_command("strangler_check_schema", str(LEDGER), stdout=out)
    return out.getvalue()


class Watched:
    """The catalog's service, and what its health service says."""

    def __init__(self, channel: grpc.Channel) -> None:
        self.stub = health_pb2_grpc.HealthStub(channel)

    def wait_for(self, status: int) -> None:
        end = time.monotonic() + 10
        request = health_pb2.HealthCheckRequest(service=CATALOG)
        while self.stub.Check(request, timeout=5).status != status:
            assert time.monotonic() < end
            time.sleep(0.05)


@pytest.fixture
def service(copied: Database) -> Iterator[Watched]:
    """It looks at the schema with each poll of its readiness, a second apart."""
    engine = open_database(copied[1])
    settings = ServerSettings(address="127.0.0.1:0", keys=KEYS)
    ready = readiness(engine, seconds=0.1)
    try:
        with (
            start_in_thread(CatalogService(engine).register, settings, readiness=ready) as server,
            grpc.insecure_channel(server.address, [("grpc.use_local_subchannel_pool", 1)]) as channel,
        ):
            watched = Watched(channel)
            watched.wait_for(SERVING)
            yield watched
    finally:
        engine.dispose()


@pytest.mark.parametrize("name", BREAKING)
def test_what_breaks_a_statement_is_found(name, service, write_migration, caplog):
    app, operation, words = BREAKING[name]
    assert "are as the database has them" in check()
    caplog.set_level("INFO", "strangler_services")
    write_migration(app, operation)
    call_command("migrate", verbosity=0)
    out = StringIO()
    with pytest.raises(CheckFailed, match=f"this schema breaks {CATALOG}") as failure:
        call_command("strangler_check_schema", str(LEDGER), stdout=out)
    assert failure.value.returncode == 65
    assert words in out.getvalue()
    service.wait_for(NOT_SERVING)
    logged = [record.fields for record in caplog.records if record.message == "schema broken"]
    assert all(fields["ledger"] == CATALOG and fields["statement"] > 0 for fields in logged)
    assert any(words in fields["message"] for fields in logged)


@pytest.mark.parametrize("name", HARMLESS)
def test_what_is_harmless_is_let_pass(name, copied, write_migration):
    write_migration(*HARMLESS[name])
    call_command("migrate", verbosity=0)
    check()
    engine = open_database(copied[1])
    assert asyncio.run(readiness(engine)())
    engine.dispose()


def test_a_service_is_ready_again_once_the_migration_is_taken_back(service, write_migration):
    write_migration("catalog", 'RenameField("course", "level", "grade")')
    call_command("migrate", verbosity=0)
    service.wait_for(NOT_SERVING)
    call_command("migrate", "catalog", "0001", verbosity=0)
    service.wait_for(SERVING)


def test_a_migration_that_is_not_applied_is_an_error(copied, write_migration):
    write_migration(*HARMLESS["a table"])
    with pytest.raises(CheckFailed, match=r"is not migrated: catalog\.0002_changed; run manage\.py migrate first"):
        check()


def test_json_names_the_statement(copied, write_migration):
    write_migration("catalog", 'RemoveField("lesson", "minutes")')
    call_command("migrate", verbosity=0)
    out = StringIO()
    with pytest.raises(CheckFailed):
        call_command("strangler_check_schema", str(LEDGER), format="json", stdout=out)
    [found] = json.loads(out.getvalue())
    assert found["service"] == CATALOG
    [broken] = found["broken"]
    assert "catalog_lesson.minutes" in broken["sql"]
    assert "minutes" in broken["message"]
    statements = Ledger.read(LEDGER).of(found["dialect"])
    assert len(statements) == found["statements"]
    assert statements[broken["statement"] - 1].sql == broken["sql"]


def test_the_ledger_is_what_the_service_sends(copied):
    """After a change of the service's SQL: `python -m tests.services.catalog_statements`."""
    engine = open_database(copied[1])
    dialect = engine.dialect.name
    engine.dispose()
    assert {one.sql for one in Ledger.read(LEDGER).of(dialect)} == recorded(copied[1])


def test_a_ledger_of_bare_statements_is_described_by_the_command(copied, tmp_path):
    whole = Ledger.read(LEDGER)
    path = tmp_path / "queries.json"
    bare = {dialect: [{"sql": one.sql} for one in listed] for dialect, listed in whole.statements.items()}
    path.write_text(json.dumps({"service": CATALOG, "statements": bare}))
    call_command("strangler_check_schema", str(path), describe=True, stdout=StringIO())
    described = Ledger.read(path)
    filled = [dialect for dialect in bare if described.of(dialect) == whole.of(dialect)]
    assert len(filled) == 1
    assert described.of(filled[0])[0].parameters is not None


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([str(LEDGER), "--database", "other"], "--database other: DATABASES has default"),
        (["none.json"], "none.json is not there"),
        (["pyproject.toml"], "is no query ledger"),
    ],
)
def test_a_wrong_call_is_a_usage_error(copied, arguments, words):
    with pytest.raises(UsageError, match=words):
        call_command("strangler_check_schema", *arguments)


def test_a_database_of_another_kind_is_a_usage_error(monkeypatch):
    monkeypatch.setitem(connections.databases, "dummy", {"ENGINE": "django.db.backends.dummy"})
    with pytest.raises(UsageError, match="a ledger is for postgresql or sqlite, not unknown"):
        call_command("strangler_check_schema", str(LEDGER), "--database", "dummy")


def program(url: str, *, folder: Path | None = None) -> subprocess.Popen[str]:
    environment = {
        **os.environ, "CATALOG_DATABASE": url, "STRANGLER_SERVICE_ADDRESS": "127.0.0.1:0",
        "STRANGLER_SERVICE_KEYS": json.dumps(KEYS),
    }  # fmt: skip
    if folder is not None:
        environment["PYTHONPATH"] = str(folder)
    command = [sys.executable, "-m", "catalog_service"]
    return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True, cwd=folder)


def test_the_program_is_not_ready_on_a_schema_that_moved_on(copied, write_migration):
    app, operation, words = BREAKING["a column is dropped"]
    write_migration(app, operation)
    call_command("migrate", verbosity=0)
    process = program(copied[1])
    try:
        lines = []
        while not lines or lines[-1]["event"] != "listening":
            text = process.stderr.readline()
            assert text, lines
            lines.append(json.loads(text))
        events = [line["event"] for line in lines]
        assert "not serving" in events
        assert "serving" not in events
        assert any(words in line["message"] for line in lines if line["event"] == "schema broken")
        with grpc.insecure_channel(lines[-1]["address"], [("grpc.use_local_subchannel_pool", 1)]) as channel:
            Watched(channel).wait_for(NOT_SERVING)
    finally:
        process.terminate()
        process.wait(20)
        process.stderr.close()


def test_the_program_does_not_start_without_its_ledger(copied, tmp_path):
    source = Path(database.__file__).parent
    shutil.copytree(source, tmp_path / source.name, ignore=shutil.ignore_patterns("__pycache__", LEDGER.name))
    process = program(copied[1], folder=tmp_path)
    assert process.wait(20) == 64
    said = process.stderr.read()
    process.stderr.close()
    assert (
        said == f"{tmp_path / source.name / LEDGER.name} is not there; it lists the statements that the service sends\n"
    )


def test_a_database_that_is_away_is_not_ready_and_no_breakage(copied, caplog):
    caplog.set_level("INFO", "strangler_services")
    _, url = copied
    engine = open_database(url.replace(Path(url).stem, "nowhere") if "sqlite" in url else f"{url}&port=1")
    ready = database.SchemaReadiness(
        Ledger.read(LEDGER), engine.dialect.name, lambda: database.driver_connection(engine), seconds=0
    )
    assert not asyncio.run(ready())
    assert [record.message for record in caplog.records] == ["schema not seen"]
    engine.dispose()


def test_nothing_is_broken_where_nothing_changed(copied):
    engine = open_database(copied[1])
    with database.driver_connection(engine) as connection:
        assert breakages(Ledger.read(LEDGER), engine.dialect.name, connection) == []
    engine.dispose()
