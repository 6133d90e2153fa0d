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
    body=st.sampled_from([b"[]", b'{"id": 1}', b'{"name": "a"}']),
    subject=st.sampled_from(["", "1", "2"]),
)


@given(first=st.lists(exchanges), second=st.lists(exchanges))
def test_parts_that_are_merged_are_the_whole(first, second):
    whole, merged = covered(*first, *second), covered(*first)
    merged.merge(Coverage.from_json(json.loads(json.dumps(covered(*second).to_json()))))
    assert merged == whole
