import pytest
from django.urls import path
from rest_framework.decorators import api_view
from rest_framework.response import Response
from rest_framework.urlpatterns import format_suffix_patterns

from strangler_protos.identity import Caller
from strangler_router.table import build_table
from strangler_shadow.samples import samples_of
from strangler_shadow.strategies import plain_calls


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
        for entry in build_table(lambda binding, rung: None).values()
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
