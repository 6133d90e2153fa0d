"""Method fields, overrides, memos and batches that look at nothing but the object and their own class."""

import json
import logging
import re
import uuid
from collections.abc import Callable, Iterable
from datetime import UTC, timedelta
from decimal import Decimal
from functools import cached_property, lru_cache, partial
from types import MappingProxyType
from typing import Any

from django.db.models import Count
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.text import slugify
from django.utils.translation import gettext, gettext_lazy, ngettext
from rest_framework import serializers
from rest_framework.reverse import reverse as link

from academy.catalog.models import Course, Educator, Lesson, Topic
from strangler_django.serializers import Cache, CachedModelSerializer, batched
from tests.django.clean.classes import EDUCATOR, TOPIC, clean, shown
from tests.django.leaks.models import LazyCourse

logger = logging.getLogger(__name__)
WORDS = MappingProxyType({"beginner": "easy"})
NAMES = {"beginner": gettext_lazy("Yes")}
TAX = Decimal("1.19")
SPACES = re.compile(r"\s+")


@lru_cache(maxsize=64)
def shortened(text: str) -> str:
    return text[:5]


def with_tax(price: Decimal, *, rate: Decimal) -> str:
    return str((price * rate).quantize(Decimal("0.01")))


taxed = partial(with_tax, rate=TAX)


class Formatter:
    def __init__(self, mark: str) -> None:
        self.mark = mark

    def __call__(self, text: str) -> str:
        return f"{text}{self.mark}"


formatter = Formatter("!")


def describe(course: Course) -> dict[str, Any]:
    return {"title": course.title, "free": course.is_free, "teacher": course.educator_id}


def attempted(course: Any) -> str:
    try:
        return course.nothing
    except AttributeError:
        return "none"


def logged(course: Course) -> str:
    logger.debug("shown %s", course.pk)
    return course.title


METHODS: dict[str, Callable[[Any, Any], Any]] = {
    "Upper": lambda self, course: course.title.upper(),
    "Formatted": lambda self, course: f"{course.title} ({course.level})",
    "Number": lambda self, course: course.pk * 2,
    "Nothing": lambda self, course: None,
    "Truth": lambda self, course: course.price > 100,
    "Mapping": lambda self, course: describe(course),
    "Sequence": lambda self, course: sorted(course.title.split()),
    "Comprehension": lambda self, course: [word for word in course.title.split() if word],
    "Nested": lambda self, course: {"a": [{"b": course.title}]},
    "Default": lambda self, course: getattr(course, "nothing", "none"),
    "Caught": lambda self, course: attempted(course),
    "Asked": lambda self, course: hasattr(course, "title"),
    "Kind": lambda self, course: isinstance(course, Course),
    "Constant": lambda self, course: WORDS.get(course.level, course.level),
    "Function": lambda self, course: shortened(course.title),
    "Partial": lambda self, course: taxed(Decimal(course.price)),
    "Callable": lambda self, course: formatter(course.title),
    "Regex": lambda self, course: SPACES.sub("-", course.title),
    "Slugified": lambda self, course: slugify(course.title),
    "Dumped": lambda self, course: json.dumps(course.metadata, sort_keys=True),
    "Named": lambda self, course: str(uuid.uuid5(uuid.NAMESPACE_DNS, course.slug)),
    "Logged": lambda self, course: logged(course),
    "Year": lambda self, course: course.updated_at.year,
    "Later": lambda self, course: (course.updated_at + timedelta(days=1)).isoformat(),
    "InUtc": lambda self, course: course.updated_at.astimezone(UTC).isoformat(),
    "Money": lambda self, course: str(Decimal(course.price) * TAX),
    "Display": lambda self, course: course.get_level_display(),
    "Key": lambda self, course: course.educator_id,
    "File": lambda self, course: course.syllabus.name if course.syllabus else None,
    "FileUrl": lambda self, course: course.syllabus.url if course.syllabus else None,
    "AbsoluteFile": lambda self, course: self.context["request"].build_absolute_uri("/media/x"),
    "RequestThere": lambda self, course: bool(self.context.get("request")),
    "RequestAsked": lambda self, course: "request" in self.context,
    "Link": lambda self, course: reverse("v1:course-detail", args=[course.pk]),
    "LinkByRequest": lambda self, course: link("v1:course-detail", args=[course.pk], request=self.context["request"]),
    "Host": lambda self, course: self.context["request"].get_host(),
    "Translated": lambda self, course: gettext("Yes"),
    "TranslatedLazily": lambda self, course: NAMES.get(course.level, course.level),
    "Plural": lambda self, course: ngettext("%d day", "%d days", 3) % 3,
    "LocalTime": lambda self, course: timezone.localtime(course.updated_at).isoformat(),
    "Localized": lambda self, course: formats.number_format(course.rating or 0, 2),
    "ReadableDate": lambda self, course: formats.date_format(course.starts_on) if course.starts_on else None,
    "OwnFields": lambda self, course: list(self.fields),
    "OwnLabel": lambda self, course: str(self.fields["title"].label),
    "OwnField": lambda self, course: self.fields["title"].to_representation(course.title),
    "OwnMeta": lambda self, course: self.Meta.model._meta.label,
    "OwnClass": lambda self, course: type(self).__name__,
    "State": lambda self, course: course._state.db,
    "Url": lambda self, course: self.Meta.model._meta.get_field("title").max_length,
}
for name, method in METHODS.items():
    declared = {"value": serializers.SerializerMethodField(), "get_value": method}
    shown(f"Method{name}", Course, ["id", "title", "value"], **declared)


