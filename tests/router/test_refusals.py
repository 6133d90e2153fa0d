import hashlib
import inspect
import re

import pytest
from rest_framework.test import APIClient

from strangler_router.table import bind, build_table
from tests.router import urls_refused, wrappers

URLS = "tests.router.urls_refused"


@pytest.fixture
def refused(settings):
    """The refusals of one endpoint under an authority, as (number, message)."""
    settings.ROOT_URLCONF = URLS

    def ask(endpoint, authority="SERVICE", **values):
        settings.STRANGLER = {"LIFTED": {endpoint: authority}, "REFRESH": 0, **values}
        bound = bind()
        assert bool(bound.pairs) == all(refusal.is_warning for refusal in bound.refused)
        return [(refusal.number, refusal.message) for refusal in bound.refused]

    return ask


@pytest.mark.parametrize("endpoint", ["groups.get", "group.get", "direct.get"])
def test_a_view_without_rules_of_its_own_needs_no_authority(refused, endpoint):
    assert refused(endpoint, "") == []


@pytest.mark.parametrize(
    ("endpoint", "rule"),
    [
        ("guarded.get", "IsMember.has_object_permission"),
        ("guarded-twice.get", "IsMember.has_object_permission"),
        ("chosen-permissions.get", "get_permissions"),
        ("own-queryset.get", "get_queryset"),
        ("own-object.get", "get_object"),
        ("filtered.get", "SearchFilter"),
        ("filtered-here.get", "SearchFilter"),
        ("own-handler.get", "get()"),
        ("function.get", "get()"),
    ],
)
def test_rules_inside_the_handler_ask_for_an_authority(refused, endpoint, rule):
    ((number, message),) = refused(endpoint, "")
    assert number == "E010"
    assert endpoint in message
    assert rule in message
    assert "STRANGLER['AUTHORITY']" in message
    assert refused(endpoint, "SERVICE") == []


@pytest.mark.parametrize("authority", ["", "MONOLITH"])
def test_a_plain_view_is_all_handler_so_the_service_has_to_be_its_authority(refused, authority):
    ((number, message),) = refused("peeled.get", authority)
    assert number == "E010"
    assert "SERVICE" in message
    assert refused("peeled.get", "SERVICE") == []


def test_a_view_that_writes_no_json_would_never_ask_the_service(refused):
    ((number, message),) = refused("pages.get")
    assert number == "E019"
    assert "no renderer" in message
    assert refused("pages-or-not.get") == []


def test_an_authority_per_rung_is_enough_only_if_every_rung_is_settled(refused):
    ((number, _),) = refused("guarded.get", "", AUTHORITY={"guarded.get": {"lifted": "MONOLITH"}})
    assert number == "E010"
    assert refused("guarded.get", "SERVICE", AUTHORITY={"guarded.get": {"lifted": "MONOLITH"}}) == []
    assert refused("guarded.get", "", AUTHORITY={"guarded.get": "MONOLITH"}) == []


@pytest.mark.parametrize("authority", ["MONOLIT", {"lifted": "MONOLIT"}])
@pytest.mark.parametrize("endpoint", ["guarded.get", "groups.get"])
def test_an_authority_that_does_not_exist_is_refused(refused, authority, endpoint):
    ((number, message),) = refused(endpoint, AUTHORITY={endpoint: authority})
    assert number == "E010"
    assert "'MONOLIT'" in message
    assert "say 'MONOLITH' or 'SERVICE'" in message


def test_an_unknown_authority_of_a_lifted_endpoint_is_refused(refused):
    ((number, message),) = refused("groups.get", "ME")
    assert number == "E010"
    assert "'ME'" in message


def test_authority_monolith_is_for_detail_routes(refused):
    ((number, message),) = refused("filtered.get", "MONOLITH")
    assert number == "E011"
    assert "filtered.get" in message
    assert "say SERVICE" in message
    assert refused("guarded.get", "MONOLITH") == []


def test_authority_monolith_is_for_views_with_get_object(refused):
    ((number, _),) = refused("own-handler-detail.get", "MONOLITH")
    assert number == "E011"


