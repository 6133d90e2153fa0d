import pytest
from django.contrib.auth.models import User
from django.test import Client
from rest_framework.authtoken.models import Token

from academy.catalog.models import Course
from academy.learning.models import Enrolment


@pytest.fixture
def member(settings, db: None) -> User:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return User.objects.create_user("member", password="open sesame")


def test_a_password_buys_a_token_and_always_the_same(client: Client, member: User) -> None:
    answers = [client.post("/api/v1/token/", {"username": "member", "password": "open sesame"}) for _ in range(2)]
    assert [answer.json() for answer in answers] == [{"token": Token.objects.get(user=member).key}] * 2


def test_a_token_can_be_asked_for_in_json(client: Client, member: User) -> None:
    body = {"username": "member", "password": "open sesame"}
    assert client.post("/api/v1/token/", body, content_type="application/json").status_code == 200


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({"username": "member", "password": "no"}, ["Unable to log in with provided credentials."]),
        ({"username": "nobody", "password": "open sesame"}, ["Unable to log in with provided credentials."]),
    ],
)
def test_wrong_credentials_buy_no_token(client: Client, member: User, body: dict, errors: list[str]) -> None:
    response = client.post("/api/v1/token/", body)
    assert (response.status_code, response.json()) == (400, {"non_field_errors": errors})


def test_credentials_may_not_be_missing(client: Client, member: User) -> None:
    required = ["This field is required."]
    response = client.post("/api/v1/token/")
    assert (response.status_code, response.json()) == (400, {"username": required, "password": required})


def test_an_inactive_user_gets_no_token(client: Client, member: User) -> None:
    User.objects.update(is_active=False)
    assert client.post("/api/v1/token/", {"username": "member", "password": "open sesame"}).status_code == 400


def test_tokens_cannot_be_read(client: Client, db: None) -> None:
    assert client.get("/api/v1/token/").status_code == 405


@pytest.mark.parametrize(
    ("authorization", "detail"),
    [
        ("Token unknown", "Invalid token."),
        ("Token", "Invalid token header. No credentials provided."),
        ("Token a b", "Invalid token header. Token string should not contain spaces."),
        (b"Token \xff".decode("latin-1"), "Invalid token header. Token string should not contain invalid characters."),
    ],
)
def test_a_bad_token_is_refused_even_where_anybody_may_read(
    client: Client, course: Course, authorization: str, detail: str
) -> None:
    response = client.get("/api/v1/courses/", headers={"Authorization": authorization})
    assert (response.status_code, response.json()) == (401, {"detail": detail})
    assert response["WWW-Authenticate"] == "Token"


def test_a_scheme_that_nobody_knows_counts_as_anonymous(client: Client, course: Course) -> None:
    assert client.get("/api/v1/courses/", headers={"Authorization": "Bearer x"}).status_code == 200


def test_the_token_of_an_inactive_user_is_refused(sign_in, visitor: User) -> None:
    client = sign_in(visitor)
    User.objects.update(is_active=False)
    response = client.get("/api/v1/courses/")
    assert (response.status_code, response.json()) == (401, {"detail": "User inactive or deleted."})


def test_a_session_reads_like_a_token(client: Client, enrolment: Enrolment) -> None:
    client.force_login(enrolment.learner.user)
    assert client.get(f"/api/v1/enrolments/{enrolment.pk}/").status_code == 200
    assert client.get(f"/api/v1/courses/{enrolment.course_id}/").json()["is_enrolled"] is True


def test_a_session_writes_with_a_csrf_token_only(enrolment: Enrolment) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(enrolment.learner.user)
    address = f"/api/v1/courses/{enrolment.course_id}/reviews/"
    refused = client.post(address, {"stars": 5})
    assert (refused.status_code, refused.json()) == (403, {"detail": "CSRF Failed: CSRF cookie not set."})
    client.cookies["csrftoken"] = "a" * 32
    assert client.post(address, {"stars": 5}, headers={"X-CSRFToken": "a" * 32}).status_code == 201


def test_a_token_writes_without_a_csrf_token(sign_in, enrolment: Enrolment) -> None:
    client = sign_in(enrolment.learner.user)
    client.handler.enforce_csrf_checks = True
    assert client.post(f"/api/v1/courses/{enrolment.course_id}/reviews/", {"stars": 5}).status_code == 201


def test_a_token_wins_over_a_session(sign_in, enrolment: Enrolment, visitor: User) -> None:
    client = sign_in(visitor)
    client.force_login(enrolment.learner.user)
    assert client.get(f"/api/v1/enrolments/{enrolment.pk}/").status_code == 403


def test_answers_vary_with_the_cookie_only_where_it_was_read(client: Client, sign_in, course, visitor: User) -> None:
    address = f"/api/v1/courses/{course.pk}/"
    assert client.get(address)["Vary"] == "Accept, Time-Zone, Accept-Language, Cookie"
    assert sign_in(visitor).get(address)["Vary"] == "Accept, Time-Zone, Accept-Language"
