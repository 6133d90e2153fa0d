from django.http import HttpResponse
from django.urls import include, path, re_path
from django.views import View
from rest_framework.decorators import api_view
from rest_framework.generics import ListAPIView
from rest_framework.response import Response
from rest_framework.routers import DefaultRouter
from rest_framework.urlpatterns import format_suffix_patterns
from rest_framework.views import APIView
from rest_framework.viewsets import ViewSet


class Books(ViewSet):
    def list(self, request, **kwargs):
        return Response([])

    def create(self, request, **kwargs):
        return Response({}, status=201)

    def retrieve(self, request, pk, **kwargs):
        return Response({})

    def destroy(self, request, pk, **kwargs):
        return Response(status=204)


class Shelf(APIView):
    def get(self, request, **kwargs):
        return Response({})

    def put(self, request, **kwargs):
        return Response({})


class Page(View):
    def get(self, request, **kwargs):
        return HttpResponse()

    def post(self, request, **kwargs):
        return HttpResponse()


@api_view(["GET", "DELETE"])
def loan(request, **kwargs):
    return Response({})


def plain(request, **kwargs):
    return HttpResponse()


router = DefaultRouter()
router.register("books", Books, basename="book")

shelves = [path("shelf/", Shelf.as_view(), name="shelf"), path("unnamed/", Shelf.as_view())]
application = (shelves, "shelves")

urlpatterns = [
    path("routed/", include(router.urls)),
    *format_suffix_patterns([path("suffixed/", ListAPIView.as_view(), name="suffixed")]),
    path("page/<int:pk>/", Page.as_view(), name="page"),
    re_path(r"^loan/(?P<pk>\d+)/$", loan, name="loan"),
    path("plain/", plain, name="plain"),
    path("v1/", include(application)),
    path("v2/", include(application, namespace="v2")),
    path("outer/<str:place>/", include(([re_path(r"^inner/$", Shelf.as_view(), name="inner")], "outer"))),
    path("first/", include([path("twin/", Shelf.as_view(), name="twin")])),
    path("second/", include([path("twin/", Shelf.as_view(), name="twin")])),
    path("same/", Shelf.as_view(), name="same"),
    path("same/", Page.as_view(), name="same"),
]
