"""Exceptions of DRF and of the project, and its exception handlers, through the extracted contract."""

from urllib.parse import quote

import pytest

pytest_plugins = ["tests.extract.bazaar.fixtures"]

STATUSES = {
    "parse": 400, "authentication": 401, "anonymous": 401, "denied": 403, "missing": 404, "method": 405,
    "acceptable": 406, "media": 415, "throttled": 429, "throttled without end": 429, "server": 500, "closed": 423,
    "http404": 404, "django denied": 403, "text": 400, "list": 400, "tree": 400, "keys": 400, "lines": 400,
}  # fmt: skip


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(("kind", "status"), STATUSES.items())
def test_an_exception_that_the_handler_raises_is_the_monolith_s(exact, kind, status, method, language):
    path = f"/failing/{quote(kind)}/"
    assert exact(path, method, headers={"Accept-Language": language}).status == status


def test_an_exception_of_drf_s_keeps_its_headers(exact):
    assert exact("/failing/anonymous/").header("WWW-Authenticate") == "Token"
    assert exact("/failing/throttled/").header("Retry-After") == "62"
    assert exact("/failing/throttled%20without%20end/").header("Retry-After") is None


@pytest.mark.parametrize("path", ["/private/", "/staff-only/"])
@pytest.mark.parametrize(("user", "by"), [("", "nobody"), ("member", "service"), ("staff", "service"), ("x", "nobody")])
def test_who_may_not_ask_is_told_so_by_the_monolith(exact, path, user, by):
    answer = exact(path, user=user, by="nobody" if (path, user) == ("/staff-only/", "member") else by)
    assert answer.status == {"nobody": 401}.get(by, 403 if (path, user) == ("/staff-only/", "member") else 200)
    assert answer.header("WWW-Authenticate") == ("Token" if answer.status == 401 else None)


def test_too_many_requests_are_counted_by_the_monolith(exact):
    assert exact("/throttled/").status == 200
    again = exact("/throttled/", by="nobody")
    assert (again.status, again.header("Retry-After")) == (429, "3600")


@pytest.mark.parametrize(
    ("method", "headers", "status"),
    [
        ("GET", {}, 405),
        ("PATCH", {"Content-Type": "application/json"}, 405),
        ("POST", {"Accept": "text/html"}, 406),
        ("POST", {"Content-Type": "text/csv"}, 415),
        ("POST", {"Content-Type": "application/json; charset=utf-16"}, 400),
    ],
)
def test_what_a_view_does_not_speak_is_refused_in_the_same_words(exact, method, headers, status):
    by = {405: "unbound", 406: "nobody"}.get(status, "service")
    body = b"" if method == "GET" else b"{}"
    assert exact("/narrow/", method, by=by, body=body, headers=headers).status == status


@pytest.mark.parametrize("data", [{}, {"name": "good 1", "price": "x"}, [], {"stall": 99}])
def test_an_exception_handler_makes_422_of_what_is_invalid(exact, data):
    answer = exact("/unprocessable/", "POST", data=data, headers={"Accept-Language": "de"})
    assert (answer.status, answer.header("X-Why")) == (422, "invalid")
    assert list(answer.data) == ["errors", "codes", "view"]


def test_a_fault_of_the_view_is_the_monolith_s_own_500(exact):
    assert exact("/exploding/", by="fell back").status == 500


JSON, FORM = "application/json", "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("method", "path", "kind", "body", "status"),
    [
        ("POST", "/goods/", JSON, b'{"name": "\\ud800"}', 400),
        ("POST", "/goods/", JSON, b'{"name": "a\\u0000"}', 400),
        ("POST", "/goods/", JSON, b'{"stock": NaN}', 400),
        ("POST", "/goods/", JSON, b'{"stock": 99999999999999999999}', 400),
        ("POST", "/forms/", JSON.upper() + "; charset=UTF-8", b"{}", 201),
        ("POST", "/forms/", FORM, b"a=%00&b=%ff", 201),
        ("POST", "/forms/", "", b"x", 415),
        ("GET", "/goods/%00/", "", b"", 404),
        ("GET", "/goods/99999999999999999999/", "", b"", 404),
        ("GET", "/goods/?page_size=0&kind=%00", "", b"", 400),
        ("DELETE", "/goods/99/", "", b"", 404),
    ],
)
def test_an_odd_call_is_refused_or_taken_in_the_same_way(exact, method, path, kind, body, status):
    assert exact(path, method, body=body, headers={"Content-Type": kind} if kind else {}).status == status


def test_a_form_of_too_many_fields_is_django_s_own_400(exact):
    assert exact("/forms/", "POST", body=b"a=1&" * 1001, headers={"Content-Type": FORM}).status == 400


def test_an_error_whose_detail_is_more_than_text_is_exact(exact):
    assert exact("/failing/numbered/").data["code"] == 1001


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("kind", ["http404", "django", "coded"])
def test_an_exception_handler_sees_what_was_raised(exact, kind, method):
    assert exact(f"/handled/{kind}/", method).status in (400, 404, 409)
