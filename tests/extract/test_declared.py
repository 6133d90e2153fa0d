"""What each of DRF's fields and options writes fits the slot that is declared for it."""

import dataclasses
import datetime as dt
import decimal
import enum
import functools
import ipaddress
import json
import uuid
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, NewType, NotRequired, Optional, TypedDict, Union

import pytest
from django.contrib.postgres.fields import ArrayField, HStoreField
from django.core.files.base import ContentFile
from django.db import models
from django.db.models.fields.files import FieldFile
from django.db.models.query_utils import DeferredAttribute
from django.utils.functional import Promise, cached_property
from django.utils.translation import gettext_lazy
from rest_framework import serializers as drf
from rest_framework.test import APIRequestFactory
from rest_framework.utils.encoders import JSONEncoder

from academy.catalog.models import Course, Educator, Lesson, Topic
from strangler_extract.declared import shape_of
from strangler_extract.shapes import Array, Field, Json, Kind, Mapping, Object, Reference, Scalar, Shape

NOON = dt.datetime(2025, 1, 15, 12, 0, tzinfo=dt.UTC)
IDENTIFIER = uuid.UUID("12345678-1234-5678-1234-567812345678")
TEXT, INTEGER, NUMBER, BOOLEAN = (Scalar(kind) for kind in (Kind.TEXT, Kind.INTEGER, Kind.NUMBER, Kind.BOOLEAN))
JSON = Json("")
HERE = str(Path(__file__).parent)


def fits(shape: Shape, value: Any) -> bool:
    """Whether a decoded JSON value needs no overflow in a slot of this shape."""
    exact = {Kind.TEXT: str, Kind.INTEGER: int, Kind.NUMBER: float, Kind.BOOLEAN: bool}
    match shape:
        case Json():
            return True
        case _ if value is None:
            return True
        case Scalar(kind):
            return type(value) is exact[kind] and (kind is not Kind.INTEGER or -(2**63) <= value < 2**63)
        case Array(items):
            return type(value) is list and all(item is not None and fits(items, item) for item in value)
        case Mapping(values):
            return type(value) is dict and all(fits(values, one) for one in value.values())
        case Object(_, fields):
            keyed = type(value) is dict and list(value) == [field.key for field in fields]
            return keyed and all(fits(field.shape, value[field.key]) for field in fields)
        case Reference():
            return type(value) is dict


def bare(shape: Shape) -> Shape:
    """The shape without its words."""
    match shape:
        case Array(items):
            return Array(bare(items))
        case Mapping(values):
            return Mapping(bare(values))
        case Object(name, fields):
            return Object(name, tuple(Field(key=field.key, shape=bare(field.shape), why="") for field in fields))
        case Json():
            return JSON
        case _:
            return shape


def record(name: str, /, **keys: Shape) -> Object:
    return Object(name, tuple(Field(key=key, shape=shape, why="") for key, shape in keys.items()))


class SealedField(models.TextField):
    def from_db_value(self, value, expression, connection):
        return {"sealed": value}


class StatedField(models.TextField):
    def from_db_value(self, value: str, expression: Any, connection: Any) -> int:
        return int(value)


class Watching(DeferredAttribute):
    pass


class WatchedField(models.TextField):
    descriptor_class = Watching


class Shelf(models.Model):
    """A model with a column of each class; its rows are never stored."""

    big = models.BigIntegerField(default=1)
    small = models.PositiveSmallIntegerField(default=2)
    flag = models.BooleanField(default=True)
    maybe = models.BooleanField(null=True, default=None)
    char = models.CharField(max_length=9, default="char")
    chosen = models.IntegerField(choices=[(1, "one"), (2, "two")], default=1)
    email = models.EmailField(default="a@example.com")
    path = models.FilePathField(path=HERE, default="x")
    address = models.GenericIPAddressField(default="::1")
    number = models.FloatField(default=1.5)
    price = models.DecimalField(max_digits=5, decimal_places=2, default=Decimal("1.50"))
    day = models.DateField(default=dt.date(2025, 1, 15))
    moment = models.DateTimeField(default=NOON)
    hour = models.TimeField(default=dt.time(12, 30))
    length = models.DurationField(default=dt.timedelta(hours=1))
    code = models.UUIDField(default=IDENTIFIER)
    blob = models.BinaryField(default=b"bytes")
    extra = models.JSONField(default=dict)
    scan = models.FileField(default="scans/a.pdf")
    twice = models.GeneratedField(
        expression=models.F("big") * 2, output_field=models.BigIntegerField(), db_persist=True
    )
    sizes = ArrayField(models.IntegerField(), default=list)
    grid = ArrayField(ArrayField(models.IntegerField()), default=list)
    labels = HStoreField(default=dict)
    sealed = SealedField(default="x")
    stated = StatedField(default=3)
    watched = WatchedField(default="x")
    course = models.ForeignKey(Course, models.CASCADE, null=True)
    topic = models.ForeignKey(Topic, models.CASCADE, to_field="slug", null=True, related_name="+")

    class Meta:
        app_label = "extract"

    @property
    def width(self) -> int:
        return 3

    @property
    def unsaid(self):
        return 3

    @cached_property
    def height(self) -> float:
        return 1.5

    @functools.cached_property
    def colours(self) -> list[str]:
        return ["red"]

    def weight(self) -> Decimal:
        return Decimal("1.5")

    def best(self) -> Course:
        return self.course

    def page(self) -> "Page":
        return Page(title="a", parts=[])

    def __str__(self):
        return self.char


