from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db.models import QuerySet
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.pagination import CursorPagination, LimitOffsetPagination, PageNumberPagination
from rest_framework.request import Request
from rest_framework.response import Response

from strangler_django.serializers import reads, rows
from strangler_django.serializers.model import CachedModelSerializer
from strangler_django.serializers.responses import CachedResponse, enveloped, passes_bytes
from strangler_django.serializers.store import answering_store, current_store

# These count rows and cut the list; others may read anything of its rows.
_COUNTING = (PageNumberPagination, LimitOffsetPagination)


class CachedListMixin(ListModelMixin):
    """ListModelMixin that reads primary keys and lets the cache name the rest."""

    def list(self: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        queryset = self.filter_queryset(self.get_queryset())
        named = self._named(queryset)
        if named is None:
            page = self.paginate_queryset(queryset)
            serializer = self.get_serializer(queryset if page is None else page, many=True)
            return Response(serializer.data) if page is None else self.get_paginated_response(serializer.data)
        page = self.paginate_queryset(named)
        found = rows.Rows(queryset, list(named) if page is None else page)
        serializer = self.get_serializer(found, many=True)
        rendered = serializer.rendered() if passes_bytes(request) else None
        if rendered is None:
            return Response(serializer.data) if page is None else self.get_paginated_response(serializer.data)
        if page is None:
            return CachedResponse(serializer)
        return enveloped(serializer, self.get_paginated_response)

    def _named(self: Any, queryset: Any) -> QuerySet | None:
        """What names the queryset's rows, to be paginated in its place; None where the rows themselves are needed."""
        cls = self.get_serializer_class()
        if not issubclass(cls, CachedModelSerializer) or getattr(cls.Meta, "cache", None) is None:
            return None
        reason = rows.why_not_stored(queryset, cls.Meta.model)
        if current_store() is None:
            reason = "no store"
        columns = self._columns(queryset) if not reason and isinstance(self.paginator, CursorPagination) else None
        if not reason and columns is None and not isinstance(self.paginator, (*_COUNTING, type(None))):
            reason = "pagination"
        if reason:
            reads.bypass(f"{cls.__module__}.{cls.__qualname__}", reason)
            return None
        return rows.names(queryset, also=columns)

    def _columns(self: Any, queryset: QuerySet) -> Sequence[str] | None:
        """The columns that a cursor is made of; None where it is made of more than columns."""
        columns = [name.lstrip("-") for name in self.paginator.get_ordering(self.request, queryset, self)]
        plain = {field.name for field in queryset.model._meta.concrete_fields if not field.is_relation}
        return [name for name in columns if name != "pk"] if {"pk", *plain}.issuperset(columns) else None


class CachedDetailMixin(RetrieveModelMixin):
    """RetrieveModelMixin that loads the object for its permissions and takes the body from the cache."""

    def retrieve(self: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        with _lean(self):
            instance = self.get_object()
        serializer = self.get_serializer(instance)
        if isinstance(serializer, CachedModelSerializer) and passes_bytes(request) and serializer.rendered():
            return CachedResponse(serializer)
        return Response(serializer.data)


@contextmanager
def _lean(view: Any) -> Iterator[None]:
    """Within the block, the view's object comes without the prefetches that only its body needs."""
    cls = view.get_serializer_class()
    if not issubclass(cls, CachedModelSerializer) or getattr(cls.Meta, "cache", None) is None or not answering_store():
        yield
        return
    filter_queryset = view.filter_queryset

    def filtered(queryset: Any) -> Any:
        found = filter_queryset(queryset)
        return found if rows.why_not_stored(found, cls.Meta.model) else rows.with_journal(found.prefetch_related(None))

    view.filter_queryset = filtered
    try:
        yield
    finally:
        del view.filter_queryset
