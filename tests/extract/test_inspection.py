"""What inspection says of views that real projects have; this module is the urlconf that it looks at."""

from functools import partial

import pytest
from django.contrib.auth.models import Group
from django.http import FileResponse, JsonResponse, StreamingHttpResponse
from django.urls import path
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.http import condition, conditional_page, etag
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.generics import ListAPIView, RetrieveAPIView
from rest_framework.pagination import PageNumberPagination
from rest_framework.permissions import BasePermission
from rest_framework.renderers import JSONRenderer, TemplateHTMLRenderer
from rest_framework.response import Response
from rest_framework.views import APIView

from strangler_django.endpoints import walk_endpoints
from strangler_extract.extracting import Place, extract
from strangler_extract.inspection import inspect_endpoint
from strangler_extract.responses import declared_response, shared
from strangler_extract.shapes import Array, Field, Json, Kind, Object, Scalar
from strangler_protos.errors import ContractError
from strangler_router.peel import peel


class GroupSerializer(serializers.ModelSerializer):
    class Meta:
        model = Group
        fields = ["id", "name"]


class ListGroupSerializer(GroupSerializer):
    pass


class LongGroupSerializer(GroupSerializer):
    members = serializers.SerializerMethodField()
    inner = GroupSerializer(many=True, source="user_set")
    kinds = serializers.JSONField()

    class Meta(GroupSerializer.Meta):
        fields = ["id", "name", "members", "inner", "kinds"]

    def get_members(self, group):
        return []


class Rewritten(GroupSerializer):
    def to_representation(self, instance):
        return {"name": instance.name}


class Groups(ListAPIView):
    queryset = Group.objects.order_by("id")
    serializer_class = GroupSerializer
    filter_backends = []
    pagination_class = None


class GroupDetail(RetrieveAPIView):
    queryset = Group.objects.all()
    serializer_class = GroupSerializer
    filter_backends = []


class ListedOtherwise(Groups):
    serializer_class = ListGroupSerializer


class Untyped(GroupDetail):
    serializer_class = LongGroupSerializer


class ManyRewritten(Groups):
    serializer_class = Rewritten


class Streamed(APIView):
    def get(self, request):
        return StreamingHttpResponse([b"1"])


class Export(StreamingHttpResponse):
    pass


class StreamedAsAnother(APIView):
    def get(self, request):
        return Export([b"1"])


class Download(View):
    def get(self, request):
        return FileResponse(b"")


class Page(GroupDetail):
    renderer_classes = [TemplateHTMLRenderer]


class PageAndJson(GroupDetail):
    renderer_classes = [TemplateHTMLRenderer, JSONRenderer]


def digest(request, *_args, **_kwargs):
    return "1"


@method_decorator(condition(etag_func=digest), name="dispatch")
class ConditionalDispatch(GroupDetail):
    pass


@method_decorator([etag(digest), conditional_page], name="dispatch")
class TwiceConditional(GroupDetail):
    pass


class IsMember(BasePermission):
    def has_object_permission(self, request, view, obj):
        return False


class Guarded(GroupDetail):
    permission_classes = [IsMember]


class Session(APIView):
    def get(self, request):
        return Response({"seen": request.session.get("seen")})


class Both(APIView):
    def get(self, request):
        group = Group.objects.first()
        return Response({"one": GroupSerializer(group).data, "other": LongGroupSerializer(group).data})


class ByParameter(GroupDetail):
    def get_serializer_class(self):
        return {"long": LongGroupSerializer}[self.request.query_params["kind"]]


class OwnEnvelope(PageNumberPagination):
    page_size = 10

    def get_paginated_response(self, data):
        return Response({"rows": data, "pages": self.page.paginator.num_pages})


class Paged(Groups):
    pagination_class = OwnEnvelope


class PagedAsEver(Groups):
    pagination_class = PageNumberPagination


class PlainClass(View):
    def get(self, request):
        return JsonResponse({})


class Asynchronous(View):
    async def get(self, request):
        return JsonResponse({})


def plain(request):
    return JsonResponse({})


@peel
def peeled(request):
    return JsonResponse({})


async def asynchronous(request):
    return JsonResponse({})


@api_view(["GET"])
def function(request):
    return Response(GroupSerializer(Group.objects.all(), many=True).data)


