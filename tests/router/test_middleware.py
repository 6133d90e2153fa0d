"""Exchanges, as observers see them after the answer was sent."""

import pytest

from strangler_router.errors import NoAnswer
from strangler_router.policy import BASIS_POINTS
from strangler_router.types import Side
from tests.router import observers
from tests.router.urls_seam import MONOLITH

pytestmark = pytest.mark.django_db

URLS = "tests.router.urls_seam"
REMEMBER = "tests.router.observers.remember"


@pytest.fixture
def observed(project, move):
    """A client whose `thing.get` is mirrored in full, and the exchanges that observers saw."""
    observers.exchanges.clear()

    def use(stage, *names, mirror=BASIS_POINTS, endpoint="thing.get"):
        client = project(URLS, [endpoint], OBSERVERS=names or [REMEMBER])
        move(endpoint, stage, mirror=mirror)
        return client

    return use


@pytest.mark.parametrize(("stage", "side"), [("monolith", Side.MONOLITH), ("service", Side.SERVICE)])
def test_a_mirrored_call_is_offered_with_the_answer_that_was_served(observed, stage, side):
    response = observed(stage).get("/thing/", {"a": "1"})
    (exchange,) = observers.exchanges
    assert (exchange.call.endpoint, exchange.call.query) == ("thing.get", "a=1")
    assert exchange.decision.side is side
    assert exchange.served.body == response.content
    assert exchange.served.status == 200
    assert dict(exchange.served.headers) == dict(response.items())
    assert 0 < exchange.served.seconds < 5
    assert not exchange.served.fell_back


@pytest.mark.parametrize("endpoint", ["peeled.get", "function.get"])
def test_functions_are_mirrored_too(observed, endpoint):
    observed("monolith", endpoint=endpoint).get(f"/{endpoint.removesuffix('.get')}/")
    assert [exchange.call.endpoint for exchange in observers.exchanges] == [endpoint]


def test_an_answer_that_fell_back_says_so(observed, service):
    client = observed("service")
    service.reply = NoAnswer("down", kind="unavailable")
    assert client.get("/thing/").json() == MONOLITH
    assert observers.exchanges[0].served.fell_back


def test_what_is_not_mirrored_is_not_offered(observed):
    client = observed("service", mirror=0)
    client.get("/thing/")
    client.get("/special/")
    assert observers.exchanges == []


def test_about_the_mirrored_share_is_offered(observed):
    client = observed("monolith", mirror=5_000)
    for _ in range(200):
        client.get("/thing/")
    assert 60 < len(observers.exchanges) < 140


def test_a_call_that_never_reached_the_decision_is_not_offered(observed, settings):
    client = observed("monolith")
    assert client.get("/thing/", HTTP_ACCEPT="application/pdf").status_code == 406
    assert client.get("/thing/", HTTP_ACCEPT="text/html").status_code == 200
    assert observers.exchanges == []


def test_an_observer_that_fails_changes_nothing_and_the_others_are_told(observed, caplog):
    client = observed("monolith", "tests.router.observers.broken", REMEMBER)
    assert client.get("/thing/").json() == MONOLITH
    assert len(observers.exchanges) == 1
    assert "an observer failed" in caplog.text


def test_an_exchange_has_no_credential(observed, user):
    client = observed("monolith")
    client.force_login(user)
    client.get("/thing/", HTTP_AUTHORIZATION="Token secret")
    (exchange,) = observers.exchanges
    assert "secret" not in repr(exchange)
    assert client.cookies["sessionid"].value not in repr(exchange)


def test_a_path_that_django_does_not_know_is_django_s(observed):
    assert observed("service").get("/nowhere/").status_code == 404
