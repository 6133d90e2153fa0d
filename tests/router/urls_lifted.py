"""Views to host elsewhere, and views that cannot be."""

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.http import Http404, HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.urls import path
from rest_framework.decorators import api_view
from rest_framework.exceptions import ValidationError
from rest_framework.filters import BaseFilterBackend
from rest_framework.generics import ListAPIView, RetrieveAPIView
from rest_framework.permissions import AllowAny, BasePermission
from rest_framework.response import Response
from rest_framework.serializers import ModelSerializer, SerializerMethodField
from rest_framework.throttling import SimpleRateThrottle
from rest_framework.views import APIView

from strangler_router.peel import peel


class Once(SimpleRateThrottle):
    scope = "once"
    rate = "1/min"

    def get_cache_key(self, request, view):
        return "once"


class UserSerializer(ModelSerializer):
    class Meta:
        model = User
        fields = ["id", "username"]


class IsSelf(BasePermission):
    def has_object_permission(self, request, view, obj):
        return obj == request.user


class UserDetail(RetrieveAPIView):
    queryset = User.objects.all()
    serializer_class = UserSerializer
    permission_classes = [IsSelf]


class Echo(APIView):
    permission_classes = [AllowAny]

    def get(self, request, **kwargs):
        name = request.query_params.get("as", "data")
        if name == "not found":
            raise Http404("No thing.")
        if name == "denied":
            raise DjangoPermissionDenied
        if name == "invalid":
            raise ValidationError({"b": ["Not found."], "a": {"deep": [1, "ü"]}})
        answers = {
            "data": lambda: Response({"z": 1, "a": [1.0, None, "ü\u2028"], "query": request.query_params}),
            "empty": lambda: Response(status=204),
            "headers": lambda: Response({}, status=202, headers={"X-Own": "1", "Vary": "X-Own"}),
            "media type": lambda: Response({}, content_type="application/hal+json"),
            "exact": lambda: HttpResponse(b"\xff", status=418, content_type="image/x-tea", headers={"X-Pot": "1"}),
            "who": lambda: Response({"user": request.user.pk, "zone": str(request.user)}),
            "link": lambda: Response({"url": request.build_absolute_uri("/x/")}),
        }
        return answers[name]()

    def post(self, request, **kwargs):
        return Response({"data": request.data}, status=201)


class Throttled(Echo):
    throttle_classes = [Once]


class Cookies(Echo):
    def get(self, request, **kwargs):
        response = Response({})
        response.set_cookie("seen", "1")
        return response


class Streams(Echo):
    def get(self, request, **kwargs):
        return StreamingHttpResponse([b"1", b"2"])


class ReadsSession(Echo):
    def get(self, request, **kwargs):
        return Response({"visits": request.session.get("visits")})


class ReadsAuth(Echo):
    def get(self, request, **kwargs):
        return Response({"key": str(self.request.auth)})


class HasRecentSession(BasePermission):
    def has_permission(self, request, view):
        return "recent" in request._request.COOKIES


class PermissionReadsCookies(Echo):
    permission_classes = [AllowAny | HasRecentSession]


class SessionSerializer(ModelSerializer):
    basket = SerializerMethodField()

    class Meta:
        model = User
        fields = ["basket"]

    def get_basket(self, user):
        request = self.context["request"]
        return request.session["basket"]


class SerializerReadsSession(ListAPIView):
    queryset = User.objects.all()
    serializer_class = SessionSerializer


class SessionFilter(BaseFilterBackend):
    def filter_queryset(self, request, queryset, view):
        return queryset.filter(pk=request.get_signed_cookie("pk"))


class FilterReadsCookie(ListAPIView):
    queryset = User.objects.all()
    serializer_class = UserSerializer
    filter_backends = [SessionFilter]


@api_view(["GET"])
def function_reads_session(request):
    return Response({"visits": request.session.get("visits")})


@peel
def plain_reads_session(request):
    return JsonResponse({"visits": request.session.get("visits")})


@peel
def plain(request, pk):
    user = get_object_or_404(User, pk=pk)
    if user.is_staff:
        raise DjangoPermissionDenied("Staff are private.")
    return JsonResponse({"name": user.username, "user": request.user.pk}, headers={"X-Own": "1"})


urlpatterns = [
    path("user/<int:pk>/", UserDetail.as_view(), name="user"),
    path("echo/", Echo.as_view(), name="echo"),
    path("throttled/", Throttled.as_view(), name="throttled"),
    path("cookies/", Cookies.as_view(), name="cookies"),
    path("streams/", Streams.as_view(), name="streams"),
    path("reads-session/", ReadsSession.as_view(), name="reads-session"),
    path("reads-auth/", ReadsAuth.as_view(), name="reads-auth"),
    path("permission-reads-cookies/", PermissionReadsCookies.as_view(), name="permission-reads-cookies"),
    path("serializer-reads-session/", SerializerReadsSession.as_view(), name="serializer-reads-session"),
    path("filter-reads-cookie/", FilterReadsCookie.as_view(), name="filter-reads-cookie"),
    path("function-reads-session/", function_reads_session, name="function-reads-session"),
    path("plain-reads-session/", plain_reads_session, name="plain-reads-session"),
    path("plain/<int:pk>/", plain, name="plain"),
]
