"""Rows with values at the edges: what only they show is found, with the row, and the database is as it was."""

import datetime as dt
import sys
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection

from academy.catalog.models import Course, Educator, Lesson, Topic
from academy.learning.models import Enrolment, Learner
from strangler_router.table import build_table
from strangler_shadow import replay
from strangler_shadow.generated_rows import generate_rows
from strangler_shadow.on_twins import verify_on_twins
from strangler_shadow.profiles import Gate
from strangler_shadow.report import EndpointReport
from strangler_shadow.rows import read_rows
from strangler_shadow.twins import TwinError, connected, twins
from strangler_shadow.verdict import Verdict
from tests.conftest import KEYS, default_database
from tests.shadow.test_twins import forget_disks, names_of_copies

COURSE, EDUCATOR, LIST = "v1:course-detail.get", "v1:educator-detail.get", "v1:course-list.get"
DAY = dt.datetime(2026, 3, 1, 10, tzinfo=dt.UTC)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def ordinary(request: Any, tmp_path_factory: Any, django_db_blocker: Any) -> Iterator[dict[str, Any]]:
    """A small database in which no value is odd: changes to the settings of `default`."""
    if request.param == "sqlite":
        changes = {"NAME": str(tmp_path_factory.mktemp("ordinary") / "ordinary.sqlite3")}
    else:
        server, _ = request.getfixturevalue("postgres_socket")
        changes = {**server, "NAME": "ordinary"}
        with django_db_blocker.unblock(), default_database(server), connection.cursor() as cursor:
            cursor.execute("CREATE DATABASE ordinary")
    with django_db_blocker.unblock(), default_database(changes):
        call_command("migrate", verbosity=0)
        _fill()
        forget_disks()
        yield changes


def _fill() -> None:
    users = [User.objects.create(username=name, is_staff=name == "staff") for name in ("ann", "bob", "cid", "staff")]
    educator = Educator.objects.create(name="Ada", website="https://example.com/ada", joined_at=DAY)
    topic = Topic.objects.create(slug="soil", name="Soil")
    for number in (1, 2, 3):
        course = Course.objects.create(
            title=f"Course {number}", slug=f"course-{number}", level="beginner", price=Decimal("12.50"), rating=4.5,
            published_at=DAY, updated_at=DAY, educator=educator, metadata={"weeks": number},
        )  # fmt: skip
        course.topics.add(topic)
        Lesson.objects.create(course=course, position=1, title="First", created_at=DAY)
        learner = Learner.objects.create(user=users[number - 1], display_name="A learner", joined_at=DAY)
        Enrolment.objects.create(course=course, learner=learner, progress=Decimal("12.50"), enrolled_at=DAY)


@pytest.fixture(autouse=True)
def _environment(ordinary: Any, settings: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The project's database stays as it is, and no copy is left."""
    shadow = {**settings.STRANGLER["SHADOW"], "CORPUS": str(tmp_path / "corpus")}
    settings.STRANGLER = {
        **settings.STRANGLER, "SHADOW": shadow, "KEYS": KEYS, "REFRESH": 0, "POLICY_FILE": "", "KILL_FILE": "",
    }  # fmt: skip
    monkeypatch.setenv("ACADEMY_STATE", str(tmp_path))
    monkeypatch.setenv("ACADEMY_DATABASE", str(connection.settings_dict["NAME"]))
    if connection.vendor == "postgresql":
        monkeypatch.setenv("ACADEMY_POSTGRES", connection.settings_dict["HOST"])
    replay._handler.cache_clear()
    own, copies = read_rows(connection), names_of_copies()
    yield
    assert read_rows(connection) == own
    assert names_of_copies() == copies


def verify(*endpoints: str, rows: int, rung: str = "lifted", command: str = "") -> dict[str, EndpointReport]:
    entries = [entry for entry in build_table().values() if entry.binding.id in endpoints]
    found = verify_on_twins(entries, rung=rung, command=command, profile=Gate(seed=1, examples=10), rows=rows)
    return {report.endpoint: report for report in found}


# Where each mistake shows, and of which row.
MISTAKES = {
    (EDUCATOR, "value at $.joined_at"): "catalog.Educator with joined_at=2026-01-01T",
    (EDUCATOR, "value at $.name"): "catalog.Educator with name='\U0001f642",
    (EDUCATOR, "null at $.website"): "catalog.Educator with website=''",
    (COURSE, "precision at $.price"): "catalog.Course with price=Decimal('",
}


def test_what_only_edge_values_show_is_missed_without_them_and_found_with_them_by_row():
    database = "sqlite:///{database}" if connection.vendor == "sqlite" else "{database}"
    command = f"{sys.executable} -m tests.shadow.edge_faults {database}"
    seeded = verify(EDUCATOR, COURSE, rows=0, rung="native", command=command)
    assert [report.verdict for report in seeded.values()] == [Verdict.EQUIVALENT] * 2, seeded
    found = verify(EDUCATOR, COURSE, rows=120, rung="native", command=command)
    named = {
        (endpoint, f"{item.kind} at {item.pattern}"): finding
        for endpoint, report in found.items()
        for finding in report.findings
        for item in finding.differences
    }
    assert named.keys() == MISTAKES.keys()
    for place, row in MISTAKES.items():
        assert f"  # shown by the generated {row}" in named[place].curl
        assert [str(scene).startswith(row) for scene in named[place].rows.values()] == [True]


def test_both_sides_of_the_lifted_rung_show_the_same_rows():
    found = verify(COURSE, LIST, "v1:course-lessons.get", "v1:enrolment-detail.get", rows=40)
    assert {report.verdict for report in found.values()} == {Verdict.EQUIVALENT}, found
    assert all(report.statuses[200] >= 40 for name, report in found.items() if name != LIST)
    assert "40 of the rows were generated" in found[COURSE].reason


def test_rows_are_made_for_columns_of_the_model_and_of_those_tied_to_it():
    entries = [entry for entry in build_table().values() if entry.binding.id == COURSE]
    with twins() as copies, connected(copies.first):
        rows = generate_rows(entries, count=300, seed=1)
        prices = {course.price for course in Course.objects.all()}
        names = set(Educator.objects.values_list("name", flat=True))
        lessons = Lesson.objects.filter(minutes=None).count()
    with twins() as copies, connected(copies.first):
        again = [str(scene) for scene in generate_rows(entries, count=300, seed=1).scenes[Course]]
    assert again == [str(scene) for scene in rows.scenes[Course]]
    assert {Decimal("9999999.99"), Decimal("-9999999.99"), Decimal("0.00"), Decimal("0.01")} <= prices
    assert "x" * 120 in names
    assert lessons > 3
    assert rows.made["catalog.Course"] >= 300
    # A name has to be there.
    assert rows.refused[Course]["catalog.Educator.name"] == 1 + (connection.vendor == "postgresql")
    assert any("refused: " in line for line in rows.lines())


def test_no_row_is_made_in_the_project_s_own_database():
    with pytest.raises(TwinError, match="is no copy; rows are never generated in the project's own database"):
        generate_rows([], count=1, seed=1)
