import asyncio
import re
from typing import Any

import pytest
from asgiref.sync import iscoroutinefunction, sync_to_async
from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client, RequestFactory
from pytest_django.fixtures import Settings

from strangler_django.middleware import ServerTimingMiddleware
from strangler_django.serializers import reads
from strangler_django.serializers.reads import Read
from tests.django.conftest import Redis, cached_list, make_course

MIDDLEWARE = "strangler_django.middleware.ServerTimingMiddleware"
TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
QUOTED = r'"(?:[\t !#-\[\]-~]|\\[\t -~])*"'
ENTRY = rf"{TOKEN}(?:;{TOKEN}=(?:{TOKEN}|{QUOTED}))*"
GRAMMAR = re.compile(rf"{ENTRY}(?:, {ENTRY})*")


@pytest.fixture
def timed(cached: Redis, settings: Settings) -> None:
    settings.MIDDLEWARE = [MIDDLEWARE, *settings.MIDDLEWARE]
    make_course()


@pytest.fixture
def staff(timed: None, client: Client) -> Client:
    client.force_login(User.objects.create(username="ada", is_staff=True))
    return client


def answered(*told: Read, user: Any = None, header: str | None = None) -> HttpResponse:
    """A response to staff in which these reads were made."""

    def view(request: HttpRequest) -> HttpResponse:
        for read in told:
            reads.tell(read)
        return HttpResponse(headers={"Server-Timing": header} if header else {})

    request = RequestFactory().get("/")
    request.user = user or User(is_staff=True)
    response: Any = ServerTimingMiddleware(view)(request)
    return response


def test_staff_see_what_a_list_cost(staff: Client) -> None:
    cold = staff.get("/api/v1/courses/")["Server-Timing"]
    assert GRAMMAR.fullmatch(cold)
    assert re.search(r'strangler-Course;desc="1 objects, 1 misses, \d+ SQL, \d Redis";dur=\d+\.\d', cold)
    warm = staff.get("/api/v1/courses/")["Server-Timing"]
    assert re.search(r'strangler-Course;desc="1 objects, 1 hits, \d+ SQL, 1 Redis";dur=', warm)


def test_others_see_nothing(timed: None, client: Client) -> None:
    assert "Server-Timing" not in client.get("/api/v1/courses/")
    client.force_login(User.objects.create(username="bo"))
    assert "Server-Timing" not in client.get("/api/v1/courses/")


def test_everybody_sees_it_under_debug(timed: None, client: Client, settings: Settings) -> None:
    settings.DEBUG = True
    assert "Server-Timing" in client.get("/api/v1/courses/")


def test_a_response_without_cached_reads_is_left_alone(staff: Client) -> None:
    assert "Server-Timing" not in staff.get("/api/v1/nowhere/")
    assert "Server-Timing" not in answered()


def test_a_user_that_no_view_has_asked_for_is_not_loaded(timed: None, client: Client, settings: Settings) -> None:
    user = User.objects.create(username="ada", is_staff=True)
    client.force_login(user)
    settings.ROOT_URLCONF = "tests.django.urls_plain_view"
    response = client.get("/plain/")
    assert response.content == b"[]" or response.content.startswith(b"[{")
    assert "Server-Timing" not in response
    assert "Cookie" not in response.get("Vary", "")


def test_a_staff_member_who_was_locked_out_sees_nothing() -> None:
    assert "Server-Timing" not in answered(Read(serializer="a.B"), user=User(is_staff=True, is_active=False))
    assert "Server-Timing" not in answered(Read(serializer="a.B"), user=AnonymousUser())


def test_a_header_that_is_there_is_kept() -> None:
    header = answered(Read(serializer="shop.CourseSerializer", objects=1), header="db;dur=5")["Server-Timing"]
    assert header == 'db;dur=5, strangler-Course;desc="1 objects"'


def test_reads_of_one_serializer_are_summed() -> None:
    parts = [Read(serializer="shop.CourseSerializer", objects=2, hits=2, seconds=0.001, round_trips=1)] * 3
    bypassed = Read(serializer="shop.CourseSerializer", bypass="annotations", seconds=0.002)
    header = answered(*parts, bypassed, bypassed)["Server-Timing"]
    assert header == 'strangler-Course;desc="5 reads, 6 objects, 6 hits, 3 Redis, bypass annotations";dur=7.0'


@pytest.mark.parametrize(
    ("read", "expected"),
    [
        (Read(serializer="shop.f.<locals>.g", objects=1), 'strangler-g;desc="1 objects"'),
        (Read(serializer="shop.Serializer", objects=1), 'strangler-Serializer;desc="1 objects"'),
        (Read(serializer="shop.Größe<é>", objects=1), 'strangler-Gr__e___;desc="1 objects"'),
        (Read(serializer="a.B", bypass='"\\\r\nSet-Cookie: é'), r'strangler-B;desc="bypass \"\\  Set-Cookie: ?"'),
    ],
)
def test_names_and_words_keep_to_the_grammar(read: Read, expected: str) -> None:
    header = answered(read)["Server-Timing"]
    assert header == expected
    assert GRAMMAR.fullmatch(header)


def test_the_header_stays_short_and_shows_the_slowest() -> None:
    many = [Read(serializer=f"shop.Number{at}Serializer", objects=at, seconds=at / 1000) for at in range(1, 100)]
    header = answered(*many)["Server-Timing"]
    assert len(header) <= 400
    assert GRAMMAR.fullmatch(header)
    shown = re.findall(r"strangler-Number(\d+)", header)
    assert shown == [str(99 - at) for at in range(len(shown))]
    assert header.endswith(f'strangler-more;desc="{99 - len(shown)} more"')
    long = answered(Read(serializer="shop." + "N" * 500, bypass="b" * 500), *many)["Server-Timing"]
    assert len(long) <= 400


def test_requests_at_the_same_time_keep_to_themselves() -> None:
    async def view(request: Any) -> HttpResponse:
        for _ in range(3):
            await asyncio.sleep(0)
            # As an asynchronous view reads through a thread.
            await sync_to_async(reads.tell)(Read(serializer=f"shop.{request.name}", objects=1))
        return HttpResponse()

    middleware = ServerTimingMiddleware(view)
    assert iscoroutinefunction(middleware)

    async def ask(name: str) -> str:
        request: Any = RequestFactory().get("/")
        request.name, request.user = name, User(is_staff=True)
        answer: Any = middleware(request)
        return str((await answer)["Server-Timing"])

    async def scenario() -> list[str]:
        return list(await asyncio.gather(ask("A"), ask("B")))

    assert asyncio.run(scenario()) == [f'strangler-{name};desc="3 reads, 3 objects"' for name in "AB"]


def test_the_asynchronous_handler_shows_it_too(timed: None, settings: Settings) -> None:
    settings.DEBUG = True

    async def scenario() -> Any:
        return await AsyncClient().get("/api/v1/courses/")

    assert "strangler-Course" in asyncio.run(scenario())["Server-Timing"]


def test_reads_outside_requests_are_nobody_s(cached: Redis) -> None:
    make_course()
    cached_list()
    assert "Server-Timing" not in answered()
