"""What a view reads of its surroundings; this module is the urlconf that is looked at."""

import threading
from contextvars import ContextVar

import pytest
from django.contrib.auth.models import Group
from django.urls import path
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.generics import ListAPIView
from rest_framework.permissions import BasePermission
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.views import APIView

from strangler_django.endpoints import walk_endpoints
from strangler_extract.inspection import inspect_endpoint

REGION = ContextVar("region", default="")
PLACE = threading.local()


def region():
    return REGION.get()


class Regional(BasePermission):
    def has_permission(self, request, view):
        return region() != "closed"


class Inner(serializers.ModelSerializer):
    place = serializers.SerializerMethodField()

    class Meta:
        model = Group
        fields = ["place"]

    def get_place(self, group) -> str:
        return PLACE.name


class Outer(serializers.ModelSerializer):
    inner = Inner(many=True, source="user_set")

    class Meta:
        model = Group
        fields = ["inner"]


class Guarded(APIView):
    permission_classes = [Regional]

    def get(self, request):
        return Response({})


class Nested(ListAPIView):
    queryset = Group.objects.all()
    serializer_class = Outer


class Marked(serializers.ModelSerializer):
    def to_representation(self, group):
        request = self.context["request"]
        return {"by": self.context["request"].organization, "from": request.META.get("REMOTE_ADDR")}

    class Meta:
        model = Group
        fields = ["id"]


class Reading(ListAPIView):
    queryset = Group.objects.all()
    serializer_class = Marked


@api_view(["GET"])
def function(request):
    return Response([request.tracker, request.META["HTTP_COOKIE"], request.META["HTTP_ACCEPT"]])


class Plain(APIView):
    """Reads what any request has, and what it put there itself."""

    def get(self, request):
        request.seen = True
        words = [request.version, request.accepted_renderer, request.META["QUERY_STRING"], request.query_params]
        return Response([request.seen, request.user, request.resolver_match, request.method, *words])


class Linked(JSONRenderer):
    def render(self, data, accepted_media_type=None, renderer_context=None):
        return super().render([data.serializer, renderer_context.get("view")], accepted_media_type, renderer_context)


class Drawn(APIView):
    renderer_classes = [Linked]

    def get(self, request):
        return Response({})


urlpatterns = [
    path("function/", function, name="function"),
    *(
        path(f"{view.__name__}/", view.as_view(), name=view.__name__)
        for view in (Guarded, Nested, Reading, Plain, Drawn)
    ),
]


@pytest.fixture
def found(settings):
    """Verdict and reasons, without the folders of their lines."""
    settings.ROOT_URLCONF = __name__

    def look(name):
        [endpoint] = [one for one in walk_endpoints() if one.id == f"{name}.get"]
        inspection = inspect_endpoint(endpoint)
        return inspection.verdict, [reason.text.rpartition("/")[2].partition(": ")[2] for reason in inspection.reasons]

    return look


@pytest.mark.parametrize(
    ("name", "verdict", "words"),
    [
        ("Guarded", "refused", ["reads REGION through region()"]),
        ("Nested", "refused", ["reads PLACE"]),
        ("Reading", "needs a change", ["self.context['request'].organization", "request.META.get('REMOTE_ADDR')"]),
        ("function", "needs a change", ["request.tracker", "request.META['HTTP_COOKIE']"]),
        ("Drawn", "needs a change", ["data.serializer", "renderer_context.get('view')"]),
    ],
)
def test_what_a_service_does_not_know_is_named_with_its_line(found, name, verdict, words):
    said, reasons = found(name)
    assert said == verdict
    assert [any(reason.startswith(word) for reason in reasons) for word in words] == [True] * len(words)


def test_what_every_request_has_is_no_reason(found):
    assert found("Plain")[0] == "eligible"


def test_a_tenant_that_the_project_tells_leaves_only_the_lifted_rung_out(found, settings):
    settings.STRANGLER = {"TENANT": "tests.router.tenant.host_of"}
    verdict, reasons = found("Guarded")
    assert verdict == "eligible"
    assert any(reason.startswith("STRANGLER['TENANT'] is set") for reason in reasons)