def hiding(view):
    def hidden(request, **kwargs):
        return view(request, **kwargs)

    hidden.cls = GroupDetail
    return hidden


urlpatterns = [
    path("groups/", Groups.as_view(), name="groups"),
    path("groups/<int:pk>/", GroupDetail.as_view(), name="group"),
    path("listed-otherwise/", ListedOtherwise.as_view(), name="listed-otherwise"),
    path("untyped/<int:pk>/", Untyped.as_view(), name="untyped"),
    path("rewritten/", ManyRewritten.as_view(), name="rewritten"),
    path("streamed/", Streamed.as_view(), name="streamed"),
    path("streamed-as-another/", StreamedAsAnother.as_view(), name="streamed-as-another"),
    path("download/", peel(Download.as_view()), name="download"),
    path("page/<int:pk>/", Page.as_view(), name="page"),
    path("page-and-json/<int:pk>/", PageAndJson.as_view(), name="page-and-json"),
    path("conditional/<int:pk>/", condition(etag_func=digest)(GroupDetail.as_view()), name="conditional"),
    path("conditional-page/<int:pk>/", conditional_page(GroupDetail.as_view()), name="conditional-page"),
    path("conditional-dispatch/<int:pk>/", ConditionalDispatch.as_view(), name="conditional-dispatch"),
    path("twice-conditional/<int:pk>/", TwiceConditional.as_view(), name="twice-conditional"),
    path("guarded/<int:pk>/", Guarded.as_view(), name="guarded"),
    path("session/", Session.as_view(), name="session"),
    path("both/", Both.as_view(), name="both"),
    path("by-parameter/<int:pk>/", ByParameter.as_view(), name="by-parameter"),
    path("paged/", Paged.as_view(), name="paged"),
    path("paged-as-ever/", PagedAsEver.as_view(), name="paged-as-ever"),
    path("plain/", plain, name="plain"),
    path("plain-class/", PlainClass.as_view(), name="plain-class"),
    path("peeled/", peeled, name="peeled"),
    path("asynchronous/", asynchronous, name="asynchronous"),
    path("asynchronous-class/", Asynchronous.as_view(), name="asynchronous-class"),
    path("function/", function, name="function"),
    path("hidden/<int:pk>/", hiding(GroupDetail.as_view()), name="hidden"),
    path("partial/", partial(plain), name="partial"),
]


@pytest.fixture
def endpoint(settings):
    """The endpoint of a name."""
    settings.ROOT_URLCONF = __name__

    def named(name):
        return next(found for found in walk_endpoints() if found.id == f"{name}.get")

    return named


@pytest.fixture
def inspected(endpoint):
    return lambda name: inspect_endpoint(endpoint(name))


def texts(inspection):
    return " | ".join(reason.text for reason in inspection.reasons)


@pytest.mark.parametrize("name", ["groups", "group", "page-and-json"])
def test_a_view_without_peculiarities_is_eligible_without_a_word(inspected, name):
    found = inspected(name)
    assert (found.verdict, found.reasons, found.authority) == ("eligible", (), "UNSPECIFIED")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("streamed", "streams or sends a file"),
        ("streamed-as-another", "streams or sends a file"),
        ("download", "streams or sends a file"),
        ("page", "no renderer of the view writes JSON"),
        ("asynchronous", "asynchronous views"),
        ("asynchronous-class", "asynchronous views"),
        ("hidden", "let it use functools.wraps"),
    ],
)
def test_what_cannot_be_extracted_is_refused_with_its_reason(inspected, endpoint, tmp_path, name, why):
    found = inspected(name)
    assert found.verdict == "refused"
    assert why in "\n".join(found.refusals)
    with pytest.raises(ContractError, match=why):
        extract([endpoint(name)], Place.of("own.v1.OwnService", tmp_path))


@pytest.mark.parametrize(
    ("name", "decorators"),
    [
        ("conditional", ["condition"]),
        ("conditional-page", ["conditional_page"]),
        ("conditional-dispatch", ["condition"]),
        ("twice-conditional", ["condition", "conditional_page"]),
    ],
)
def test_a_decorator_for_conditional_requests_is_noted(inspected, name, decorators):
    found = inspected(name)
    assert found.verdict == "eligible"
    assert sorted(reason.text.split(" ")[0] for reason in found.reasons) == [f"@{word}" for word in decorators]


