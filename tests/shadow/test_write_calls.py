"""Calls that write are drawn from what a serializer takes, alone and in sequences of a view's endpoints."""

import json
from typing import Any

import pytest
from hypothesis import Phase, find, settings

from strangler_router.table import build_table
from strangler_shadow.callers import kinds_of_caller
from strangler_shadow.curl import curl_line
from strangler_shadow.write_bodies import body_fields, single_bodies, valid_body
from strangler_shadow.write_calls import Target, plain_sequences, sequences, target_of, with_promising

pytestmark = [
    pytest.mark.usefixtures("academy"),
    pytest.mark.parametrize("seeded_academy", ["sqlite_file"], indirect=True),
]


def target(name: str) -> Target:
    [entry] = [entry for entry in build_table().values() if entry.binding.id == name]
    return target_of(entry, kinds_of_caller())


def bodies() -> list[Any]:
    found = []
    for body, _ in single_bodies(target("v1:course-reviews.post").fields):
        try:
            found.append(json.loads(body))
        except ValueError:
            found.append(body)
    return found


def test_only_writable_fields_are_given_values():
    fields = body_fields(target("v1:course-reviews.post").entry.endpoint)
    assert set(fields) == {"stars", "text"}
    assert json.loads(valid_body(fields)[0]) == {"stars": 2, "text": "text 1"}


@pytest.mark.parametrize("stars", [0, 1, 5, 6, None, "1", 1.5, [], True])
def test_bounds_and_wrong_types_are_sent_beside_valid_values(stars):
    assert {"stars": stars, "text": "text 1"} in bodies()


def test_fields_are_left_out_added_and_bodies_are_broken():
    found = bodies()
    assert {"stars": 2} in found
    assert {"text": "text 1"} in found
    assert any(isinstance(body, dict) and "unknown" in body for body in found)
    assert b"{" in found
    assert [] in found


def test_places_where_the_monolith_wrote_are_called_first():
    asked = []

    def succeeds(call: Any) -> bool:
        asked.append(call)
        return len(asked) in {3, 5}

    found = with_promising(target("v1:course-reviews.post"), succeeds)
    assert len(found.promising) == 2
    (first,) = next(plain_sequences(found))
    assert first.call.path == asked[2].path
    assert [steps for steps in plain_sequences(found) if len(steps) == 2 and steps[0] == steps[1]]


def test_a_sequence_mixes_a_views_endpoints_and_always_has_the_one_that_is_verified():
    reviews, detail = target("v1:course-reviews.post"), target("v1:course-detail.get")
    as_drawn = settings(phases=[Phase.generate], database=None)
    drawn = find(
        sequences(reviews, [detail]), lambda steps: len({step.call.endpoint for step in steps}) > 1, settings=as_drawn
    )
    assert {step.call.endpoint for step in drawn} == {"v1:course-reviews.post", "v1:course-detail.get"}
    smallest = find(sequences(reviews, [detail]), lambda _: True, settings=settings(database=None))
    assert [step.call.endpoint for step in smallest] == ["v1:course-reviews.post"]


def test_a_step_goes_to_what_was_created_before_it():
    detail = target("v1:course-detail.get")
    step = detail.step((detail.kinds[0], {"pk": "1"}), (b"", ""), created="pk")
    assert step.after({"id": 77}).path == "/api/v1/courses/77/"
    assert step.after(None).path == "/api/v1/courses/1/"


def test_a_curl_line_sends_the_body():
    reviews = target("v1:course-reviews.post")
    call = reviews.step((reviews.kinds[0], {"pk": "1"}), valid_body(reviews.fields)).call
    assert """-H 'Content-Type: application/json' --data-binary '{"stars": 2, "text": "text 1"}'""" in curl_line(call)
