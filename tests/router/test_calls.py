"""The call that a backend gets for a request."""

import json

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile

from strangler_router.types import Reply

pytestmark = pytest.mark.django_db

URLS = "tests.router.urls_calls"


@pytest.fixture
def client(project, move, service):
    """A client whose every endpoint is in stage service."""

    def use(**values):
        endpoints = [
            "echo.get", "echo.post", "echo.put", "echo-detail.get", "raw-body.post", "versioned.get", "plain.get",
            "upload.put",
        ]  # fmt: skip
        found = project(URLS, endpoints, **values)
        for endpoint in endpoints:
            move(endpoint)
        return found

    return use


@pytest.fixture
def call_of(client, service):
    """The one call that a request becomes."""

    def send(method, path, *args, values=None, **kwargs):
        sender = client(**(values or {}))
        assert getattr(sender, method)(path, *args, **kwargs).status_code == 200
        (call,) = service.calls
        return call

    return send


def test_a_call_says_what_was_asked(call_of):
    call = call_of("get", "/echo/5/a%20b/", {"page": "2"}, HTTP_HOST="courses.example:8443", secure=True)
    assert (call.endpoint, call.route, call.method) == ("echo-detail.get", "echo/<int:pk>/<str:name>/", "GET")
    assert (call.path, call.query, call.kwargs) == ("/echo/5/a%20b/", "page=2", {"pk": "5", "name": "a b"})
    assert (call.scheme, call.host, call.media_type) == ("https", "courses.example:8443", "application/json")
    assert call.body == b""
    assert (call.hops, call.shadow) == (0, False)


def test_no_credential_travels(call_of):
    call = call_of(
        "get",
        "/echo/",
        HTTP_AUTHORIZATION="Token secret",
        HTTP_COOKIE="sessionid=secret",
        HTTP_PROXY_AUTHORIZATION="Basic secret",
        HTTP_X_CSRFTOKEN="secret",
    )
    assert "secret" not in repr(call)


@pytest.mark.parametrize(
    "name",
    [
        "X-Strangler-Side", "X-Strangler-Identity", "x-strangler-anything", "Connection", "Keep-Alive",
        "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade", "Host",
    ],
)  # fmt: skip
def test_our_headers_and_those_of_one_hop_do_not_travel(call_of, name):
    call = call_of("get", "/echo/", headers={name: "value.example", "X-Kept": "1"})
    assert [found for found, _ in call.headers if found.lower() != "x-kept"] == []
    assert ("X-Kept", "1") in call.headers


def test_headers_that_connection_names_do_not_travel(call_of):
    headers = {"Connection": "close, X-Hop , x-other", "X-Hop": "1", "X-Other": "2", "X-Kept": "3"}
    assert call_of("get", "/echo/", headers=headers).headers == (("X-Kept", "3"),)


def test_other_headers_travel_as_they_came(call_of):
    headers = {"Accept-Language": "de-CH, de;q=0.9", "X-Request-Id": "7", "If-None-Match": '"a"'}
    assert dict(call_of("get", "/echo/", headers=headers).headers) == headers


def test_language_and_time_zone_are_the_active_ones(call_of):
    call = call_of("get", "/echo/", headers={"Accept-Language": "de", "Time-Zone": "Europe/Berlin"})
    assert (call.language, call.timezone) == ("de", "Europe/Berlin")


def test_the_version_that_versioning_chose_travels(call_of):
    assert call_of("get", "/v2/versioned/").version == "v2"


def test_the_script_name_is_part_of_the_path(call_of):
    call = call_of("get", "/echo/", SCRIPT_NAME="/site")
    assert (call.script_name, call.path) == ("/site", "/site/echo/")


@pytest.mark.parametrize("query", ["a=%C3%BC&a=2&b", "q=\xc3\xbc", "q=%ff%fe", "a;b=%zz&&=", "page=1#"])
def test_the_query_travels_undecoded(call_of, query):
    assert call_of("get", "/echo/", QUERY_STRING=query).query == query


def test_a_path_with_any_character_travels(call_of):
    call = call_of("get", "/echo/5/%E2%9C%93%25%3F/")
    assert (call.path, call.kwargs["name"]) == ("/echo/5/%E2%9C%93%25%3F/", "✓%?")


@pytest.mark.parametrize("method", ["post", "put"])
def test_the_raw_body_of_a_write_travels(call_of, method):
    body = '{"title":  "ü", "n": 1.0}'.encode()
    call = call_of(method, "/echo/", body, content_type="application/json; charset=utf-8")
    assert (call.body, call.content_type) == (body, "application/json; charset=utf-8")


def test_the_raw_body_of_a_form_travels(call_of):
    call = call_of("post", "/echo/", "title=%C3%BC&title=2", content_type="application/x-www-form-urlencoded")
    assert call.body == b"title=%C3%BC&title=2"


def test_a_tenant_is_asked_of_the_project(call_of):
    call = call_of("get", "/echo/", values={"TENANT": "tests.router.tenant.host_of"}, HTTP_HOST="blue.example")
    assert call.caller.tenant == "blue.example"


