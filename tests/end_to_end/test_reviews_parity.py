"""The catalog's service stores reviews as the monolith does: the same rows, the same bytes, the same refusals."""

import json
from collections.abc import Iterator
from datetime import datetime
from itertools import cycle, product
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from rest_framework.throttling import SimpleRateThrottle

from academy.catalog.models import Course
from academy.learning.models import Enrolment, Review
from catalog_service.database import open_database, open_for_writing
from catalog_service.reviews import Reviews
from catalog_service.service import CatalogService
from strangler_django.models import JournalRow
from strangler_router import flags
from strangler_router.policy import Flag, Rung, Stage
from strangler_services import ServerSettings, start_in_thread
from strangler_services.stamps import StampWriter
from tests.conftest import CATALOG, KEYS

ENDPOINT = "v1:course-reviews.post"
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
LANGUAGES = ["", "de", "fr"]
Sent = tuple[bytes, str]
Answer = tuple[int, dict[str, str], bytes]


@pytest.fixture
def native(academy: Any, settings: Any) -> Iterator[None]:
    """The service with a writing engine; Redis is nowhere, so the journal takes the rows."""
    engine, writing = open_database(academy.url), open_for_writing(academy.url)
    reviews = Reviews(engine=writing, stamps=StampWriter("unix:///nowhere/socket", database="default@0"))
    server = ServerSettings(address="127.0.0.1:0", keys=KEYS)
    with start_in_thread(CatalogService(engine, reviews=reviews).register, server) as running:
        targets = {CATALOG: {**academy.targets, "native": running.address}}
        settings.STRANGLER = {**settings.STRANGLER, "TARGETS": targets, "RPC_TIMEOUT": 8}
        yield
    engine.dispose()
    writing.dispose()
    JournalRow.objects.all().delete()


@pytest.fixture
def enrolment(native: None) -> Iterator[Enrolment]:
    """Somebody who may review a course, and has not."""
    wanted = Enrolment.objects.filter(learner__user__is_active=True, course__is_published=True)
    found = next(one for one in wanted.order_by("pk") if not one.learner.reviews.filter(course=one.course).exists())
    reviews = Review.objects.filter(course=found.course, learner=found.learner)
    yield found
    reviews.delete()


def of(user: Any, by: str = "token") -> Client:
    if by == "token":
        return Client(headers={"Authorization": f"Token {user.auth_token.key}"})
    client = Client()
    client.force_login(user)
    return client


def post(client: Client, course: object, body: bytes, kind: str, *, query: str = "", **headers: str) -> Answer:
    url = f"/api/v1/courses/{course}/reviews/"
    named = {name.replace("_", "-"): value for name, value in headers.items() if value}
    response = client.generic("POST", url, body, content_type=kind, QUERY_STRING=query, headers=named)
    return response.status_code, dict(response.headers), response.content


def move(stage: Stage, rung: Rung = Rung.NATIVE) -> None:
    flags.append(Flag(endpoint=ENDPOINT, stage=stage, rung=rung), who="test", why="test")


def on_each_side(ask: Any, *arguments: Any, **named: Any) -> list[Any]:
    """What is answered by the monolith, the native service and the lifted view."""
    answers = []
    for stage, rung in ((Stage.MONOLITH, Rung.NATIVE), (Stage.SERVICE, Rung.NATIVE), (Stage.SERVICE, Rung.LIFTED)):
        move(stage, rung)
        answers.append(ask(*arguments, **named))
    return answers


