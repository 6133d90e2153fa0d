"""What a reply becomes in a DRF view."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.test import APIClient

from strangler_router.seam import drf_response
from strangler_router.types import EMPTY, Reply
from tests.router.urls_replies import Thing

pytestmark = pytest.mark.django_db

URLS = "tests.router.urls_replies"


@pytest.fixture
def answers(project, move, service, monkeypatch):
    """The monolith's answer with a response, and the router's with a reply."""

    def ask(response, reply, method="GET", **headers):
        project(URLS, ["thing.get", "thing.post"])
        service.reply = reply
        found = []
        for stage in ("monolith", "service"):
            monkeypatch.setattr(Thing, "answered", response())
            for endpoint in ("thing.get", "thing.post"):
                move(endpoint, stage)
            answer = APIClient().generic(method, "/thing/", **headers)
            found.append((answer.status_code, dict(answer.items()), answer.content))
        return found

    return ask


@pytest.mark.parametrize(
    "data",
    [
        {},
        [],
        {"b": 1, "a": [None, True, 1.0, 10**20, "ü\u2028</script>"]},
        "text",
        0,
        False,
        "",
    ],
    ids=repr,
)
@pytest.mark.parametrize("headers", [{}, {"HTTP_ACCEPT": "application/json; indent=4"}], ids=["compact", "indented"])
def test_data_is_written_by_the_view_s_renderer(answers, data, headers):
    monolith, router = answers(lambda: Response(data), Reply(data=data), **headers)
    assert router == monolith


@pytest.mark.parametrize(
    ("response", "reply"),
    [
        (lambda: Response({"id": 1}, status=201), Reply(status=201, data={"id": 1})),
        (lambda: Response(status=204), Reply(status=204)),
        (Response, Reply()),
        (lambda: Response(None), Reply(data=None)),
        (lambda: Response(status=202), Reply(status=202, data=EMPTY)),
        (
            lambda: Response({}, status=201, headers={"Location": "/thing/1/", "X-Own": "1"}),
            Reply(status=201, data={}, headers=(("Location", "/thing/1/"), ("X-Own", "1"))),
        ),
        (lambda: Response({}, headers={"Vary": "X-Own"}), Reply(data={}, headers=(("Vary", "X-Own"),))),
        (lambda: Response({"e": 1}, status=404), Reply(status=404, data={"e": 1})),
        (lambda: Response({}, content_type="application/hal+json"),
         Reply(data={}, headers=(("Content-Type", "application/hal+json"),))),
    ],
)  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "POST", "HEAD"])
def test_statuses_headers_and_empty_bodies_are_the_view_s(answers, response, reply, method):
    monolith, router = answers(response, reply, method)
    assert router == monolith


def test_an_exact_reply_is_passed_on_byte_for_byte(project, move, service):
    client = project(URLS, ["thing.get"])
    move("thing.get")
    service.reply = Reply(
        status=418, body=b"\xff\x00 teapot", content_type="application/x-tea", headers=(("X-Pot", "1"),)
    )
    response = client.get("/thing/")
    assert (response.status_code, response.content) == (418, b"\xff\x00 teapot")
    assert (response["Content-Type"], response["X-Pot"]) == ("application/x-tea", "1")


def test_an_exact_reply_may_be_empty(project, move, service):
    client = project(URLS, ["thing.get"])
    move("thing.get")
    service.reply = Reply(status=304, body=b"")
    response = client.get("/thing/")
    assert (response.status_code, response.content) == (304, b"")


@pytest.mark.parametrize(
    ("reply", "status", "body"),
    [
        (Reply(data={"a": 1}), 200, b'{"a": 1}'),
        (Reply(data=[1], status=201, headers=(("X-Own", "1"),)), 201, b"[1]"),
        (Reply(status=204, headers=(("X-Own", "1"),)), 204, b""),
        (Reply(body=b"raw", content_type="text/plain"), 200, b"raw"),
    ],
)
def test_a_peeled_view_answers_with_the_reply(project, move, service, reply, status, body):
    client = project(URLS, ["plain.get"])
    move("plain.get")
    service.reply = reply
    response = client.get("/plain/")
    assert (response.status_code, response.content) == (status, body)
    assert dict(reply.headers).items() <= dict(response.items()).items()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
).filter(lambda value: value is not None)


@given(json_values)
def test_primitives_render_to_the_bytes_that_they_came_from(value):
    rendered = JSONRenderer().render(value)
    response = drf_response(Reply(data=json.loads(rendered)))
    assert JSONRenderer().render(response.data) == rendered