class Coded(models.Model):
    code = models.UUIDField(primary_key=True, default=IDENTIFIER)

    class Meta:
        app_label = "extract"


class Holder(models.Model):
    coded = models.OneToOneField(Coded, models.CASCADE, primary_key=True)

    class Meta:
        app_label = "extract"


class Colour(models.TextChoices):
    RED = "red", "Red"


class Size(models.IntegerChoices):
    LARGE = 3, "Large"


class Page(TypedDict):
    title: str
    parts: NotRequired[list["Page"]]


class Level(TypedDict):
    name: str
    share: float | None


@dataclasses.dataclass
class Box:
    """The encoder writes it as an object, since it can be made a dict."""

    width: int
    name: str

    def keys(self) -> list[str]:
        return ["width", "name"]

    def __getitem__(self, key: str) -> Any:
        return getattr(self, key)


class Pair(NamedTuple):
    low: int
    high: int


class Plain(enum.Enum):
    ONE = 1


UserId = NewType("UserId", int)


class Shouting(drf.Field):
    def to_representation(self, value: Any) -> str:
        return f"{value}!"


class Silent(drf.CharField):
    def to_representation(self, value):
        return {"id": value}


class Computed(drf.ReadOnlyField):
    def get_attribute(self, instance: Any) -> int:
        return 7


class Numbers(drf.ListField):
    child = drf.IntegerField()


class TopicSerializer(drf.ModelSerializer):
    class Meta:
        model = Topic
        fields = ["slug", "name"]


class SizeSerializer(drf.Serializer):
    width = drf.IntegerField()
    height = drf.DecimalField(max_digits=4, decimal_places=1)


# A serializer and its instance; the key "value" is looked at.
Case = Callable[[], tuple[drf.BaseSerializer, Any]]


def plain(field: drf.Field, value: Any) -> Case:
    """A field of a serializer without a model."""
    return lambda: (_serializer(field, drf.Serializer), {"value": value})


def method(hint: Any, value: Any) -> Case:
    """A method field with this return annotation."""

    def get_value(self, instance):
        return value

    get_value.__annotations__["return"] = hint
    return lambda: (_serializer(drf.SerializerMethodField(), drf.Serializer, get_value=get_value), {})


def of(instance: Any, field: drf.Field) -> Case:
    """A field of a model's serializer; `instance` is called with the database at hand."""

    def build():
        row = instance()
        meta = type("Meta", (), {"model": type(row), "fields": ["value"]})
        return _serializer(field, drf.ModelSerializer, Meta=meta), row

    return build


def column(name: str, **extra: Any) -> Case:
    """What a model's serializer makes of a column."""
    options = {"source": name, **extra}
    meta = type("Meta", (), {"model": Shelf, "fields": ["value"], "extra_kwargs": {"value": options}})
    return lambda: (type("ShelfSerializer", (drf.ModelSerializer,), {"Meta": meta})(context=_context()), shelf())


def read(source: str, instance: Any = None) -> Case:
    """A column, property or method, handed on as it is."""
    return of(instance or shelf, drf.ReadOnlyField(source=source))


def note(said: Any, value: Any) -> Case:
    """A field class that carries what drf-spectacular's decorator writes onto it."""
    kind = type("NotedField", (drf.Field,), {"_spectacular_annotation": {"field": said}})
    kind.to_representation = lambda self, value: value
    return plain(kind(), value)


def _serializer(field: drf.Field, base: type, **members: Any) -> drf.BaseSerializer:
    return type("CaseSerializer", (base,), {"value": field, **members})(context=_context())


def _context() -> dict[str, Any]:
    return {"request": APIRequestFactory().get("/")}


def shelf() -> Shelf:
    return Shelf(sizes=[1, 2], grid=[[1]], labels={"a": "b"}, course=course(), topic=Topic(slug="x", name="X"), twice=2)


def course() -> Course:
    educator = Educator.objects.create(name="Ann", joined_at=NOON)
    made = Course.objects.create(
        title="A", slug=f"a{educator.pk}", level="beginner", updated_at=NOON, educator=educator
    )
    made.topics.add(Topic.objects.get_or_create(slug="go", defaults={"name": "Go"})[0])
    Lesson.objects.create(course=made, position=1, title="One", created_at=NOON)
    return made


def photo() -> FieldFile:
    return FieldFile(None, Educator._meta.get_field("photo"), "educators/a.png")


OpenApiTypes = enum.Enum("OpenApiTypes", "STR INT DOUBLE BOOL DECIMAL DATETIME OBJECT ANY UUID")
DECIMAL = functools.partial(drf.DecimalField, max_digits=9)
SELECTED = Path(HERE) / "test_declared.py"