@pytest.mark.parametrize("endpoint", ["counted.get", "counted-function.get"])
def test_a_wrapped_handler_is_refused_until_its_digest_is_confirmed(refused, endpoint):
    ((number, message),) = refused(endpoint)
    assert number == "E012"
    assert "counts" in message
    (digest,) = re.findall(r"'([0-9a-f]{16})'", message)
    assert f"STRANGLER['CONFIRMED'] = {{{endpoint!r}: {digest!r}}}" in message
    assert refused(endpoint, CONFIRMED={endpoint: digest}) == []


def test_a_wrapper_that_changed_asks_again(refused, monkeypatch, tmp_path):
    ((_, message),) = refused("replaced.get")
    (digest,) = re.findall(r"'([0-9a-f]{16})'", message)
    assert refused("replaced.get", CONFIRMED={"replaced.get": digest}) == []

    changed = tmp_path / "wrappers.py"
    changed.write_text(inspect.getsource(wrappers).replace("return handler(", "return not handler("))
    namespace = {}
    exec(compile(changed.read_text(), str(changed), "exec"), namespace)
    handler = urls_refused.Replaced.get.__wrapped__
    monkeypatch.setattr(urls_refused.Replaced, "get", namespace["replaceable"](handler))
    ((number, message),) = refused("replaced.get", CONFIRMED={"replaced.get": digest})
    assert number == "E012"
    assert digest not in message


def test_a_wrapper_that_is_an_object_is_refused_too(refused, monkeypatch):
    class Wrapper:
        def __init__(self, handler):
            self.__wrapped__ = handler
            self.__name__ = "wrapper"
            self.__module__ = __name__

        def __call__(self, *args, **kwargs):
            return self.__wrapped__(*args, **kwargs)

    monkeypatch.setattr(urls_refused.Groups, "get", Wrapper(urls_refused.Groups.get))
    ((number, message),) = refused("groups.get")
    assert number == "E012"
    assert "Wrapper" in message


def test_a_wrapper_that_only_attaches_a_schema_is_inert(refused, monkeypatch):
    namespace = {"__name__": "drf_spectacular.utils", "wraps": urls_refused.wraps}
    exec(inspect.getsource(wrappers.replaceable), namespace)
    monkeypatch.setattr(urls_refused.Groups, "get", namespace["replaceable"](urls_refused.Groups.get))
    assert refused("groups.get") == []


@pytest.mark.parametrize("endpoint", ["cached.get", "cached-dispatch.get", "cached-plain.get"])
def test_a_cache_around_the_view_is_a_warning_and_binds(refused, endpoint):
    ((number, message),) = refused(endpoint)
    assert number == "W001"
    assert endpoint in message
    assert "cache_page" in message


@pytest.mark.parametrize("endpoint", ["asynchronous.get", "asynchronous-plain.get"])
def test_asynchronous_views_are_refused(refused, endpoint):
    ((number, message),) = refused(endpoint)
    assert number == "E008"
    assert endpoint in message


def test_a_plain_view_without_peel_is_refused_with_the_remedy(refused):
    ((number, message),) = refused("plain.get")
    assert number == "E007"
    assert "plain.get" in message
    assert "@strangler_router.peel.peel innermost" in message


def test_a_decorator_that_hides_the_view_is_refused_with_the_remedy(refused):
    ((number, message),) = refused("careless.get")
    assert number == "E009"
    assert "careless.get" in message
    assert "functools.wraps" in message


def test_several_routes_of_one_name_are_refused(refused):
    ((number, message),) = refused("twin.get")
    assert number == "E005"
    assert "twin.get" in message
    assert "names of their own" in message
    assert refused("first/twin/.get") == []


def test_an_endpoint_that_does_not_exist_is_refused_with_what_is_close(refused):
    ((number, message),) = refused("group-s.get")
    assert number == "E003"
    assert "did you mean 'groups.get'?" in message


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("endpoint", "path"), [("own-handler.get", "/own-handler/"), ("plain.get", "/plain/"), ("counted.get", "/counted/")]
)
def test_a_refused_endpoint_stays_on_the_monolith_and_is_logged(project, move, service, caplog, endpoint, path):
    project(URLS, {endpoint: ""})
    move(endpoint)
    assert build_table() == {}
    assert "strangler_router.E0" in caplog.text
    assert APIClient().get(path).status_code == 200
    assert service.calls == []


def test_the_digest_is_of_the_wrappers_source(refused):
    code = urls_refused.Counted.get.__code__
    expected = hashlib.sha256(inspect.getsource(code).encode()).hexdigest()[:16]
    assert expected in refused("counted.get")[0][1]
