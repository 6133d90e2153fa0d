from typing import Any

from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.pagination import LimitOffsetPagination, PageNumberPagination
from rest_framework.request import Request
from rest_framework.response import Response

from strangler_django.serializers import rows
from strangler_django.serializers.model import CachedModelSerializer
from strangler_django.serializers.responses import CachedResponse, enveloped, passes_bytes
from strangler_django.serializers.store import current_store


class CachedListMixin(ListModelMixin):
    """ListModelMixin that reads primary keys and lets the cache name the rest."""

    def list(self: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        queryset = self.filter_queryset(self.get_queryset())
        stored = self._stored(queryset)
        if stored is None:
            page = self.paginate_queryset(queryset)
            serializer = self.get_serializer(queryset if page is None else page, many=True)
            return Response(serializer.data) if page is None else self.get_paginated_response(serializer.data)
        named = rows.names(stored)
        page = self.paginate_queryset(named)
        serializer = self.get_serializer(rows.Rows(stored, list(named) if page is None else page), many=True)
        rendered = serializer.rendered() if passes_bytes(request) else None
        if rendered is None:
            return Response(serializer.data) if page is None else self.get_paginated_response(serializer.data)
        if page is None:
            return CachedResponse(serializer)
        return enveloped(serializer, self.get_paginated_response)

    def _stored(self: Any, queryset: Any) -> Any:
        serializer_class = self.get_serializer_class()
        if not issubclass(serializer_class, CachedModelSerializer) or current_store() is None:
            return None
        if self.paginator is not None and not isinstance(self.paginator, (PageNumberPagination, LimitOffsetPagination)):
            # A cursor is made of the instances' values.
            return None
        if getattr(serializer_class.Meta, "cache", None) is None:
            return None
        return rows.as_stored(queryset, serializer_class.Meta.model)


class CachedDetailMixin(RetrieveModelMixin):
    """RetrieveModelMixin that loads the object for its permissions and takes the body from the cache."""

    def retrieve(self: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        serializer = self.get_serializer(self.get_object())
        if isinstance(serializer, CachedModelSerializer) and passes_bytes(request) and serializer.rendered():
            return CachedResponse(serializer)
        return Response(serializer.data)
