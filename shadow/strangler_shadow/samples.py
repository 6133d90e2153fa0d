"""What a view's own parts say about its calls: keys, filters, search, ordering and page parameters, with values."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import FieldDoesNotExist, FieldError
from django.db import DatabaseError
from django.db.models import QuerySet
from django.test import RequestFactory
from rest_framework.request import Request

from strangler_django.endpoints import Endpoint

__all__ = ["Samples", "keys_by_row", "model_of", "samples_of", "view_of"]

MOST = 40
PAGE_VALUES = ("1", "2", "3", "last", "0", "-1", "1.5", "99999", "abc", "")
SIZE_VALUES = ("1", "2", "5", "20", "100", "101", "0", "-3", "abc", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """Existing keys, and for each query parameter the values that mean something to it."""

    keys: tuple[str, ...] = ()
    parameters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def samples_of(endpoint: Endpoint) -> Samples:
    """Read the view's queryset, filters and paginator; parts that cannot be read are left out."""
    if not endpoint.is_drf:
        return Samples()
    view = view_of(endpoint)
    queryset = _queryset(view, endpoint)
    parameters: dict[str, tuple[str, ...]] = {}
    for backend in endpoint.attribute("filter_backends", ()) or ():
        parameters.update(_filters(backend(), view, queryset))
    parameters.update(_pages(endpoint.attribute("pagination_class")))
    return Samples(keys=_keys(endpoint, queryset), parameters=parameters)


def model_of(endpoint: Endpoint) -> Any:
    """The model whose rows the view answers with; None where it does not say."""
    if not endpoint.is_drf:
        return None
    found = _queryset(view_of(endpoint), endpoint)
    return None if found is None else found.model


def keys_by_row(endpoint: Endpoint, pks: Collection[Any]) -> dict[Any, str]:
    """What the view's lookup is for each of these rows of its model, by primary key."""
    lookup = endpoint.attribute("lookup_field", "pk") or "pk"
    rows = model_of(endpoint)._base_manager.filter(pk__in=pks)
    with suppress(FieldError, DatabaseError, ValueError):
        return {pk: str(value) for pk, value in rows.values_list("pk", lookup) if value is not None}
    return {}


def view_of(endpoint: Endpoint) -> Any:
    """The endpoint's view as an anonymous call without arguments would have it."""
    view: Any = endpoint.view_class
    made = view(**endpoint.initkwargs)
    request = Request(RequestFactory().generic(endpoint.http_method, "/"))
    request.user = AnonymousUser()
    made.request, made.args, made.kwargs, made.format_kwarg = request, (), {}, None
    made.action = endpoint.action
    return made


def _queryset(view: Any, endpoint: Endpoint) -> QuerySet[Any] | None:
    # A view may want a user or path arguments; its model's rows do then.
    with suppress(Exception):
        found = view.get_queryset()
        if isinstance(found, QuerySet):
            return found
    serializer = endpoint.attribute("serializer_class")
    model = getattr(getattr(serializer, "Meta", None), "model", None)
    return None if model is None else model._default_manager.all()


def _keys(endpoint: Endpoint, queryset: QuerySet[Any] | None) -> tuple[str, ...]:
    if queryset is None:
        return ()
    lookup = endpoint.attribute("lookup_field", "pk")
    return _column(queryset.order_by("pk"), lookup) + _column(queryset.order_by("-pk"), lookup)[:5]


def _column(queryset: QuerySet[Any], name: str) -> tuple[str, ...]:
    try:
        values = queryset.values_list(name, flat=True)[:MOST]
        return tuple(dict.fromkeys(str(value) for value in values if value is not None))
    except (FieldError, DatabaseError, ValueError):
        return ()


def _filters(backend: Any, view: Any, queryset: QuerySet[Any] | None) -> Iterator[tuple[str, tuple[str, ...]]]:
    if hasattr(backend, "get_filterset_class") and queryset is not None:
        filterset = backend.get_filterset_class(view, queryset)
        for name, item in (getattr(filterset, "base_filters", None) or {}).items():
            yield name, (*_choices(item), *_column(queryset.order_by(), item.field_name or name)[:10], "true", "false")
    if hasattr(backend, "search_param") and getattr(view, "search_fields", None):
        words = [
            word
            for name in view.search_fields
            for text in (_column(queryset, name.lstrip("^=@$")) if queryset is not None else ())
            for word in text.split()[:3]
        ]
        yield backend.search_param, (*dict.fromkeys(words[:MOST]), '"two words"', "a,b", "%", "_", "\\")
    if hasattr(backend, "ordering_param"):
        fields = getattr(view, "ordering_fields", None)
        names = list(fields) if isinstance(fields, (list, tuple)) else _field_names(queryset)
        yield (
            backend.ordering_param,
            (*names, *(f"-{name}" for name in names), ",".join(names[:3]), "password", "--id", "?"),
        )


def _choices(item: Any) -> Iterator[str]:
    choices = item.extra.get("choices") or ()
    if not choices:
        with suppress(FieldDoesNotExist, AttributeError):
            choices = item.model._meta.get_field(item.field_name).choices or ()
    for value, _label in choices() if callable(choices) else choices:
        yield str(value)


def _field_names(queryset: QuerySet[Any] | None) -> list[str]:
    return [] if queryset is None else [column.name for column in queryset.model._meta.concrete_fields][:10]


def _pages(paginator: Any) -> Iterator[tuple[str, tuple[str, ...]]]:
    for attribute in ("page_query_param", "offset_query_param", "cursor_query_param"):
        if name := getattr(paginator, attribute, None):
            yield name, PAGE_VALUES
    for attribute in ("page_size_query_param", "limit_query_param"):
        if name := getattr(paginator, attribute, None):
            yield name, SIZE_VALUES
