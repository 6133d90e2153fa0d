import pytest
from django.http import StreamingHttpResponse
from rest_framework import generics, mixins, serializers, status, viewsets
from rest_framework.response import Response

from strangler_extract.handlers import read_handler


class Kind(serializers.Serializer):
    id = serializers.IntegerField()


class Other(serializers.Serializer):
    id = serializers.IntegerField()


class View(mixins.ListModelMixin, mixins.CreateModelMixin, generics.GenericAPIView):
    def get(self, request):
        return self.list(request)

    def post(self, request):
        return super().create(request)

    def one(self, request):
        return Response(Kind(self.get_object()).data)

    def many(self, request):
        return Response(Kind(self.get_queryset(), many=True).data)

    def made(self, request):
        serializer = self.get_serializer(data=request.data)
        return Response(serializer.data, status=status.HTTP_201_CREATED)

    def refused_or_accepted(self, request):
        if not request.data:
            return Response({}, status=400)
        return Response({}, status=202)

    def page(self, request):
        page = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    def either(self, request):
        return Response((Kind if request.user.is_staff else Other)(self.get_object()).data)

    def both(self, request):
        return Response({"a": Kind(1).data, "b": Other(2).data})

    def stream(self, request):
        return StreamingHttpResponse([])


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (viewsets.ModelViewSet.list, {"action": "list", "status": 200, "many": True}),
        (viewsets.ModelViewSet.retrieve, {"action": "retrieve", "many": False}),
        (viewsets.ModelViewSet.destroy, {"action": "destroy", "status": 204}),
        (generics.ListCreateAPIView.post, {"action": "create", "status": 201}),
        (generics.RetrieveUpdateDestroyAPIView.patch, {"action": "partial_update", "status": 200}),
        (View.get, {"action": "list"}),
        (View.post, {"action": "create", "status": 201}),
        (View.one, {"serializers": (Kind,), "many": False, "asks_view": False}),
        (View.many, {"serializers": (Kind,), "many": True}),
        (View.made, {"asks_view": True, "status": 201}),
        (View.refused_or_accepted, {"status": 202}),
        (View.page, {"paginated": True, "many": True, "asks_view": True}),
        (View.either, {"serializers": ()}),
        (View.both, {"serializers": (Kind, Other)}),
        (View.stream, {"streams": True}),
        (len, {"action": "", "status": 200}),
        (None, {"action": ""}),
    ],
)
def test_what_the_source_of_a_handler_says(function, expected):
    found = read_handler(function)
    assert {name: getattr(found, name) for name in expected} == expected
