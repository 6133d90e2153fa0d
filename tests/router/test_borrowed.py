from pathlib import Path

import pytest

from strangler_django.endpoints import walk_endpoints
from strangler_router.borrowed import borrowed_lines
from strangler_router.checks import check_bindings
from tests.router import urls_lifted

URLS = "tests.router.urls_lifted"
SOURCE = Path(urls_lifted.__file__)


def endpoint(name):
    return next(endpoint for endpoint in walk_endpoints(URLS) if endpoint.id == name)


@pytest.mark.parametrize(
    ("name", "expression"),
    [
        ("reads-session.get", "request.session"),
        ("reads-auth.get", "self.request.auth"),
        ("permission-reads-cookies.get", "request._request.COOKIES"),
        ("serializer-reads-session.get", "request.session"),
        ("filter-reads-cookie.get", "request.get_signed_cookie"),
        ("function-reads-session.get", "request.session"),
        ("plain-reads-session.get", "request.session"),
    ],
)
def test_what_only_the_monolith_s_process_has_is_found_with_its_line(name, expression):
    (line,) = borrowed_lines(endpoint(name))
    file, number, found = line.rsplit(":", 2)
    assert (file, found.strip()) == (str(SOURCE), expression)
    assert expression in SOURCE.read_text().splitlines()[int(number) - 1]


@pytest.mark.parametrize("name", ["user.get", "echo.get", "echo.post", "plain.get", "throttled.get"])
def test_other_views_have_no_such_line(name):
    assert borrowed_lines(endpoint(name)) == []


def test_the_academy_has_no_such_line():
    assert [borrowed_lines(found) for found in walk_endpoints("academy.urls") if found.id.startswith("v1:c")] == [
        []
    ] * 4


def test_the_check_names_the_line_before_a_host_does(settings):
    settings.ROOT_URLCONF = "tests.router.urls_lifted"
    settings.STRANGLER = {"LIFTED": {"reads-session.get": "SERVICE"}, "BACKEND": lambda binding, rung: None}
    (message,) = [message for message in check_bindings() if message.id == "strangler_router.E020"]
    assert "urls_lifted.py:" in message.msg
    assert "request.session" in message.msg
