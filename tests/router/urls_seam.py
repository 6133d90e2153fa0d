"""Views that try the seam: each is an ordinary shape of a DRF or Django view."""

from functools import wraps

from django.contrib.auth.models import Group
from django.http import JsonResponse
from django.urls import include, path
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from rest_framework.decorators import action, api_view
from rest_framework.generics import ListAPIView, RetrieveAPIView
from rest_framework.renderers import BrowsableAPIRenderer, JSONRenderer
from rest_framework.response import Response
from rest_framework.serializers import ModelSerializer
from rest_framework.urlpatterns import format_suffix_patterns
from rest_framework.views import APIView
from rest_framework.viewsets import ViewSet

from strangler_router.peel import peel

MONOLITH = {"answered": "by the monolith"}


class Open(APIView):
    authentication_classes = []
    permission_classes = []
    throttle_classes = []


class GroupSerializer(ModelSerializer):
    class Meta:
        model = Group
        fields = ["id", "name"]


class Thing(Open):
    """A thing, described."""

    renderer_classes = [JSONRenderer, BrowsableAPIRenderer]

    def get(self, request, **kwargs):
        return Response(MONOLITH)

    def post(self, request, **kwargs):
        return Response({"received": request.data}, status=201)


class Special(Thing):
    def get(self, request, **kwargs):
        answer = super().get(request, **kwargs)
        answer.data = {"special": answer.data}
        return answer


class Things(ViewSet):
    authentication_classes = []
    permission_classes = []
    throttle_classes = []

    def list(self, request):
        return Response(MONOLITH)

    def create(self, request):
        return Response(MONOLITH, status=201)

    @action(detail=True, methods=["get"])
    def parts(self, request, pk):
        return Response(MONOLITH)


class CallsAView(Open):
    def get(self, request):
        return Response({"inner": Thing.as_view()(request._request).data})


class CallsABoundView(Open):
    def get(self, request):
        return Response({"inner": bound_thing(request._request).data})


class CallsItself(Open):
    def get(self, request, depth=0):
        if depth:
            return Response(MONOLITH)
        return Response({"inner": itself(request._request, depth=1).data})


class Tagged(Open):
    def get(self, request):
        return Response(MONOLITH)

    def dispatch(self, request, *args, **kwargs):
        response = super().dispatch(request, *args, **kwargs)
        response["X-Own-Dispatch"] = "ran"
        return response


def tag(view):
    @wraps(view)
    def tagged(request, *args, **kwargs):
        response = view(request, *args, **kwargs)
        response["X-Tagged"] = "ran"
        return response

    return tagged


def asks_another_first(view):
    @wraps(view)
    def asking(request, *args, **kwargs):
        inner = bound_thing(request)
        response = view(request, *args, **kwargs)
        response["X-Inner"] = inner.data["answered"]
        return response

    return asking


def careless(view):
    def hidden(request, *args, **kwargs):
        return view(request, *args, **kwargs)

    return hidden


@method_decorator(tag, name="dispatch")
class TaggedDispatch(Thing):
    pass


@api_view(["GET"])
def function(request):
    return Response(MONOLITH)


@peel
def peeled(request, **kwargs):
    return JsonResponse(MONOLITH)


@tag
@require_safe
@csrf_exempt
@peel
def decorated(request):
    return JsonResponse(MONOLITH)


def unpeeled(request):
    return JsonResponse(MONOLITH)


def calls_a_peeled_view(request):
    return JsonResponse({"inner": peeled(request).content.decode()})


bound_thing = Thing.as_view()
GROUPS = {
    "queryset": Group.objects.order_by("id"),
    "serializer_class": GroupSerializer,
    "authentication_classes": [],
    "permission_classes": [],
    "throttle_classes": [],
}
itself = CallsItself.as_view()
included = [path("thing/", bound_thing, name="thing")]

urlpatterns = [
    *format_suffix_patterns([path("thing/", bound_thing, name="thing")]),
    path("special/", Special.as_view(), name="special"),
    path("one/", include((included, "one"))),
    path("two/", include((included, "two"))),
    path("direct/", ListAPIView.as_view(**GROUPS), name="direct"),
    path("other-direct/", ListAPIView.as_view(**GROUPS), name="other-direct"),
    path("group/<int:pk>/", RetrieveAPIView.as_view(**GROUPS), name="group"),
    path("things/", Things.as_view({"get": "list", "post": "create"}), name="things"),
    path("things/<int:pk>/parts/", Things.as_view({"get": "parts"}), name="things-parts"),
    path("calls-a-view/", CallsAView.as_view(), name="calls-a-view"),
    path("calls-a-bound-view/", CallsABoundView.as_view(), name="calls-a-bound-view"),
    path("itself/", itself, name="itself"),
    path("tagged/", Tagged.as_view(), name="tagged"),
    path("tagged-dispatch/", TaggedDispatch.as_view(), name="tagged-dispatch"),
    path("tagged-view/", tag(csrf_exempt(Thing.as_view())), name="tagged-view"),
    path("asks-another-first/", asks_another_first(Thing.as_view()), name="asks-another-first"),
    path("careless/", careless(Thing.as_view()), name="careless"),
    path("untouched/", Thing.as_view(), name="untouched"),
    path("function/", function, name="function"),
    path("peeled/", peeled, name="peeled"),
    path("decorated/", decorated, name="decorated"),
    path("unpeeled/", unpeeled, name="unpeeled"),
    path("calls-a-peeled-view/", peel(calls_a_peeled_view), name="calls-a-peeled-view"),
]