BASICS: dict[str, tuple[Case, Shape]] = {
    "BooleanField": (plain(drf.BooleanField(), True), BOOLEAN),
    "BooleanField of text": (plain(drf.BooleanField(), "yes"), BOOLEAN),
    "BooleanField(allow_null)": (plain(drf.BooleanField(allow_null=True), ""), BOOLEAN),
    "CharField": (plain(drf.CharField(), "a"), TEXT),
    "CharField of an integer": (plain(drf.CharField(), 7), TEXT),
    "CharField(max_length, min_length)": (plain(drf.CharField(max_length=3, min_length=1), "a"), TEXT),
    "CharField(allow_blank)": (plain(drf.CharField(allow_blank=True), ""), TEXT),
    "CharField(trim_whitespace)": (plain(drf.CharField(trim_whitespace=False), " a "), TEXT),
    "CharField(allow_null)": (plain(drf.CharField(allow_null=True), None), TEXT),
    "CharField(default)": (plain(drf.CharField(default="a"), "b"), TEXT),
    "CharField(read_only, label, help_text)": (
        plain(drf.CharField(read_only=True, label="l", help_text="h"), "b"),
        TEXT,
    ),
    "EmailField": (plain(drf.EmailField(), "a@example.com"), TEXT),
    "RegexField": (plain(drf.RegexField("a+"), "aa"), TEXT),
    "SlugField": (plain(drf.SlugField(), "a-b"), TEXT),
    "SlugField(allow_unicode)": (plain(drf.SlugField(allow_unicode=True), "ä"), TEXT),
    "URLField": (plain(drf.URLField(), "https://example.com"), TEXT),
    "UUIDField": (plain(drf.UUIDField(), IDENTIFIER), TEXT),
    "UUIDField(format=hex_verbose)": (plain(drf.UUIDField(format="hex_verbose"), IDENTIFIER), TEXT),
    "UUIDField(format=hex)": (plain(drf.UUIDField(format="hex"), IDENTIFIER), TEXT),
    "UUIDField(format=urn)": (plain(drf.UUIDField(format="urn"), IDENTIFIER), TEXT),
    "UUIDField(format=int)": (plain(drf.UUIDField(format="int"), IDENTIFIER), JSON),
    "FilePathField": (plain(drf.FilePathField(path=HERE), str(SELECTED)), TEXT),
    "FilePathField(match, recursive)": (
        plain(drf.FilePathField(path=HERE, match="ared", recursive=True), str(SELECTED)),
        TEXT,
    ),
    "FilePathField(allow_folders) of none": (
        plain(drf.FilePathField(path=HERE, match="^$", allow_files=False, allow_folders=True), "x"),
        TEXT,
    ),
    "IPAddressField": (plain(drf.IPAddressField(), "::1"), TEXT),
    "IPAddressField(protocol=IPv4)": (plain(drf.IPAddressField(protocol="IPv4"), "127.0.0.1"), TEXT),
    "IPAddressField of an address": (plain(drf.IPAddressField(), ipaddress.ip_address("::1")), TEXT),
    "IntegerField": (plain(drf.IntegerField(), 7), INTEGER),
    "IntegerField of text": (plain(drf.IntegerField(), "7"), INTEGER),
    "IntegerField of a boolean": (plain(drf.IntegerField(), True), INTEGER),
    "IntegerField(min_value, max_value)": (plain(drf.IntegerField(min_value=0, max_value=9), 7), INTEGER),
    "BigIntegerField": (plain(drf.BigIntegerField(), 2**62), INTEGER),
    "BigIntegerField(coerce_to_string)": (plain(drf.BigIntegerField(coerce_to_string=True), 2**70), TEXT),
    "BigIntegerField(coerce_to_string=False)": (plain(drf.BigIntegerField(coerce_to_string=False), 7), INTEGER),
    "FloatField": (plain(drf.FloatField(), 1.5), NUMBER),
    "FloatField of an integer": (plain(drf.FloatField(), 7), NUMBER),
    "FloatField(min_value, max_value)": (plain(drf.FloatField(min_value=0, max_value=9), "7"), NUMBER),
    "DecimalField": (plain(DECIMAL(decimal_places=2), Decimal("1.5")), TEXT),
    "DecimalField of a float": (plain(DECIMAL(decimal_places=2), 1.5), TEXT),
    "DecimalField(coerce_to_string=False)": (
        plain(DECIMAL(decimal_places=2, coerce_to_string=False), Decimal(2)),
        NUMBER,
    ),
    "DecimalField(coerce_to_string)": (plain(DECIMAL(decimal_places=2, coerce_to_string=True), Decimal(2)), TEXT),
    "DecimalField(decimal_places=None)": (plain(DECIMAL(decimal_places=None), Decimal("1.5")), TEXT),
    "DecimalField(max_digits=None)": (plain(drf.DecimalField(max_digits=None, decimal_places=1), Decimal(2)), TEXT),
    "DecimalField(localize)": (plain(DECIMAL(decimal_places=2, localize=True), Decimal("1234.5")), TEXT),
    "DecimalField(localize, coerce_to_string=False)": (
        plain(DECIMAL(decimal_places=2, localize=True, coerce_to_string=False), Decimal("1.5")),
        TEXT,
    ),
    "DecimalField(rounding)": (plain(DECIMAL(decimal_places=1, rounding=decimal.ROUND_DOWN), Decimal("1.55")), TEXT),
    "DecimalField(normalize_output)": (plain(DECIMAL(decimal_places=4, normalize_output=True), Decimal("1.5")), TEXT),
    "DecimalField(normalize_output, coerce_to_string=False)": (
        plain(DECIMAL(decimal_places=4, normalize_output=True, coerce_to_string=False), Decimal(200)),
        NUMBER,
    ),
    "DecimalField(min_value, max_value)": (plain(DECIMAL(decimal_places=0, min_value=0, max_value=9), 7), TEXT),
    "DateTimeField": (plain(drf.DateTimeField(), NOON), TEXT),
    "DateTimeField of a naive one": (plain(drf.DateTimeField(), NOON.replace(tzinfo=None)), TEXT),
    "DateTimeField of text": (plain(drf.DateTimeField(), "noon"), TEXT),
    "DateTimeField(format=None)": (plain(drf.DateTimeField(format=None), NOON), TEXT),
    "DateTimeField(format=iso-8601)": (plain(drf.DateTimeField(format="iso-8601"), NOON), TEXT),
    "DateTimeField(format=%Y)": (plain(drf.DateTimeField(format="%Y"), NOON), TEXT),
    "DateTimeField(input_formats)": (plain(drf.DateTimeField(input_formats=["%Y"]), NOON), TEXT),
    "DateTimeField(default_timezone)": (plain(drf.DateTimeField(default_timezone=dt.UTC), NOON), TEXT),
    "DateField": (plain(drf.DateField(), NOON.date()), TEXT),
    "DateField(format=None)": (plain(drf.DateField(format=None), NOON.date()), TEXT),
    "DateField(format=ISO-8601)": (plain(drf.DateField(format="ISO-8601"), NOON.date()), TEXT),
    "DateField(format=%d.%m.)": (plain(drf.DateField(format="%d.%m."), NOON.date()), TEXT),
    "TimeField": (plain(drf.TimeField(), dt.time(12)), TEXT),
    "TimeField(format=None)": (plain(drf.TimeField(format=None), dt.time(12)), TEXT),
    "TimeField(format=iso-8601)": (plain(drf.TimeField(format="iso-8601"), dt.time(12)), TEXT),
    "TimeField(format=%H)": (plain(drf.TimeField(format="%H"), dt.time(12)), TEXT),
    "DurationField": (plain(drf.DurationField(), dt.timedelta(hours=1)), TEXT),
    "DurationField(format=None)": (plain(drf.DurationField(format=None), dt.timedelta(hours=1)), TEXT),
    "DurationField(format=iso-8601)": (plain(drf.DurationField(format="iso-8601"), dt.timedelta(hours=1)), TEXT),
    "DurationField(format=django)": (plain(drf.DurationField(format="django"), dt.timedelta(hours=1)), TEXT),
    "DurationField(max_value)": (plain(drf.DurationField(max_value=dt.timedelta(9)), dt.timedelta(1)), TEXT),
    "ChoiceField of texts": (plain(drf.ChoiceField(["a", "b"]), "a"), TEXT),
    "ChoiceField of pairs": (plain(drf.ChoiceField([("a", "A")]), "a"), TEXT),
    "ChoiceField of integers": (plain(drf.ChoiceField([(1, "one"), (2, "two")]), 1), INTEGER),
    "ChoiceField of integers, given text": (plain(drf.ChoiceField([1, 2]), "1"), INTEGER),
    "ChoiceField of groups": (plain(drf.ChoiceField([("G", [(1, "one"), (2, "two")])]), 2), INTEGER),
    "ChoiceField of floats": (plain(drf.ChoiceField([0.5, 1.5]), 0.5), NUMBER),
    "ChoiceField of decimals": (plain(drf.ChoiceField([Decimal("0.5")]), Decimal("0.5")), NUMBER),
    "ChoiceField of dates": (plain(drf.ChoiceField([NOON.date()]), NOON.date()), TEXT),
    "ChoiceField of booleans": (plain(drf.ChoiceField([(True, "yes"), (False, "no")]), True), BOOLEAN),
    "ChoiceField of TextChoices": (plain(drf.ChoiceField(Colour.choices), Colour.RED), TEXT),
    "ChoiceField of IntegerChoices": (plain(drf.ChoiceField(Size.choices), Size.LARGE), INTEGER),
    "ChoiceField(allow_blank)": (plain(drf.ChoiceField(["", "a"], allow_blank=True), ""), TEXT),
    "ChoiceField(html_cutoff)": (plain(drf.ChoiceField(["a"], html_cutoff=1), "a"), TEXT),
    "ChoiceField of several kinds": (plain(drf.ChoiceField([1, "a"]), "a"), JSON),
    "ChoiceField of blank only": (plain(drf.ChoiceField([""]), ""), TEXT),
    "MultipleChoiceField": (plain(drf.MultipleChoiceField(choices=["a", "b"]), {"a", "b"}), Array(TEXT)),
    "MultipleChoiceField of integers": (plain(drf.MultipleChoiceField(choices=[1, 2]), ["1", 2]), Array(INTEGER)),
    "MultipleChoiceField(allow_empty)": (
        plain(drf.MultipleChoiceField(choices=["a"], allow_empty=False), []),
        Array(TEXT),
    ),
    "FileField": (plain(drf.FileField(), photo()), TEXT),
    "FileField(use_url=False)": (plain(drf.FileField(use_url=False), photo()), TEXT),
    "FileField(max_length, allow_empty_file)": (
        plain(drf.FileField(max_length=9, allow_empty_file=True), photo()),
        TEXT,
    ),
    "FileField without an address": (plain(drf.FileField(), ContentFile(b"x", name="x")), TEXT),
    "ImageField": (plain(drf.ImageField(), photo()), TEXT),
    "ListField(child)": (plain(drf.ListField(child=drf.IntegerField()), ["1", 2]), Array(INTEGER)),
    "ListField(child=DateField)": (plain(drf.ListField(child=drf.DateField()), [NOON.date()]), Array(TEXT)),
    "ListField(child=DecimalField)": (plain(drf.ListField(child=DECIMAL(decimal_places=1)), [Decimal(1)]), Array(TEXT)),
    "ListField(min_length, max_length, allow_empty)": (
        plain(drf.ListField(child=drf.CharField(), min_length=1, max_length=3, allow_empty=False), (1, 2)),
        Array(TEXT),
    ),
    "ListField subclass": (plain(Numbers(), {1, 2}), Array(INTEGER)),
    "ListField of objects": (
        plain(drf.ListField(child=SizeSerializer()), [{"width": 1, "height": 2}]),
        Array(record("Size", width=INTEGER, height=TEXT)),
    ),
    "ListField": (plain(drf.ListField(), [1, "a"]), JSON),
    "ListField of lists": (plain(drf.ListField(child=Numbers()), [[1]]), JSON),
    "ListField of dicts": (plain(drf.ListField(child=drf.DictField(child=drf.CharField())), [{"a": "b"}]), JSON),
    "DictField(child)": (plain(drf.DictField(child=drf.IntegerField()), {"a": "1", 2: 2}), Mapping(INTEGER)),
    "DictField": (plain(drf.DictField(), {"a": 1, "b": "c"}), Mapping(JSON)),
    "DictField(allow_empty)": (plain(drf.DictField(child=drf.CharField(), allow_empty=False), {}), Mapping(TEXT)),
    "DictField of lists": (plain(drf.DictField(child=Numbers()), {"a": [1]}), Mapping(Array(INTEGER))),
    "DictField of objects": (
        plain(drf.DictField(child=SizeSerializer()), {"a": {"width": 1, "height": 2}}),
        Mapping(record("Size", width=INTEGER, height=TEXT)),
    ),
    "DictField of dicts": (plain(drf.DictField(child=drf.DictField()), {"a": {"b": 1}}), Mapping(JSON)),
    "HStoreField": (plain(drf.HStoreField(), {"a": "b", "c": None}), Mapping(TEXT)),
    "JSONField": (plain(drf.JSONField(), {"a": [1]}), JSON),
    "JSONField(binary)": (plain(drf.JSONField(binary=True), {"a": [1]}), TEXT),
    "JSONField(binary, encoder)": (plain(drf.JSONField(binary=True, encoder=JSONEncoder), {"a": NOON}), TEXT),
    "custom field with an annotation": (plain(Shouting(), "a"), TEXT),
    "custom field without one": (plain(Silent(), "a"), JSON),
    "ReadOnlyField(get_attribute)": (plain(Computed(), None), INTEGER),
    "nested serializer": (
        plain(SizeSerializer(), {"width": 1, "height": 2}),
        record("Size", width=INTEGER, height=TEXT),
    ),
    "nested serializer(many)": (
        plain(SizeSerializer(many=True), [{"width": 1, "height": 2}]),
        Array(record("Size", width=INTEGER, height=TEXT)),
    ),
    "nested serializer(allow_null)": (
        plain(SizeSerializer(allow_null=True), None),
        record("Size", width=INTEGER, height=TEXT),
    ),
}

