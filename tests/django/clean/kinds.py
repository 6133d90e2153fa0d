"""Every kind of DRF's fields, over a column or a property, with the options that change what they emit."""

import uuid
from datetime import UTC
from decimal import ROUND_DOWN
from typing import Any

from django.utils.translation import gettext_lazy
from rest_framework import serializers

from academy.catalog.models import Course

__all__ = ["KINDS"]

LEVELS = Course.Level.choices
LAZY = [("beginner", gettext_lazy("Yes")), ("advanced", gettext_lazy("No"))]


class Shout(serializers.CharField):
    """A field of the project's own."""

    def __init__(self, *, mark: str = "!", **kwargs: Any) -> None:
        self.mark = mark
        super().__init__(**kwargs)

    def to_representation(self, value: Any) -> str:
        return f"{super().to_representation(value).upper()}{self.mark}"


class Whole(serializers.Field):
    """A field that takes the whole object."""

    def get_attribute(self, instance: Any) -> Any:
        return instance

    def to_representation(self, value: Any) -> Any:
        return {"id": value.pk, "title": value.title}


class Remembering(serializers.CharField):
    """A field that counts, within one list."""

    known: dict[str, str]

    def to_representation(self, value: Any) -> str:
        if not hasattr(self, "known"):
            self.known = {}
        return self.known.setdefault(str(value), str(value).lower())


def price(**options: Any) -> serializers.DecimalField:
    return serializers.DecimalField(max_digits=9, decimal_places=2, **options)


KINDS: list[tuple[str, serializers.Field]] = [
    *(
        ("title", field)
        for field in (
            serializers.CharField(),
            serializers.CharField(trim_whitespace=False),
            serializers.CharField(allow_blank=True, allow_null=True),
            serializers.CharField(max_length=3),
            serializers.CharField(default="none"),
            serializers.CharField(read_only=True),
            serializers.CharField(label=gettext_lazy("Yes"), help_text=gettext_lazy("No")),
            serializers.CharField(style={"base_template": "textarea.html"}),
            serializers.SlugField(),
            serializers.SlugField(allow_unicode=True),
            serializers.RegexField(r".*"),
            serializers.EmailField(),
            serializers.URLField(),
            serializers.IPAddressField(),
            serializers.ReadOnlyField(),
            serializers.JSONField(),
            serializers.ModelField(model_field=Course._meta.get_field("title")),
            Shout(),
            Shout(mark="?"),
            Remembering(),
        )
    ),
    *(
        ("price", field)
        for field in (
            price(),
            price(coerce_to_string=False),
            price(normalize_output=True),
            price(rounding=ROUND_DOWN),
            price(localize=True),
            serializers.DecimalField(max_digits=None, decimal_places=None),
            serializers.DecimalField(max_digits=9, decimal_places=1),
            serializers.FloatField(),
            serializers.IntegerField(),
            serializers.CharField(),
            serializers.ReadOnlyField(),
        )
    ),
    ("rating", serializers.FloatField()),
    ("rating", serializers.FloatField(allow_null=True, min_value=0, max_value=5)),
    ("rating", serializers.DecimalField(max_digits=5, decimal_places=1)),
    ("rating", serializers.CharField(default="")),
    ("rating", serializers.ReadOnlyField()),
    ("is_free", serializers.BooleanField()),
    ("is_free", serializers.BooleanField(allow_null=True)),
    ("is_free", serializers.CharField()),
    ("is_free", serializers.IntegerField()),
    ("is_free", serializers.ChoiceField(choices=[(True, "yes"), (False, "no")])),
    ("published_at", serializers.DateTimeField()),
    ("published_at", serializers.DateTimeField(format="%d.%m.%Y %H:%M")),
    ("published_at", serializers.DateTimeField(format="iso-8601")),
    ("published_at", serializers.DateTimeField(format=None)),
    ("published_at", serializers.DateTimeField(default_timezone=UTC)),
    ("published_at", serializers.DateTimeField(allow_null=True)),
    ("published_at", serializers.CharField()),
    ("published_at", serializers.ReadOnlyField()),
    ("published_at", serializers.IntegerField(source="published_at.year")),
    ("starts_on", serializers.DateField()),
    ("starts_on", serializers.DateField(format="%A")),
    ("starts_on", serializers.DateField(format=None)),
    ("starts_on", serializers.IntegerField(source="starts_on.month", default=0)),
    ("length", serializers.DurationField()),
    ("length", serializers.DurationField(allow_null=True)),
    ("length", serializers.CharField()),
    ("external_id", serializers.UUIDField()),
    ("external_id", serializers.UUIDField(format="hex")),
    ("external_id", serializers.UUIDField(format="int")),
    ("external_id", serializers.UUIDField(format="urn")),
    ("external_id", serializers.CharField(source="external_id.hex")),
    ("syllabus", serializers.FileField()),
    ("syllabus", serializers.FileField(use_url=False)),
    ("syllabus", serializers.FileField(allow_empty_file=True)),
    ("syllabus", serializers.CharField(source="syllabus.name")),
    ("syllabus", serializers.CharField(source="syllabus.url")),
    ("metadata", serializers.JSONField()),
    ("metadata", serializers.JSONField(binary=True)),
    ("metadata", serializers.DictField()),
    ("metadata", serializers.DictField(child=serializers.CharField())),
    ("metadata", serializers.HStoreField()),
    ("metadata", serializers.ReadOnlyField()),
    ("metadata", serializers.ListField(source="metadata.words", child=serializers.CharField())),
    ("metadata", serializers.CharField(source="metadata.colour", default="none")),
    ("level", serializers.ChoiceField(choices=LEVELS)),
    ("level", serializers.ChoiceField(choices=LAZY)),
    ("level", serializers.ChoiceField(choices=[("Levels", LEVELS)])),
    ("level", serializers.ChoiceField(choices=LEVELS, allow_blank=True)),
    ("level", serializers.MultipleChoiceField(choices=LEVELS, source="metadata.words")),
    ("level", serializers.CharField(source="get_level_display")),
    ("level", serializers.ReadOnlyField(source="get_level_display")),
    ("id", serializers.IntegerField()),
    ("id", serializers.BigIntegerField()),
    ("id", serializers.CharField()),
    ("id", serializers.CharField(source="pk")),
    ("id", serializers.ReadOnlyField(source="pk")),
    ("id", serializers.IntegerField(source="educator_id")),
    ("id", serializers.HyperlinkedIdentityField(view_name="v1:course-detail")),
    ("id", serializers.HyperlinkedIdentityField(view_name="v1:course-detail", format="json")),
    ("id", serializers.IntegerField(source="nothing", default=3)),
    ("id", serializers.CharField(source="nothing", default=uuid.NAMESPACE_DNS)),
    ("id", serializers.CharField(source="nothing.more", default=lambda: "none")),
    ("id", serializers.CharField(source="nothing", required=False)),
    ("id", serializers.CharField(source="__str__")),
    ("id", Whole()),
    ("id", Whole(source="*")),
]