class WithValue(CachedModelSerializer):
    value = serializers.SerializerMethodField()

    class Meta:
        model = Course
        fields = ["id", "title", "value"]
        cache = Cache(timeout=60)

    def get_value(self, course: Any) -> Any:
        return course.title


@clean
class MemoByHasattr(WithValue):
    """A memo on the serializer, made when it is first needed."""

    def get_value(self, course: Any) -> Any:
        if not hasattr(self, "_known"):
            self._known: dict[int, str] = {}
        return self._known.setdefault(course.pk, course.title)


@clean
class MemoByGetattr(WithValue):
    _known: Any = None

    def get_value(self, course: Any) -> Any:
        if self._known is None:
            self._known = {}
        return self._known.setdefault(course.pk, course.title)


@clean
class MemoMadeEarly(WithValue):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.known: dict[int, str] = {}

    def get_value(self, course: Any) -> Any:
        return self.known.setdefault(course.pk, course.title)


@clean
class MemoByProperty(WithValue):
    @cached_property
    def words(self) -> list[str]:
        return ["easy", "hard"]

    def get_value(self, course: Any) -> Any:
        return self.words[0]


@clean
class OptionWithDefault(WithValue):
    """An option of the project's own that nobody gave."""

    def __init__(self, *args: Any, precision: int = 2, **kwargs: Any) -> None:
        self.precision = precision
        super().__init__(*args, **kwargs)

    def get_value(self, course: Any) -> Any:
        return round(course.rating or 0, self.precision)


