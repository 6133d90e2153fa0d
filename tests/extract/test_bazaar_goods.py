"""Relations, pages, filters, versions and writes of a whole project, through its extracted contract."""

from urllib.parse import urlsplit

import pytest

pytest_plugins = ["tests.extract.bazaar.fixtures"]

GOOD = {"name": "new", "kind": "spice", "price": "3.10", "weight": 1, "stock": 3, "stall": 1, "tags": [2, 1]}


def relative(link):
    parts = urlsplit(link)
    return f"{parts.path}?{parts.query}"


def walked(exact, path):
    """Follow the links to the end and back; how many pages there are."""
    seen = 0
    while path:
        page = exact(path).data
        seen, before, path = seen + 1, page.get("previous", page.get("before")), page.get("next", page.get("after"))
        if before:
            exact(relative(before))
        path = path and relative(path)
    return seen


@pytest.mark.parametrize("kind", ["goods", "offset", "cursor", "countless"])
def test_every_page_links_to_its_neighbours(exact, kind):
    assert walked(exact, f"/{kind}/") == 3


def test_the_contract_says_a_cursor_s_pages_without_a_count(bazaar):
    page = bazaar.proto().partition("message GetCursorResponse {")[2].partition("}")[0]
    assert [line.split('"')[1] for line in page.splitlines() if "json_name" in line][:3] == [
        "next",
        "previous",
        "results",
    ]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("page=2", 200), ("page=last", 200), ("page=99", 404), ("page=x", 404), ("page_size=8&page=2", 200),
        ("page=1&page=2", 200), ("page=%32", 200), ("%C3%BC=%FC&page=2", 200),
    ],
)  # fmt: skip
def test_a_page_is_chosen_by_the_query(exact, query, status):
    assert exact(f"/goods/?{query}").status == status


@pytest.mark.parametrize("path", ["/offset/?limit=3&offset=4", "/offset/?limit=0&offset=x", "/cursor/?cursor=broken"])
def test_a_window_is_chosen_by_the_query(exact, path):
    assert exact(path).status == (404 if "broken" in path else 200)


def test_an_envelope_of_the_paginator_s_own_is_exact(exact):
    answer = exact("/enveloped/?page=2")
    assert (list(answer.data), answer.data["meta"], answer.header("X-Pages")) == (
        ["data", "meta"],
        {"page": 2, "pages": 3, "more": True},
        "3",
    )


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("kind=spice", 4), ("kind=unknown", None), ("dearer_than=9.5", 2), ("dearer_than=x", None), ("stall=north", 6),
        ("search=good+1", 3), ("search=good%201%20south", 2), ("ordering=-price", 12), ("ordering=nothing", 12),
        ("kind=fruit&ordering=-name&page_size=2&page=2", 8),
    ],
)  # fmt: skip
def test_filters_search_and_order(exact, query, count):
    answer = exact(f"/goods/?{query}")
    assert (answer.status, answer.data.get("count")) == ((200, count) if count else (400, None))


@pytest.mark.parametrize(
    ("path", "version"),
    [
        ("/v1/by-path/", "v1"), ("/v2/by-path/", "v2"), ("/one/by-namespace/", "one"), ("/two/by-namespace/", "two"),
        ("/by-query/?version=7", "7"), ("/by-query/", None),
    ],
)  # fmt: skip
def test_the_version_is_that_of_the_request(exact, path, version):
    assert exact(path).data["version"] == version


def test_the_version_of_the_accept_header_is_that_of_the_answer(exact):
    answer = exact("/by-accept/", headers={"Accept": "application/json; version=3"})
    assert answer.data["version"] == "3"


def test_links_keep_host_port_and_version(exact):
    assert exact("/v2/by-path/").data["here"] == "http://bazaar.example:8443/v2/by-path/"


@pytest.mark.parametrize("path", ["/goods/2/", "/linked/", "/linked/2/", "/nested/4/", "/deep/4/", "/all/", "/stalls/"])
def test_relations_of_every_kind_are_exact(exact, path):
    assert exact(path).status == 200