def sent(response):
    return response.status_code, response.json()


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (json.dumps({"title": "ü"}), "application/json"),
        ("title=%C3%BC&n=1", "application/x-www-form-urlencoded"),
        ("", "application/json"),
    ],
)
@pytest.mark.parametrize("path", ["/echo/", "/raw-body/"])
def test_the_view_still_reads_its_body_when_the_monolith_answers(project, move, service, body, content_type, path):
    unbound = sent(project(URLS, []).post(path, body, content_type=content_type))
    client = project(URLS, ["echo.post", "raw-body.post"])
    assert sent(client.post(path, body, content_type=content_type)) == unbound
    move("echo.post", "monolith", mirror=10_000)
    assert sent(client.post(path, body, content_type=content_type)) == unbound
    assert service.calls == []


def test_multipart_stays_on_the_monolith(client, service):
    response = client().post("/echo/", {"a": "1", "f": SimpleUploadedFile("f.txt", b"text")}, format="multipart")
    assert response.json() == {"data": {"a": "1"}, "files": {"f": "text"}}
    assert service.calls == []


def test_a_body_whose_length_is_no_number_stays_on_the_monolith(project, service):
    headers = {"content_type": "application/json", "CONTENT_LENGTH": "many"}
    unbound = sent(project(URLS, []).post("/echo/", b"{}", **headers))
    assert sent(project(URLS, ["echo.post"]).post("/echo/", b"{}", **headers)) == unbound
    assert service.calls == []


def test_a_body_over_the_limit_stays_on_the_monolith(client, service):
    under, over = {"a": "x" * 5}, {"a": "x" * 50}
    bound = client(BODY_LIMIT=20)
    assert bound.post("/echo/", over, format="json").json() == {"data": over, "files": {}}
    assert service.calls == []
    bound.post("/echo/", under, format="json")
    assert len(service.calls) == 1


def test_a_view_that_reads_the_stream_takes_what_is_over_django_s_limit(client, service, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 20
    headers = {"content_type": "text/csv", "headers": {"Content-Disposition": "attachment; filename=f.csv"}}
    bound = client()
    assert bound.put("/upload/f.csv/", "x" * 50, **headers).json() == {"size": 50}
    assert service.calls == []


@pytest.mark.parametrize("stage", ["monolith", "service"])
def test_a_plain_view_is_asked_with_its_caller(project, move, service, user, stage):
    client = project(URLS, ["plain.get"])
    move("plain.get", stage)
    service.reply = lambda call: Reply(data={"pk": int(call.kwargs["pk"]), "user": call.caller.subject})
    client.force_login(user)
    expected = "user" if stage == "monolith" else str(user.pk)
    assert client.get("/plain/3/").json() == {"pk": 3, "user": expected}
    if stage == "service":
        assert service.calls[0].caller.authenticator == "django"


def test_a_plain_view_in_stage_monolith_varies_by_what_it_read_itself(project, user):
    client = project(URLS, [])
    client.force_login(user)
    before = dict(client.get("/careless/").items())
    client = project(URLS, ["careless.get"])
    client.force_login(user)
    assert dict(client.get("/careless/").items()) == before
    assert "Cookie" not in before["Vary"]


def test_a_call_that_cannot_be_made_is_not_mirrored_and_the_user_is_answered(project, move, caplog):
    client = project(URLS, ["echo.get"], TENANT="tests.router.tenant.broken")
    move("echo.get", "monolith", mirror=10_000)
    assert client.get("/echo/").status_code == 200
    assert "cannot be mirrored" in caplog.text


@pytest.mark.parametrize(
    ("key", "send", "moves"),
    [
        ("", {}, False),
        ("header:X-Device", {}, False),
        ("header:X-Device", {"headers": {"X-Device": "7"}}, True),
        ("session", {}, False),
    ],
)
def test_anonymous_traffic_moves_below_100_percent_only_by_a_key(project, move, service, key, send, moves):
    client = project(URLS, ["echo.get"], COHORT_KEY=key)
    move("echo.get", "canary", basis_points=9_999)
    client.get("/echo/", **send)
    assert bool(service.calls) is moves


def test_a_session_is_a_cohort_key(project, move, service):
    client = project(URLS, ["echo.get"], COHORT_KEY="session")
    move("echo.get", "canary", basis_points=9_999)
    session = client.session
    session["basket"] = 1
    session.save()
    client.cookies["sessionid"] = session.session_key
    client.get("/echo/")
    assert len(service.calls) == 1


def test_without_sessions_a_session_key_is_no_key(project, move, settings, service):
    settings.MIDDLEWARE = ["strangler_router.middleware.RouterMiddleware"]
    client = project(URLS, ["echo.get"], COHORT_KEY="session")
    move("echo.get", "canary", basis_points=9_999)
    assert client.get("/echo/").status_code == 200
    assert service.calls == []


class Device:
    """A principal that is no user, with a key that some user has too."""

    pk = 1
    is_authenticated = True
    is_staff = False


@pytest.mark.parametrize("principal", [Device(), User(username="unsaved")])
def test_a_principal_whose_key_means_somebody_else_over_there_stays_on_the_monolith(project, move, service, principal):
    client = project(URLS, ["echo.get"])
    move("echo.get")
    client.force_authenticate(principal)
    assert client.get("/echo/").status_code == 200
    assert service.calls == []


def test_a_project_names_more_headers_that_do_not_travel(call_of):
    call = call_of(
        "get", "/echo/", HTTP_X_GATE_PASS="secret", HTTP_X_API_KEY="secret", values={"DROP_HEADERS": ["X-Gate-Pass"]}
    )
    assert "secret" not in str(call.headers)