METHODS: dict[str, tuple[Case, Shape]] = {
    "int": (method(int, 1), INTEGER),
    "str": (method(str, "a"), TEXT),
    "bool": (method(bool, True), BOOLEAN),
    "float": (method(float, 1.0), NUMBER),
    "in quotes": (method("list[int]", [1]), Array(INTEGER)),
    "Optional": (method(Optional[int], 1), INTEGER),  # noqa: UP045  as older projects write it
    "or None": (method(str | None, None), TEXT),
    "Union with None": (method(Union[None, bool], True), BOOLEAN),  # noqa: UP007
    "Union of a kind": (method(dt.date | uuid.UUID, IDENTIFIER), TEXT),
    "Union of two kinds": (method(bool | list[int], [1]), JSON),
    "list": (method(list[int], [1]), Array(INTEGER)),
    "list of optionals": (method(list[int | None], [1]), Array(INTEGER)),
    "bare list": (method(list, [1, "a"]), JSON),
    "Sequence": (method(Sequence[str], ("a",)), Array(TEXT)),
    "set": (method(set[str], {"a"}), Array(TEXT)),
    "Iterator": (method(Iterator[int], iter([1])), Array(INTEGER)),
    "Iterable": (method(Iterable[int], {1: "a"}.keys()), Array(INTEGER)),
    "list of lists": (method(list[list[int]], [[1]]), JSON),
    "tuple of one kind": (method(tuple[int, int], (1, 2)), Array(INTEGER)),
    "tuple of any length": (method(tuple[str, ...], ("a",)), Array(TEXT)),
    "tuple of several kinds": (method(tuple[int, str], (1, "a")), JSON),
    "NamedTuple": (method(Pair, Pair(1, 2)), Array(INTEGER)),
    "dict": (method(dict[str, int], {"a": 1}), Mapping(INTEGER)),
    "dict with integer keys": (method(dict[int, str], {1: "a"}), Mapping(TEXT)),
    "bare dict": (method(dict, {"a": 1}), Mapping(JSON)),
    "dict of lists": (method(dict[str, list[str]], {"a": ["b"]}), Mapping(Array(TEXT))),
    "OrderedDict": (method(OrderedDict[str, float], OrderedDict(a=1.5)), Mapping(NUMBER)),
    "Counter": (method(Counter[str], Counter("aab")), Mapping(INTEGER)),
    "TypedDict": (method(Level, {"name": "a", "share": 0.5}), record("Level", name=TEXT, share=NUMBER)),
    "list of TypedDict": (
        method(list[Level], [{"name": "a", "share": None}]),
        Array(record("Level", name=TEXT, share=NUMBER)),
    ),
    "TypedDict of itself": (
        method(Page, {"title": "a", "parts": [{"title": "b"}]}),
        record("Page", title=TEXT, parts=Array(Reference("Page"))),
    ),
    "dataclass": (method(Box, Box(1, "a")), record("Box", width=INTEGER, name=TEXT)),
    "Literal": (method(Literal["a", "b"], "a"), TEXT),
    "Literal with None": (method(Literal[1, None], 1), INTEGER),  # noqa: PYI061
    "Literal of several kinds": (method(Literal["a", 1], 1), JSON),
    "Decimal": (method(Decimal, Decimal("1.50")), NUMBER),
    "date": (method(dt.date, NOON.date()), TEXT),
    "datetime": (method(dt.datetime, NOON), TEXT),
    "time": (method(dt.time, dt.time(12)), TEXT),
    "timedelta": (method(dt.timedelta, dt.timedelta(hours=1)), TEXT),
    "UUID": (method(uuid.UUID, IDENTIFIER), TEXT),
    "address": (method(ipaddress.IPv4Address, ipaddress.ip_address("127.0.0.1")), TEXT),
    "bytes": (method(bytes, b"a"), TEXT),
    "lazy text": (method(Promise, gettext_lazy("yes")), TEXT),
    "TextChoices": (method(Colour, Colour.RED), TEXT),
    "IntegerChoices": (method(Size, Size.LARGE), INTEGER),
    "NewType": (method(UserId, 1), INTEGER),
    "Annotated": (method(Annotated[int, "id"], 1), INTEGER),
    "Any": (method(Any, {"a": 1}), JSON),
    "a name that is not there": (method("Nowhere", 1), JSON),
}

