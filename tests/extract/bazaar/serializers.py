"""Serializers of stalls and goods, in the ways that DRF has for relations."""

from rest_framework import serializers

from bazaar.models import Good, Shelf, Stall, Tag


class TagSerializer(serializers.ModelSerializer):
    class Meta:
        model = Tag
        fields = ["id", "name"]


class StallSerializer(serializers.ModelSerializer):
    class Meta:
        model = Stall
        fields = ["id", "name", "slug", "opened_on", "options"]


class GoodSerializer(serializers.ModelSerializer):
    class Meta:
        model = Good
        fields = ["id", "name", "kind", "price", "weight", "stock", "listed_at", "photo", "stall", "tags"]


class LinkedGoodSerializer(serializers.HyperlinkedModelSerializer):
    class Meta:
        model = Good
        fields = ["url", "name", "price", "stall", "photo"]
        extra_kwargs = {
            "url": {"view_name": "linked-detail"},
            "stall": {"view_name": "stall-detail", "lookup_field": "slug"},
        }


class NamedGoodSerializer(serializers.ModelSerializer):
    stall = serializers.SlugRelatedField("slug", queryset=Stall.objects.all())
    tags = serializers.StringRelatedField(many=True)
    tag_names = serializers.SlugRelatedField("name", many=True, read_only=True, source="tags")
    kind_label = serializers.CharField(source="get_kind_display")
    opened_on = serializers.DateField(source="stall.opened_on", format="%d.%m.%Y")

    class Meta:
        model = Good
        fields = ["id", "stall", "tags", "tag_names", "kind_label", "opened_on"]


class NestedGoodSerializer(serializers.ModelSerializer):
    stall = StallSerializer()
    tags = TagSerializer(many=True)

    class Meta:
        model = Good
        fields = ["id", "name", "stall", "tags"]


class DeepGoodSerializer(serializers.ModelSerializer):
    class Meta:
        model = Good
        fields = ["name", "stall", "tags"]
        depth = 1


class NumberedGoodSerializer(serializers.ModelSerializer):
    price = serializers.DecimalField(max_digits=8, decimal_places=2, coerce_to_string=False)

    class Meta:
        model = Good
        fields = ["name", "price", "weight"]


class ShelfSerializer(serializers.ModelSerializer):
    children = serializers.SerializerMethodField()

    class Meta:
        model = Shelf
        fields = ["name", "children"]

    def get_children(self, shelf):
        return ShelfSerializer(shelf.children.order_by("id"), many=True, context=self.context).data


class OddKeysSerializer(serializers.Serializer):
    """Keys that are no identifiers, or that become the same one."""

    def get_fields(self):
        words = ["class", "from", "None", "fooBar", "foo_bar", "FooBar", "first name", "2fa", "@id", "$ref", "a.b"]
        words += ["ключ", "ü", "has", "value", "key", "items", "message", "document", "strangler_http", "descriptor"]
        words += ["strangler_overflow", "-", "_", "__class__", "SerializeToString", "serialize_to_string"]
        words += ["", "[a]", "a\0", "line_2", "line2", "line 2", '"\\\n', "a" * 300]
        return {word: serializers.CharField(source="*", read_only=True) for word in words}


class StrictGoodSerializer(serializers.ModelSerializer):
    """Fails in every way that validation can."""

    stall = StallSerializer()
    prices = serializers.ListField(child=serializers.IntegerField(min_value=1), required=False)
    labels = serializers.DictField(child=serializers.IntegerField(), required=False)

    class Meta:
        model = Good
        fields = ["name", "kind", "price", "stock", "stall", "prices", "labels"]

    def validate(self, attrs):
        if attrs["stock"] > 100:
            raise serializers.ValidationError("Too many.", code="many")
        if attrs["stock"] > 50:
            raise serializers.ValidationError({"stock": ["Rather many."], "nested": {"deep": [{"er": "text"}]}})
        return attrs
