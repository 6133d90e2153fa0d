import hashlib
import io
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from academy.catalog.models import Course, Educator, Topic
from academy.learning.models import Enrolment, Learner
from academy.seeding import catalog, database
from academy.seeding.plan import Plan

MIGRATE_AND_SEED = """
import django
from django.core.management import call_command

django.setup()
call_command("migrate", verbosity=0)
call_command("seed", courses=60, seed=3)
"""


@pytest.fixture
def cheap_passwords(settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def start(path: Path, *, hash_seed: str, zone: str) -> subprocess.Popen:
    environment = os.environ | {"ACADEMY_DATABASE": str(path), "PYTHONHASHSEED": hash_seed, "TZ": zone}
    environment.pop("ACADEMY_POSTGRES", None)
    return subprocess.Popen([sys.executable, "-c", MIGRATE_AND_SEED], env=environment, stdout=subprocess.DEVNULL)


def digest(path: Path) -> str:
    """Of every row of every table that the command fills."""
    rows = hashlib.sha256()
    with closing(sqlite3.connect(path)) as database_file:
        for model in database.MODELS:
            table = model._meta.db_table
            for row in database_file.execute(f"SELECT * FROM {table} ORDER BY 1"):
                rows.update(repr((table, row)).encode())
    return rows.hexdigest()


def test_the_same_numbers_give_the_same_rows_in_any_process(tmp_path: Path) -> None:
    runs = {
        tmp_path / "one": start(tmp_path / "one", hash_seed="1", zone="UTC"),
        tmp_path / "two": start(tmp_path / "two", hash_seed="2", zone="Asia/Tokyo"),
    }
    assert [run.wait(timeout=60) for run in runs.values()] == [0, 0]
    one, two = map(digest, runs)
    assert one == two


def test_another_seed_gives_other_rows() -> None:
    one, two = ([course.title for course in catalog.courses(Plan(courses=60, seed=seed))] for seed in (3, 4))
    assert one != two


def test_the_smallest_academy_has_one_course(db: None, cheap_passwords: None) -> None:
    call_command("seed", courses=1, stdout=io.StringIO())
    assert (Course.objects.count(), Educator.objects.count(), Learner.objects.count()) == (1, 3, 20)


def test_a_database_with_rows_is_left_alone(db: None, cheap_passwords: None) -> None:
    Topic.objects.create(slug="mine", name="Mine")
    with pytest.raises(CommandError, match=r"holds rows already \(1 topics\); pass --flush to delete them first"):
        call_command("seed", courses=1)
    assert Topic.objects.get().slug == "mine"
    assert not Course.objects.exists()


def test_flush_replaces_the_rows(transactional_db: None, cheap_passwords: None) -> None:
    call_command("seed", courses=3, seed=2, stdout=io.StringIO())
    call_command("seed", courses=2, flush=True, stdout=io.StringIO())
    assert list(Course.objects.values_list("id", flat=True)) == [1, 2]
    assert Topic.objects.create(slug="new", name="New").pk == len(catalog.TOPICS) + 1


def test_flush_also_fills_an_empty_database(db: None, cheap_passwords: None) -> None:
    call_command("seed", courses=1, flush=True, stdout=io.StringIO())
    assert Course.objects.count() == 1


@pytest.mark.parametrize("courses", ["0", "-3", "many", "1.5", ""])
def test_a_wrong_number_of_courses_is_explained(courses: str) -> None:
    with pytest.raises(CommandError, match=f"'{courses}' is not a number of courses; give a whole number from 1"):
        call_command("seed", f"--courses={courses}")


def test_the_number_of_courses_is_required() -> None:
    with pytest.raises(CommandError, match="the following arguments are required: --courses"):
        call_command("seed")


def test_a_database_without_tables_is_explained(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE learning_review RENAME TO learning_opinion")
    with pytest.raises(CommandError, match=r"run .manage.py migrate. first"):
        call_command("seed", courses=1)


def test_the_counts_are_shown_as_a_table(db: None, cheap_passwords: None) -> None:
    output = io.StringIO()
    call_command("seed", courses=60, stdout=output)
    cells = [[cell.strip() for cell in line.split("│")] for line in output.getvalue().splitlines()]
    assert ["", "catalog_course", "60", ""] in cells
    assert ["", "learning_enrolment", f"{Enrolment.objects.count():,}", ""] in cells
    assert "Seed 1," in output.getvalue()
