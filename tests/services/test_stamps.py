"""A service's side of the stamp protocol, against a real Redis server and a real database."""

import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from strangler_django.models import JournalRow as MonolithJournalRow
from strangler_services import SettingsError, stamps
from strangler_services.stamps import JOURNAL_TABLE, JournalRow, Row, StampWriter, Unmarked
from tests.django.conftest import Redis

DATABASE = "default@0123456789ab"
COURSE, OTHER = Row(label="catalog.course", pk="5"), Row(label="catalog.course", pk="6")


@pytest.fixture(scope="module")
def server() -> Iterator[Redis]:
    running = Redis()
    yield running
    running.close()


@pytest.fixture
def valkey(server: Redis) -> Redis:
    server.reset()
    return server


@pytest.fixture
def writer(valkey: Redis) -> StampWriter:
    return StampWriter(valkey.url, database=DATABASE)


class Database:
    """A file with a table and the journal's; its transactions commit or roll back as the block ends."""

    def __init__(self, file: Path) -> None:
        self.file = file
        with self.begin() as connection:
            connection.execute("CREATE TABLE review (course INTEGER)")
            columns = "id INTEGER PRIMARY KEY, model, row, token, settled, written_at"
            connection.execute(f"CREATE TABLE {JOURNAL_TABLE} ({columns})")

    @contextmanager
    def begin(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(self.file, timeout=10)
        try:
            with connection:
                yield connection
        finally:
            connection.close()

    def keep(self, connection: sqlite3.Connection, rows: Any) -> None:
        values = [{**asdict(row), "written_at": row.written_at.isoformat()} for row in rows]
        names = ", ".join(values[0])
        marks = ", ".join(f":{name}" for name in values[0])
        connection.executemany(f"INSERT INTO {JOURNAL_TABLE} ({names}) VALUES ({marks})", values)

    def reviews(self) -> int:
        with self.begin() as connection:
            return connection.execute("SELECT COUNT(*) FROM review").fetchone()[0]

    def journalled(self) -> list[tuple[Any, ...]]:
        with self.begin() as connection:
            return connection.execute(f"SELECT model, row, settled FROM {JOURNAL_TABLE} ORDER BY row").fetchall()


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path / "rows.sqlite3")


def insert(connection: sqlite3.Connection) -> None:
    connection.execute("INSERT INTO review VALUES (5)")


def fail(writer: StampWriter, database: Database) -> None:
    """A transaction that marks and writes, and then raises ZeroDivisionError."""
    with writer.writing(database.begin, database.keep) as write:
        write.mark([COURSE])
        insert(write.connection)
        raise ZeroDivisionError


def values(valkey: Redis) -> dict[str, bytes]:
    """Each stamp's value, by what stands behind the key's prefix."""
    run_id = valkey.client.info("server")["run_id"][:12]
    prefix = f"strangler:2:{run_id}:stamp:{DATABASE}:"
    return {key.decode().removeprefix(prefix): valkey.client.get(key) for key in valkey.client.scan_iter("*:stamp:*")}


def test_rows_are_pending_until_the_transaction_has_committed(writer, valkey, database):
    with writer.writing(database.begin, database.keep) as write:
        write.mark([COURSE, OTHER])
        insert(write.connection)
        pending = values(valkey)
        assert database.reviews() == 0
    assert set(pending) == {"catalog.course:5", "catalog.course:6"}
    assert all(value.startswith(b"P") and len(value) == 30 for value in pending.values())
    assert database.reviews() == 1
    renewed = values(valkey)
    assert set(renewed) == set(pending)
    assert all(value.startswith(b"S") and len(value) == 17 for value in renewed.values())


def test_a_rollback_renews_too_and_its_error_arrives(writer, valkey, database):
    with pytest.raises(ZeroDivisionError):
        fail(writer, database)
    assert database.reviews() == 0
    assert values(valkey)["catalog.course:5"].startswith(b"S")


