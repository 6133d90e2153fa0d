"""The override header, and that one request sees one policy."""

import pytest
from django.contrib.auth.models import Permission

from strangler_router.pin import OVERRIDE_HEADER
from strangler_router.policy import BASIS_POINTS
from strangler_router.snapshot import KILL_VARIABLE

pytestmark = pytest.mark.django_db

URLS = "tests.router.urls_access"


@pytest.fixture
def trusted(user):
    user.user_permissions.add(Permission.objects.get(codename="override", content_type__app_label="strangler"))
    return user


@pytest.fixture
def ask(project, move, service, token_of):
    """Who answered: a caller's call with the override header, while the flag says `stage`."""

    def call(wanted, caller=None, stage="monolith", by="token", **values):
        client = project(URLS, ["who.get"], **values)
        move("who.get", stage)
        if by == "session":
            client.force_login(caller)
        elif caller is not None:
            client.credentials(HTTP_AUTHORIZATION=token_of(caller))
        before = len(service.calls)
        assert client.get("/who/", headers={OVERRIDE_HEADER: wanted}).status_code in (200, 401)
        return "service" if len(service.calls) > before else "monolith"

    return call


@pytest.mark.parametrize("by", ["token", "session"])
@pytest.mark.parametrize(
    ("wanted", "stage"), [("service", "monolith"), ("monolith", "service"), ("SERVICE", "monolith")]
)
def test_a_user_with_the_permission_chooses_who_answers(ask, trusted, wanted, stage, by):
    assert ask(wanted, trusted, stage, by) == wanted.lower()


def test_the_header_alone_counts_for_nothing(ask, user, staff):
    assert ask("service") == "monolith"
    assert ask("service", user) == "monolith"
    assert ask("service", staff) == "monolith"


def test_a_session_that_drf_did_not_authenticate_counts_for_nothing(ask, project, move, trusted, service):
    """The view knows tokens only, so the trusted session is anonymous to it."""
    client = project("tests.router.urls_access", ["user.get"])
    move("user.get", "monolith")
    client.force_login(trusted)
    client.get(f"/user/{trusted.pk}/", headers={OVERRIDE_HEADER: "service"})
    assert service.calls == []


def test_another_word_counts_for_nothing(ask, trusted):
    assert ask("both", trusted, "service") == "service"
    assert ask("", trusted, "service") == "service"


def test_a_retired_endpoint_cannot_be_sent_to_the_monolith(ask, trusted):
    assert ask("monolith", trusted, "retired") == "service"


def test_the_kill_switch_is_above_the_header(ask, trusted, monkeypatch, tmp_path):
    monkeypatch.setenv(KILL_VARIABLE, "1")
    assert ask("service", trusted) == "monolith"
    monkeypatch.delenv(KILL_VARIABLE)
    assert ask("service", trusted) == "service"


@pytest.mark.parametrize(
    ("stage", "answers"), [("service", "monolith"), ("canary", "monolith"), ("retired", "service")]
)
def test_the_kill_file_sends_everything_but_retired_endpoints_to_the_monolith(ask, move, tmp_path, stage, answers):
    (tmp_path / "kill").touch()
    assert ask("", None, stage, KILL_FILE=tmp_path / "kill") == answers
    (tmp_path / "kill").unlink()
    assert ask("", None, "service", KILL_FILE=tmp_path / "kill") == "service"


def test_a_sticky_user_is_answered_by_the_side_of_their_bucket(project, move, service, user, token_of):
    from strangler_router.switch import bucket

    client = project(URLS, ["who.get"])
    client.credentials(HTTP_AUTHORIZATION=token_of(user))
    place = bucket("who.get", f"user:{user.pk}")
    for basis_points in (place, place + 1, BASIS_POINTS, 0):
        move("who.get", "canary", basis_points=min(basis_points, BASIS_POINTS))
        service.calls.clear()
        client.get("/who/")
        assert bool(service.calls) is (basis_points > place)


def test_one_request_sees_one_policy(project, move, service, monkeypatch):
    """A flag that changes between routing and the decision counts for the next request."""
    from rest_framework.throttling import BaseThrottle

    from tests.router.urls_access import Who

    class Mover(BaseThrottle):
        def allow_request(self, request, view):
            move("who.get", "service")
            return True

    client = project(URLS, ["who.get"])
    move("who.get", "monolith")
    monkeypatch.setattr(Who, "throttle_classes", [Mover])
    assert client.get("/who/").json() == {"user": None}
    assert service.calls == []
    monkeypatch.setattr(Who, "throttle_classes", [])
    assert client.get("/who/").json() == {"answered": "by the service"}
