"""What real projects do with serializers."""

import secrets
import time

from rest_framework import serializers
from rest_framework.generics import CreateAPIView, ListAPIView, RetrieveAPIView, get_object_or_404
from rest_framework.parsers import JSONParser
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.views import APIView

from bazaar.models import Good, Note, Stall, Visit
from bazaar.serializers import GoodSerializer, StallSerializer, TagSerializer
from bazaar.tenants import TENANT, tenant

GOODS = Good.objects.order_by("id")


def schema_field(schema):
    """What drf-spectacular's `@extend_schema_field` leaves on a field or method."""

    def decorate(target):
        target._spectacular_annotation = {"field": schema}
        return target

    return decorate


class FlagOrListSerializer(serializers.ModelSerializer):
    tags = serializers.SerializerMethodField()

    class Meta:
        model = Good
        fields = ["id", "tags"]

    def get_tags(self, good) -> bool | list[str]:
        return [tag.name for tag in good.tags.order_by("id")] or False


class FlagOrList(ListAPIView):
    queryset = GOODS
    serializer_class = FlagOrListSerializer


class IndexingSerializer(serializers.ModelSerializer):
    stall_name = serializers.SerializerMethodField()
    first_tag = serializers.SerializerMethodField()

    class Meta:
        model = Good
        fields = ["id", "stall_name", "first_tag"]

    def get_stall_name(self, good):
        return StallSerializer(good.stall).data["name"]

    def get_first_tag(self, good):
        tags = TagSerializer(good.tags.order_by("id"), many=True).data
        return tags[0] if tags else None


class Indexing(ListAPIView):
    queryset = GOODS
    serializer_class = IndexingSerializer


@schema_field({"type": "object", "properties": {"low": {"type": "number"}, "high": {"type": "number"}}})
class RangeField(serializers.Field):
    def to_representation(self, value):
        return {"low": float(value) - 1, "high": float(value) + 1}


class DescribedSerializer(serializers.ModelSerializer):
    price = RangeField(read_only=True)
    sizes = serializers.SerializerMethodField()
    mistaken = serializers.SerializerMethodField()
    rate = serializers.SerializerMethodField()

    class Meta:
        model = Good
        fields = ["id", "price", "sizes", "mistaken", "rate"]

    @schema_field({"type": "array", "items": {"type": "integer"}})
    def get_sizes(self, good):
        return [good.stock, good.stock + 1]

    @schema_field({"type": "integer"})
    def get_mistaken(self, good):
        return good.name if good.stock % 2 else good.stock

    @schema_field({"type": "number"})
    def get_rate(self, good):
        return good.stock / 2 if good.stock % 3 else good.stock


class Described(ListAPIView):
    queryset = GOODS
    serializer_class = DescribedSerializer


class ChosenFieldsSerializer(GoodSerializer):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        request = self.context.get("request")
        wanted = request.query_params.get("fields") if request else None
        for name in set(self.fields) - set(wanted.split(",")) if wanted else ():
            del self.fields[name]


class ChosenFields(ListAPIView):
    queryset = GOODS
    serializer_class = ChosenFieldsSerializer


class ChosenSerializer(RetrieveAPIView):
    queryset = GOODS

    def get_serializer_class(self):
        return TagSerializer if "short" in self.request.query_params else GoodSerializer


class TenantStalls(ListAPIView):
    serializer_class = StallSerializer

    def get_queryset(self):
        return Stall.objects.filter(shop=TENANT.get()).order_by("id")


class TenantFieldsSerializer(StallSerializer):
    def to_representation(self, stall):
        shown = super().to_representation(stall)
        return shown if TENANT.get() == "north" else {"name": shown["name"]}


class TenantFields(ListAPIView):
    queryset = Stall.objects.order_by("id")
    serializer_class = TenantFieldsSerializer


class TenantPricesSerializer(GoodSerializer):
    class Meta(GoodSerializer.Meta):
        fields = ["id", "price"]

    def get_fields(self):
        fields = super().get_fields()
        return fields if tenant() == "north" else {"id": fields["id"]}


class TenantPrices(ListAPIView):
    queryset = GOODS
    serializer_class = TenantPricesSerializer


class RequestTenant(APIView):
    def get(self, request):
        return Response({"shop": request.shop})


