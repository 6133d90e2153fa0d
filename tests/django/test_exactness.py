"""The law: cold bytes are warm bytes are DRF's own bytes, after any writes."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone, translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from academy.catalog.models import Course, Educator, Lesson, Topic
from tests.django.conftest import NOON, Redis, cached_list, make_course, make_educator, plain_list

# SQLite keeps durations as 64 bits of microseconds.
MOST_DAYS = timedelta(days=100_000_000)

texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=20)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(texts, inner, max_size=2),
    max_leaves=4,
)
columns = st.fixed_dictionaries(
    {},
    optional={
        "title": texts,
        "summary": texts,
        "price": st.decimals(0, 9999, places=2).map(Decimal),
        "rating": st.none() | st.floats(0, 5),
        # The column takes no NULL.
        "metadata": json_values.filter(lambda value: value is not None),
        "length": st.none() | st.timedeltas(-MOST_DAYS, MOST_DAYS),
        "starts_on": st.none() | st.dates(),
        "syllabus": st.sampled_from(["", "a b.pdf", "ü.pdf"]),
    },
)
picks = st.integers(0, 2)
writes = st.one_of(
    st.tuples(st.just("change"), picks, columns),
    st.tuples(st.just("rename_educator"), picks, texts),
    st.tuples(st.just("rename_topic"), picks, texts),
    st.tuples(st.just("move"), picks, picks),
    st.tuples(st.just("topics"), picks, st.sets(picks)),
    st.tuples(st.just("lesson"), picks, st.just(None)),
    st.tuples(st.just("move_lesson"), picks, picks),
    st.tuples(st.just("delete_lesson"), picks, st.just(None)),
    st.tuples(st.just("replace"), picks, st.just(None)),
)


def nth(model: type, index: int) -> Any:
    rows = list(model.objects.order_by("pk"))
    return rows[index % len(rows)] if rows else None


class Writer:
    def change(self, pick: int, values: dict[str, Any]) -> None:
        course = nth(Course, pick)
        for name, value in values.items():
            setattr(course, name, value)
        course.save()

    def rename_educator(self, pick: int, name: str) -> None:
        educator = nth(Educator, pick)
        educator.name = name
        educator.save()

    def rename_topic(self, pick: int, name: str) -> None:
        topic = nth(Topic, pick)
        topic.name = name
        topic.save()

    def move(self, pick: int, target: int) -> None:
        course = nth(Course, pick)
        course.educator = nth(Educator, target)
        course.save()

    def topics(self, pick: int, chosen: set[int]) -> None:
        nth(Course, pick).topics.set({nth(Topic, index) for index in chosen})

    def lesson(self, pick: int, _: None) -> None:
        course = nth(Course, pick)
        Lesson.objects.create(course=course, position=Lesson.objects.count() + 100, title="Lesson", created_at=NOON)

    def move_lesson(self, pick: int, target: int) -> None:
        if lesson := nth(Lesson, pick):
            lesson.course, lesson.position = nth(Course, target), lesson.pk + 1000
            lesson.save()

    def delete_lesson(self, pick: int, _: None) -> None:
        if lesson := nth(Lesson, pick):
            lesson.delete()

    def replace(self, pick: int, _: None) -> None:
        nth(Course, pick).delete()
        make_course(educator=nth(Educator, pick))


steps = st.tuples(
    st.lists(writes, max_size=3),
    st.sampled_from(["autocommit", "commit", "rollback"]),
    st.sampled_from(["en", "de"]),
    st.sampled_from(["UTC", "America/New_York"]),
)


@pytest.mark.timeout(300)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.lists(steps, max_size=5))
def test_cold_warm_and_plain_bytes_are_equal_after_any_writes(cached: Redis, history: list[Any]) -> None:
    for model in (Lesson, Course, Educator, Topic):
        model.objects.all().delete()
    for number in range(3):
        make_course(educator=make_educator()).topics.add(Topic.objects.create(slug=f"topic-{number}", name="Topic"))
    for work, ending, language, zone in history:
        if ending == "autocommit":
            write(work)
        else:
            with transaction.atomic():
                write(work)
                transaction.set_rollback(ending == "rollback")
        with translation.override(language), timezone.override(zone):
            plain = plain_list()
            assert cached_list() == plain
            assert cached_list() == plain


def write(work: list[Any]) -> None:
    for name, *arguments in work:
        getattr(Writer(), name)(*arguments)
