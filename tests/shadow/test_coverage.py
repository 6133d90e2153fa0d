"""What is kept of the pairs that were compared: never a value."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strangler_shadow.coverage import Coverage
from tests.shadow.evidences import exchange


def covered(*exchanges):
    coverage = Coverage()
    for item in exchanges:
        coverage.add(item)
    return coverage


def test_statuses_and_kinds_of_caller_are_counted():
    coverage = covered(
        exchange(), exchange(subject="7"), exchange(subject="7", status=404), exchange(subject="1", is_staff=True)
    )
    assert coverage.statuses == {"200": 3, "404": 1}
    assert coverage.callers == {"anonymous": 1, "user": 2, "staff": 1}
    assert (coverage.compared, coverage.vacuous) == (4, 1)


@pytest.mark.parametrize(
    ("status", "body", "vacuous"),
    [
        (200, b'{"count": 0, "results": []}', True),
        (200, b"[]", True),
        (200, b"", True),
        (404, b'{"detail": "Not found."}', True),
        (200, b'{"count": 1, "results": [{"id": 1}]}', False),
        (200, b"text", False),
        (200, b"[" * 100_000, False),
        (200, b"[]" + b" " * 100_000, False),
    ],
)
def test_errors_and_empty_answers_are_vacuous(status, body, vacuous):
    assert covered(exchange(status=status, body=body)).vacuous == vacuous


def test_declared_fields_are_named_where_they_were_not_null_and_other_keys_never():
    body = json.dumps({"results": [{"name": None}, {"name": "Ada", "id": 1}], "bio": None, "Eve Doe": 3}).encode()
    assert covered(exchange(body=body)).fields == {"results", "name", "id"}


COURSES = "v1:course-list.get"


def test_query_parameters_are_counted_by_name_where_they_are_declared_and_others_never():
    coverage = covered(
        exchange(endpoint=COURSES, query="page=2&page=3&search=Ada&ada%40example.org=1"),
        exchange(endpoint=COURSES, query="page=&Level"),
        exchange(query="page=2"),
    )
    assert coverage.parameters == {"page": 2, "search": 1}
    assert "ada" not in json.dumps(coverage.to_json()).lower()


def test_choices_are_kept_where_a_field_declares_them_and_other_values_never():
    courses = [{"level": "beginner", "title": "advanced"}, {"level": "Ada", "language": "en"}, {"level": ["advanced"]}]
    coverage = covered(exchange(endpoint=COURSES, body=json.dumps({"results": courses}).encode()))
    assert coverage.values == {"level=beginner", "level=advanced"}
    assert covered(exchange(endpoint=COURSES, body=b'{"level": {"level": null}}')).values == set()


def test_of_subjects_and_tenants_two_tokens_are_kept():
    coverage = covered(*(exchange(subject=f"canary-{number}", tenant="canary") for number in range(9)))
    assert len(coverage.subjects) == 2
    assert len(coverage.tenants) == 1
    assert "canary" not in json.dumps(coverage.to_json())
    coverage.merge(covered(exchange(subject="canary-11")))
    assert len(coverage.subjects) == 2


def test_staff_are_no_other_users():
    assert covered(exchange(subject="1", is_staff=True), exchange(subject="2", is_staff=True)).subjects == set()


exchanges = st.builds(
    exchange,
    status=st.sampled_from([200, 404]),
    body=st.sampled_from([b"[]", b'{"id": 1}', b'{"name": "a"}', b'{"level": "beginner"}']),
    endpoint=st.sampled_from(["v1:educator-detail.get", "v1:course-list.get"]),
    query=st.sampled_from(["", "page=2", "search=a&page=1"]),
    subject=st.sampled_from(["", "1", "2"]),
)


@given(first=st.lists(exchanges), second=st.lists(exchanges))
def test_parts_that_are_merged_are_the_whole(first, second):
    whole, merged = covered(*first, *second), covered(*first)
    merged.merge(Coverage.from_json(json.loads(json.dumps(covered(*second).to_json()))))
    assert merged == whole
