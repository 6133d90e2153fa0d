from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client
from rest_framework.authtoken.models import Token

from academy.catalog.models import Course, Educator
from academy.learning.models import Enrolment, Learner

NOON = datetime(2025, 1, 15, 12, 0, tzinfo=UTC)
SignIn = Callable[[User], Client]
MakeCourse = Callable[..., Course]


@pytest.fixture(autouse=True)
def forgotten_requests() -> Iterator[None]:
    """The throttles count requests in Django's cache."""
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def sign_in(db: None) -> SignIn:
    """A client that sends the user's token."""

    def client(user: User) -> Client:
        token, _ = Token.objects.get_or_create(user=user)
        return Client(headers={"Authorization": f"Token {token.key}"})

    return client


@pytest.fixture
def educator(db: None) -> Educator:
    return Educator.objects.create(name="Amina Adeyemi", joined_at=NOON)


@pytest.fixture
def make_course(educator: Educator) -> MakeCourse:
    numbers = count(1)

    def course(**fields: Any) -> Course:
        number = next(numbers)
        defaults = {
            "title": f"Course {number}",
            "slug": f"course-{number}",
            "level": "beginner",
            "price": Decimal("19.90"),
            "published_at": NOON,
            "updated_at": NOON,
            "educator": educator,
        }
        return Course.objects.create(**(defaults | fields))

    return course


@pytest.fixture
def course(make_course: MakeCourse) -> Course:
    return make_course(title="Bread Baking", slug="bread-baking")


@pytest.fixture
def draft(make_course: MakeCourse) -> Course:
    return make_course(title="Draft", slug="draft", is_published=False, published_at=None)


@pytest.fixture
def staff(db: None) -> User:
    return User.objects.create_user("staff", is_staff=True)


@pytest.fixture
def visitor(db: None) -> User:
    """A user who is no learner."""
    return User.objects.create_user("visitor")


@pytest.fixture
def learner(db: None) -> Learner:
    user = User.objects.create_user("learner")
    return Learner.objects.create(user=user, display_name="Ines Ito", joined_at=NOON)


@pytest.fixture
def other_learner(db: None) -> Learner:
    user = User.objects.create_user("other")
    return Learner.objects.create(user=user, display_name="Jürgen", joined_at=NOON)


@pytest.fixture
def enrolment(course: Course, learner: Learner) -> Enrolment:
    return Enrolment.objects.create(course=course, learner=learner, progress=Decimal("12.50"), enrolled_at=NOON)
