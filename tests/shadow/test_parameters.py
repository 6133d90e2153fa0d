"""Names of query parameters are found without a query."""

from dataclasses import replace

import pytest
from rest_framework.filters import BaseFilterBackend, OrderingFilter
from rest_framework.pagination import CursorPagination, LimitOffsetPagination

from academy.catalog.models import Course
from strangler_router.table import build_table
from strangler_shadow import parameters
from strangler_shadow.parameters import declared_parameters
from strangler_shadow.samples import samples_of

COURSES = "v1:course-list.get"


def courses(**attributes):
    """The list of courses with other attributes on its view."""
    (endpoint,) = (entry.endpoint for entry in build_table().values() if entry.binding.id == COURSES)
    return set(parameters._names(replace(endpoint, view_class=type("Changed", (endpoint.view_class,), attributes))))


def test_filters_search_ordering_and_pages_are_named_without_asking_the_database():
    declared_parameters.cache_clear()
    assert declared_parameters(COURSES) == {
        "is_free", "language", "level", "max_price", "min_price", "topic", "search", "ordering", "page", "page_size",
    }  # fmt: skip
    assert declared_parameters("nothing.get") == frozenset()


@pytest.mark.django_db
def test_they_are_those_that_verify_has_values_for():
    for entry in build_table().values():
        if entry.endpoint.http_method == "GET":
            assert declared_parameters(entry.binding.id) == samples_of(entry.endpoint).parameters.keys()


def test_filters_by_fields_of_the_model_are_named_with_their_lookups():
    fields = {"price": ["exact", "lt"], "educator": ["exact"]}
    found = courses(filterset_class=None, filterset_fields=fields, queryset=Course.objects.all())
    assert found == {"price", "price__lt", "educator", "search", "ordering", "page", "page_size"}


def test_other_paginators_have_other_names():
    assert courses(filter_backends=[], pagination_class=LimitOffsetPagination) == {"limit", "offset"}
    assert courses(filter_backends=[], pagination_class=CursorPagination) == {"cursor"}


def test_a_filter_that_cannot_be_read_leaves_the_others():
    class Odd(BaseFilterBackend):
        def __init__(self):
            raise RuntimeError

    assert courses(filter_backends=[Odd, OrderingFilter], pagination_class=None) == {"ordering"}