def test_rows_may_be_marked_as_they_are_found(writer, valkey, database):
    with writer.writing(database.begin, database.keep) as write:
        write.mark([COURSE])
        write.mark([COURSE, OTHER])
        assert {value[:1] for value in values(valkey).values()} == {b"P"}
    assert {value[:1] for value in values(valkey).values()} == {b"S"}


def test_a_transaction_that_marked_nothing_does_not_commit(writer, database):
    with pytest.raises(Unmarked), writer.writing(database.begin, database.keep) as write:
        insert(write.connection)
    assert database.reviews() == 0
    with writer.writing(database.begin, database.keep) as write:
        write.mark([])
        insert(write.connection)
    assert database.reviews() == 1


def test_one_writer_s_end_leaves_the_mark_of_another(valkey, database):
    first, second = (StampWriter(valkey.url, database=DATABASE) for _ in range(2))
    with first.writing(database.begin, database.keep) as outer:
        outer.mark([COURSE])
        with second.writing(database.begin, database.keep) as inner:
            inner.mark([COURSE])
        assert len(values(valkey)["catalog.course:5"]) == 30
    assert values(valkey)["catalog.course:5"].startswith(b"S")


def test_rows_found_through_other_tables_are_looked_up_again_after_the_commit(writer, valkey, database):
    def shown(connection: sqlite3.Connection) -> list[Row]:
        found = connection.execute("SELECT course FROM review").fetchall()
        return [Row(label="catalog.course", pk=str(course)) for (course,) in found]

    with writer.writing(database.begin, database.keep) as write:
        write.mark_found(shown)
        with database.begin() as another:
            another.execute("INSERT INTO review VALUES (7)")
        assert values(valkey) == {}
    assert set(values(valkey)) == {"catalog.course:7"}
    assert values(valkey)["catalog.course:7"].startswith(b"S")


def test_a_row_that_another_writer_may_move_again_keeps_its_parents_pending(writer, valkey, database):
    other = StampWriter(valkey.url, database=DATABASE)
    review = Row(label="learning.review[~]", pk="1")
    with other.writing(database.begin, database.keep) as unlocked:
        unlocked.mark([review])
        with writer.writing(database.begin, database.keep) as write:
            write.moves([review])
            write.mark([COURSE, OTHER])
        assert {value[:1] for value in values(valkey).values()} == {b"P"}
    assert {value[:1] for value in values(valkey).values()} == {b"S"}


def test_thousands_of_rows_are_marked_in_one_transaction(writer, valkey, database):
    with writer.writing(database.begin, database.keep) as write:
        write.mark(Row(label="catalog.course", pk=str(pk)) for pk in range(2500))
        assert {value[:1] for value in values(valkey).values()} == {b"P"}
    renewed = values(valkey)
    assert (len(renewed), {value[:1] for value in renewed.values()}) == (2500, {b"S"})


def test_without_redis_the_rows_are_journalled_in_the_same_transaction(writer, valkey, database):
    valkey.kill()
    with writer.writing(database.begin, database.keep) as write:
        write.mark([COURSE, OTHER])
        insert(write.connection)
        assert database.journalled() == []
    assert database.reviews() == 1
    assert database.journalled() == [("catalog.course", "5", 1), ("catalog.course", "6", 1)]


def test_a_rollback_without_redis_leaves_no_journal(writer, valkey, database):
    valkey.kill()
    with pytest.raises(ZeroDivisionError):
        fail(writer, database)
    assert (database.reviews(), database.journalled()) == (0, [])


def test_a_server_that_refuses_is_as_good_as_away(writer, valkey, database):
    valkey.client.config_set("maxmemory", 1)
    try:
        with writer.writing(database.begin, database.keep) as write:
            write.mark([COURSE])
    finally:
        valkey.client.config_set("maxmemory", 0)
    assert database.journalled() == [("catalog.course", "5", 1)]


def test_a_server_that_goes_between_mark_and_commit_is_made_up_for_after_it(writer, valkey, database):
    with writer.writing(database.begin, database.keep) as write:
        write.mark([COURSE])
        insert(write.connection)
        valkey.kill()
    assert database.reviews() == 1
    assert database.journalled() == [("catalog.course", "5", 1)]


