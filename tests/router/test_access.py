"""Authentication, permissions and throttles run before the decision and answer alike on both sides."""

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from strangler_router.types import Reply

pytestmark = pytest.mark.django_db

URLS = "tests.router.urls_access"
ENDPOINTS = [
    "who.get",
    "who.post",
    "users.get",
    "challenged.get",
    "without-challenge.get",
    "staff.get",
    "throttled.get",
]


@pytest.fixture
def clients(user, staff, token_of):
    """One maker of clients for each kind of caller."""

    def with_token(header):
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=header)
        return client

    def with_session(of):
        client = APIClient()
        client.force_login(of)
        return client

    return {
        "anonymous": APIClient,
        "token": lambda: with_token(token_of(user)),
        "wrong token": lambda: with_token("Token wrong"),
        "malformed token": lambda: with_token("Token"),
        "session": lambda: with_session(user),
        "staff by token": lambda: with_token(token_of(staff)),
        "staff by session": lambda: with_session(staff),
    }


def answer(response):
    return response.status_code, dict(response.items()), response.content


def user_of(call):
    return Reply(data={"user": int(call.caller.subject) if call.caller.subject else None})


KINDS = ["anonymous", "token", "wrong token", "malformed token", "session", "staff by token", "staff by session"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("path", ["who", "users", "challenged", "without-challenge", "staff"])
def test_every_kind_of_caller_gets_the_same_answer_from_both_sides(project, move, service, clients, kind, path):
    service.reply = user_of
    project(URLS, ENDPOINTS)
    before = answer(clients[kind]().get(f"/{path}/"))
    assert service.calls == []
    move(f"{path}.get")
    assert answer(clients[kind]().get(f"/{path}/")) == before
    assert len(service.calls) == (1 if before[0] == 200 else 0)


@pytest.mark.parametrize(
    ("path", "kind", "status", "challenge"),
    [
        ("users", "anonymous", 401, "Token"),
        ("users", "wrong token", 401, "Token"),
        ("challenged", "anonymous", 401, 'Basic realm="api"'),
        ("without-challenge", "anonymous", 403, None),
        ("staff", "token", 403, None),
    ],
)
def test_a_refused_caller_never_reaches_the_service(project, move, service, clients, path, kind, status, challenge):
    project(URLS, ENDPOINTS)
    move(f"{path}.get")
    response = clients[kind]().get(f"/{path}/")
    assert (response.status_code, response.get("WWW-Authenticate")) == (status, challenge)
    assert service.calls == []


@pytest.mark.parametrize("stage", ["monolith", "service"])
def test_a_throttle_counts_on_both_sides(project, move, service, stage):
    client = project(URLS, ENDPOINTS)
    move("throttled.get", stage)
    responses = [client.get("/throttled/") for _ in range(3)]
    assert [response.status_code for response in responses] == [200, 200, 429]
    assert 0 < int(responses[2]["Retry-After"]) <= 60
    assert len(service.calls) == (2 if stage == "service" else 0)


def test_a_quota_is_shared_by_both_sides(project, move):
    client = project(URLS, ENDPOINTS)
    move("throttled.get", "monolith")
    client.get("/throttled/")
    move("throttled.get", "service")
    assert [client.get("/throttled/").status_code for _ in range(2)] == [200, 429]


@pytest.mark.parametrize("stage", ["monolith", "service"])
def test_a_session_s_write_without_a_csrf_token_is_refused_on_both_sides(project, move, service, user, stage):
    project(URLS, ENDPOINTS)
    move("who.post", stage)
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(user)
    response = client.post("/who/", {}, format="json")
    assert response.status_code == 403
    assert "CSRF" in response.json()["detail"]
    assert service.calls == []


def test_the_user_of_a_token_is_known_to_the_decision(project, move, service, user, staff, token_of):
    """In middleware this user is anonymous still."""
    client = project(URLS, ENDPOINTS)
    move("who.get", "canary", basis_points=10_000)
    client.credentials(HTTP_AUTHORIZATION=token_of(user))
    client.get("/who/")
    (call,) = service.calls
    assert call.caller.subject == str(user.pk)
    assert call.caller.authenticator == "rest_framework.authentication.TokenAuthentication"
    assert not call.caller.is_staff
    client.credentials(HTTP_AUTHORIZATION=token_of(staff))
    client.get("/who/")
    assert service.calls[1].caller.is_staff


def test_the_caller_of_a_session_is_named_with_its_authenticator(project, move, service, user):
    client = project(URLS, ENDPOINTS)
    move("who.get")
    client.force_login(user)
    client.get("/who/")
    assert service.calls[0].caller.authenticator == "rest_framework.authentication.SessionAuthentication"


def test_an_anonymous_caller_has_no_subject(project, move, service):
    client = project(URLS, ENDPOINTS)
    move("who.get")
    client.get("/who/")
    assert (service.calls[0].caller.subject, service.calls[0].caller.authenticator) == ("", "")


def as_caller(client, user, token_of):
    client.credentials(HTTP_AUTHORIZATION=token_of(user))
    return client


def test_authority_monolith_asks_get_object_first_and_its_403_stands(project, move, service, user, staff, token_of):
    client = as_caller(project(URLS, {"user.get": "MONOLITH"}), user, token_of)
    before = answer(client.get(f"/user/{staff.pk}/"))
    assert before[0] == 403
    assert b"Somebody else." in before[2]
    move("user.get")
    assert answer(client.get(f"/user/{staff.pk}/")) == before
    assert service.calls == []


def test_authority_monolith_asks_get_object_first_and_its_404_stands(project, move, service, user, token_of):
    client = as_caller(project(URLS, {"user.get": "MONOLITH"}), user, token_of)
    before = answer(client.get("/user/0/"))
    assert before[0] == 404
    move("user.get")
    assert answer(client.get("/user/0/")) == before
    assert service.calls == []


def test_authority_monolith_lets_the_service_answer_for_what_the_caller_may_see(
    project, move, service, user, token_of, django_assert_num_queries
):
    client = as_caller(project(URLS, {"user.get": "MONOLITH"}), user, token_of)
    move("user.get")
    with django_assert_num_queries(3):  # flags, token, object
        assert client.get(f"/user/{user.pk}/").json() == {"answered": "by the service"}
    assert len(service.calls) == 1


def test_authority_service_does_not_look_at_the_object(
    project, move, service, user, token_of, django_assert_num_queries
):
    client = as_caller(project(URLS, {"user.get": "SERVICE"}), user, token_of)
    move("user.get")
    with django_assert_num_queries(2):  # flags, token
        assert client.get("/user/0/").json() == {"answered": "by the service"}
    assert len(service.calls) == 1


def test_the_authority_of_the_settings_goes_by_rung(project, move, service, user, staff, token_of):
    client = project(URLS, {"user.get": "SERVICE"}, AUTHORITY={"user.get": {"lifted": "MONOLITH"}})
    as_caller(client, user, token_of)
    move("user.get", rung="lifted")
    assert client.get(f"/user/{staff.pk}/").status_code == 403
    move("user.get", rung="native")
    assert client.get(f"/user/{staff.pk}/").status_code == 200
    assert service.rungs == ["native"]


def test_a_user_who_is_gone_is_refused_before_the_service_is_asked(project, move, service, user, token_of):
    client = as_caller(project(URLS, ENDPOINTS), user, token_of)
    move("who.get")
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert client.get("/who/").status_code == 401
    assert service.calls == []
