"""Goods in every relation, page, filter and version, and what writes to them."""

import django_filters
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework import mixins, pagination, versioning, viewsets
from rest_framework.decorators import action
from rest_framework.filters import OrderingFilter, SearchFilter
from rest_framework.generics import ListAPIView, RetrieveAPIView
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from bazaar import serializers
from bazaar.models import Good, Shelf, Stall

GOODS = Good.objects.order_by("id")


class Numbered(pagination.PageNumberPagination):
    page_size = 5
    page_size_query_param = "page_size"
    max_page_size = 8


class Offset(pagination.LimitOffsetPagination):
    default_limit = 5


class Cursor(pagination.CursorPagination):
    page_size = 5
    ordering = "id"


class CountlessCursor(Cursor):
    """Cursors alone, by other words."""

    def get_paginated_response(self, data):
        return Response({"after": self.get_next_link(), "before": self.get_previous_link(), "goods": data})


class Enveloped(Numbered):
    def get_paginated_response(self, data):
        page = self.page
        meta = {"page": page.number, "pages": page.paginator.num_pages, "more": page.has_next()}
        return Response({"data": data, "meta": meta}, headers={"X-Pages": str(page.paginator.num_pages)})


class GoodFilter(django_filters.FilterSet):
    dearer_than = django_filters.NumberFilter(field_name="price", lookup_expr="gt")
    stall = django_filters.CharFilter(field_name="stall__slug")

    class Meta:
        model = Good
        fields = ["kind", "stall", "dearer_than"]


class Goods(viewsets.ModelViewSet):
    queryset = GOODS
    serializer_class = serializers.GoodSerializer
    pagination_class = Numbered
    filter_backends = [DjangoFilterBackend, SearchFilter, OrderingFilter]
    filterset_class = GoodFilter
    search_fields = ["name", "stall__name"]
    ordering_fields = ["price", "name"]

    @action(detail=True, methods=["post"])
    def restock(self, request, pk):
        good = self.get_object()
        good.stock += int(request.data["by"])
        good.save()
        return Response(self.get_serializer(good).data, status=202)


class OffsetGoods(ListAPIView):
    queryset = GOODS
    serializer_class = serializers.TagSerializer
    pagination_class = Offset


class CursorGoods(OffsetGoods):
    pagination_class = Cursor


class CountlessGoods(OffsetGoods):
    pagination_class = CountlessCursor


class EnvelopedGoods(OffsetGoods):
    pagination_class = Enveloped


class AllGoods(ListAPIView):
    """A list without pages."""

    queryset = GOODS
    serializer_class = serializers.NamedGoodSerializer


class Linked(viewsets.ModelViewSet):
    queryset = GOODS
    serializer_class = serializers.LinkedGoodSerializer


class Nested(RetrieveAPIView):
    queryset = GOODS
    serializer_class = serializers.NestedGoodSerializer


class Deep(RetrieveAPIView):
    queryset = GOODS
    serializer_class = serializers.DeepGoodSerializer


class Numbers(ListAPIView):
    queryset = GOODS
    serializer_class = serializers.NumberedGoodSerializer


class Stalls(viewsets.ReadOnlyModelViewSet):
    queryset = Stall.objects.order_by("id")
    serializer_class = serializers.StallSerializer
    lookup_field = "slug"


class Shelves(RetrieveAPIView):
    queryset = Shelf.objects.all()
    serializer_class = serializers.ShelfSerializer


class OddKeys(APIView):
    def get_serializer(self, *args, **kwargs):
        return serializers.OddKeysSerializer(*args, **kwargs)

    def get(self, request):
        return Response(self.get_serializer("value").data)


class Strict(mixins.CreateModelMixin, viewsets.GenericViewSet):
    queryset = GOODS
    serializer_class = serializers.StrictGoodSerializer


class Bulk(APIView):
    """Many at once on the list's own address."""

    def post(self, request):
        serializer = serializers.GoodSerializer(data=request.data, many=True, context={"request": request})
        serializer.is_valid(raise_exception=True)
        serializer.save()
        return Response(serializer.data, status=201)

    def patch(self, request):
        changes = {change["id"]: change for change in request.data}
        for good in GOODS.filter(id__in=changes):
            serializer = serializers.GoodSerializer(good, data=changes[good.id], partial=True)
            serializer.is_valid(raise_exception=True)
            serializer.save()
        return Response({"changed": sorted(changes)})

    def delete(self, request):
        deleted, _ = GOODS.filter(id__in=request.query_params.getlist("id")).delete()
        return Response(status=204 if deleted else 404)


class Versioned(APIView):
    def get(self, request, **kwargs):
        name = f"{type(self).__name__.lower()}"
        here = reverse(name, kwargs=kwargs, request=request) if kwargs or type(self) is not ByNamespace else ""
        return Response({"version": request.version, "here": here})


class ByPath(Versioned):
    versioning_class = versioning.URLPathVersioning


class ByNamespace(Versioned):
    versioning_class = versioning.NamespaceVersioning


class ByAccept(Versioned):
    versioning_class = versioning.AcceptHeaderVersioning


class ByQuery(Versioned):
    versioning_class = versioning.QueryParameterVersioning
