"""`strangler stamps`: what a service that writes the monolith's tables must mark."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from academy.catalog.models import Course, Educator, Lesson, Topic
from academy.learning.models import Enrolment
from catalog_service.reviews import SHOWN_BY
from strangler_django.serializers import signals
from strangler_django.serializers.databases import database
from strangler_django.verb import UsageError
from tests.django.conftest import make_course, make_educator

pytestmark = pytest.mark.usefixtures("only_the_academy_reads")


def listed(*arguments: str) -> str:
    out = StringIO()
    call_command("strangler_stamps", *arguments, stdout=out)
    return out.getvalue()


def stamps(model: str) -> dict[str, tuple[str, str]]:
    """Key without its prefix, and lookup, by label."""
    [found] = json.loads(listed(model, "--format", "json"))
    prefix = f"strangler:2:RUN_ID:stamp:{found['database']}:"
    return {stamp["label"]: (stamp["key"].removeprefix(prefix), stamp["lookup"]) for stamp in found["stamps"]}


def test_the_catalog_service_marks_what_is_listed_for_a_review():
    [review] = json.loads(listed("learning.Review", "--format", "json"))
    assert (review["table"], review["database"]) == ("learning_review", database("default"))
    assert stamps("learning.Review") == {
        SHOWN_BY: (f"{SHOWN_BY}:{{course_id}}", ""),
        "learning.review[~]": ("learning.review[~]:{id}", ""),
    }
    assert [stamp["label"] for stamp in review["stamps"] if stamp["moves"]] == ["learning.review[~]"]


def test_the_row_itself_and_a_join_s_row_name_their_key_by_column():
    assert stamps("catalog.Course") == {"catalog.course": ("catalog.course:{id}", "")}
    assert stamps("catalog.Course_topics") == {"catalog.course": ("catalog.course:{course_id}", "")}


@pytest.mark.django_db
def test_rows_behind_other_tables_are_found_by_sql_that_runs():
    educator, topic = make_educator(), Topic.objects.create(slug="soil", name="Soil")
    first, second = make_course(educator=educator), make_course()
    for course in (first, second):
        course.topics.add(topic)
    found: dict[str, set[Any]] = {}
    for row in (educator, topic):
        key, sql = stamps(row._meta.label)["catalog.course"]
        assert key == "catalog.course:{pk}"
        with connection.cursor() as cursor:
            cursor.execute(sql.replace(":id", "%s"), [row.pk])
            found[row._meta.label] = {pk for (pk,) in cursor.fetchall()}
    assert found == {"catalog.Educator": {first.pk}, "catalog.Topic": {first.pk, second.pk}}


def test_a_result_that_reads_any_row_is_named_by_a_plus(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(signals._any_row, Enrolment, {"learning.enrolment": None})
    assert stamps("learning.Enrolment") == {"learning.enrolment": ("learning.enrolment:+", "")}


def test_without_a_model_every_one_is_listed_that_a_cached_body_reads():
    text = listed()
    for model in (Course, Educator, Lesson, Topic, Course.topics.through):
        assert f"{model._meta.label}: table {model._meta.db_table}, DATABASE {database('default')}\n" in text
    assert "  learning.review[~], where the row changes its parent\n" in text


def test_a_model_that_nobody_reads_needs_no_mark():
    assert listed("learning.Learner").endswith("\n  no cached body reads it; a write to it marks nothing\n")


@pytest.mark.parametrize(
    ("name", "hint"), [("learning.Revue", "did you mean 'learning.Review'?"), ("review", "write APP.MODEL")]
)
def test_a_name_that_is_no_model_says_what_would_be(name: str, hint: str):
    with pytest.raises(UsageError) as refused:
        listed(name)
    assert str(refused.value) == f"{name!r} is no model of this project; {hint}"
