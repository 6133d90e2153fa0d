import json
from typing import Any

import pytest
from django.core import mail
from django.db.models import Count
from django.test import Client
from rest_framework import serializers
from rest_framework.pagination import CursorPagination, LimitOffsetPagination, PageNumberPagination
from rest_framework.renderers import JSONRenderer
from rest_framework.test import APIRequestFactory
from rest_framework.viewsets import GenericViewSet

from academy.catalog.models import Course
from academy.catalog.serializers import CourseSerializer
from strangler_django.serializers import (
    Cache,
    CachedDetailMixin,
    CachedListMixin,
    CachedModelSerializer,
    CachedResponse,
)
from tests.django.conftest import Redis, commands_of, make_course, plain_list


class Courses(CachedListMixin, CachedDetailMixin, GenericViewSet):
    queryset = Course.objects.all()
    serializer_class: Any = CourseSerializer
    pagination_class: Any = None


def listed(query: str = "", **options: Any) -> Any:
    view = type("View", (Courses,), options)
    return view.as_view({"get": "list"})(APIRequestFactory().get(f"/{query}")).render()


class Limited(LimitOffsetPagination):
    default_limit = 2


class Cursor(CursorPagination):
    page_size = 2
    ordering = "id"


class Paged(PageNumberPagination):
    page_size = 2


@pytest.fixture(autouse=True)
def courses(cached: Redis) -> None:
    for _ in range(3):
        make_course()


@pytest.mark.parametrize(("pagination", "passes"), [(None, True), (Paged, True), (Limited, True), (Cursor, True)])
def test_every_pagination_shows_the_same_rows(pagination: Any, passes: bool) -> None:
    results = json.loads(plain_list())
    for _ in ("cold", "warm"):
        response = listed(pagination_class=pagination)
        assert (type(response) is CachedResponse) is passes
        body = json.loads(response.content)
        assert (body if pagination is None else body["results"]) == results[: 3 if pagination is None else 2]


def test_an_annotated_queryset_is_rendered_by_drf(cached: Redis) -> None:
    class Counted(serializers.ModelSerializer):
        lessons = serializers.IntegerField(source="number")

        class Meta:
            model = Course
            fields = ["id", "lessons"]

    response = listed(queryset=Course.objects.annotate(number=Count("lessons")), serializer_class=Counted)
    assert [row["lessons"] for row in json.loads(response.content)] == [0, 0, 0]


def test_a_serializer_without_cache_is_rendered_by_drf(cached: Redis) -> None:
    class Titles(CachedModelSerializer):
        class Meta:
            model = Course
            fields = ["title"]

    assert len(json.loads(listed(serializer_class=Titles).content)) == 3
    assert commands_of(cached, lambda: listed(serializer_class=Titles)) == {}


@pytest.mark.parametrize("pagination", [None, Paged])
def test_undeclared_use_in_production_is_rendered_by_drf(
    cached: Redis, monkeypatch: pytest.MonkeyPatch, pagination: Any
) -> None:
    class Leaking(CachedModelSerializer):
        path = serializers.SerializerMethodField()

        class Meta:
            model = Course
            fields = ["title", "path"]
            cache = Cache()

        def get_path(self, course: Course) -> str:
            return str(self.context["request"].path)

    monkeypatch.delattr(mail, "outbox")
    body = json.loads(listed("here", serializer_class=Leaking, pagination_class=pagination).content)
    rows = body if pagination is None else body["results"]
    assert {row["path"] for row in rows} == {"/here"}


def test_values_that_json_cannot_name_keep_their_type_in_data(cached: Redis) -> None:
    class Prices(CachedModelSerializer):
        price = serializers.DecimalField(9, 2, coerce_to_string=False)

        class Meta:
            model = Course
            fields = ["price"]
            cache = Cache()

    plain = Prices(list(Course.objects.all()), many=True).data
    for _ in ("cold", "warm"):
        response = listed(serializer_class=Prices)
        assert type(response) is CachedResponse
        assert response.content == JSONRenderer().render(plain)
        assert repr(response.data) == repr(plain)


def test_object_permissions_are_asked_before_a_cached_detail(client: Client) -> None:
    from rest_framework.permissions import BasePermission

    class Nobody(BasePermission):
        def has_object_permission(self, request: Any, view: Any, obj: Any) -> bool:
            return False

    course = Course.objects.first()
    path = APIRequestFactory().get("/")
    assert Courses.as_view({"get": "retrieve"})(path, pk=course.pk).status_code == 200
    closed = type("Closed", (Courses,), {"permission_classes": [Nobody]})
    assert closed.as_view({"get": "retrieve"})(path, pk=course.pk).status_code in (401, 403)