def test_object_permissions_are_noted_with_the_service_as_their_authority(inspected):
    found = inspected("guarded")
    assert (found.verdict, found.authority) == ("eligible", "SERVICE")
    assert "IsMember.has_object_permission would be the service's to keep" in texts(found)


def test_a_view_that_reads_the_session_is_noted_with_the_line(inspected):
    found = inspected("session")
    assert found.verdict == "eligible"
    assert "request.session reads what only the monolith has" in texts(found)
    assert "test_inspection.py:" in texts(found)


def test_a_handler_with_several_serializers_is_known_by_its_responses_only(inspected):
    found = inspected("both")
    assert found.serializer is None
    assert "several serializers (GroupSerializer, LongGroupSerializer)" in texts(found)
    assert isinstance(declared_response(found, rpc="GetBoth"), Json)


def test_a_serializer_that_a_parameter_chooses_needs_a_real_request(inspected):
    found = inspected("by-parameter")
    assert found.serializer is None
    assert "get_serializer() needs a real request (MultiValueDictKeyError)" in texts(found)


def test_an_envelope_of_the_projects_own_is_left_to_responses(inspected):
    shape = declared_response(inspected("paged"), rpc="ListGroups")
    assert shape == Json("OwnEnvelope makes an envelope of its own")
    usual = declared_response(inspected("paged-as-ever"), rpc="ListGroups")
    assert [field.key for field in usual.fields] == ["count", "next", "previous", "results"]


@pytest.mark.django_db
def test_an_envelope_of_the_projects_own_is_typed_by_what_it_answered(endpoint, tmp_path):
    Group.objects.create(name="staff")
    proto = extract([endpoint("paged")], place := Place.of("own.v1.OwnService", tmp_path), users=[None]).files[
        place.proto
    ]
    assert 'repeated ListGroupsResponseRows rows = 1 [json_name = "rows"];' in proto
    assert 'optional int64 pages = 2 [json_name = "pages"];' in proto


@pytest.mark.parametrize("name", ["plain", "plain-class", "partial"])
def test_a_plain_view_needs_the_seam_before_it_is_bound(inspected, name):
    found = inspected(name)
    assert (found.verdict, found.authority) == ("needs a change", "SERVICE")
    assert "put @strangler_router.peel.peel innermost" in texts(found)


def test_a_plain_view_with_the_seam_is_eligible(inspected):
    assert inspected("peeled").verdict == "eligible"


def test_a_function_of_drf_answers_with_the_serializer_in_its_source(inspected):
    found = inspected("function")
    assert found.verdict == "eligible"
    assert type(found.serializer.child) is GroupSerializer


def test_a_representation_of_the_projects_own_is_noted(inspected):
    found = inspected("rewritten")
    assert found.verdict == "eligible"
    assert texts(found) == "Rewritten.to_representation() may change what its fields declare"


def test_fields_whose_type_nothing_declares_are_named(inspected):
    assert texts(inspected("untyped")) == (
        "no type is declared for members, kinds; JSON text, unless responses show one"
    )


def test_a_serializer_named_for_its_lists_gives_no_rpc_that_lists_lists(endpoint, tmp_path):
    place = Place.of("own.v1.OwnService", tmp_path)
    assert "rpc ListGroups(" in extract([endpoint("listed-otherwise")], place).files[place.proto]


def test_a_name_that_hides_behind_a_python_package_is_refused(tmp_path):
    with pytest.raises(ContractError, match="django is a Python package already"):
        Place.of("django.catalog.v1.CatalogService", tmp_path)


def test_objects_that_differ_in_their_reasons_only_are_one():
    def thing(why, reason):
        inner = Object("Inner", (Field(key="a", shape=Json(reason), why=why),))
        return Object("Thing", (Field(key="inner", shape=Array(inner), why=why),))

    first, again = thing("observed in every response", "x"), thing("observed in every response", "y")
    other = Object("Thing", (Field(key="inner", shape=Scalar(Kind.TEXT), why=""),))
    assert shared([first, again, other]) == [first, first, other]
