"""Runs the page that turns a serializer into a cached one."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Count
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.renderers import JSONRenderer
from rest_framework.test import APIRequestFactory, force_authenticate

import strangler_django
from academy.catalog.models import Course, Educator, Lesson
from academy.learning.models import Enrolment, Learner
from strangler_django import testing
from strangler_django.serializers import (
    Cache,
    CachedDetailMixin,
    CachedListMixin,
    CachedModelSerializer,
    batched,
    invalidate,
)
from tests.django.conftest import NOON, Redis, commands_of, make_course, queries_of

PAGE = Path(strangler_django.__file__).parents[1] / "docs" / "migrating-a-serializer.md"


class EducatorSerializer(serializers.ModelSerializer):
    class Meta:
        model = Educator
        fields = ["id", "name"]


class Requests:
    """Asks a view as a test client does."""

    def __init__(self, view: Any, user: User) -> None:
        self.view, self.user = view, user

    def get(self, path: str) -> bytes:
        request = APIRequestFactory().get(path)
        force_authenticate(request, self.user)
        response = self.view.as_view(renderer_classes=[JSONRenderer])(request)
        content: bytes = response.render().content
        return content


def learner(name: str) -> User:
    user = User.objects.create_user(name)
    Learner.objects.create(user=user, display_name=name, joined_at=NOON)
    return user


def test_every_step_answers_as_the_one_before(cached: Redis) -> None:
    steps = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    before, wish, asking, declaring, viewing, proof, update, personal = steps
    names: dict[str, Any] = {
        "serializers": serializers, "Course": Course, "Lesson": Lesson, "Enrolment": Enrolment, "Count": Count,
        "EducatorSerializer": EducatorSerializer, "ListAPIView": ListAPIView, "transaction": transaction,
        "CachedModelSerializer": CachedModelSerializer, "CachedListMixin": CachedListMixin, "batched": batched,
        "CachedDetailMixin": CachedDetailMixin, "Cache": Cache, "invalidate": invalidate,
        "assert_batched": testing.assert_batched, "assert_cache_safe": testing.assert_cache_safe,
        "__name__": __name__,
    }  # fmt: skip
    ada, bo = learner("ada"), learner("bo")
    for number in range(5):
        course = make_course(title=f"Course {number}")
        Lesson.objects.create(course=course, position=1, title="One", created_at=NOON)
    Enrolment.objects.create(course=course, learner=ada.learner, progress=0, enrolled_at=NOON)

    exec(before + wish, names)
    client = Requests(names["CourseList"], ada)
    expected = client.get("/courses/")
    with pytest.raises(AssertionError, match="lesson_count"):
        names["test_the_list_costs_the_same_for_any_length"](client)

    exec(asking, names)
    client = Requests(names["CourseList"], ada)
    names["test_the_list_costs_the_same_for_any_length"](client)
    assert client.get("/courses/") == expected

    exec(declaring + viewing + proof, names)
    client = Requests(names["CachedCourseList"], ada)
    assert [client.get("/courses/") for _ in ("cold", "warm")] == [expected, expected]
    assert commands_of(cached, lambda: client.get("/courses/")) == {"mget": 1}
    assert queries_of(lambda: client.get("/courses/")) == 2
    names["test_nobody_sees_what_is_another_s"]([ada, bo])

    exec(update, names)
    Course.objects.update(is_published=False)
    names["publish"](list(Course.objects.values_list("pk", flat=True)))
    assert client.get("/courses/") == expected

    exec(personal, names)
    client.view = type("View", (names["CachedCourseList"],), {"serializer_class": names["PersonalCourseSerializer"]})
    assert [client.get("/courses/") for _ in ("cold", "warm")] == [expected, expected]
    assert queries_of(lambda: client.get("/courses/")) == 1