MODELS: dict[str, tuple[Case, Shape]] = {
    "BigAutoField": (column("pk"), INTEGER),
    "BigIntegerField": (column("big"), INTEGER),
    "PositiveSmallIntegerField": (column("small"), INTEGER),
    "BooleanField": (column("flag"), BOOLEAN),
    "BooleanField(null)": (column("maybe"), BOOLEAN),
    "CharField": (column("char"), TEXT),
    "IntegerField(choices)": (column("chosen"), INTEGER),
    "EmailField": (column("email"), TEXT),
    "FilePathField": (column("path"), TEXT),
    "GenericIPAddressField": (column("address"), TEXT),
    "FloatField": (column("number"), NUMBER),
    "DecimalField": (column("price"), TEXT),
    "DateField": (column("day"), TEXT),
    "DateTimeField": (column("moment"), TEXT),
    "TimeField": (column("hour"), TEXT),
    "DurationField": (column("length"), TEXT),
    "UUIDField": (column("code"), TEXT),
    "BinaryField": (column("blob"), TEXT),
    "JSONField": (column("extra"), JSON),
    "FileField": (column("scan"), TEXT),
    "GeneratedField": (column("twice"), INTEGER),
    "ArrayField": (column("sizes"), Array(INTEGER)),
    "HStoreField": (column("labels"), Mapping(TEXT)),
    "ForeignKey": (column("course"), INTEGER),
    "ModelField of an integer": (of(shelf, drf.ModelField(Shelf._meta.get_field("big"))), INTEGER),
    "ModelField of a decimal": (of(shelf, drf.ModelField(Shelf._meta.get_field("price"))), NUMBER),
    "ModelField of a UUID": (of(shelf, drf.ModelField(Shelf._meta.get_field("code"))), TEXT),
    "ModelField of JSON": (of(shelf, drf.ModelField(Shelf._meta.get_field("extra"))), JSON),
    "ModelField of an array": (of(shelf, drf.ModelField(Shelf._meta.get_field("sizes"))), TEXT),
    "ModelField of a foreign key": (of(shelf, drf.ModelField(Shelf._meta.get_field("course"))), INTEGER),
    "ModelField of bytes": (of(shelf, drf.ModelField(Shelf._meta.get_field("blob"))), TEXT),
    "ModelField of a time": (of(shelf, drf.ModelField(Shelf._meta.get_field("hour"))), TEXT),
    "read: integer": (read("big"), INTEGER),
    "read: boolean": (read("flag"), BOOLEAN),
    "read: text": (read("char"), TEXT),
    "read: decimal": (read("price"), NUMBER),
    "read: duration": (read("length"), TEXT),
    "read: date and time": (read("moment"), TEXT),
    "read: UUID": (read("code"), TEXT),
    "read: computed column": (read("twice"), INTEGER),
    "read: array": (read("sizes"), Array(INTEGER)),
    "read: mapping": (read("labels"), Mapping(TEXT)),
    "read: key": (read("pk", course), INTEGER),
    "read: foreign key's value": (read("course_id"), INTEGER),
    "read: foreign key's value, of text": (read("topic_id"), TEXT),
    "read: display of a choice": (read("get_chosen_display"), TEXT),
    "read: text of the object": (read("__str__"), TEXT),
    "read: property": (read("width"), INTEGER),
    "read: cached property": (read("height"), NUMBER),
    "read: functools' cached property": (read("colours"), Array(TEXT)),
    "read: method": (read("weight"), NUMBER),
    "read: method's TypedDict": (read("page.title"), TEXT),
    "read: column behind a relation": (read("course.title"), TEXT),
    "read: column behind two relations": (read("course.educator.joined_at"), TEXT),
    "read: column behind a method": (read("best.rating"), NUMBER),
    "read: count of a relation": (read("lessons.count", course), INTEGER),
    "read: whether there is any": (read("lessons.exists", course), BOOLEAN),
    "read: column that becomes an object": (read("sealed"), JSON),
    "read: column with a descriptor of its own": (read("watched"), JSON),
    "read: column that says what it becomes": (read("stated"), INTEGER),
    "read: property without annotation": (read("unsaid"), JSON),
    "PrimaryKeyRelatedField": (of(course, drf.PrimaryKeyRelatedField(source="educator", read_only=True)), INTEGER),
    "PrimaryKeyRelatedField(queryset)": (
        of(course, drf.PrimaryKeyRelatedField(source="educator", queryset=Educator.objects.all())),
        INTEGER,
    ),
    "PrimaryKeyRelatedField(many)": (
        of(course, drf.PrimaryKeyRelatedField(source="topics", many=True, read_only=True)),
        Array(INTEGER),
    ),
    "PrimaryKeyRelatedField(many), reverse": (
        of(course, drf.PrimaryKeyRelatedField(source="lessons", many=True, read_only=True)),
        Array(INTEGER),
    ),
    "PrimaryKeyRelatedField(pk_field)": (
        of(course, drf.PrimaryKeyRelatedField(source="educator", read_only=True, pk_field=drf.CharField())),
        TEXT,
    ),
    "PrimaryKeyRelatedField to another column": (
        of(shelf, drf.PrimaryKeyRelatedField(source="topic", read_only=True)),
        TEXT,
    ),
    "PrimaryKeyRelatedField to a UUID": (
        of(lambda: Holder(coded=Coded()), drf.PrimaryKeyRelatedField(source="coded", read_only=True)),
        TEXT,
    ),
    "PrimaryKeyRelatedField of a method": (
        of(shelf, drf.PrimaryKeyRelatedField(source="best", read_only=True)),
        INTEGER,
    ),
    "SlugRelatedField": (of(course, drf.SlugRelatedField("name", source="educator", read_only=True)), TEXT),
    "SlugRelatedField of a date": (
        of(course, drf.SlugRelatedField("joined_at", source="educator", read_only=True)),
        TEXT,
    ),
    "SlugRelatedField(many)": (
        of(course, drf.SlugRelatedField("slug", source="topics", many=True, read_only=True)),
        Array(TEXT),
    ),
    "SlugRelatedField of a path": (
        of(shelf, drf.SlugRelatedField("educator__id", source="course", read_only=True)),
        INTEGER,
    ),
    "StringRelatedField": (of(course, drf.StringRelatedField(source="educator")), TEXT),
    "StringRelatedField(many)": (of(course, drf.StringRelatedField(source="topics", many=True)), Array(TEXT)),
    "HyperlinkedRelatedField": (
        of(course, drf.HyperlinkedRelatedField("v1:educator-detail", source="educator", read_only=True)),
        TEXT,
    ),
    "HyperlinkedRelatedField(lookup_field)": (
        of(
            course,
            drf.HyperlinkedRelatedField(
                "v1:educator-detail", source="educator", read_only=True, lookup_field="id", lookup_url_kwarg="pk"
            ),
        ),
        TEXT,
    ),
    "HyperlinkedRelatedField(many)": (
        of(course, drf.HyperlinkedRelatedField("v1:educator-detail", source="topics", many=True, read_only=True)),
        Array(TEXT),
    ),
    "HyperlinkedIdentityField": (of(course, drf.HyperlinkedIdentityField("v1:course-detail")), TEXT),
    "nested model serializer": (
        of(course, TopicSerializer(source="topics", many=True)),
        Array(record("Topic", slug=TEXT, name=TEXT)),
    ),
}

