"""Small academies on each kind of database, one a test, to be migrated away from under the catalog's service."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import psycopg
from django.contrib.auth.models import User
from django.core.management import call_command

from academy.catalog.models import Course, Educator, Lesson, Topic
from academy.learning.models import Enrolment, Learner
from tests.conftest import Database, default_database

__all__ = ["NOON", "Copy", "postgres_copies", "sqlite_copies"]

NOON = datetime(2025, 1, 15, 12, tzinfo=UTC)
Copy = Callable[[], Database]
numbers = count()


def sqlite_copies(folder: Path) -> Copy:
    """Each call gives another file."""
    base = folder / "base.sqlite3"
    with default_database({"NAME": str(base)}):
        _fill()

    def copy() -> Database:
        path = folder / f"copy{next(numbers)}.sqlite3"
        shutil.copy(base, path)
        return {"NAME": str(path)}, f"sqlite:///{path}"

    return copy


@contextmanager
def postgres_copies(server: Database) -> Iterator[Copy]:
    """Each call gives another database on that server, which goes when the server does."""
    changes, _ = server
    with psycopg.connect(host=changes["HOST"], user=changes["USER"], dbname="postgres", autocommit=True) as admin:
        # Nothing here outlives the machine, and the server writes each copy out when it stops.
        admin.execute("ALTER SYSTEM SET fsync = off")
        admin.execute("SELECT pg_reload_conf()")
        base = f"copy_{next(numbers)}"
        admin.execute(f"CREATE DATABASE {base}")
        with default_database(changes | {"NAME": base}):
            _fill()

        def copy() -> Database:
            name = f"copy_{next(numbers)}"
            admin.execute(f"CREATE DATABASE {name} TEMPLATE {base}")
            url = f"postgresql+psycopg://{changes['USER']}@/{name}?host={changes['HOST']}"
            return changes | {"NAME": name}, url

        yield copy


def _fill() -> None:
    """One course that one learner, user 1, has not reviewed; user 2 is staff."""
    call_command("migrate", verbosity=0)
    users = [User.objects.create(pk=pk, username=f"user {pk}", is_staff=pk == 2) for pk in (1, 2)]
    educator = Educator.objects.create(pk=1, name="Amina Adeyemi", joined_at=NOON)
    course = Course.objects.create(
        pk=1, title="Bread", slug="bread", level="beginner", updated_at=NOON, rating=4.5, educator=educator
    )
    course.topics.add(Topic.objects.create(slug="baking", name="Baking"))
    Lesson.objects.create(course=course, position=1, title="Flour", created_at=NOON)
    learner = Learner.objects.create(user=users[0], display_name="Ines Ito", joined_at=NOON)
    Enrolment.objects.create(pk=1, course=course, learner=learner, progress=0, enrolled_at=NOON)
