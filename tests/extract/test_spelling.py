import pytest
from hypothesis import given
from hypothesis import strategies as st

from strangler_extract.spelling import field_name, http_path, is_json_name, rpc_name


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("title", "title"), ("isFree", "is_free"), ("first-name", "first_name"), ("class", "class_"), ("2nd", "f_2nd"),
        ("", "f"), ("_id", "id"), ("größe", "gr_e"), ("HTTPStatus", "http_status"), ("@type", "type"),
        ("strangler_http", "strangler_http_"),
    ],
)  # fmt: skip
def test_a_key_becomes_a_field(key, name):
    assert field_name(key) == name


@pytest.mark.parametrize(
    ("keys", "names"),
    [
        # protoc compares default JSON names as well, and protobuf's runtime names with keys.
        (["line_2", "line2", "line 2"], ["line_2", "line2_2", "line_2_3"]),
        (["fooBar", "foo_bar", "FooBar"], ["foo_bar_2", "foo_bar", "foo_bar_3"]),
    ],
)
def test_keys_that_are_alike_to_protobuf_become_fields_that_are_not(keys, names):
    found = []
    for key in keys:
        found.append(field_name(key, found, keys=keys))
    assert found == names


@pytest.mark.parametrize(
    ("key", "fits"),
    [("a", True), ("", True), ("[a", True), ("[a]", False), ("a\0", False), ("strangler_http", False)],
)
def test_some_keys_are_no_json_name(key, fits):
    assert is_json_name(key) is fits


@given(st.lists(st.text(max_size=6), max_size=8, unique=True))
def test_the_fields_of_a_message_are_distinct_identifiers(keys):
    names = []
    for key in keys:
        names.append(field_name(key, names))
    assert len(set(names)) == len(keys)
    assert all(name.isidentifier() and name.islower() and name.isascii() for name in names)


@pytest.mark.parametrize(
    ("route", "path"),
    [
        ("api/v1/courses/$", "/api/v1/courses"),
        ("api/v1/courses/(?P<pk>[^/.]+)/$", "/api/v1/courses/{pk}"),
        ("api/v1/educators/<int:pk>/", "/api/v1/educators/{pk}"),
        ("api/<slug:a>/b/<b>", "/api/{a}/b/{b}"),
        (r"^files/(?P<name>[\w.-]+)\.json$", "/files/{name}.json"),
        ("odd/(a|b)/", None),
        ("", "/"),
        # Found out in no time.
        ("api/" + "a" * 60 + "(", None),
    ],
)
def test_a_route_becomes_a_path(route, path):
    assert http_path(route) == path


@pytest.mark.parametrize(
    ("method", "many", "name"),
    [
        ("GET", True, "ListCategories"), ("GET", False, "GetCategory"), ("POST", False, "CreateCategory"),
        ("PUT", False, "ReplaceCategory"), ("PATCH", False, "UpdateCategory"), ("DELETE", False, "DeleteCategory"),
    ],
)  # fmt: skip
def test_an_rpc_is_named_for_what_it_does(method, many, name):
    assert rpc_name(method, "Category", many=many) == name
