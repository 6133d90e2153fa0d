"""The names of the query parameters that an endpoint's filters and paginator declare; any other one is a client's."""

from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from typing import Any

from strangler_django.endpoints import Endpoint
from strangler_router.table import bind
from strangler_shadow.samples import view_of

__all__ = ["declared_parameters"]

MOST_PARAMETERS = 200
OF_PAGINATORS = (
    "page_query_param", "offset_query_param", "cursor_query_param", "page_size_query_param", "limit_query_param",
)  # fmt: skip


@lru_cache(maxsize=1024)
def declared_parameters(endpoint: str) -> frozenset[str]:
    """Found without asking the database, as `samples` has to for values; what cannot be read is left out."""
    for binding, found in bind().pairs:
        if binding.id == endpoint and found.is_drf:
            return frozenset(sorted(_names(found))[:MOST_PARAMETERS])
    return frozenset()


def _names(endpoint: Endpoint) -> Iterator[str]:
    for backend in endpoint.attribute("filter_backends", ()) or ():
        # A project's own filter may want a real request.
        with suppress(Exception):
            yield from _of_filter(backend(), endpoint)
    paginator = endpoint.attribute("pagination_class")
    for attribute in OF_PAGINATORS:
        if name := getattr(paginator, attribute, None):
            yield name


def _of_filter(backend: Any, endpoint: Endpoint) -> Iterator[str]:
    if hasattr(backend, "get_filterset_class"):
        filterset = backend.get_filterset_class(view_of(endpoint), _rows(endpoint))
        yield from getattr(filterset, "base_filters", None) or ()
    if hasattr(backend, "search_param") and endpoint.attribute("search_fields"):
        yield backend.search_param
    if hasattr(backend, "ordering_param"):
        yield backend.ordering_param


def _rows(endpoint: Endpoint) -> Any:
    """A query that is never made: what kind of rows they are is all that is asked."""
    rows = endpoint.attribute("queryset")
    if rows is not None:
        return rows.none()
    model = getattr(getattr(endpoint.attribute("serializer_class"), "Meta", None), "model", None)
    return None if model is None else model._default_manager.none()