def test_a_server_that_hangs_costs_one_short_wait(writer, valkey, database):
    with writer.writing(database.begin, database.keep) as write:
        write.mark([COURSE])
    valkey.suspend()
    try:
        began = time.monotonic()
        for _ in range(3):
            with writer.writing(database.begin, database.keep) as write:
                write.mark([COURSE])
        assert 0.2 < time.monotonic() - began < 1.5
    finally:
        valkey.resume()
    assert len(database.journalled()) == 3


def test_a_server_that_was_started_again_is_another_one(writer, valkey, database):
    with writer.writing(database.begin, database.keep) as write:
        write.mark([COURSE])
    valkey.kill()
    valkey.start()
    with writer.writing(database.begin, database.keep) as write:
        write.mark([COURSE])
        # By the new server's run_id.
        assert values(valkey)["catalog.course:5"].startswith(b"P")
    assert database.journalled() == []


def test_a_commit_whose_outcome_is_unknown_leaves_the_marks(writer, valkey, database):
    @contextmanager
    def lost() -> Iterator[sqlite3.Connection]:
        with database.begin() as connection:
            yield connection
        raise ConnectionError("gone during COMMIT")

    def write_and_lose_the_connection() -> None:
        with writer.writing(lost, database.keep) as write:
            write.mark([COURSE])
            insert(write.connection)

    with pytest.raises(ConnectionError):
        write_and_lose_the_connection()
    assert database.reviews() == 1
    assert values(valkey)["catalog.course:5"].startswith(b"P")


def test_an_answer_is_given_though_neither_redis_nor_the_journal_takes_the_end(writer, valkey, database, caplog):
    with writer.writing(database.begin, database.keep) as write:
        write.mark([COURSE])
        insert(write.connection)
        valkey.kill()
        write.connection.execute(f"DROP TABLE {JOURNAL_TABLE}")
    assert database.reviews() == 1
    assert "1 stamps could not be renewed; their marks expire within an hour" in caplog.text


def test_a_killed_service_leaves_marks_that_end_by_themselves(valkey, database):
    program = Path(__file__).with_name("killed_writer.py")
    arguments = [valkey.url, DATABASE, str(database.file), "INSERT INTO review VALUES (5)", "catalog.course", "5"]
    assert subprocess.run([sys.executable, str(program), *arguments], check=False).returncode == -9
    assert database.reviews() == 1
    mark = values(valkey)["catalog.course:5"]
    assert mark.startswith(b"P")
    seconds, microseconds = valkey.client.time()
    assert 0 < int(mark[17:30]) - (seconds * 1000 + microseconds // 1000) <= 3000
    assert valkey.client.ttl(next(valkey.client.scan_iter())) == -1


def test_a_journal_row_has_the_columns_of_the_monolith_s():
    meta = MonolithJournalRow._meta
    assert meta.db_table == JOURNAL_TABLE
    assert [field.name for field in fields(JournalRow)] == [field.column for field in meta.fields if field.name != "id"]
    row = JournalRow(model="a", row="1", token="t", settled=True, written_at=datetime.now(UTC))
    MonolithJournalRow(**asdict(row)).clean_fields(exclude=["id"])


@pytest.mark.parametrize("url", ["localhost:6379", "", "http://localhost"])
def test_a_url_that_is_none_is_a_settings_error(url):
    with pytest.raises(SettingsError, match="the URL of Redis"):
        StampWriter(url, database=DATABASE)


def test_without_the_client_library_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(stamps, "redis", None)
    with pytest.raises(SettingsError, match=r"install django-strangler\[cache\]"):
        StampWriter("redis://localhost", database=DATABASE)


def test_only_this_module_imports_redis():
    folder = Path(stamps.__file__).parent
    assert [path.name for path in folder.glob("*.py") if "import redis" in path.read_text()] == ["stamps.py"]
