import io
import json
from collections.abc import Iterator
from itertools import chain

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client, override_settings
from pytest_django import DjangoDbBlocker
from rest_framework.authtoken.models import Token

from academy.catalog.models import Course, Educator, Lesson, Topic
from academy.learning.models import Enrolment, Learner, Review
from academy.seeding import catalog, learning, oddities
from academy.seeding.plan import Plan


@pytest.fixture(scope="module")
def seeded_once(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """One seeding for all tests of this file; each works in a savepoint of its own."""
    cheap = override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"])
    with django_db_blocker.unblock(), cheap, transaction.atomic():
        call_command("seed", courses=120, stdout=io.StringIO())
        yield
        transaction.set_rollback(True)


@pytest.fixture
def seeded(seeded_once: None, db: None) -> None:
    pass


def test_course_ids_count_from_one(seeded: None) -> None:
    assert list(Course.objects.values_list("id", flat=True)) == list(range(1, 121))


def test_new_rows_find_a_free_id(seeded: None) -> None:
    assert Topic.objects.create(slug="new", name="New").pk == len(catalog.TOPICS) + 1


def as_text(value: object) -> str:
    """Tells 1 from 1.0 and True; PostgreSQL does not keep the order of keys."""
    return json.dumps(value, sort_keys=True)


def test_every_odd_value_survives_the_database(seeded: None) -> None:
    def stored(field: str) -> list[object]:
        return list(Course.objects.values_list(field, flat=True))

    for field, values in {
        "title": oddities.TEXTS,
        "summary": oddities.TEXTS,
        "rating": oddities.RATINGS,
        "price": oddities.PRICES,
        "length": oddities.DURATIONS,
        "starts_on": oddities.DATES,
        "published_at": oddities.MOMENTS,
        "updated_at": oddities.MOMENTS,
        "language": oddities.LANGUAGES,
        "level": oddities.LEVELS,
        "external_id": oddities.UUIDS,
    }.items():
        assert set(values) <= set(stored(field)), field
    metadata = {as_text(value) for value in stored("metadata")}
    assert {as_text(getattr(value, "value", value)) for value in oddities.METADATA} <= metadata


def test_missing_files_are_null_or_empty_and_others_have_odd_names(seeded: None) -> None:
    for model, field in ((Educator, "photo"), (Course, "syllabus"), (Lesson, "video")):
        assert model.objects.filter(**{field: None}).exists()
        assert model.objects.filter(**{field: ""}).exists()
    for name in filter(None, oddities.FILE_NAMES):
        assert Course.objects.filter(syllabus=f"syllabi/{name}").exists()


def test_relations_may_be_empty(seeded: None) -> None:
    assert Course.objects.filter(topics=None).exists()
    assert Course.objects.filter(lessons=None).exists()
    assert Course.objects.filter(is_published=False).exists()
    assert Educator.objects.filter(courses=None).exists()
    assert Topic.objects.filter(courses=None).exists()


def test_only_learners_of_a_course_review_it(seeded: None) -> None:
    enrolled = set(Enrolment.objects.values_list("course_id", "learner_id"))
    assert set(Review.objects.values_list("course_id", "learner_id")) <= enrolled


def test_the_database_accepts_every_reference(seeded: None) -> None:
    connection.check_constraints()


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Etc/GMT+12"])
def test_the_api_can_show_every_row(seeded: None, zone: str) -> None:
    client = Client(headers={"Authorization": "Token demo-only-admin", "Time-Zone": zone})
    addresses = chain(
        ("/api/v1/courses/?page_size=100&page=1", "/api/v1/courses/?page_size=100&page=2"),
        (f"/api/v1/courses/{pk}/lessons/" for pk in range(1, 31)),
        (f"/api/v1/educators/{pk}/" for pk in Educator.objects.values_list("pk", flat=True)),
        (f"/api/v1/enrolments/{pk}/" for pk in range(1, 11)),
    )
    assert {address for address in addresses if client.get(address).status_code != 200} == set()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_numbers_of_rows_are_near_their_averages(seed: int) -> None:
    plan = Plan(courses=400, seed=seed)
    lessons = [lesson.course_id for lesson in catalog.lessons(plan)]
    per_course = [lessons.count(course) for course in range(1, 401)]
    assert 9 <= len(lessons) / 400 <= 11
    assert (min(per_course), max(per_course)) == (0, 30)
    assert 27 <= sum(1 for _ in learning.enrolments(plan)) / 400 <= 33
    assert 17 <= sum(1 for _ in learning.reviews(plan)) / 400 <= 23


def test_some_summaries_are_as_long_as_articles() -> None:
    lengths = [len(course.summary) for course in catalog.courses(Plan(courses=400, seed=1))]
    assert sum(4_000 <= length <= 20_000 for length in lengths) == 11


@pytest.mark.parametrize(
    ("username", "is_staff", "is_superuser"),
    [("admin", True, True), ("teacher", True, False), ("visitor", False, False)],
)
def test_fixed_users_have_a_known_token_and_password(
    seeded: None, client: Client, username: str, is_staff: bool, is_superuser: bool
) -> None:
    user = Token.objects.get(key=f"demo-only-{username}").user
    assert (user.username, user.is_staff, user.is_superuser) == (username, is_staff, is_superuser)
    response = client.post("/api/v1/token/", {"username": username, "password": "demo-only"})
    assert response.json() == {"token": f"demo-only-{username}"}


def test_learners_have_a_token_but_no_password(seeded: None) -> None:
    users = [learner.user for learner in Learner.objects.select_related("user")]
    assert [user.username for user in users[:2]] == ["learner-00001", "learner-00002"]
    assert not any(user.has_usable_password() for user in users)
    assert Token.objects.get(key="demo-only-learner-00001").user == users[0]
