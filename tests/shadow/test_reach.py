"""What generated calls reached, and what of the declared they never did."""

import pytest

from strangler_router.table import build_table
from strangler_router.types import Call
from strangler_shadow.reach import Reach
from tests.shadow.sample_reports import observation

NAME = "v1:course-list.get"


def entry():
    return next(found for found in build_table().values() if found.binding.id == NAME)


def call(query):
    return Call(endpoint=NAME, route="courses/", method="GET", path="/api/v1/courses/", query=query)


@pytest.mark.django_db
def test_it_counts_declared_parameters_and_fields_with_a_value_and_keeps_no_other_name():
    reach = Reach.of(entry())
    assert set(reach.parameters.values()) == set(reach.fields.values()) == {0}
    reach.add(
        call("page=2&page=3&ordering=&ada%40example.org=1"), observation({"results": [{"title": "a"}, {"title": None}]})
    )
    reach.add(call("page=2"), observation({"title": {"price": 0, "ada@example.org": 1}, "detail": "x"}))
    reach.add(call(""), observation({"summary": None, "title": None}))
    assert {name: count for name, count in reach.parameters.items() if count} == {"page": 2, "ordering": 1}
    assert {name: count for name, count in reach.fields.items() if count} == {"price": 1, "results": 1, "title": 2}


@pytest.mark.django_db
def test_it_counts_the_choices_that_fields_had():
    reach = Reach.of(entry())
    assert set(reach.values) == {"level=beginner", "level=intermediate", "level=advanced"}
    reach.add(call(""), observation({"results": [{"level": "beginner"}, {"level": "beginner"}, {"level": "other"}]}))
    reach.add(call(""), observation({"level": ["advanced"], "title": "level=intermediate"}))
    assert {name: count for name, count in reach.values.items() if count} == {"level=beginner": 1, "level=advanced": 1}


@pytest.mark.django_db
@pytest.mark.parametrize("body", [b"", b"<p>", b"[" * 200_000, b"null"])
def test_a_body_that_is_no_document_has_no_fields(body):
    reach = Reach.of(entry())
    reach.add(call(""), observation(body=body))
    assert not reach.fields.total()
