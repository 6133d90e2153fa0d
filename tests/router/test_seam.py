import pytest
from django.contrib.auth.models import Group
from rest_framework.generics import ListAPIView
from rest_framework.views import APIView

from strangler_router.errors import NoAnswer
from strangler_router.seam import Seam, class_cell
from strangler_router.table import bind, build_table
from tests.router import urls_seam

pytestmark = pytest.mark.django_db

URLS = "tests.router.urls_seam"
MONOLITH = urls_seam.MONOLITH
SERVICE = {"answered": "by the service"}


@pytest.fixture
def moved(project, move):
    """A client of the project with these endpoints bound and in stage service."""

    def use(*endpoints, **values):
        client = project(URLS, endpoints, **values)
        for endpoint in endpoints:
            move(endpoint)
        return client

    return use


def test_a_bound_endpoint_stays_on_the_monolith_until_its_flag_moves(project, service):
    client = project(URLS, ["thing.get"])
    assert client.get("/thing/").json() == MONOLITH
    assert service.calls == []


def test_in_stage_service_the_service_answers(moved, service):
    client = moved("thing.get")
    assert client.get("/thing/").json() == SERVICE
    assert [call.endpoint for call in service.calls] == ["thing.get"]


def test_the_other_methods_of_a_bound_route_stay_on_the_monolith(moved, service):
    client = moved("thing.get")
    assert client.post("/thing/", {"a": 1}, format="json").json() == {"received": {"a": 1}}
    assert service.calls == []


def test_head_follows_get(moved, service):
    response = moved("thing.get").head("/thing/")
    assert (response.status_code, response.content) == (200, b"")
    assert [(call.endpoint, call.method) for call in service.calls] == [("thing.get", "HEAD")]


def test_options_is_never_bound(moved, service):
    response = moved("thing.get", "thing.post").options("/thing/")
    assert response.json()["name"] == "Thing"
    assert service.calls == []


def test_a_format_suffix_twin_shares_the_callback_and_stays_on_the_monolith(moved, service):
    client = moved("thing.get")
    assert client.get("/thing.json").json() == MONOLITH
    assert service.calls == []


def test_of_a_urlconf_included_twice_only_the_bound_inclusion_moves(moved, service):
    client = moved("two:thing.get")
    assert client.get("/one/thing/").json() == MONOLITH
    assert client.get("/two/thing/").json() == SERVICE
    assert [call.endpoint for call in service.calls] == ["two:thing.get"]


def test_both_inclusions_can_be_bound_each_with_its_own_flag(project, move, service):
    client = project(URLS, ["one:thing.get", "two:thing.get"])
    move("one:thing.get")
    assert client.get("/one/thing/").json() == SERVICE
    assert client.get("/two/thing/").json() == MONOLITH


def test_base_and_subclass_both_bound_call_once(moved, service):
    client = moved("thing.get", "special.get")
    assert client.get("/special/").json() == SERVICE
    assert client.get("/thing/").json() == SERVICE
    assert [call.endpoint for call in service.calls] == ["special.get", "thing.get"]


def test_a_subclass_is_not_moved_by_its_base(moved, service):
    client = moved("thing.get")
    assert client.get("/special/").json() == {"special": MONOLITH}
    assert service.calls == []


def test_drf_s_own_class_in_a_urlconf_stays_unpatched(moved, service):
    Group.objects.create(name="here")
    before = dict(vars(ListAPIView)), dict(vars(APIView))
    client = moved("direct.get")
    assert client.get("/direct/").json() == SERVICE
    assert [group["name"] for group in client.get("/other-direct/").json()] == ["here"]
    assert (dict(vars(ListAPIView)), dict(vars(APIView))) == before
    assert not issubclass(ListAPIView, Seam)


def test_the_table_leaves_the_view_s_class_as_it_is(moved):
    before = dict(vars(urls_seam.Thing))
    moved("thing.get").get("/thing/")
    assert dict(vars(urls_seam.Thing)) == before
    assert not issubclass(urls_seam.Thing, Seam)


def test_a_view_that_calls_another_class_does_not_hand_over_its_decision(project, move, service):
    client = project(URLS, ["calls-a-view.get", "thing.get"])
    move("thing.get")
    assert client.get("/calls-a-view/").json() == {"inner": MONOLITH}
    assert service.calls == []


def test_a_view_that_calls_a_bound_view_does_not_hand_over_its_decision(project, move, service):
    client = project(URLS, ["calls-a-bound-view.get", "thing.get"])
    move("thing.get")
    assert client.get("/calls-a-bound-view/").json() == {"inner": MONOLITH}
    assert service.calls == []


