"""The catalog's service answers what the monolith answers, byte for byte, whoever asks and however."""

from itertools import cycle
from typing import Any
from urllib.parse import quote

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client
from rest_framework.authtoken.models import Token
from rest_framework.throttling import SimpleRateThrottle

from academy.catalog.models import Course, Educator
from academy.learning.models import Enrolment
from strangler_protos.bindings import Authority
from strangler_router import flags
from strangler_router.policy import Flag, Rung, Stage
from strangler_router.types import Side

LIST, DETAIL, LESSONS, EDUCATOR, ENROLMENT = IDS = [
    "v1:course-list.get", "v1:course-detail.get", "v1:course-lessons.get", "v1:educator-detail.get",
    "v1:enrolment-detail.get",
]  # fmt: skip
RUNGS = [Rung.NATIVE, Rung.LIFTED]
LANGUAGES = ["", "de", "fr", "fr-CH, de;q=0.5", "xx"]
ZONES = ["", "Asia/Kolkata", "America/New_York", "Africa/Monrovia", "Mars/Olympus"]
ACCEPTS = ["", "application/json", "application/json; indent=4", "*/*"]

QUERIES = [
    "", "page=1", "page=2", "page=3&page_size=7", "page=last", "page=0", "page=-1", "page=1.5", "page=abc", "page=",
    "page=%D9%A3", "page=99999999999999999999", "page=+2", "page=2_0", "page=1&page=2", "page_size=0",
    "page_size=-3", "page_size=101", "page_size=1000", "page_size=abc", "page_size=1&page=2&page=3", "PAGE=2",
    "unknown=1", "&&", "=", "page=2&search=%C3%BC", "search=the", "search=THE", "search=%C3%9C",
    "search=gr%C3%B6%C3%9Fe", "search=%25", "search=_", "search=%5C", "search=a,b", "search=,,",
    "search=%22to%20the%22", "search=%22open", "search='a'", "search=a%20%20b", "search=%00", "search=a%00b",
    "search=%ED%A0%80", "search=%FF", "search=\xfc", "search=%F0%9F%8C%B3", "search=%C4%B1", "search=%C4%B0",
    "search=%EF%AC%81", "search=%E2%84%AA", "search=stra%C3%9Fe", "search=STRASSE", "search=%22%22", "search=%20",
    "search=a+b", "search=%2B", "search=%22a%5C%22b%22", "search=%0A", "ordering=price", "ordering=-price",
    "ordering=rating,-id", "ordering=-rating", "ordering=-published_at,price", "ordering=password", "ordering=--id",
    "ordering=,", "ordering=%20id%20", "ordering=?", "ordering=ID", "ordering=id,id", "level=beginner",
    "level=expert", "level=", "level=Beginner", "level=beginner&level=advanced", "level=%00", "level=%20beginner",
    "level=%3Cb%3E", "language=de", "language=xx", "language=", "language=%20de%20", "language=%00",
    "language=a%00", "is_free=true", "is_free=True", "is_free=1", "is_free=0", "is_free=false", "is_free=no",
    "is_free=", "is_free=TRUE", "is_free=yes", "is_free=unknown", "is_free=2", "is_free=3", "is_free=null",
    "is_free=%20true", "min_price=10", "min_price=10.005", "min_price=-1", "min_price=abc", "min_price=",
    "min_price=%20", "min_price=%201%20", "min_price=NaN", "min_price=inf", "min_price=1e3", "min_price=1e50",
    "min_price=1e51", "min_price=-1e60", "min_price=1_0", "min_price=%D9%A1", "min_price=1,5", "max_price=20",
    "max_price=0", "max_price=-0.0", "min_price=5&max_price=50", "min_price=x&max_price=y&level=z",
    "max_price=1e-7", "max_price=1e-400", "max_price=%00", "max_price=0x10", "max_price=%2B5", "max_price=.5",
    "max_price=5.", "min_price=1e99999999", "min_price=-1e400", "topic=baking", "topic=none", "topic=%20",
    "topic=%00", "topic=a&topic=", "format=json", "format=xml",
    "page=2&page_size=3&ordering=-price&is_free=false&level=beginner", "page_size=2&search=a&page=2",
    "page=2&x=%E2%82%AC", "x=\xe9&page=2&page_size=5", "page=2;page_size=5",
    "page=2&page_size=5&q=a%26b%3Dc%2Bd&q=", "page%5F=1&page%20size=4", "page_size=3&page=2&next=%2F%2Fevil&a[]=1",
    "page=2&page_size=5&a~b=(c)&d='e'&f=*", "page=%32&page_size=5",
]  # fmt: skip
KEYS = [
    "0", "-1", "-0", "+1", "01", "1_0", " 1", "1 ", "٣", "1e3", "abc", "Ünï", "9" * 18, "9" * 19, "9" * 30,
    "9" * 5000, str(2**63 - 1), str(2**63), str(-(2**63)), str(-(2**63) - 1), "1\0", "%", "\n1", "0x1", "null",
    "1,2", "½",
]  # fmt: skip


