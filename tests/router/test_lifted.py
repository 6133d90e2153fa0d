"""The lifted rung: the same view behind an encoded call, with everything that is inside its handler."""

from dataclasses import replace

import pytest

from strangler_protos.identity import Caller
from strangler_router.errors import ConfigurationError, NoAnswer
from strangler_router.lifted import hosted_backend
from strangler_router.table import bind
from strangler_router.types import Call

pytestmark = pytest.mark.django_db

URLS = "tests.router.urls_lifted"
IN_PROCESS = "strangler_router.lifted.in_process_backend"
ENDPOINTS = ["user.get", "echo.get", "echo.post", "throttled.get", "cookies.get", "streams.get", "plain.get"]


@pytest.fixture
def both(project, move, user, staff, token_of):
    """The monolith's answer, and that of the view lifted in process."""
    callers = {"anonymous": None, "user": user, "staff": staff}

    def ask(path, caller="anonymous", method="get", endpoints=ENDPOINTS, **kwargs):
        client = project(URLS, endpoints, BACKEND=IN_PROCESS)
        if callers[caller]:
            client.credentials(HTTP_AUTHORIZATION=token_of(callers[caller]))
        answers = []
        for stage in ("monolith", "retired"):  # retired, so that nothing falls back
            for endpoint in endpoints:
                move(endpoint, stage)
            response = getattr(client, method)(path, **kwargs)
            answers.append((response.status_code, dict(response.items()), response.content))
        return answers

    return ask


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize(
    "kind",
    ["data", "empty", "headers", "media type", "exact", "who", "link", "not found", "denied", "invalid"],
)
def test_a_lifted_view_answers_byte_for_byte(both, kind, language):
    monolith, lifted = both("/echo/", data={"as": kind, "q": "ü"}, headers={"Accept-Language": language})
    assert lifted == monolith


@pytest.mark.parametrize("caller", ["anonymous", "user", "staff"])
@pytest.mark.parametrize("path", ["/echo/?as=who", "/user/{user}/", "/user/{staff}/", "/user/0/", "/plain/{user}/"])
def test_every_caller_gets_the_same_answer_object_permissions_included(both, user, staff, caller, path):
    monolith, lifted = both(path.format(user=user.pk, staff=staff.pk), caller)
    assert lifted == monolith


@pytest.mark.parametrize(("path", "status"), [("/plain/{staff}/", 403), ("/plain/0/", 404)])
def test_a_plain_view_s_errors_are_django_s_own_pages(both, staff, path, status):
    monolith, lifted = both(path.format(staff=staff.pk))
    assert (lifted[0], lifted[2]) == (monolith[0], monolith[2]) == (status, monolith[2])
    # The router read who calls, which the view had not done yet; caches keep too little then, never too much.
    assert lifted[1] == {**monolith[1], "Vary": f"{monolith[1]['Vary']}, Cookie"}


@pytest.mark.parametrize("method", ["head", "get"])
def test_head_is_lifted_as_get(both, method):
    monolith, lifted = both("/echo/", method=method)
    assert lifted == monolith


@pytest.mark.parametrize(
    "body",
    [
        {"data": {"a": [1, "ü"]}, "format": "json"},
        {"data": "a=%C3%BC&a=2", "content_type": "application/x-www-form-urlencoded"},
        {"data": "{", "content_type": "application/json"},
        {"data": "x", "content_type": "application/x-unknown"},
    ],
)
def test_a_write_s_body_is_read_by_the_lifted_view(both, body):
    monolith, lifted = both("/echo/", method="post", **body)
    assert lifted == monolith


def test_links_name_the_host_and_scheme_that_the_client_used(both):
    monolith, lifted = both("/echo/?as=link", HTTP_HOST="courses.example:8443", secure=True)
    assert lifted == monolith
    assert b"https://courses.example:8443/x/" in lifted[2]


def test_a_throttle_counts_one_request_once(project, move):
    client = project(URLS, ENDPOINTS, BACKEND=IN_PROCESS)
    move("throttled.get")
    assert [client.get("/throttled/").status_code for _ in range(2)] == [200, 429]


@pytest.mark.parametrize(("path", "word"), [("/cookies/", "may not set cookies"), ("/streams/", "may not stream")])
def test_what_cannot_travel_is_no_answer_and_the_monolith_answers(project, move, caplog, path, word):
    client = project(URLS, ENDPOINTS, BACKEND=IN_PROCESS)
    for endpoint in ("cookies.get", "streams.get"):
        move(endpoint)
    assert client.get(path).status_code == 200
    assert word in caplog.text


@pytest.fixture
def hosted(settings):
    """The backend that hosts one endpoint."""
    settings.ROOT_URLCONF = URLS

    def host(name, authority="SERVICE"):
        settings.STRANGLER = {"LIFTED": {name: authority}}
        ((binding, endpoint),) = bind().pairs
        return hosted_backend(binding, endpoint)

    return host


def call(endpoint="echo.get", path="/echo/", **values):
    return Call(endpoint=endpoint, route=path.lstrip("/"), method="GET", path=path, **values)


@pytest.mark.parametrize(
    ("name", "line"), [("reads-session.get", "request.session"), ("function-reads-session.get", "request.session")]
)
def test_a_view_that_reads_what_is_not_there_is_refused_with_file_and_line(hosted, name, line):
    with pytest.raises(ConfigurationError, match=rf"{name} reads the session.*urls_lifted\.py:\d+: {line}"):
        hosted(name)


def test_a_subject_who_does_not_exist_here_is_no_answer(hosted):
    with pytest.raises(NoAnswer, match="subject 7654321 does not exist here"):
        hosted("echo.get")(call(caller=Caller(subject="7654321")))


@pytest.mark.parametrize("path", ["/throttled/", "/nowhere/", "/echo"])
def test_a_path_on_another_route_is_no_answer(hosted, path):
    with pytest.raises(NoAnswer, match=r"is not on the route of echo\.get") as error:
        hosted("echo.get")(call(path=path))
    assert error.value.kind == "route"


def test_a_call_that_went_through_a_host_already_is_refused(hosted):
    with pytest.raises(NoAnswer, match="came back through 1 lifted host") as error:
        hosted("echo.get")(call(hops=1))
    assert error.value.kind == "loop"


def test_the_signed_subject_is_the_user_of_the_view(hosted, user):
    reply = hosted("echo.get")(call(query="as=who", caller=Caller(subject=str(user.pk))))
    assert reply.data == {"user": user.pk, "zone": "user"}


def test_language_and_zone_of_the_call_hold_for_the_view_only(hosted):
    from django.utils import timezone, translation

    reply = hosted("echo.get")(call(query="as=denied", language="de", timezone="Europe/Berlin"))
    assert "nicht berechtigt" in str(reply.exception.detail)
    assert (translation.get_language(), timezone.get_current_timezone_name()) == ("en", "UTC")


def test_only_the_bound_method_is_hosted(hosted):
    with pytest.raises(NoAnswer, match=r"echo\.get answers no POST") as error:
        hosted("echo.get")(replace(call(), method="POST"))
    assert error.value.kind == "method"


def test_a_project_with_tenants_is_not_hosted_without_the_middleware_that_selects_one(hosted, settings):
    settings.ROOT_URLCONF = URLS
    settings.STRANGLER = {"LIFTED": {"echo.get": "SERVICE"}, "TENANT": "tests.router.tenant.of"}
    ((binding, endpoint),) = bind().pairs
    with pytest.raises(ConfigurationError, match=r"echo\.get cannot be lifted: STRANGLER\['TENANT'\] is set"):
        hosted_backend(binding, endpoint)
