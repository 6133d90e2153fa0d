import pytest
from django.test import Client

from academy.catalog.models import Course
from academy.learning.models import Enrolment, Learner

ENROLMENT = "/api/v1/enrolments/1/"


@pytest.mark.parametrize(
    ("accept", "language", "detail"),
    [
        ("de", "de", "Anmeldedaten fehlen."),
        ("de-AT,de;q=0.8,en;q=0.5", "de", "Anmeldedaten fehlen."),
        ("fr", "fr", "Informations d'authentification non fournies."),
        ("ja,fr;q=0.5", "fr", "Informations d'authentification non fournies."),
        ("ja", "en", "Authentication credentials were not provided."),
        ("", "en", "Authentication credentials were not provided."),
        ("*", "en", "Authentication credentials were not provided."),
    ],
)
def test_errors_are_in_the_language_that_the_client_accepts(
    client: Client, db: None, accept: str, language: str, detail: str
) -> None:
    response = client.get(ENROLMENT, headers={"Accept-Language": accept})
    assert (response["Content-Language"], response.json()) == (language, {"detail": detail})
    assert "Accept-Language" in response["Vary"]


def test_validation_is_translated_too(sign_in, enrolment: Enrolment) -> None:
    address, german = f"/api/v1/courses/{enrolment.course_id}/reviews/", {"Accept-Language": "de"}
    client = sign_in(enrolment.learner.user)
    assert client.post(address, headers=german).json() == {"stars": ["Dieses Feld ist zwingend erforderlich."]}
    filtered = client.get("/api/v1/courses/?min_price=x", headers=german)
    assert filtered.json() == {"min_price": ["Bitte eine Zahl eingeben."]}


def test_the_academys_own_words_stay_english(sign_in, enrolment: Enrolment, other_learner: Learner) -> None:
    response = sign_in(other_learner.user).get(f"/api/v1/enrolments/{enrolment.pk}/", headers={"Accept-Language": "de"})
    assert response.json() == {"detail": "This enrolment belongs to somebody else."}


def test_of_two_kinds_of_not_found_only_one_is_translated(client: Client, course: Course) -> None:
    german = {"Accept-Language": "de"}
    assert client.get("/api/v1/courses/abc/", headers=german).json() == {"detail": "Nicht gefunden."}
    absent = client.get("/api/v1/courses/999/", headers=german)
    assert absent.json() == {"detail": "No Course matches the given query."}
