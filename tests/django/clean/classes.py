"""Serializers as people write them, none of which shows anything but stored rows; each must be cached."""

from copy import deepcopy
from typing import Any

from rest_framework import serializers

from academy.catalog import serializers as catalog
from academy.catalog.models import Course, Educator, Lesson, Topic
from academy.learning import serializers as learning
from academy.learning.models import Enrolment
from strangler_django.serializers import Cache, CachedHyperlinkedModelSerializer, CachedModelSerializer
from tests.django.clean.kinds import KINDS

__all__ = ["CLEAN", "clean", "shown"]

CLEAN: dict[str, type[CachedModelSerializer]] = {}


def clean(cls: Any) -> Any:
    """Adds a class."""
    assert cls.__name__ not in CLEAN, cls
    CLEAN[cls.__name__] = cls
    return cls


def shown(
    name: str, model: Any, fields: Any, *, base: Any = CachedModelSerializer, meta: Any = (), **declared: Any
) -> Any:
    """Adds a class made of these fields."""
    options = {"model": model, "fields": fields, "cache": Cache(timeout=60), **dict(meta)}
    return clean(type(name, (base,), {"Meta": type("Meta", (), options), "__module__": __name__, **declared}))


def title(*words: Any) -> str:
    return "".join(str(word).title().replace("_", "") for word in words)


def plain(model: Any, *fields: str, **declared: Any) -> Any:
    """A serializer without a cache, to be nested."""
    meta = type("Meta", (), {"model": model, "fields": list(fields)})
    return type(f"Plain{model.__name__}", (serializers.ModelSerializer,), {"Meta": meta, **declared})


def reading(field: serializers.Field, column: str) -> serializers.Field:
    """The field under another name than its column's."""
    kwargs = {"source": column} | field._kwargs
    if isinstance(field, serializers.HyperlinkedIdentityField) or type(field).__name__ == "Whole":
        kwargs = field._kwargs
    return type(field)(*field._args, **deepcopy(kwargs))


for number, (column, field) in enumerate(KINDS):
    name = title(type(field).__name__, column, number)
    shown(name, Course, ["title", "value"], value=reading(field, column))
    shown(f"{name}Nested", Lesson, ["id", "course"], course=plain(Course, "value", value=reading(field, column))())

# Columns and relations as ModelSerializer finds them.
for column in ("__all__", *(one.name for one in Course._meta.get_fields() if not one.auto_created)):
    shown(title("column", column), Course, column if column == "__all__" else [column])
for depth in range(4):
    shown(f"Depth{depth}", Lesson, ["id", "course"], meta={"depth": depth})
    shown(f"DepthMany{depth}", Course, ["id", "educator", "topics"], meta={"depth": depth})
shown("Excluding", Course, None, meta={"fields": None, "exclude": ["metadata", "length"]})
shown("ReadOnly", Course, ["id", "title", "price"], meta={"read_only_fields": ["title"]})
shown("ExtraArguments", Course, ["id", "title"], meta={"extra_kwargs": {"title": {"max_length": 3}}})
shown("Secret", Course, ["id", "title", "slug"], meta={"extra_kwargs": {"slug": {"write_only": True}}})
shown("WholePrices", Course, ["id", "price"], meta={"extra_kwargs": {"price": {"coerce_to_string": False}}})

EDUCATOR = plain(Educator, "id", "name", "photo")
TOPIC = plain(Topic, "slug", "name")
LESSON = plain(Lesson, "title", "video", "created_at")
PK, SLUG, TEXT = serializers.PrimaryKeyRelatedField, serializers.SlugRelatedField, serializers.StringRelatedField
RELATIONS: dict[str, dict[str, Any]] = {
    "Key": {"educator": PK(read_only=True)},
    "KeyWithQueryset": {"educator": PK(queryset=Educator.objects.all())},
    "KeyAsText": {"educator": PK(read_only=True, pk_field=serializers.CharField())},
    "Keys": {"topics": PK(many=True, read_only=True)},
    "KeysOfReverse": {"lessons": PK(many=True, read_only=True)},
    "Slug": {"educator": SLUG("name", read_only=True)},
    "Slugs": {"topics": SLUG("slug", many=True, read_only=True)},
    "SlugsWithQueryset": {"topics": SLUG("slug", many=True, queryset=Topic.objects.all())},
    "SlugsOfReverse": {"lessons": SLUG("title", many=True, read_only=True)},
    "Text": {"educator": TEXT()},
    "Texts": {"topics": TEXT(many=True)},
    "TextsOfReverse": {"lessons": TEXT(many=True)},
    "Link": {"educator": serializers.HyperlinkedRelatedField("v1:educator-detail", read_only=True)},
    "Nested": {"educator": EDUCATOR()},
    "NestedReadOnly": {"educator": EDUCATOR(read_only=True)},
    "NestedRenamed": {"teacher": EDUCATOR(source="educator")},
    "NestedMany": {"topics": TOPIC(many=True)},
    "NestedManyReadOnly": {"topics": TOPIC(many=True, read_only=True)},
    "NestedReverse": {"lessons": LESSON(many=True)},
    "NestedTwo": {"educator": EDUCATOR(), "topics": TOPIC(many=True), "lessons": LESSON(many=True)},
    "NestedStar": {"about": plain(Course, "title", "level")(source="*")},
    "NestedPlainSerializer": {"educator": type("Who", (serializers.Serializer,), {"name": serializers.CharField()})()},
    "Dotted": {"teacher": serializers.CharField(source="educator.name")},
    "DottedFile": {"photo": serializers.FileField(source="educator.photo")},
    "DottedMoment": {"since": serializers.DateTimeField(source="educator.joined_at")},
    "DottedDefault": {"site": serializers.URLField(source="educator.website", default=None)},
    "DottedText": {"teacher": serializers.CharField(source="educator.__str__")},
    "ListOfTexts": {"words": serializers.ListField(source="metadata.words", child=serializers.CharField())},
}
for name, declared in RELATIONS.items():
    shown(f"Relation{name}", Course, ["id", *declared], **declared)
    nested = plain(Course, "id", *declared, **deepcopy(declared))
    shown(f"Relation{name}Nested", Lesson, ["id", "course"], course=nested())
shown(
    "Linked",
    Course,
    ["url", "title", "educator"],
    base=CachedHyperlinkedModelSerializer,
    meta={"extra_kwargs": {"url": {"view_name": "v1:course-detail"}, "educator": {"view_name": "v1:educator-detail"}}},
)

# The academy's own.
clean(catalog.CourseSerializer)
for own in (
    catalog.TopicSerializer,
    catalog.CourseEducatorSerializer,
    catalog.LessonSerializer,
    learning.EnrolmentSerializer,
):
    bases = (CachedModelSerializer, own)
    clean(type(f"Cached{own.__name__}", bases, {"Meta": type("Meta", (own.Meta,), {"cache": Cache(timeout=60)})}))
shown("Certificate", Enrolment, ["id", "course", "learner", "status", "progress", "certificate_id", "completed_at"])
