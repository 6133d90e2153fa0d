import pytest
from django.test import override_settings

from strangler_django.endpoints import walk_endpoints
from strangler_django.profiling import Ask, UnreadableLine, read_requests


def read(*lines):
    with override_settings(ROOT_URLCONF="academy.urls"):
        return read_requests(lines, walk_endpoints())


def test_requests_are_counted_by_endpoint_the_names_of_their_query_and_whether_a_user_asks():
    found = read(
        "GET /api/v1/courses/?page=1",
        "/api/v1/courses/?page=2",
        "GET /api/v1/courses/?page=2",
        '{"method": "HEAD", "path": "/api/v1/courses/?page=1", "user": "ada"}',
        "GET /api/v1/courses/3/",
        "",
        "# a comment",
    )
    assert found.asks == {
        "v1:course-list.get": [
            Ask(path="/api/v1/courses/?page=2", weight=3),
            Ask(path="/api/v1/courses/?page=1", user="ada", weight=1),
        ],
        "v1:course-detail.get": [Ask(path="/api/v1/courses/3/")],
    }
    assert found.asks["v1:course-list.get"][0].query == ("page",)


def test_only_safe_requests_of_known_paths_are_made_and_the_others_are_counted():
    found = read("POST /api/v1/courses/3/reviews/", "DELETE /api/v1/courses/3/", "GET /nowhere/", "GET /api/v1/token/")
    assert found.asks == {}
    assert found.skipped == {"POST is not safe": 1, "DELETE is not safe": 1, "no GET endpoint has this path": 2}


@pytest.mark.parametrize("line", ["GET courses", "{nonsense", '{"path": 3}', "GET"])
def test_a_line_that_is_no_request_is_named_by_its_number_alone(line):
    with pytest.raises(UnreadableLine, match=r"^line 2 ") as caught:
        read("GET /api/v1/courses/", line)
    assert line not in str(caught.value)
