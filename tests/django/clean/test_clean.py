"""At least 200 serializers that show nothing but stored rows raise no false alarm, and are cached."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from academy.catalog.models import Lesson, Topic
from academy.learning.models import Enrolment, Learner
from tests.django.clean import classes, methods  # noqa: F401  each adds its classes
from tests.django.clean.classes import CLEAN
from tests.django.conftest import NOON, Redis, make_course
from tests.django.leaks.adversary import bypasses_of, cached_bytes, own_bytes
from tests.django.leaks.callers import CALLERS


def test_there_are_at_least_two_hundred() -> None:
    assert len(CLEAN) >= 200


@pytest.fixture
def rows(cached: Redis) -> None:
    learner = Learner.objects.create(user=User.objects.create(username="l"), display_name="L", joined_at=NOON)
    for number in range(2):
        course = make_course(
            title=f"course {number}",
            published_at=NOON,
            starts_on=NOON.date(),
            length=timedelta(hours=number),
            syllabus="a.pdf",
            price="1234.50",
            rating=4.5,
            metadata={"colour": "red", "words": ["one", "two"]},
        )
        course.topics.add(Topic.objects.create(slug=f"topic-{number}", name="Topic"))
        Lesson.objects.create(course=course, position=1, title="Lesson", created_at=NOON)
        Enrolment.objects.create(course=course, learner=learner, progress=50, enrolled_at=NOON)


@pytest.mark.parametrize("cls", CLEAN.values(), ids=CLEAN)
def test_it_is_cached_without_alarm_and_shows_drf_s_bytes(rows: None, cls: Any) -> None:
    for caller in (CALLERS[0], CALLERS[1], CALLERS[3]):
        expected = own_bytes(cls, caller)
        for _ in ("cold", "warm"):
            shown: list[Any] = []
            reasons, hits = bypasses_of(lambda caller=caller, shown=shown: shown.append(cached_bytes(cls, caller)))
            assert shown == [expected]
            assert not reasons
            assert hits
