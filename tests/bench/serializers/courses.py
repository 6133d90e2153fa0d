"""The list that every contestant writes, and the batched queries that those by hand share."""

from collections.abc import Collection
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import Count, QuerySet
from django.urls import set_script_prefix, set_urlconf
from django.utils import translation
from rest_framework.test import APIRequestFactory

from academy.catalog.models import Course, Lesson
from academy.learning.models import Enrolment, Review

__all__ = ["Request", "courses", "enrolled", "learner_request", "lesson_counts", "loaded_courses", "review_counts"]

Request = Any


def learner_request() -> Request:
    """A request of the first learner, in the state in which the handler and LocaleMiddleware call a view."""
    set_script_prefix("/")
    set_urlconf(settings.ROOT_URLCONF)
    translation.activate(settings.LANGUAGE_CODE)
    request: Any = APIRequestFactory().get("/")
    request.user = User.objects.filter(learner__isnull=False).order_by("pk").first()
    return request


def courses(size: int) -> QuerySet[Course]:
    """The first published courses, as a view names them."""
    return Course.objects.filter(is_published=True).order_by("id")[:size]


def loaded_courses(size: int) -> list[Course]:
    """The same courses with what their bodies read, in two queries."""
    return list(
        Course.objects.filter(is_published=True)
        .order_by("id")
        .select_related("educator")
        .prefetch_related("topics")[:size]
    )


def lesson_counts(pks: Collection[int]) -> dict[int, int]:
    """How many lessons each course has; one without is left out."""
    return dict(Lesson.objects.filter(course__in=pks).order_by().values_list("course").annotate(Count("pk")))


def review_counts(pks: Collection[int]) -> dict[int, int]:
    """How many reviews each course has; one without is left out."""
    return dict(Review.objects.filter(course__in=pks).values_list("course").annotate(Count("pk")))


def enrolled(user: User, pks: Collection[int]) -> set[int]:
    """The courses that the user is enrolled in."""
    return set(Enrolment.objects.filter(course__in=pks, learner__user=user).values_list("course", flat=True))