NOTES: dict[str, tuple[Case, Shape]] = {
    "OpenApiTypes.STR": (note(OpenApiTypes.STR, "a"), TEXT),
    "OpenApiTypes.INT": (note(OpenApiTypes.INT, 1), INTEGER),
    "OpenApiTypes.DOUBLE": (note(OpenApiTypes.DOUBLE, 1.5), NUMBER),
    "OpenApiTypes.DECIMAL": (note(OpenApiTypes.DECIMAL, Decimal("1.5")), NUMBER),
    "OpenApiTypes.BOOL": (note(OpenApiTypes.BOOL, True), BOOLEAN),
    "OpenApiTypes.DATETIME": (note(OpenApiTypes.DATETIME, NOON), TEXT),
    "OpenApiTypes.OBJECT": (note(OpenApiTypes.OBJECT, {"a": 1}), Mapping(JSON)),
    "OpenApiTypes.ANY": (note(OpenApiTypes.ANY, [1]), JSON),
    "hint": (note(list[int], [1]), Array(INTEGER)),
    "field": (note(drf.IntegerField(), 1), INTEGER),
    "relation": (note(drf.PrimaryKeyRelatedField(many=True, queryset=Topic.objects.all()), [1]), Array(INTEGER)),
    "relation to one": (note(drf.PrimaryKeyRelatedField(queryset=Topic.objects.all()), 1), INTEGER),
    "field class": (note(drf.UUIDField, IDENTIFIER), TEXT),
    "serializer": (
        note(SizeSerializer(many=True), [{"width": 1, "height": "2"}]),
        Array(record("Size", width=INTEGER, height=TEXT)),
    ),
    "schema of text": (note({"type": "string", "format": "date"}, "2025-01-15"), TEXT),
    "schema of a list": (note({"type": "array", "items": {"type": "integer"}}, [1]), Array(INTEGER)),
    "schema of an object": (
        note(
            {"type": "object", "properties": {"a": {"type": "integer"}, "b-c": {"type": "boolean"}}},
            {"a": 1, "b-c": True},
        ),
        Object("CaseValue", (Field(key="a", shape=INTEGER, why=""), Field(key="b-c", shape=BOOLEAN, why=""))),
    ),
    "schema of any keys": (
        note({"type": "object", "additionalProperties": {"type": "number"}}, {"a": 1.5}),
        Mapping(NUMBER),
    ),
    "schema that may be null": (note({"type": ["string", "null"]}, None), TEXT),
    "schema of an enumeration": (note({"enum": ["a", "b", None]}, "a"), TEXT),
    "schema of one of a kind": (note({"oneOf": [{"type": "string"}, {"type": "null"}]}, "a"), TEXT),
    "schema of several kinds": (note({"oneOf": [{"type": "string"}, {"type": "integer"}]}, 1), JSON),
}

