"""Views that the seam refuses, and their neighbours that it does not."""

from functools import wraps

from django.contrib.auth.models import Group
from django.http import JsonResponse
from django.urls import include, path
from django.utils.decorators import method_decorator
from django.views.decorators.cache import cache_page
from rest_framework.decorators import api_view
from rest_framework.filters import SearchFilter
from rest_framework.generics import ListAPIView, ListCreateAPIView, RetrieveAPIView
from rest_framework.permissions import AllowAny, BasePermission, IsAdminUser
from rest_framework.renderers import JSONRenderer, TemplateHTMLRenderer
from rest_framework.response import Response
from rest_framework.serializers import ModelSerializer
from rest_framework.views import APIView

from strangler_router.peel import peel
from tests.router import wrappers


class GroupSerializer(ModelSerializer):
    class Meta:
        model = Group
        fields = ["id", "name"]


class Groups(ListCreateAPIView):
    queryset = Group.objects.order_by("id")
    serializer_class = GroupSerializer
    filter_backends = []


class IsMember(BasePermission):
    def has_object_permission(self, request, view, obj):
        return False


class GroupDetail(RetrieveAPIView):
    queryset = Group.objects.all()
    serializer_class = GroupSerializer
    filter_backends = []


class Guarded(GroupDetail):
    permission_classes = [IsMember]


class GuardedTwice(GroupDetail):
    permission_classes = [IsAdminUser | (AllowAny & IsMember)]


class Pages(Groups):
    renderer_classes = [TemplateHTMLRenderer]


class PagesOrNot(Pages):
    def get_renderers(self):
        return [JSONRenderer()]


class OwnQueryset(Groups):
    def get_queryset(self):
        return super().get_queryset()


class OwnObject(GroupDetail):
    def get_object(self):
        return super().get_object()


class Filtered(Groups):
    filter_backends = [SearchFilter]


class OwnHandler(APIView):
    def get(self, request, **kwargs):
        return Response({})


def counted(handler):
    @wraps(handler)
    def counts(*args, **kwargs):
        return handler(*args, **kwargs)

    return counts


class Counted(Groups):
    @counted
    def get(self, request, *args, **kwargs):
        return super().get(request, *args, **kwargs)


class Replaced(Groups):
    @wrappers.replaceable
    def get(self, request, *args, **kwargs):
        return super().get(request, *args, **kwargs)


@method_decorator(cache_page(60), name="dispatch")
class CachedDispatch(Groups):
    pass


@api_view(["GET"])
def function(request):
    return Response({})


@api_view(["GET"])
@counted
def counted_function(request):
    return Response({})


class Asynchronous(APIView):
    async def get(self, request):
        return Response({})


@peel
async def asynchronous(request):
    return JsonResponse({})


def careless(view):
    def hidden(request, *args, **kwargs):
        return view(request, *args, **kwargs)

    return hidden


@peel
def peeled(request):
    return JsonResponse({})


def plain(request):
    return JsonResponse({})


twins = [path("twin/", Groups.as_view(), name="twin")]


class ChosenPermissions(RetrieveAPIView):
    queryset = Group.objects.all()
    serializer_class = GroupSerializer

    def get_permissions(self):
        return [IsMember()]


urlpatterns = [
    path("chosen-permissions/<int:pk>/", ChosenPermissions.as_view(), name="chosen-permissions"),
    path("groups/", Groups.as_view(), name="groups"),
    path("group/<int:pk>/", GroupDetail.as_view(), name="group"),
    path("guarded/<int:pk>/", Guarded.as_view(), name="guarded"),
    path("guarded-twice/<int:pk>/", GuardedTwice.as_view(), name="guarded-twice"),
    path("own-queryset/", OwnQueryset.as_view(), name="own-queryset"),
    path("own-object/<int:pk>/", OwnObject.as_view(), name="own-object"),
    path("filtered/", Filtered.as_view(), name="filtered"),
    path("filtered-here/", Groups.as_view(filter_backends=[SearchFilter]), name="filtered-here"),
    path("own-handler/", OwnHandler.as_view(), name="own-handler"),
    path("own-handler/<int:pk>/", OwnHandler.as_view(), name="own-handler-detail"),
    path("counted/", Counted.as_view(), name="counted"),
    path("replaced/", Replaced.as_view(), name="replaced"),
    path("cached/", cache_page(60)(Groups.as_view()), name="cached"),
    path("cached-dispatch/", CachedDispatch.as_view(), name="cached-dispatch"),
    path("cached-plain/", cache_page(60)(peeled), name="cached-plain"),
    path("function/", function, name="function"),
    path("counted-function/", counted_function, name="counted-function"),
    path("asynchronous/", Asynchronous.as_view(), name="asynchronous"),
    path("asynchronous-plain/", asynchronous, name="asynchronous-plain"),
    path("careless/", careless(Groups.as_view()), name="careless"),
    path("pages/", Pages.as_view(), name="pages"),
    path("pages-or-not/", PagesOrNot.as_view(), name="pages-or-not"),
    path("direct/", ListAPIView.as_view(queryset=Group.objects.all(), serializer_class=GroupSerializer), name="direct"),
    path("peeled/", peeled, name="peeled"),
    path("plain/", plain, name="plain"),
    path("first/", include(twins)),
    path("second/", include(twins)),
]
