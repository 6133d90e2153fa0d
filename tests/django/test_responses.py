import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from rest_framework.pagination import PageNumberPagination
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory
from rest_framework.utils.serializer_helpers import ReturnDict, ReturnList
from rest_framework.viewsets import GenericViewSet

from academy.catalog.models import Course
from academy.catalog.serializers import CourseSerializer
from strangler_django.serializers import CachedDetailMixin, CachedListMixin, CachedResponse
from tests.django.conftest import Redis, make_course, plain_list


class Courses(CachedListMixin, CachedDetailMixin, GenericViewSet):
    queryset = Course.objects.all()
    serializer_class = CourseSerializer
    pagination_class: Any = None


def get(view: type[Courses], accept: str = "application/json") -> Any:
    return view.as_view({"get": "list"})(APIRequestFactory().get("/", headers={"Accept": accept}))


class Enveloped(PageNumberPagination):
    page_size = 10


class Counting(Enveloped):
    def get_paginated_response(self, data: Any) -> Response:
        return Response({"length": len(data), "results": data})


class Wrapped(Enveloped):
    def get_paginated_response(self, data: Any) -> Response:
        return Response({"meta": {"pages": 1}, "items": data}, headers={"X-Pages": "1"})


@pytest.fixture(params=["cold", "warm"])
def courses(request: pytest.FixtureRequest, cached: Redis) -> None:
    make_course()
    make_course()
    if request.param == "warm":
        get(Courses).render()


def test_data_is_made_of_plain_values(courses: None) -> None:
    response = get(Courses)
    assert type(response) is CachedResponse
    assert type(response.data) is ReturnList
    assert type(response.data[0]) is dict
    assert response.data == json.loads(plain_list())


def test_the_bytes_are_those_of_the_json_renderer(courses: None) -> None:
    response = get(Courses).render()
    assert response.content == plain_list()
    assert response["Content-Type"] == "application/json"


def test_what_a_reader_changes_in_data_is_rendered(courses: None) -> None:
    response = get(Courses)
    assert response.json_bytes == plain_list()
    response.data[0]["title"] = "Changed"
    assert response.json_bytes is None
    assert json.loads(response.render().content)[0]["title"] == "Changed"


def test_replaced_data_is_rendered(courses: None) -> None:
    response = get(Courses)
    response.data = {"other": 1}
    assert response.render().content == b'{"other":1}'


def test_the_browsable_api_still_renders(courses: None, client: Client) -> None:
    page = client.get("/api/v1/courses/", headers={"Accept": "text/html"})
    assert page.status_code == 200
    assert b"&quot;results&quot;" in page.content
    course = Course.objects.first()
    assert client.get(f"/api/v1/courses/{course.pk}/", headers={"Accept": "text/html"}).status_code == 200


def test_indented_json_is_rendered_by_drf(courses: None) -> None:
    response = get(Courses, "application/json; indent=2").render()
    assert response.content.startswith(b"[\n  {")


@pytest.mark.parametrize(
    ("pagination", "shape"),
    [
        (Enveloped, lambda results: {"count": 2, "next": None, "previous": None, "results": results}),
        (Counting, lambda results: {"length": 2, "results": results}),
        (Wrapped, lambda results: {"meta": {"pages": 1}, "items": results}),
    ],
)
def test_any_envelope_is_kept(
    courses: None, pagination: type[PageNumberPagination], shape: Callable[[Any], dict[str, Any]]
) -> None:
    view = type("Paged", (Courses,), {"pagination_class": pagination})
    expected = shape(json.loads(plain_list()))
    response = get(view)
    assert response.data == expected
    assert json.loads(get(view).render().content) == expected
    assert list(response.data) == list(expected)
    if pagination is Wrapped:
        assert get(view)["X-Pages"] == "1"


def test_a_detail_is_a_dictionary(courses: None) -> None:
    course = Course.objects.first()
    response: Any = Courses.as_view({"get": "retrieve"})(APIRequestFactory().get("/"), pk=course.pk)
    assert type(response.data) is ReturnDict
    assert response.data == json.loads(plain_list())[0]


def test_a_response_survives_pickling(courses: None) -> None:
    import pickle

    response = get(Courses).render()
    assert pickle.loads(pickle.dumps(response)).content == plain_list()
