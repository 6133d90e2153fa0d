import pytest
from django.urls import resolve

from strangler_django.endpoints import ambiguous_names, walk_endpoints

URLCONF = "tests.django.urls_endpoints"


@pytest.fixture(scope="module")
def endpoints():
    return walk_endpoints(URLCONF)


def ids_of(endpoints, route):
    return [endpoint.id for endpoint in endpoints if endpoint.route == route]


def test_an_id_is_the_name_and_the_method(endpoints):
    assert ids_of(endpoints, "page/<int:pk>/") == ["page.get", "page.post"]


def test_a_view_set_has_an_endpoint_for_each_action_that_its_route_offers(endpoints):
    assert ids_of(endpoints, r"routed/books/$") == ["book-list.get", "book-list.post"]
    assert ids_of(endpoints, r"routed/books/(?P<pk>[^/.]+)/$") == ["book-detail.get", "book-detail.delete"]
    actions = {endpoint.id: endpoint.action for endpoint in endpoints if endpoint.id.startswith("book")}
    assert actions["book-detail.delete"] == "destroy"
    assert next(e for e in endpoints if e.id == "book-detail.delete").handler.__name__ == "destroy"


def test_a_function_based_drf_view_offers_its_methods(endpoints):
    assert ids_of(endpoints, r"^loan/(?P<pk>\d+)/$") == ["loan.get", "loan.delete"]


def test_a_plain_function_is_known_by_get(endpoints):
    (plain,) = (endpoint for endpoint in endpoints if endpoint.route == "plain/")
    assert (plain.id, plain.view_class, plain.is_drf) == ("plain.get", None, False)


def test_of_format_suffix_twins_the_plain_route_owns_the_name(endpoints):
    suffixed = {endpoint.id: endpoint.route for endpoint in endpoints if endpoint.name == "suffixed"}
    assert suffixed["suffixed.get"] == "suffixed/"
    assert len(suffixed) == 2
    twin = next(name for name in suffixed if name != "suffixed.get")
    assert twin == f"{suffixed[twin]}.get"
    assert "format" in twin
    assert "suffixed" not in ambiguous_names(endpoints)


def test_the_suffixed_routes_of_a_default_router_use_their_route(endpoints):
    twins = [endpoint for endpoint in endpoints if endpoint.name == "book-list" and endpoint.route.count("format")]
    assert [twin.id for twin in twins] == [f"{twin.route}.{twin.http_method.lower()}" for twin in twins]
    assert len(twins) == 2


def test_a_route_without_a_name_is_its_own_name(endpoints):
    assert ids_of(endpoints, "v1/unnamed/") == ["v1/unnamed/.get", "v1/unnamed/.put"]


def test_instance_namespaces_tell_two_inclusions_apart(endpoints):
    assert ids_of(endpoints, "v1/shelf/") == ["shelves:shelf.get", "shelves:shelf.put"]
    assert ids_of(endpoints, "v2/shelf/") == ["v2:shelf.get", "v2:shelf.put"]


def test_two_inclusions_without_namespaces_leave_the_name_to_nobody(endpoints):
    assert "twin" in ambiguous_names(endpoints)
    assert ids_of(endpoints, "first/twin/") == ["first/twin/.get", "first/twin/.put"]
    assert ids_of(endpoints, "second/twin/") == ["second/twin/.get", "second/twin/.put"]


@pytest.mark.parametrize(
    ("path", "id_of"),
    [
        ("/routed/books/", "book-list.get"),
        ("/routed/books/7/", "book-detail.get"),
        ("/suffixed/", "suffixed.get"),
        ("/page/3/", "page.get"),
        ("/loan/3/", "loan.get"),
        ("/plain/", "plain.get"),
        ("/v1/shelf/", "shelves:shelf.get"),
        ("/v2/unnamed/", "v2/unnamed/.get"),
        ("/outer/here/inner/", "outer:inner.get"),
    ],
)
def test_the_route_is_spelled_as_a_resolver_match_spells_it(endpoints, path, id_of):
    (endpoint,) = (endpoint for endpoint in endpoints if endpoint.id == id_of)
    assert endpoint.route == resolve(path, URLCONF).route


def test_every_suffixed_twin_is_spelled_as_a_resolver_match_spells_it(endpoints):
    routes = {endpoint.route for endpoint in endpoints}
    for path in ["/suffixed.json", "/routed/books.json", "/routed/books/7.json", "/routed/"]:
        assert resolve(path, URLCONF).route in routes


def test_a_pattern_behind_another_with_the_same_route_has_no_endpoint(endpoints):
    assert ids_of(endpoints, "same/") == ["same.get", "same.put"]
    (got,) = (endpoint for endpoint in endpoints if endpoint.id == "same.get")
    assert got.callback is resolve("/same/", URLCONF).func


def test_no_id_is_given_twice(endpoints):
    ids = [endpoint.id for endpoint in endpoints]
    assert len(ids) == len(set(ids))