def test_an_unbound_view_that_calls_a_bound_one_stays_on_the_monolith(moved, service):
    client = moved("thing.get")
    assert client.get("/calls-a-bound-view/").json() == {"inner": MONOLITH}
    assert service.calls == []


def test_a_decorator_that_calls_another_bound_view_does_not_give_it_the_decision(project, move, service):
    client = project(URLS, ["asks-another-first.get", "thing.get"])
    move("asks-another-first.get")
    response = client.get("/asks-another-first/")
    assert (response["X-Inner"], response.json()) == ("by the monolith", SERVICE)
    assert [call.endpoint for call in service.calls] == ["asks-another-first.get"]


def test_a_decision_is_consumed_once(moved, service):
    """The handler that the monolith falls back to calls its own view again."""
    client = moved("itself.get")
    service.reply = NoAnswer("down", kind="unavailable")
    assert client.get("/itself/").json() == {"inner": MONOLITH}
    assert len(service.calls) == 1


def test_a_view_that_calls_itself_decides_for_the_outer_call_only(project, move, service):
    client = project(URLS, ["itself.get"])
    assert client.get("/itself/").json() == {"inner": MONOLITH}
    move("itself.get", "monolith", mirror=10_000)
    assert client.get("/itself/").json() == {"inner": MONOLITH}
    assert service.calls == []


@pytest.mark.parametrize(
    ("endpoint", "path"),
    [
        ("things.get", "/things/"),
        ("things-parts.get", "/things/5/parts/"),
        ("group.get", "/group/7/"),
        ("function.get", "/function/"),
        ("direct.get", "/direct/"),
    ],
)
def test_view_sets_actions_generics_and_functions_are_moved(moved, service, endpoint, path):
    assert moved(endpoint).get(path).json() == SERVICE
    assert [call.endpoint for call in service.calls] == [endpoint]


def test_the_actions_of_one_view_set_move_one_by_one(moved, service):
    client = moved("things.post")
    assert client.get("/things/").json() == MONOLITH
    assert client.post("/things/", {}, format="json").json() == SERVICE
    assert client.get("/things/5/parts/").json() == MONOLITH


@pytest.mark.parametrize(
    ("endpoint", "path", "header"),
    [
        ("tagged-view.get", "/tagged-view/", "X-Tagged"),
        ("tagged-dispatch.get", "/tagged-dispatch/", "X-Tagged"),
        ("tagged.get", "/tagged/", "X-Own-Dispatch"),
    ],
)
def test_decorators_around_a_view_or_on_dispatch_keep_their_say(moved, endpoint, path, header):
    response = moved(endpoint).get(path)
    assert response.json() == SERVICE
    assert response[header] == "ran"


def test_building_the_table_again_does_not_stack_seams(moved):
    moved("thing.get", "tagged-view.get")
    (first, *_), (second, *_) = [
        [entry.owner for entry in build_table().values() if entry.binding.id == "thing.get"] for _ in range(2)
    ]
    assert first is second
    assert [base.__name__ for base in first.__mro__[:3]] == ["Thing", "Seam", "Thing"]


def test_a_bound_view_keeps_its_name_module_and_description(moved):
    moved("thing.get")
    (owner,) = {entry.owner for entry in build_table().values()}
    assert owner is not urls_seam.Thing
    for name in ("__name__", "__qualname__", "__module__", "__doc__"):
        assert getattr(owner, name) == getattr(urls_seam.Thing, name)
    assert owner().get_view_name() == "Thing"
    assert owner().get_view_description() == "A thing, described."
    assert urls_seam.bound_thing.cls is urls_seam.Thing


def test_the_browsable_api_stays_on_the_monolith_with_its_title(moved, service):
    response = moved("thing.get").get("/thing/", HTTP_ACCEPT="text/html")
    assert response["Content-Type"].startswith("text/html")
    assert "<h1>Thing</h1>" in response.content.decode()
    assert "A thing, described." in response.content.decode()
    assert "by the monolith" in response.content.decode()
    assert service.calls == []


def test_checks_and_commands_leave_the_views_as_they_are(settings):
    settings.ROOT_URLCONF = URLS
    settings.STRANGLER = {"LIFTED": {"untouched.get": "SERVICE"}}
    ((_, endpoint),) = bind().pairs
    assert class_cell(endpoint.callback, endpoint.view_class).cell_contents is endpoint.view_class


def test_a_route_s_instance_takes_throttles_without_a_request(moved):
    moved("thing.get")
    (owner,) = {entry.owner for entry in build_table().values()}
    assert owner().get_throttles() == []
