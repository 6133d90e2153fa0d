"""When the service does not answer."""

import logging
import time

import pytest
from rest_framework.exceptions import NotFound, ValidationError

from strangler_router import seam
from strangler_router.errors import ConfigurationError, NoAnswer, NotTranscodable
from strangler_router.types import Reply
from tests.router.urls_seam import MONOLITH

pytestmark = pytest.mark.django_db

URLS = "tests.router.urls_seam"
DOWN = NoAnswer("127.0.0.1:1 is down", kind="unavailable")
LATE = NoAnswer("127.0.0.1:1 is slow", kind="deadline exceeded", status=504)
SILENCE = [DOWN, LATE, NotTranscodable("a lone surrogate"), ConfigurationError("no address")]


@pytest.fixture
def down(project, move, service):
    def use(*endpoints, error=DOWN, stage="service", **values):
        client = project(URLS, endpoints, **values)
        for endpoint in endpoints:
            move(endpoint, stage)
        service.reply = error
        return client

    return use


@pytest.mark.parametrize("error", SILENCE, ids=repr)
@pytest.mark.parametrize(
    ("endpoint", "path"), [("thing.get", "/thing/"), ("things.get", "/things/"), ("peeled.get", "/peeled/")]
)
def test_a_safe_method_falls_back_to_the_monolith(down, service, caplog, endpoint, path, error):
    response = down(endpoint, error=error).get(path)
    assert (response.status_code, response.json()) == (200, MONOLITH)
    assert len(service.calls) == 1
    assert f"{endpoint} falls back to the monolith" in caplog.text
    assert str(error) in caplog.text


def test_head_falls_back_as_get_does(down):
    response = down("thing.get").head("/thing/")
    assert (response.status_code, response.content) == (200, b"")


@pytest.mark.parametrize(("error", "status"), [(DOWN, 503), (LATE, 504), (SILENCE[2], 503), (SILENCE[3], 503)])
def test_an_unsafe_method_is_never_tried_again(down, service, error, status):
    response = down("thing.post", error=error).post("/thing/", {}, format="json")
    assert response.status_code == status
    assert response.json() == {"detail": "The service does not answer."}
    assert len(service.calls) == 1


@pytest.mark.parametrize(("endpoint", "path"), [("thing.get", "/thing/"), ("peeled.get", "/peeled/")])
@pytest.mark.parametrize(("error", "status"), [(DOWN, 503), (LATE, 504)])
def test_a_retired_endpoint_has_no_fallback(down, endpoint, path, error, status):
    response = down(endpoint, error=error, stage="retired").get(path)
    assert (response.status_code, response.json()) == (status, {"detail": "The service does not answer."})


@pytest.mark.parametrize(("endpoint", "path"), [("thing.get", "/thing/"), ("peeled.get", "/peeled/")])
def test_without_time_left_there_is_no_fallback(down, service, endpoint, path):
    client = down(endpoint, BUDGET=0.02)

    def slow(call):
        time.sleep(0.03)
        return DOWN

    service.reply = slow
    assert client.get(path).status_code == 504


def test_the_call_carries_the_time_that_is_left(down, service):
    client = down("thing.get", error=Reply(data={}), BUDGET=4.0)
    client.get("/thing/")
    assert 3.5 < service.calls[0].timeout <= 4.0


@pytest.mark.parametrize("error", [NotFound(), ValidationError({"a": ["b"]})])
def test_an_answer_of_the_application_is_no_reason_to_fall_back(down, service, error, caplog):
    caplog.set_level(logging.WARNING, seam.logger.name)
    response = down("thing.get", error=Reply(exception=error)).get("/thing/")
    assert (response.status_code, response.json()) == (
        error.status_code,
        {"detail": "Not found."} if isinstance(error, NotFound) else {"a": ["b"]},
    )
    assert "falls back" not in caplog.text


def test_a_status_of_5xx_from_the_application_stands(down):
    assert down("thing.get", error=Reply(status=500, data={"own": "error"})).get("/thing/").status_code == 500


def test_a_backend_that_cannot_be_made_is_asked_again_at_the_next_call(project, move):
    made = []

    def backend(binding, rung):
        made.append(rung)
        if len(made) == 1:
            raise ConfigurationError("no key yet")
        return lambda call: Reply(data=made)

    client = project(URLS, ["thing.get"], BACKEND=backend)
    move("thing.get")
    assert client.get("/thing/").json() == MONOLITH
    assert client.get("/thing/").json() == ["lifted", "lifted"]
    client.get("/thing/")
    assert len(made) == 2


def test_the_decorated_plain_view_falls_back_with_its_decorators(down):
    response = down("decorated.get").get("/decorated/")
    assert (response.json(), response["X-Tagged"]) == (MONOLITH, "ran")
