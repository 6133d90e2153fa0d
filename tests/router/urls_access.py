"""Views whose rules decide before anybody answers, each as the DRF manual has them."""

from django.contrib.auth.models import Group, User
from django.urls import path
from rest_framework.authentication import BasicAuthentication, SessionAuthentication, TokenAuthentication
from rest_framework.generics import RetrieveAPIView
from rest_framework.permissions import BasePermission, IsAdminUser, IsAuthenticated
from rest_framework.response import Response
from rest_framework.serializers import ModelSerializer
from rest_framework.throttling import SimpleRateThrottle
from rest_framework.views import APIView


class Twice(SimpleRateThrottle):
    scope = "twice"
    rate = "2/min"

    def get_cache_key(self, request, view):
        return f"{type(view).__name__}-{self.get_ident(request)}"


class Who(APIView):
    """Says who asks."""

    authentication_classes = [TokenAuthentication, SessionAuthentication]
    permission_classes = []
    throttle_classes = []

    def get(self, request, **kwargs):
        return Response({"user": request.user.pk})

    def post(self, request, **kwargs):
        return Response({"user": request.user.pk}, status=201)


class Users(Who):
    permission_classes = [IsAuthenticated]


class Challenged(Users):
    authentication_classes = [BasicAuthentication]


class WithoutChallenge(Users):
    authentication_classes = [SessionAuthentication]


class Staff(Who):
    permission_classes = [IsAdminUser]


class Throttled(Who):
    throttle_classes = [Twice]


class UserSerializer(ModelSerializer):
    class Meta:
        model = User
        fields = ["id", "username"]


class IsSelf(BasePermission):
    message = "Somebody else."

    def has_object_permission(self, request, view, obj):
        return obj == request.user


class UserDetail(RetrieveAPIView):
    queryset = User.objects.all()
    serializer_class = UserSerializer
    authentication_classes = [TokenAuthentication]
    permission_classes = [IsSelf]
    throttle_classes = []


class GroupSerializer(ModelSerializer):
    class Meta:
        model = Group
        fields = ["id", "name"]


urlpatterns = [
    path("who/", Who.as_view(), name="who"),
    path("users/", Users.as_view(), name="users"),
    path("challenged/", Challenged.as_view(), name="challenged"),
    path("without-challenge/", WithoutChallenge.as_view(), name="without-challenge"),
    path("staff/", Staff.as_view(), name="staff"),
    path("throttled/", Throttled.as_view(), name="throttled"),
    path("user/<int:pk>/", UserDetail.as_view(), name="user"),
]