class Callers:
    """Clients of every kind of user, signed in by token and by session."""

    def __init__(self) -> None:
        enrolment = Enrolment.objects.filter(learner__user__is_active=True).order_by("pk").first()
        assert enrolment is not None
        self.enrolment = enrolment
        other = Enrolment.objects.filter(learner__user__is_active=True).exclude(learner=enrolment.learner).first()
        assert other is not None
        self.users = {
            "learner": enrolment.learner.user,
            "another learner": other.learner.user,
            "visitor": User.objects.get(username="visitor"),
            "staff": User.objects.get(username="teacher"),
        }
        self.clients = {"anonymous": Client(), "wrong token": Client(headers={"Authorization": "Token wrong"})}
        for name, user in self.users.items():
            token = Token.objects.get(user=user).key
            self.clients[f"{name} by token"] = Client(headers={"Authorization": f"Token {token}"})
            self.clients[f"{name} by session"] = Client()
            self.clients[f"{name} by session"].force_login(user)


@pytest.fixture
def callers(academy: Any) -> Callers:
    return Callers()


def move(stage: Stage, rung: Rung) -> None:
    for endpoint in IDS:
        flags.append(Flag(endpoint=endpoint, stage=stage, rung=rung), who="test", why="test")


def ask(client: Client, url: str, headers: dict[str, str], side: Side) -> tuple[Any, ...]:
    """Status, headers and body; and an answer that the other side gave is none."""
    path, _, query = url.partition("?")
    response = client.get(path, headers=headers, QUERY_STRING=query)
    pin = getattr(response.wsgi_request, "strangler_pin", None)
    if pin is not None and pin.decision is not None and pin.decision.reason != "the renderer is not JSON":
        assert pin.decision.side is side, url
        if pin.fell_back:
            return ("fell back",)
    return response.status_code, dict(response.headers), response.content


Request = tuple[str, str, dict[str, str]]


def assert_same(callers: Callers, requests: list[Request], *, lifted_every: int = 1) -> None:
    """Each request gets the same answer from the monolith and from the service on each rung."""
    move(Stage.MONOLITH, Rung.NATIVE)
    expected = [ask(callers.clients[who], url, headers, Side.MONOLITH) for who, url, headers in requests]
    different = []
    for rung, step in ((Rung.NATIVE, 1), (Rung.LIFTED, lifted_every)):
        move(Stage.SERVICE, rung)
        for (who, url, headers), answer in list(zip(requests, expected, strict=True))[::step]:
            given = ask(callers.clients[who], url, headers, Side.SERVICE)
            if given != answer:
                different.append((rung.value, who, url[:200], headers, str(answer)[:300], str(given)[:300]))
    assert different == []


def spread(urls: list[str], callers: Callers, *, times: int) -> list[Request]:
    """Each URL `times`, by callers, languages, time zones and Accept headers in turn."""
    names = cycle(callers.clients)
    offered = zip(cycle(LANGUAGES), cycle(ZONES[1:] + ZONES), cycle(ACCEPTS), strict=False)
    found: list[Request] = []
    for url in urls:
        for _ in range(times):
            values = dict(zip(["Accept-Language", "Time-Zone", "Accept"], next(offered), strict=True))
            found.append((next(names), url, {name: value for name, value in values.items() if value}))
    return found


def of_everybody(urls: list[str], callers: Callers) -> list[Request]:
    return [(name, url, {}) for url in urls for name in callers.clients]


def test_the_course_list_answers_every_query_alike(callers):
    # Short pages, so that most of the time goes into questions and not into long answers.
    queries = [query if "page" in query else f"{query}&page_size=4" for query in QUERIES]
    urls = [f"/api/v1/courses/?{query}" for query in queries]
    assert_same(callers, spread(urls, callers, times=1), lifted_every=4)


def test_the_course_list_answers_everybody_alike(callers):
    assert_same(callers, of_everybody(["/api/v1/courses/?page_size=100"], callers), lifted_every=3)


def test_every_course_and_its_lessons_answer_alike(callers, academy):
    keys = [str(pk) for pk in Course.objects.order_by("pk").values_list("pk", flat=True)]
    if academy.vendor != "sqlite":
        keys = keys[::3]  # the rows are the same ones
    urls = [f"/api/v1/courses/{quote(key, safe='')}/{tail}" for key in keys for tail in ("", "lessons/")]
    assert_same(callers, spread(urls, callers, times=1), lifted_every=10)


def test_keys_of_every_kind_answer_alike(callers):
    tails = ["courses/{}/", "courses/{}/lessons/", "educators/{}/", "enrolments/{}/"]
    urls = [f"/api/v1/{tail.format(quote(key, safe=''))}" for key in KEYS for tail in tails]
    assert_same(callers, spread(urls, callers, times=1), lifted_every=2)


def test_the_lists_filters_count_for_one_course_too(callers):
    free = Course.objects.filter(is_published=True).order_by("pk").first()
    filters = QUERIES[26:]
    tails = cycle(["", "lessons/"])
    urls = [f"/api/v1/courses/{free.pk}/{next(tails)}?{query}" for query in filters]
    assert_same(callers, spread(urls, callers, times=1), lifted_every=4)


