from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from academy.catalog.models import Course
from academy.learning.models import Enrolment, Learner, Review


def post(client: Client, course: Course, body: Any) -> Any:
    return client.post(f"/api/v1/courses/{course.pk}/reviews/", body, content_type="application/json")


@pytest.fixture
def reader(sign_in, enrolment: Enrolment) -> Client:
    return sign_in(enrolment.learner.user)


def test_a_learner_of_the_course_may_review_it(reader: Client, course: Course, learner: Learner) -> None:
    response = post(reader, course, {"stars": 5, "text": "Warm \U0001f35e"})
    review = Review.objects.get()
    body = response.json()
    assert response.status_code == 201
    assert list(body) == ["id", "stars", "text", "created_at"]
    assert (body["id"], body["stars"], body["text"]) == (review.pk, 5, "Warm \U0001f35e")
    assert (review.course, review.learner) == (course, learner)
    assert datetime.now(UTC) - review.created_at < timedelta(minutes=1)
    assert reader.get(f"/api/v1/courses/{course.pk}/").json()["review_count"] == 1


def test_the_text_may_be_left_out_and_read_only_fields_are_ignored(reader: Client, course: Course) -> None:
    body = post(reader, course, {"stars": "3", "id": 77, "created_at": "1999-01-01T00:00:00Z", "learner": 5}).json()
    assert (body["stars"], body["text"]) == (3, "")
    assert body["id"] != 77
    assert not body["created_at"].startswith("1999")


def test_a_form_is_as_good_as_json(reader: Client, course: Course) -> None:
    response = reader.post(f"/api/v1/courses/{course.pk}/reviews/", {"stars": "4", "text": "Good"})
    assert (response.status_code, response.json()["stars"]) == (201, 4)


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, {"stars": ["This field is required."]}),
        ({"stars": None}, {"stars": ["This field may not be null."]}),
        ({"stars": 0}, {"stars": ["Ensure this value is greater than or equal to 1."]}),
        ({"stars": 6}, {"stars": ["Ensure this value is less than or equal to 5."]}),
        ({"stars": 4.5}, {"stars": ["A valid integer is required."]}),
        ({"stars": True}, {"stars": ["A valid integer is required."]}),
        ({"stars": "five"}, {"stars": ["A valid integer is required."]}),
        ({"stars": "9" * 2000}, {"stars": ["String value too large."]}),
        ({"stars": 5, "text": None}, {"text": ["This field may not be null."]}),
        ({"stars": 5, "text": ["a"]}, {"text": ["Not a valid string."]}),
        ({"stars": 5, "text": "a\x00b"}, {"text": ["Null characters are not allowed."]}),
        ({"text": 7}, {"stars": ["This field is required."]}),
        ([], {"non_field_errors": ["Invalid data. Expected a dictionary, but got list."]}),
        ("[", {"detail": "JSON parse error - Expecting value: line 1 column 2 (char 1)"}),
        ('{"stars": NaN}', {"detail": "JSON parse error - Out of range float values are not JSON compliant: 'NaN'"}),
    ],
)
def test_a_body_that_makes_no_sense_is_a_bad_request(reader: Client, course: Course, body: Any, errors: Any) -> None:
    response = post(reader, course, body)
    assert (response.status_code, response.json()) == (400, errors)
    assert not Review.objects.exists()


def test_only_learners_of_the_course_may_review_it(
    sign_in, make_course, course: Course, other_learner: Learner, staff: User
) -> None:
    Enrolment.objects.create(course=make_course(), learner=other_learner, progress=0, enrolled_at=course.updated_at)
    for user in (other_learner.user, staff):
        response = post(sign_in(user), course, {"stars": 5})
        expected = {"non_field_errors": ["Only learners of this course may review it."]}
        assert (response.status_code, response.json()) == (400, expected)


def test_a_second_review_is_refused(reader: Client, course: Course) -> None:
    assert post(reader, course, {"stars": 5}).status_code == 201
    response = post(reader, course, {"stars": 1})
    expected = {"non_field_errors": ["You have reviewed this course already."]}
    assert (response.status_code, response.json()) == (400, expected)
    assert Review.objects.get().stars == 5


def test_anonymous_callers_may_not_review(client: Client, course: Course) -> None:
    response = post(client, course, {"stars": 5})
    assert (response.status_code, response["WWW-Authenticate"]) == (401, "Token")


def test_anonymous_callers_may_not_even_ask_what_a_review_is(client: Client, course: Course) -> None:
    assert client.options(f"/api/v1/courses/{course.pk}/reviews/").status_code == 401


def test_a_draft_cannot_be_reviewed(sign_in, draft: Course, learner: Learner) -> None:
    Enrolment.objects.create(course=draft, learner=learner, progress=0, enrolled_at=draft.updated_at)
    assert post(sign_in(learner.user), draft, {"stars": 5}).status_code == 404


def test_a_body_of_another_type_is_unsupported(reader: Client, course: Course) -> None:
    response = reader.post(f"/api/v1/courses/{course.pk}/reviews/", "<stars/>", content_type="application/xml")
    assert response.status_code == 415


def test_reviews_cannot_be_listed(reader: Client, course: Course) -> None:
    response = reader.get(f"/api/v1/courses/{course.pk}/reviews/")
    assert (response.status_code, response["Allow"]) == (405, "POST, OPTIONS")
