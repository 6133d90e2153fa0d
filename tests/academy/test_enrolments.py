from django.contrib.auth.models import User
from django.test import Client

from academy.learning.models import Enrolment, Learner


def address(enrolment: Enrolment) -> str:
    return f"/api/v1/enrolments/{enrolment.pk}/"


def test_learners_see_their_own_enrolment(sign_in, enrolment: Enrolment) -> None:
    response = sign_in(enrolment.learner.user).get(address(enrolment))
    assert response.json() == {
        "id": enrolment.pk,
        "course": "bread-baking",
        "course_title": "Bread Baking",
        "learner": enrolment.learner_id,
        "learner_name": "Ines Ito",
        "status": "active",
        "progress": "12.50",
        "enrolled_at": "2025-01-15T12:00:00Z",
        "completed_at": None,
        "certificate_id": None,
    }


def test_staff_see_every_enrolment(sign_in, enrolment: Enrolment, staff: User) -> None:
    assert sign_in(staff).get(address(enrolment)).status_code == 200


def test_other_users_are_told_that_it_is_not_theirs(
    sign_in, enrolment: Enrolment, other_learner: Learner, visitor: User
) -> None:
    for user in (other_learner.user, visitor):
        response = sign_in(user).get(address(enrolment))
        assert (response.status_code, response.json()) == (
            403,
            {"detail": "This enrolment belongs to somebody else."},
        )


def test_anonymous_callers_cannot_tell_which_enrolments_exist(client: Client, enrolment: Enrolment) -> None:
    for pk in (enrolment.pk, enrolment.pk + 1):
        response = client.get(f"/api/v1/enrolments/{pk}/")
        assert (response.status_code, response["WWW-Authenticate"]) == (401, "Token")


def test_an_enrolment_that_does_not_exist_is_not_found(sign_in, visitor: User) -> None:
    assert sign_in(visitor).get("/api/v1/enrolments/7/").status_code == 404


def test_the_course_may_be_a_draft_by_now(sign_in, enrolment: Enrolment) -> None:
    enrolment.course.is_published = False
    enrolment.course.save()
    assert sign_in(enrolment.learner.user).get(address(enrolment)).status_code == 200