TABLES = {"field": BASICS, "method": METHODS, "model": MODELS, "extend_schema_field": NOTES}
CASES = {f"{table}: {name}": case for table, cases in TABLES.items() for name, case in cases.items()}


def slot(serializer: drf.BaseSerializer) -> Shape:
    shape = shape_of(serializer)
    assert isinstance(shape, Object)
    return next(field.shape for field in shape.fields if field.key == "value")


def shown(serializer: drf.BaseSerializer, instance: Any) -> Any:
    """What a client gets under "value"."""
    return json.loads(json.dumps(serializer.to_representation(instance), cls=JSONEncoder))["value"]


@pytest.mark.django_db
@pytest.mark.parametrize("name", CASES)
def test_what_drf_writes_fits_the_slot_that_is_declared_for_it(name: str) -> None:
    case, expected = CASES[name]
    serializer, instance = case()
    found = slot(serializer)
    assert bare(found) == expected
    value = shown(serializer, instance)
    assert fits(found, value), value


def test_most_cases_have_a_typed_slot() -> None:
    typed = sum(not isinstance(shape, Json) for _, shape in CASES.values())
    assert len(CASES) >= 120
    assert typed / len(CASES) >= 0.9, f"{typed} of {len(CASES)}"


@pytest.mark.parametrize(
    ("option", "field", "value", "expected"),
    [
        ({"COERCE_DECIMAL_TO_STRING": False}, DECIMAL(decimal_places=1), Decimal("1.5"), NUMBER),
        ({"COERCE_BIGINT_TO_STRING": True}, drf.BigIntegerField(), 7, TEXT),
        ({"DATETIME_FORMAT": None}, drf.DateTimeField(), NOON, TEXT),
        ({"DATE_FORMAT": "%Y"}, drf.DateField(), NOON.date(), TEXT),
        ({"TIME_FORMAT": None}, drf.TimeField(), dt.time(12), TEXT),
        ({"DURATION_FORMAT": None}, drf.DurationField(), dt.timedelta(1), TEXT),
        ({"UPLOADED_FILES_USE_URL": False}, drf.FileField(), photo(), TEXT),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
def test_settings_of_drf_decide_where_a_field_says_nothing(
    settings: Any, option: dict[str, Any], field: drf.Field, value: Any, expected: Shape
) -> None:
    settings.REST_FRAMEWORK = settings.REST_FRAMEWORK | option
    serializer, instance = plain(field, value)()
    assert slot(serializer) == expected
    assert fits(expected, shown(serializer, instance))


def test_hidden_and_write_only_fields_are_not_in_documents() -> None:
    class SecretSerializer(drf.Serializer):
        value = drf.CharField()
        password = drf.CharField(write_only=True)
        owner = drf.HiddenField(default="me")

    assert bare(shape_of(SecretSerializer())) == record("Secret", value=TEXT)