def test_educators_answer_everybody_alike(callers):
    urls = [f"/api/v1/educators/{pk}/" for pk in Educator.objects.values_list("pk", flat=True)]
    assert_same(callers, [*spread(urls, callers, times=1), *of_everybody(urls[:1], callers)])


def test_enrolments_answer_each_caller_alike_whoever_is_the_authority(callers, settings):
    declared = settings.STRANGLER["AUTHORITY"][ENROLMENT]
    assert declared == {"lifted": Authority.MONOLITH.name, "native": Authority.SERVICE.name}
    pks = [callers.enrolment.pk, *Enrolment.objects.order_by("-pk").values_list("pk", flat=True)[:8]]
    urls = [f"/api/v1/enrolments/{pk}/" for pk in pks]
    requests = of_everybody([urls[0], "/api/v1/enrolments/999999/"], callers)
    assert_same(callers, [*requests, *spread(urls[1:], callers, times=3)])
    move(Stage.SERVICE, Rung.NATIVE)
    statuses = {name: client.get(urls[0]).status_code for name, client in callers.clients.items()}
    assert statuses == {
        "anonymous": 401,
        "wrong token": 401,
        **{f"{name} by {way}": status for name, status in [("learner", 200), ("another learner", 403),
           ("visitor", 403), ("staff", 200)] for way in ("token", "session")},
    }  # fmt: skip


def test_head_answers_alike_and_without_a_body(callers):
    client = callers.clients["staff by token"]
    answers = []
    for stage in (Stage.MONOLITH, Stage.SERVICE):
        move(stage, Rung.NATIVE)
        response = client.head("/api/v1/courses/1/")
        answers.append((response.status_code, dict(response.headers), response.content))
    assert answers[0] == answers[1]
    assert answers[0][2] == b""


def test_an_error_too_large_for_metadata_arrives_whole(callers):
    level = "x" * 20_000
    requests: list[Request] = [("anonymous", f"/api/v1/courses/?level={level}", {"Accept-Language": "de"})]
    assert_same(callers, requests)
    assert len(ask(callers.clients["anonymous"], requests[0][1], {}, Side.SERVICE)[2]) > 20_000


def test_an_answer_above_grpcs_usual_limit_arrives_whole(callers):
    course = Course.objects.order_by("pk").first()
    kept = course.summary
    Course.objects.filter(pk=course.pk).update(summary="\u00fcber \U0001f333 " * 600_000)
    try:
        url = f"/api/v1/courses/{course.pk}/"
        assert_same(callers, [("staff by token", url, {}), ("staff by token", f"{url}lessons/", {})])
        assert len(callers.clients["staff by token"].get(url).content) > 5_000_000
    finally:
        Course.objects.filter(pk=course.pk).update(summary=kept)


def test_pages_hosts_and_schemes_make_the_same_links(callers):
    move(Stage.MONOLITH, Rung.NATIVE)
    environments = [
        {"SERVER_NAME": "example.org", "SERVER_PORT": "8443", "wsgi.url_scheme": "https"},
        {"HTTP_HOST": "xn--bcher-kva.example:80"},
        {"HTTP_HOST": "[::1]:8000"},
        {"SCRIPT_NAME": "/below"},
    ]
    urls = [("/api/v1/courses/", "page=2&page_size=3&x=%C3%A9"), ("/api/v1/educators/1/", "")]
    client = callers.clients["learner by token"]

    def answers() -> list[tuple[int, bytes]]:
        found = [client.get(url, QUERY_STRING=query, **environ) for url, query in urls for environ in environments]
        return [(response.status_code, response.content) for response in found]

    expected = answers()
    for rung in RUNGS:
        move(Stage.SERVICE, rung)
        assert answers() == expected


def test_every_endpoint_throttles_everybody_alike(callers, monkeypatch):
    monkeypatch.setattr(SimpleRateThrottle, "THROTTLE_RATES", {"anon": "2/hour", "user": "3/hour"})
    monkeypatch.setattr(SimpleRateThrottle, "timer", lambda throttle: 1_000_000.0)
    urls = [
        "/api/v1/courses/", "/api/v1/courses/1/", "/api/v1/courses/1/lessons/", "/api/v1/educators/1/",
        f"/api/v1/enrolments/{callers.enrolment.pk}/",
    ]  # fmt: skip

    def answers(stage: Stage, rung: Rung, side: Side) -> list[tuple[Any, ...]]:
        move(stage, rung)
        found = []
        for url in urls:
            for client in callers.clients.values():
                cache.clear()
                found.append([ask(client, url, {}, side) for _ in range(4)])
        return found

    expected = answers(Stage.MONOLITH, Rung.NATIVE, Side.MONOLITH)
    assert {answer[0] for four in expected for answer in four} >= {200, 401, 403, 429}
    assert answers(Stage.SERVICE, Rung.NATIVE, Side.SERVICE) == expected
    assert answers(Stage.SERVICE, Rung.LIFTED, Side.SERVICE) == expected