REFUSED: list[Sent] = [
    (b"", JSON), (b"", FORM), (b"", "text/plain"), (b"{}", JSON), (b"null", JSON), (b"[]", JSON), (b'"text"', JSON),
    (b"5", JSON), (b"5.0", JSON), (b"true", JSON), (b"{", JSON), (b'{"stars": 5,}', JSON), (b"\xff", JSON),
    (b'{"stars": NaN}', JSON), (b'{"stars": -Infinity}', JSON), (b"\xef\xbb\xbf{}", JSON), (b"  ", JSON),
    (b'{"stars": ' + b"9" * 5000 + b"}", JSON), (b'{"stars": ' + b"9" * 4000 + b"}", JSON),
    (b'{"stars": "' + b"5" * 1001 + b'"}', JSON), (b'{"stars": "' + b"5" * 1000 + b'"}', JSON),
    *((b'{"stars": %b}' % value, JSON) for value in (
        b"0", b"6", b"-1", b"null", b"true", b"false", b'""', b'" "', b'"five"', b'"6"', b"[]", b"[5]", b"{}", b"1.5",
        b"1e400", b"1e22", b'"1_0"', b'"0x5"', b'"5.1"', b'"\\u0665\\u0660"',
    )),
    *((b'{"stars": 5, "text": %b}' % value, JSON) for value in (
        b"null", b"true", b"[]", b"{}", b'["a"]', b'"a\\u0000b"', b'"\\ud800"', b'"\\udfff\\u0000\\ud800"',
    )),
    (b'{"stars": 0, "text": null}', JSON), (b'{"text": []}', JSON), (b'{"Stars": 5}', JSON),
    (b"stars=6", FORM), (b"stars=", FORM), (b"stars", FORM), (b"text=good", FORM), (b"stars=0&text=%00", FORM),
    (b"stars=1&stars=9", FORM), (b"stars=5&text=%ED%A0%80%00", FORM), (b"\xff=1", FORM), (b"a=1", FORM + "; charset=x"),
    (b"{}", "text/plain"), (b"{}", ""), (b"{}", "application/json; indent"), (b"{}", "Application/JSON"),
    (b"{}", "application/*"), (b"{}", "*/*"), (b"{}", "application"), (b"{}", "json"), (b"{}", "text/%s {x} %(y)s"),
    (b"{}", "application/vnd.api+json"), (b"\xe9", JSON + "; charset=latin-1"), (b"{}", JSON + '; charset="utf-16"'),
    (b"{}", JSON + "; charset=nothing"), (b"{}", JSON + "; charset*=utf-8''utf-16"), (b"{}", ";"), (b"{}", "; a=b"),
]  # fmt: skip


def test_what_is_refused_is_refused_alike_in_each_language(enrolment, academy):
    client = of(enrolment.learner.user)
    different = []
    # The database has no say in it.
    languages = LANGUAGES if academy.vendor == "sqlite" else ["de"]
    for (body, kind), language in product(REFUSED, languages):
        expected, *given = on_each_side(post, client, enrolment.course_id, body, kind, Accept_Language=language)
        assert expected[0] in {400, 415}, (body, kind)
        if given != [expected, expected]:
            different.append((body[:80], kind, language, expected, given))
    assert different == []


STORED: list[Sent] = [
    (b'{"stars": 5}', JSON), (b'{"stars": "5", "text": "  good  "}', JSON), (b'{"stars": 1.0, "text": ""}', JSON),
    (b'{"stars": "1.000 ", "text": " \\u2003\\n"}', JSON), (b'{"stars": " 3 ", "text": 7}', JSON),
    (b'{"stars": "\\u0665", "text": 1.50}', JSON), (b'{"stars": 4, "text": 1e400}', JSON),
    (b'{"stars": 2, "text": "<b>\\u2028 \xf0\x9f\x8c\xb3 \\"", "id": 1, "created_at": "2000", "learner": 1}', JSON),
    (b'{"stars": 1, "stars": 2}', JSON), ('{"stars": 3, "text": "über"}'.encode("utf-16"), JSON + "; charset=utf-16"),
    (b"stars=4&text=f%C3%BCr+alle", FORM), (b"stars=4&text=", FORM), (b"stars=9&stars=4&text=a&text=b", FORM),
    (b"stars=+4+&text=%ff", FORM), (b"stars=3&text=\xfc", FORM), (b"stars=4&text=%fc", FORM + "; charset=latin-1"),
    (b'{"stars": 5}', "*/*"), (b'{"stars": 5}', "APPLICATION/json;a=b"), (b"stars=5", "*/x-www-form-urlencoded"),
]  # fmt: skip


