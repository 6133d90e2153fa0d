"""Serializers that depend on language, time zone, number format or where the project is mounted."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.template import Context, Template
from django.template.defaultfilters import date as date_filter
from django.urls import reverse
from django.utils import formats, timezone, translation
from django.utils.text import format_lazy
from django.utils.translation import gettext, gettext_lazy, ngettext, override, pgettext
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer

from academy.catalog.models import Course
from strangler_django.serializers import Cache, batched
from tests.django.leaks.adversary import CourseLeak, adversary
from tests.django.leaks.models import LazyCourse

JSON = JSONRenderer()
NAIVE = datetime(2025, 1, 1)  # noqa: DTZ001  as a form gives it


class Anywhere(CourseLeak):
    class Meta(CourseLeak.Meta):
        cache = Cache(timeout=60, vary=())


def says(name: str, doc: str, say: Any) -> None:
    """A method field of a serializer that claims to differ by nothing."""
    body = {"__doc__": doc, "__module__": __name__, "get_seen": lambda self, course: say(course)}
    adversary("raises")(type(name, (Anywhere,), body))


says("Gettext", "A word is translated.", lambda course: gettext("Yes"))
says("LazyGettext", "A lazy one is translated when it is written.", lambda course: gettext_lazy("Yes"))
says("Ngettext", "A plural is translated.", lambda course: ngettext("day", "days", course.pk))
says("Pgettext", "A word with its context.", lambda course: pgettext("month", "May"))
says("FormatLazy", "Lazy texts put together.", lambda course: str(format_lazy("{}!", gettext_lazy("Yes"))))
says("Language", "The language's name goes into the answer.", lambda course: translation.get_language())
says("Bidi", "Its direction does.", lambda course: translation.get_language_bidi())
says("ChosenText", "A text is chosen by language.", lambda course: {"de": "ja"}.get(translation.get_language(), "yes"))
says("LanguageKept", "A language is left and entered again.", lambda course: override("de").__enter__() and "ja")
says("LocalTime", "A moment is shown where the reader is.", lambda course: timezone.localtime(course.published_at))
says("LocalHour", "Its hour is.", lambda course: timezone.localtime(course.published_at).hour)
says("LocalDate", "Today, where the reader is.", lambda course: str(timezone.localdate()))
says("MadeAware", "A naive moment is taken for the reader's.", lambda course: timezone.make_aware(NAIVE))
says("MadeNaive", "An aware one loses its zone.", lambda course: timezone.make_naive(course.published_at).isoformat())
says("ZoneName", "The zone's name.", lambda course: timezone.get_current_timezone_name())
says("ZoneKey", "The zone's key.", lambda course: timezone.get_current_timezone().key)
says("ZoneText", "The zone as text.", lambda course: f"{timezone.get_current_timezone()}")
says("ZoneCompared", "The zone is compared.", lambda course: timezone.get_current_timezone() == UTC)
says(
    "Converted",
    "A moment is converted by hand.",
    lambda course: str(course.published_at.astimezone(timezone.get_current_timezone())),
)
says("DateFormat", "A date in the reader's format.", lambda course: formats.date_format(course.starts_on))
says("NumberFormat", "A number in the reader's format.", lambda course: formats.number_format(Decimal("1234.5"), 2))
says("Localized", "Whatever it is, in the reader's format.", lambda course: formats.localize(Decimal("1234.5")))
says("DateFilter", "A template filter makes a date readable.", lambda course: date_filter(course.starts_on, "F"))
says(
    "TemplateTime",
    "A template shows a moment.",
    lambda course: Template("{{ at }}").render(Context({"at": course.published_at})),
)
says("Rendered", "A renderer writes a lazy text.", lambda course: JSON.render({"yes": gettext_lazy("Yes")}).decode())


@adversary("raises")
class MomentAnywhere(Anywhere):
    """DRF itself shows moments in the current zone."""

    class Meta(Anywhere.Meta):
        fields = ["id", "published_at"]

    seen = None


@adversary("raises")
class LocalizedDecimal(Anywhere):
    """`localize=True` writes decimals as the reader would."""

    seen = serializers.DecimalField(source="price", max_digits=9, decimal_places=2, localize=True)


@adversary("raises")
class LazyChoices(Anywhere):
    """Choices have translated names."""

    class Meta(Anywhere.Meta):
        model = LazyCourse
        fields = ["id", "seen"]

    seen = serializers.CharField(source="get_level_display")


@adversary("raises")
class TranslatingModel(Anywhere):
    """A method of the model translates."""

    class Meta(Anywhere.Meta):
        model = LazyCourse
        fields = ["id", "seen"]

    seen = serializers.CharField(source="translated")


@adversary("raises")
class LabelShown(Anywhere):
    """A field's label is part of the answer."""

    title = serializers.CharField(label=gettext_lazy("Yes"))

    def get_seen(self, course: Course) -> str:
        return f"{self.fields['title'].label}"


@adversary("raises")
class ChoiceTable(Anywhere):
    """All choices are part of the answer."""

    level = serializers.ChoiceField(choices=[("beginner", gettext_lazy("Yes"))])

    class Meta(Anywhere.Meta):
        fields = ["id", "level", "seen"]

    def get_seen(self, course: Course) -> str:
        return str(self.fields["level"].choices["beginner"])


@adversary("raises")
class TranslatedBatch(Anywhere):
    """A batch method translates."""

    seen = batched(serializers.CharField())

    @seen.batch
    def name_all(self, pks: Any) -> Any:
        return dict.fromkeys(pks, gettext("Yes"))


@adversary("raises")
class TranslatedPersonalPart(CourseLeak):
    """A part that is kept apart by user translates."""

    seen = batched(serializers.CharField(), vary="user")

    @seen.batch
    def name_all(self, pks: Any) -> Any:
        return dict.fromkeys(pks, gettext("Yes"))


@adversary("raises")
class FileAnywhere(Anywhere):
    """The link to a file has the reader's host."""

    class Meta(Anywhere.Meta):
        fields = ["id", "syllabus"]

    seen = None


@adversary("apart")
class Translated(CourseLeak):
    """Without a vary, language and zone are found by themselves."""

    def get_seen(self, course: Course) -> str:
        return f"{gettext('Yes')} {timezone.localtime(course.published_at):%H} {formats.number_format(1234.5, 2)}"


@adversary("raises")
class RelativeLink(Anywhere):
    """`reverse` asks for the language, since routes may be translated."""

    def get_seen(self, course: Course) -> str:
        return reverse("v1:course-detail", args=[course.pk])
