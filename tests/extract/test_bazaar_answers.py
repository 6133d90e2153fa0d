"""Statuses, headers, bodies and conditional requests of a whole project, through its extracted contract."""

import json
import re
from urllib.parse import quote

import pytest

pytest_plugins = ["tests.extract.bazaar.fixtures"]


@pytest.mark.parametrize("code", [200, 201, 202, 203, 207, 226, 299, 400, 401, 402, 410, 418, 422, 451, 500, 503])
def test_a_status_of_the_view_s_own_choice_is_kept(exact, code):
    assert exact(f"/statuses/{code}/").status == code


@pytest.mark.parametrize("kind", ["nothing", "object", "list", "text", "zero", "false", "float", "plain"])
def test_what_is_empty_is_empty_in_the_same_way(exact, kind):
    assert exact(f"/empties/{kind}/").status == 200


@pytest.mark.parametrize("kind", ["no content", "no content with a body"])
def test_no_content_is_no_content(exact, kind):
    assert exact(f"/empties/{quote(kind)}/").status == 204


@pytest.mark.parametrize("kind", ["numbers", "texts", "nested", "text", "number"])
def test_a_document_that_no_serializer_made_is_exact(exact, kind):
    assert exact(f"/documents/{kind}/").status == 200


def test_headers_of_the_view_are_kept(exact):
    answer = exact("/headers/?X-More=%20a%20%20b&Content-Language=fr")
    assert answer.header("X-Total") == "12"
    assert answer.header("Vary") == "X-Shop, Accept, Accept-Language"
    assert answer.header("Content-Language") == "fr"


def test_a_content_type_of_the_view_s_own_is_kept(exact):
    assert exact("/typed/").header("Content-Type") == "application/problem+json"


def test_an_answer_that_is_none_of_drf_s_is_exact(exact):
    assert exact("/plain/").header("X-Plain") == "1"


def test_a_redirect_is_exact(exact):
    answer = exact("/elsewhere/", "POST")
    assert (answer.status, answer.header("Location")) == (302, "/goods/?by=post")


def test_a_view_that_is_a_function_is_exact(exact):
    assert exact("/function/").data == {"method": "GET", "data": {}}
    assert exact("/function/", "POST", data={"a": [1]}).data == {"method": "POST", "data": {"a": [1]}}


def test_a_body_of_a_get_is_read_by_the_service(exact):
    assert exact("/function/", data={"a": [1]}).data == {"method": "GET", "data": {"a": [1]}}


@pytest.mark.parametrize(("path", "left"), [("own-headers", "self.headers['X-Left']"), ("finished", "self.found")])
def test_what_a_handler_leaves_on_its_view_needs_a_change(reasons, path, left):
    verdict, *why = reasons(f"{path}.get")
    assert verdict == "needs a change"
    assert any(f"{left} is left on the view by a handler" in reason for reason in why)


def test_a_cookie_is_set_by_the_monolith(exact, reasons):
    assert any(reason.startswith("cannot be lifted: ") and "set_cookie()" in reason for reason in reasons("cookie.get"))
    assert "basket=7" in exact("/cookie/", by="fell back").header("Set-Cookie")


@pytest.mark.parametrize("path", ["/goods/", "/modified/", "/all/?format=json"])
def test_an_answer_that_the_client_has_already_is_not_sent_again(exact, path):
    fresh = exact(path)
    again = exact(path, headers={"If-None-Match": fresh.header("ETag")})
    assert (fresh.status, again.status, again.body) == (200, 304, b"")
    assert exact(path, headers={"If-None-Match": '"another"'}).status == 200


def test_a_last_modified_header_of_the_view_answers_conditional_requests(exact):
    assert exact("/modified/", headers={"If-Modified-Since": "Mon, 06 May 2024 07:08:09 GMT"}).status == 304
    assert exact("/modified/", headers={"If-Modified-Since": "Mon, 06 May 2024 07:08:08 GMT"}).status == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"If-None-Match": '"v1"'}, 304),
        ({"If-None-Match": '"v0"'}, 200),
        ({"If-Match": '"v0"'}, 412),
        ({"If-Modified-Since": "Tue, 07 May 2024 00:00:00 GMT"}, 304),
        ({"If-Unmodified-Since": "Sun, 05 May 2024 00:00:00 GMT"}, 412),
    ],
)
def test_the_condition_decorator_keeps_its_say(exact, headers, status):
    by = "service" if status == 200 else "nobody"
    assert exact("/conditional/", by=by, headers=headers).status == status


@pytest.mark.parametrize(("tag", "status"), [('"v1"', 200), ('"v0"', 412)])
def test_a_write_is_made_on_the_condition_that_the_client_names(exact, tag, status):
    by = "service" if status == 200 else "nobody"
    assert exact("/conditional/", "PUT", by=by, data={"a": 1}, headers={"If-Match": tag}).status == status