class OwnListSerializer(serializers.ListSerializer):
    def to_representation(self, data):
        kind = self.context["request"].query_params.get("kind")
        return super().to_representation(data.filter(kind=kind) if kind else data)


class FilteredGoodSerializer(GoodSerializer):
    class Meta(GoodSerializer.Meta):
        list_serializer_class = OwnListSerializer


class Filtered(ListAPIView):
    queryset = GOODS
    serializer_class = FilteredGoodSerializer


class SubjectField(serializers.RelatedField):
    def to_representation(self, value):
        one = GoodSerializer() if isinstance(value, Good) else StallSerializer()
        return {"type": type(value).__name__, **one.to_representation(value)}


class NoteSerializer(serializers.ModelSerializer):
    subject = SubjectField(read_only=True)

    class Meta:
        model = Note
        fields = ["text", "subject"]


class Notes(ListAPIView):
    queryset = Note.objects.order_by("id")
    serializer_class = NoteSerializer


class LabelledChoiceField(serializers.ChoiceField):
    def to_representation(self, value):
        return {"value": value, "label": self.choices[value]}


class LabelledSerializer(serializers.ModelSerializer):
    kind = LabelledChoiceField(choices=Good.Kind.choices)

    class Meta:
        model = Good
        fields = ["id", "name", "kind", "price", "stall"]


class Labelled(ListAPIView, CreateAPIView):
    queryset = GOODS
    serializer_class = LabelledSerializer


class OptionsSerializer(StallSerializer):
    """A field for each option that any stall has."""

    def get_fields(self):
        names = sorted({name for stall in Stall.objects.all() for name in stall.options})
        return super().get_fields() | {
            name: serializers.JSONField(source=f"options.{name}", default=None) for name in names
        }


class Options(ListAPIView):
    queryset = Stall.objects.order_by("id")
    serializer_class = OptionsSerializer


class Overview(APIView):
    def get(self, request):
        return Response(
            {
                "stall": StallSerializer(Stall.objects.first()).data,
                "goods": GoodSerializer(GOODS[:2], many=True, context={"request": request}).data,
                "counts": {stall.slug: stall.goods.count() for stall in Stall.objects.all()},
            }
        )


class ByIdOrName(RetrieveAPIView):
    queryset = GOODS
    serializer_class = GoodSerializer

    def get_object(self):
        wanted = self.kwargs["ref"]
        return get_object_or_404(self.get_queryset(), **({"pk": wanted} if wanted.isdigit() else {"name": wanted}))


class EnvelopeRenderer(JSONRenderer):
    def render(self, data, accepted_media_type=None, renderer_context=None):
        response = renderer_context["response"]
        body = {"ok": response.status_code < 400, "status": response.status_code, "data": data}
        return super().render(body, accepted_media_type, renderer_context)


class EnvelopeParser(JSONParser):
    def parse(self, stream, media_type=None, parser_context=None):
        return super().parse(stream, media_type, parser_context)["data"]


class Envelope(ListAPIView, CreateAPIView):
    queryset = GOODS
    serializer_class = GoodSerializer
    renderer_classes = [EnvelopeRenderer]
    parser_classes = [EnvelopeParser]


class NosyRenderer(JSONRenderer):
    """Asks the view for what only its handler knows."""

    def render(self, data, accepted_media_type=None, renderer_context=None):
        page = getattr(renderer_context["view"], "page_title", None)
        return super().render({"title": page, "data": data}, accepted_media_type, renderer_context)


class Nosy(APIView):
    renderer_classes = [NosyRenderer]

    def get(self, request):
        self.page_title = "Goods"
        return Response([1])


class Noise(APIView):
    def get(self, request):
        return Response({"token": secrets.token_hex(8), "now": time.time(), "goods": Good.objects.count()})


class Visits(APIView):
    def get(self, request):
        request.session["visits"] = request.session.get("visits", 0) + 1
        return Response({"page": "visits"})


class Counted(APIView):
    def get(self, request):
        Visit.objects.create(page=request.path)
        return Response({"visits": Visit.objects.count()})


class Address(APIView):
    def get(self, request):
        return Response({"from": request.META["REMOTE_ADDR"]})