@clean
class UserForWrites(WithValue):
    """Who writes is of no interest to who reads."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        request = self.context.get("request")
        self.author = None if request is None else request.user

    def create(self, validated_data: Any) -> Any:
        return super().create(validated_data | {"summary": str(self.author)})


@clean
class ValidatesByUser(WithValue):
    def validate_title(self, title: str) -> str:
        if not self.context["request"].user.is_staff:
            raise serializers.ValidationError("No.")
        return title


@clean
class OwnFieldsMadeLater(WithValue):
    def get_fields(self) -> Any:
        return super().get_fields() | {"teacher": serializers.IntegerField(source="educator_id")}


@clean
class FieldsAsAsked(WithValue):
    """The recipe of DRF's documentation."""

    def __init__(self, *args: Any, fields: Iterable[str] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if fields is not None:
            for name in set(self.fields) - set(fields):
                self.fields.pop(name)


@clean
class NotRequired(WithValue):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.required = False


class Inherited(WithValue):
    def get_value(self, course: Any) -> Any:
        return f"{super().get_value(course)}!"


clean(Inherited)


class Mixin(serializers.Serializer):
    extra = serializers.CharField(source="slug")


@clean
class Mixed(Mixin, WithValue):
    class Meta(WithValue.Meta):
        fields = ["id", "extra", "value"]


@clean
class Represented(WithValue):
    def to_representation(self, instance: Any) -> Any:
        return super().to_representation(instance) | {"kind": "course"}


@clean
class RepresentedLess(WithValue):
    def to_representation(self, instance: Any) -> Any:
        emitted = super().to_representation(instance)
        return {name: value for name, value in emitted.items() if value is not None}


@clean
class RepresentedAnew(WithValue):
    def to_representation(self, instance: Any) -> Any:
        return {"id": instance.pk, "value": self.get_value(instance)}


@clean
class OtherMethodName(WithValue):
    value = serializers.SerializerMethodField(method_name="the_value")

    def the_value(self, course: Any) -> str:
        return self.other(course.title)

    @staticmethod
    def other(text: str) -> str:
        return text.lower()


@clean
class PlannedRelation(WithValue):
    educator = EDUCATOR()
    topics = TOPIC(many=True)

    class Meta(WithValue.Meta):
        fields = ["id", "educator", "topics", "value"]

    def get_value(self, course: Course) -> Any:
        return [course.educator.name, [topic.slug for topic in course.topics.all()], len(course.topics.all())]


@clean
class SerializerByHand(WithValue):
    educator = EDUCATOR()

    class Meta(WithValue.Meta):
        fields = ["id", "educator", "value"]

    def get_value(self, course: Course) -> Any:
        return EDUCATOR(course.educator, context=self.context).data


@clean
class SerializersByHand(WithValue):
    topics = TOPIC(many=True)

    class Meta(WithValue.Meta):
        fields = ["id", "topics", "value"]

    def get_value(self, course: Course) -> Any:
        return TOPIC(course.topics.all(), many=True).data


@clean
class OfModel(WithValue):
    class Meta(WithValue.Meta):
        model = LazyCourse

    def get_value(self, course: Any) -> Any:
        return [course.translated, course.get_level_display()]


for source in ("get_level_display", "translated"):
    shown(f"Model{source.title()}", LazyCourse, ["id", "value"], value=serializers.CharField(source=source))


@clean
class Counted(CachedModelSerializer):
    lessons = batched(serializers.IntegerField(), default=0, depends_on="lessons")
    short = batched(serializers.CharField(), timeout=5)
    teacher = batched(serializers.CharField(), source="educator")
    known = batched(serializers.BooleanField(), default=False)

    class Meta:
        model = Course
        fields = ["id", "lessons", "short", "teacher", "known"]
        cache = Cache(timeout=60)

    @lessons.batch
    def count(self, pks: Any) -> Any:
        return Lesson.objects.filter(course__in=pks).order_by().values_list("course").annotate(Count("pk"))

    @short.batch
    def shorten(self, pks: Any) -> Any:
        return {pk: str(pk) for pk in pks}

    @teacher.batch
    def name_all(self, pks: Any) -> Any:
        return dict(Educator.objects.filter(pk__in=pks).values_list("pk", "name"))

    @known.batch
    def know(self, pks: Any) -> Any:
        return set(pks)


@clean
class Referring(CachedModelSerializer):
    """What it nests has a cache of its own."""

    class Tagged(CachedModelSerializer):
        class Meta:
            model = Topic
            fields = ["slug", "name"]
            cache = Cache(timeout=60)

    topics = Tagged(many=True)

    class Meta:
        model = Course
        fields = ["id", "topics"]
        cache = Cache(timeout=60)