@pytest.mark.parametrize(
    "path", ["/goods/", "/goods/3/", "/goods/99/", "/empties/nothing/", "/plain/", "/goods/?page=x"]
)
def test_head_is_get_without_its_body(exact, path):
    head, got = exact(path, "HEAD"), exact(path)
    assert head.body == b""
    # Django's ConditionalGetMiddleware makes an ETag for GET alone.
    assert set(head.headers) == {(name, value) for name, value in got.headers if name != "ETag"}


@pytest.mark.parametrize("path", ["/goods/", "/goods/3/", "/narrow/", "/staff-only/"])
@pytest.mark.parametrize("user", ["", "staff"])
def test_options_are_the_monolith_s(exact, path, user):
    assert exact(path, "OPTIONS", by="unbound", user=user).status in (200, 401)


def test_a_form_is_read_by_the_service(exact):
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = exact("/forms/", "POST", body=b"a=%C3%BC&a=2&b=+x", headers=form)
    assert answer.data == {"fields": {"a": "2", "b": " x"}, "files": {}}
    assert (answer.status, answer.header("Location")) == (201, "/forms/1/")


def test_a_multipart_form_stays_on_the_monolith(exact):
    lines = ["--x", 'Content-Disposition: form-data; name="a"', "", "1", "--x"]
    lines += ['Content-Disposition: form-data; name="f"; filename="ä.txt"', "", "text", "--x--", ""]
    body, kind = "\r\n".join(lines).encode(), {"Content-Type": "multipart/form-data; boundary=x"}
    answer = exact("/forms/", "POST", by="unbound", body=body, headers=kind)
    assert answer.data == {"fields": {"a": "1"}, "files": {"f": ["ä.txt", "text"]}}


@pytest.mark.parametrize(("size", "by"), [(10, "service"), (1_000_001, "unbound")])
def test_a_file_in_the_body_travels_up_to_the_limit(exact, size, by):
    answer = exact("/uploads/f.txt/", "PUT", by=by, body=b"x" * size, headers={"Content-Type": "text/plain"})
    assert len(answer.data["text"]) == size


@pytest.mark.parametrize(
    ("path", "accept"), [("/goods/", "text/html"), ("/goods/?format=api", "*/*"), ("/failing/tree/", "text/html")]
)
def test_the_browsable_api_stays_on_the_monolith(bazaar, path, accept):
    monolith, service = (bazaar.ask(side, "GET", path, headers={"Accept": accept}) for side in ("monolith", "service"))
    # Each page has a CSRF token of its own, and so an ETag.
    pages = [re.sub(rb"[A-Za-z0-9]{64}", b"", answer.body) for answer in (monolith, service)]
    assert b"<html" in pages[0]
    assert pages[0] == pages[1]
    assert (monolith.status, monolith.by) == (service.status, service.by)


@pytest.mark.parametrize(("path", "status"), [("/all/?format=json", 200), ("/suffixed.json", 200), ("/suffixed", 200)])
def test_a_format_that_is_json_is_the_service_s(exact, path, status):
    assert exact(path).status == status


def test_a_format_that_nobody_writes_is_not_found(exact):
    assert exact("/goods/?format=xml", by="nobody").status == 404


def test_accept_decides_how_json_is_written(exact):
    answer = exact("/goods/3/", headers={"Accept": "application/json; indent=4"})
    assert answer.body.startswith(b'{\n    "id": 3')
    assert answer.header("Content-Type") == "application/json"


def test_an_answer_beyond_4_mib_is_exact(exact):
    assert len(exact("/big/?size=3000000").body) > 6_000_000


def test_an_error_of_300_kb_is_exact(exact):
    answer = exact("/failing/long/")
    assert answer.status == 400
    assert len(answer.body) > 300_000


@pytest.mark.parametrize("path", ["/goods/", "/failing/missing/"])
@pytest.mark.parametrize("language", ["de", "en", "fr, de;q=0.5", "xx"])
def test_the_language_is_the_client_s(exact, path, language):
    answer = exact(path, headers={"Accept-Language": language})
    assert answer.header("Content-Language") == ("de" if "de" in language else "en")


def test_keys_that_are_no_identifiers_or_collide_come_out_as_they_are(exact):
    answer = exact("/odd-keys/")
    keys = list(answer.data)
    assert {"class", "fooBar", "foo_bar", "", "[a]", "a\0", "strangler_http", "line2", "line_2", "ключ"} <= {*keys}
    assert json.loads(answer.body, object_pairs_hook=len) == len(keys)
