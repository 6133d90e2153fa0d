from urllib.parse import unquote

import pytest
from django.urls import path, resolve
from hypothesis import HealthCheck, find, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from rest_framework.decorators import api_view
from rest_framework.response import Response
from rest_framework.urlpatterns import format_suffix_patterns

from strangler_protos.identity import Caller
from strangler_router.table import build_table
from strangler_shadow.samples import Samples, samples_of
from strangler_shadow.strategies import calls, path_of, plain_calls, single_calls


@api_view(["GET"])
def plain(request, **_format):
    return Response({})


urlpatterns = format_suffix_patterns([path("plain", plain, name="plain")])


@pytest.fixture
def plain_call(settings):
    """The plain calls of the two endpoints of this module, by route."""
    settings.ROOT_URLCONF = __name__
    settings.STRANGLER = {"LIFTED": {"plain.get": "SERVICE", "plain<drf_format_suffix:format>.get": "SERVICE"}}
    kinds = [("anonymous", Caller())]
    return lambda: {
        entry.binding.route: [call for _, call in plain_calls(entry, samples_of(entry.endpoint), kinds)]
        for entry in build_table().values()
    }


@pytest.mark.parametrize(
    ("allowed", "host"),
    [
        (["*"], "testserver"),
        (["::1", "127.0.0.1"], "127.0.0.1"),
        (["api.example.org"], "api.example.org"),
        ([".example.org"], "example.org"),
    ],
)
def test_calls_name_a_host_that_the_project_answers_to(settings, plain_call, allowed, host):
    settings.ALLOWED_HOSTS = allowed
    assert {call.host for calls in plain_call().values() for call in calls} == {host}


def test_a_format_suffix_is_called_with_the_formats_of_the_view(plain_call):
    found = {route: [call.path for call in calls] for route, calls in plain_call().items()}
    assert found == {
        "plain": ["/plain"],
        "plain<drf_format_suffix:format>": ["/plain.json", "/plain.api"],
    }


KINDS = [("anonymous", Caller()), ("user 1", Caller(subject="7")), ("staff", Caller(subject="1", is_staff=True))]
SAMPLES = Samples(keys=("3", "5", "8"), parameters={"level": ("a", "b", "c", "d", "e", "f"), "q": ("one",), "none": ()})


@pytest.fixture
def detail(settings):
    """The course detail's row of the table."""
    settings.STRANGLER = {**settings.STRANGLER, "SHADOW": {"HEADERS": {"Time-Zone": ["Asia/Kolkata"]}}}
    table = build_table()
    return next(entry for entry in table.values() if entry.binding.id == "v1:course-detail.get")


def test_each_key_parameter_and_header_is_called_alone(detail):
    found = list(single_calls(detail, SAMPLES, KINDS))
    paths = [call.path for _, call in found]
    assert {"/api/v1/courses/5/", "/api/v1/courses/8/", "/api/v1/courses/abc/", "/api/v1/courses/%D9%A3/"} <= set(paths)
    assert {"level=a", "level=b", "level=d", "level=f", "q=one"} == {call.query for _, call in found if call.query}
    headers = {pair for _, call in found for pair in call.headers}
    assert {("Time-Zone", "Asia/Kolkata"), ("Accept", "text/html"), ("Accept-Language", "de")} <= headers
    assert {who for who, _ in found} == {"anonymous", "user 1", "staff"}
    assert all(len(call.headers) <= 1 for _, call in found)


def test_without_objects_nothing_is_called_plainly_or_alone(detail):
    assert list(plain_calls(detail, Samples(), KINDS)) == []
    assert list(single_calls(detail, Samples(), KINDS)) == []


@given(data=st.data())
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
def test_every_drawn_call_is_on_the_route(detail, data):
    who, call = data.draw(calls(detail, SAMPLES, KINDS))
    assert resolve(unquote(call.path)).route == detail.binding.route
    assert call.query.isascii()
    assert call.caller == dict(KINDS)[who]
    assert call.method in {"GET", "HEAD"}


def test_the_smallest_call_is_an_anonymous_one_of_an_existing_object_and_nothing_else(detail):
    who, call = find(calls(detail, SAMPLES, KINDS), lambda _: True)
    assert (who, call.method, call.path, call.query, call.headers) == (
        "anonymous", "GET", "/api/v1/courses/3/", "", ()
    )  # fmt: skip


ROUTES = [
    ("^items/(?P<pk>[^/.]+)/$", {"pk": "1"}, "/items/1/"),
    ("items/<int:pk>/", {"pk": "7"}, "/items/7/"),
    ("items/<slug>/parts/<uuid:part>/", {"slug": "a b", "part": "ü/%"}, "/items/a%20b/parts/%C3%BC%2F%25/"),
    ("api/^v(?P<version>(1|2))/x\\.json$", {"version": "2"}, "/api/v2/x.json"),
    (r"^x/(?P<id>\d+)/?$", {"id": "3"}, "/x/3/"),
    (r"^y/(?P<id>\d+)\Z", {"id": "3"}, "/y/3"),
]


@pytest.mark.parametrize(("route", "kwargs", "path"), ROUTES)
def test_a_route_and_its_arguments_make_a_path(route, kwargs, path):
    assert path_of(route, kwargs) == path