def test_what_is_stored_is_stored_and_answered_alike(enrolment):
    client = of(enrolment.learner.user, "session")
    zones = cycle(["", "Asia/Kolkata", "America/New_York"])

    def once(body: bytes, kind: str, zone: str) -> tuple[Any, ...]:
        status, headers, content = post(client, enrolment.course_id, body, kind, Time_Zone=zone)
        document = json.loads(content)
        review = Review.objects.get(course=enrolment.course, learner=enrolment.learner)
        assert document["id"] == review.pk
        assert datetime.fromisoformat(document["created_at"]) == review.created_at
        for varying in (f'"id":{review.pk}', document["created_at"]):
            content = content.replace(varying.encode(), b"")
        review.delete()
        offset = document["created_at"][26:]
        return status, {**headers, "Content-Length": ""}, content, offset, review.stars, review.text

    for body, kind in STORED:
        zone = next(zones)
        expected, *given = on_each_side(once, body, kind, zone)
        assert expected[0] == 201
        assert given == [expected, expected], (body, kind)


def test_every_caller_is_let_in_or_refused_alike(enrolment):
    stranger = Enrolment.objects.exclude(course=enrolment.course).filter(learner__user__is_active=True)
    reviewed = Review.objects.filter(course=enrolment.course, learner__user__is_active=True).first()
    outside = next(one for one in stranger if not one.learner.enrolments.filter(course=enrolment.course).exists())
    staff = of(type(enrolment.learner.user).objects.get(username="teacher"))
    visitor = of(type(enrolment.learner.user).objects.get(username="visitor"))
    clients = {
        "anonymous": Client(),
        "wrong token": Client(headers={"Authorization": "Token wrong"}),
        "no learner": visitor,
        "staff": staff,
        "not enrolled": of(outside.learner.user),
        "by session": of(outside.learner.user, "session"),
        "has reviewed": of(reviewed.learner.user),
    }
    draft = Course.objects.filter(is_published=False).first()
    courses = [enrolment.course_id, draft.pk, 999999, "abc", "9" * 30, "%D9%A3", "-1"]
    for language, (name, client) in zip(cycle(["de", "", "fr"]), clients.items(), strict=False):
        for course in courses:
            expected, *given = on_each_side(post, client, course, b'{"stars": 5}', JSON, Accept_Language=language)
            assert expected[0] in {400, 401, 404}
            assert given == [expected, expected], (name, course)


def test_the_lists_filters_and_the_body_come_in_the_same_order(enrolment):
    client = of(enrolment.learner.user)
    bodies = [(b"{", JSON), (b"{}", "text/plain"), (b'{"stars": 6}', JSON)]
    queries = [
        "search=%ED%A0%80",
        "level=expert",
        "search=%00%ED%BF%BF",
        "search=none-of-this",
        "ordering=price",
        "level=x",
    ]
    for language, query in zip(cycle(["de", "fr", ""]), queries, strict=False):
        for body, kind in bodies:
            expected, *given = on_each_side(
                post, client, enrolment.course_id, body, kind, query=query, Accept_Language=language
            )
            assert given == [expected, expected], (query, body)


def test_throttles_count_alike(enrolment, monkeypatch):
    monkeypatch.setattr(SimpleRateThrottle, "THROTTLE_RATES", {"anon": "1/hour", "user": "2/hour"})
    monkeypatch.setattr(SimpleRateThrottle, "timer", lambda throttle: 1_000_000.0)

    def four() -> list[Answer]:
        cache.clear()
        clients = [of(enrolment.learner.user), Client()]
        return [post(client, enrolment.course_id, b"{}", JSON) for client in clients for _ in range(3)]

    expected, *given = on_each_side(four)
    assert [answer[0] for answer in expected] == [400, 400, 429, 401, 401, 401]
    assert given == [expected, expected]


def test_a_service_that_only_reads_never_writes_and_is_no_answer(enrolment, academy, settings):
    settings.STRANGLER = {**settings.STRANGLER, "TARGETS": {CATALOG: academy.targets}}
    move(Stage.SERVICE)
    status, _, content = post(of(enrolment.learner.user), enrolment.course_id, b'{"stars": 5}', JSON)
    assert (status, content) == (503, b'{"detail":"The service does not answer."}')
    assert not Review.objects.filter(course=enrolment.course, learner=enrolment.learner).exists()