def test_files_are_named_by_the_address_that_the_client_used(exact):
    assert exact("/goods/2/").data["photo"] == "http://bazaar.example:8443/media/photos/%C3%A4%20b.jpg"
    forwarded = exact("/goods/2/", headers={"Host": "shop.example"}).data["photo"]
    assert forwarded == "http://shop.example/media/photos/%C3%A4%20b.jpg"


def test_a_tree_is_exact_however_deep(exact):
    shelf, depth = exact("/shelves/1/").data, 0
    while shelf["children"]:
        shelf, depth = shelf["children"][0], depth + 1
    assert depth == 39


def test_decimals_as_json_numbers_are_exact(exact, bazaar):
    assert exact("/numbers/").data[3] == {"name": "good 3", "price": 3.5, "weight": 1.0}
    assert "// DecimalField(coerce_to_string=False)\n  optional double price" in bazaar.proto()


def test_an_object_is_created_changed_and_deleted(exact):
    made = exact("/goods/", "POST", data=GOOD)
    path = f"/goods/{made.data['id']}/"
    assert made.status == 201
    assert exact(path, "PUT", data={**GOOD, "name": "changed", "tags": []}).data["name"] == "changed"
    assert exact(path, "PATCH", data={"stock": 9}).data["stock"] == 9
    gone = exact(path, "DELETE")
    assert (gone.status, gone.body, gone.header("Content-Type")) == (204, b"", None)
    assert exact(path).status == 404


def test_a_created_object_s_address_is_named_by_the_host_that_was_asked(exact):
    good = {"name": "new", "price": "1", "stall": "http://bazaar.example:8443/stalls/north/"}
    made = exact("/linked/", "POST", data=good)
    assert (made.status, made.header("Location")) == (201, "http://bazaar.example:8443/linked/13/")


def test_an_extra_action_answers_with_its_own_status(exact):
    assert exact("/goods/1/restock/", "POST", data={"by": "3"}).status == 202
    assert exact("/goods/99/restock/", "POST", data={"by": "3"}).status == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"7",
        b'"text"',
        b'{"name": 1}',
        b'{"tags": [99, "x", null]}',
        b'{"stall": {}}',
        b"\xff",
    ],
)
def test_a_body_that_is_invalid_is_refused_in_the_same_words(exact, method, body):
    path = "/goods/" if method == "POST" else "/goods/1/"
    json = {"Content-Type": "application/json", "Accept-Language": "de"}
    status = exact(path, method, body=body, headers=json).status
    assert status == (200 if method == "PATCH" and body in (b"", b'{"name": 1}') else 400)


@pytest.mark.parametrize(
    "data",
    [
        {}, {"stall": None}, {"stall": []}, {"stall": {"slug": "!"}}, {"prices": [0, "x", 5]}, {"labels": {"a": "x"}},
        {**GOOD, "stall": {"name": "a", "slug": "a"}, "stock": 101}, {"kind": "?", "price": "1e400", "stock": 1.5},
        {**GOOD, "stall": {"name": "a", "slug": "a"}, "stock": 51}, {"name": "x" * 41, "prices": {}, "labels": []},
    ],
)  # fmt: skip
def test_errors_of_fields_lists_mappings_and_nested_objects_are_exact(exact, data):
    assert exact("/strict/", "POST", data=data, headers={"Accept-Language": "de"}).status == 400


def test_many_are_created_at_once(exact):
    made = exact("/bulk/", "POST", data=[{**GOOD, "name": name} for name in ("a", "b")])
    assert [good["name"] for good in made.data] == ["a", "b"]


@pytest.mark.parametrize("data", [[{}, GOOD, {"name": "good 1"}], {}, [], ["x"], [[]]])
def test_errors_of_many_stand_where_the_items_stood(exact, data):
    assert exact("/bulk/", "POST", data=data).status == (201 if data == [] else 400)


def test_many_are_changed_and_deleted_at_once(exact):
    changes = [{"id": 1, "stock": 70}, {"id": 2, "stock": 71}]
    assert exact("/bulk/", "PATCH", data=changes).data == {"changed": [1, 2]}
    assert exact("/bulk/?id=1&id=3", "DELETE").status == 204
    assert exact("/bulk/?id=1", "DELETE").status == 404
