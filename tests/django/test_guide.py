import re
from pathlib import Path
from textwrap import dedent
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Count
from django.test import TransactionTestCase
from rest_framework import serializers
from rest_framework.test import APIRequestFactory
from rest_framework.viewsets import GenericViewSet

import strangler_django
from academy.catalog.models import Course, Lesson
from academy.catalog.serializers import CourseEducatorSerializer, TopicSerializer
from academy.learning.models import Enrolment
from strangler_django.serializers import CachedDetailMixin, CachedListMixin, invalidate, register_vary
from tests.django.conftest import NOON, Redis, commands_of, context_of, make_course

GUIDE = Path(strangler_django.__file__).parents[1] / "docs" / "cached-serializers.md"


def test_the_guide_s_examples_run(cached: Redis) -> None:
    declare, view, personal, register, proof, update = _examples()[:6]
    names: dict[str, Any] = {
        "serializers": serializers, "Course": Course, "Lesson": Lesson, "Enrolment": Enrolment, "Count": Count,
        "CourseEducatorSerializer": CourseEducatorSerializer, "TopicSerializer": TopicSerializer,
        "CachedListMixin": CachedListMixin, "CachedDetailMixin": CachedDetailMixin, "GenericViewSet": GenericViewSet,
        "transaction": transaction, "invalidate": invalidate, "register_vary": register_vary, "__name__": __name__,
    }  # fmt: skip
    exec(declare + view + register + dedent(personal), names)
    exec(proof, names | {"TransactionTestCase": TransactionTestCase})
    course = make_course()
    Lesson.objects.create(course=course, position=1, title="One", created_at=NOON)

    def listed() -> Any:
        request: Any = APIRequestFactory().get("/")
        request.user = User(pk=1)
        [row] = names["CourseViewSet"].as_view({"get": "list"})(request).data
        return row

    assert listed()["lesson_count"] == 1
    assert commands_of(cached, listed) == {"mget": 1}
    Course.objects.filter(pk=course.pk).update(title="Stale")
    assert listed()["title"] != "Stale"
    exec(update, names | {"pks": [course.pk]})
    assert listed()["title"] == "Stale"
    assert names["CourseSerializer"](course, context=context_of(User(pk=1))).data["is_enrolled"] is False


def test_the_guide_s_function_results_run(cached: Redis) -> None:
    statistics, calls, personal = _examples()[6:9]
    names: dict[str, Any] = {"Course": Course, "Enrolment": Enrolment, "__name__": __name__}
    make_course(level="beginner")
    exec(statistics + personal, names)
    exec(calls, names)
    assert names["level_statistics"]("beginner")["courses"] == 1


def _examples() -> list[str]:
    return re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)


def test_the_guide_lists_every_check() -> None:
    package = Path(strangler_django.__file__).parent
    source = "".join(path.read_text() for path in (package / "checks.py", package / "result_checks.py"))
    pattern = r"strangler_django\.[EW]1\d\d"
    assert set(re.findall(pattern, GUIDE.read_text())) == set(re.findall(pattern, source))
