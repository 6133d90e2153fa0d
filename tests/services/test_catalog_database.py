"""The catalog service's writing engine on SQLite: all or nothing, and in turn."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError, OperationalError

from catalog_service.database import open_database, open_for_writing


@pytest.fixture
def url(tmp_path: Path) -> str:
    file = tmp_path / "academy.sqlite3"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE course (id INTEGER PRIMARY KEY)")
        connection.execute("CREATE TABLE review (course INTEGER REFERENCES course (id))")
        connection.execute("INSERT INTO course VALUES (1)")
        connection.commit()
    return f"sqlite:///{file}"


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    engine = open_for_writing(url)
    yield engine
    engine.dispose()


def reviews(engine: Engine) -> int:
    with engine.connect() as connection:
        return connection.execute(text("SELECT COUNT(*) FROM review")).scalar_one()


def insert_and_fail(engine: Engine, course: int) -> None:
    with engine.begin() as connection:
        connection.execute(text(f"INSERT INTO review VALUES ({course})"))
        raise ZeroDivisionError


def test_what_raises_is_rolled_back(engine):
    with pytest.raises(ZeroDivisionError):
        insert_and_fail(engine, 1)
    assert reviews(engine) == 0


def test_foreign_keys_are_kept(engine):
    with pytest.raises(IntegrityError):
        insert_and_fail(engine, 2)


def test_a_transaction_that_reads_first_waits_for_its_turn(engine):
    begun = threading.Event()

    def write() -> None:
        begun.set()
        with engine.begin() as connection:
            count = connection.execute(text("SELECT COUNT(*) FROM review")).scalar_one()
            connection.execute(text("INSERT INTO review VALUES (1)"))
            seen.append(count)

    seen: list[int] = []
    second = threading.Thread(target=write)
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO review VALUES (1)"))
        second.start()
        begun.wait(5)
        second.join(0.2)
    second.join(10)
    assert (seen, reviews(engine)) == ([1], 2)


def test_the_reading_engine_refuses_to_write(url):
    reading = open_database(url)
    with pytest.raises(OperationalError, match="readonly"):
        insert_and_fail(reading, 1)
    reading.dispose()


def test_a_file_that_is_missing_is_not_made(tmp_path):
    engine = open_for_writing(f"sqlite:///{tmp_path / 'none.sqlite3'}")
    with pytest.raises(OperationalError, match="unable to open"):
        reviews(engine)
    engine.dispose()
