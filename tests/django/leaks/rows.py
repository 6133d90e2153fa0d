"""Serializers whose lists hold more, or other, than stored rows; and those that read rows behind the plan's back."""

from typing import Any

from django.db.models import Count, F, Prefetch, QuerySet, Value
from rest_framework import serializers

from academy.catalog.models import Course, Lesson
from strangler_django.serializers import batched
from tests.django.leaks.adversary import CourseLeak, adversary


@adversary("bypasses")
class Annotated(CourseLeak):
    """The view counts in SQL, and the field takes what it finds."""

    seen = serializers.IntegerField(source="how_many", default=0)

    @staticmethod
    def adorn(courses: QuerySet) -> QuerySet:
        return courses.annotate(how_many=Count("lessons"))


@adversary("bypasses")
class AnnotatedOrNot(CourseLeak):
    """`getattr` with a default on an annotation that lists have and details have not."""

    def get_seen(self, course: Any) -> int:
        return getattr(course, "how_many", -1)

    @staticmethod
    def adorn(courses: QuerySet) -> QuerySet:
        return courses.annotate(how_many=Count("lessons"))


@adversary("bypasses")
class Extra(AnnotatedOrNot):
    """The same by `extra`."""

    @staticmethod
    def adorn(courses: QuerySet) -> QuerySet:
        return courses.extra(select={"how_many": "7"})


@adversary("bypasses")
class Renamed(CourseLeak):
    """An alias of a column."""

    def get_seen(self, course: Any) -> str:
        return getattr(course, "name", "")

    @staticmethod
    def adorn(courses: QuerySet) -> QuerySet:
        return courses.annotate(name=F("slug"), constant=Value(1))


@adversary("bypasses")
class PrefetchedToAttribute(CourseLeak):
    """`to_attr` keeps what the user may see."""

    def get_seen(self, course: Any) -> list[str]:
        return [lesson.title for lesson in getattr(course, "mine", ())]

    @staticmethod
    def adorn(courses: QuerySet) -> QuerySet:
        return courses.prefetch_related(Prefetch("lessons", Lesson.objects.filter(position=0), to_attr="mine"))


class LessonTitle(serializers.ModelSerializer):
    class Meta:
        model = Lesson
        fields = ["title", "position"]


@adversary("bypasses")
class PrefetchedInPart(CourseLeak):
    """A filtered Prefetch stands for all of a relation."""

    seen = LessonTitle(many=True, source="lessons")

    @staticmethod
    def adorn(courses: QuerySet) -> QuerySet:
        return courses.prefetch_related(Prefetch("lessons", Lesson.objects.filter(position=0)))


@adversary("apart")
class Deferred(CourseLeak):
    """`defer` leaves out what nobody shows, and something that somebody does."""

    def get_seen(self, course: Course) -> str:
        return course.summary

    @staticmethod
    def adorn(courses: QuerySet) -> QuerySet:
        return courses.defer("summary", "metadata")


@adversary("apart")
class Only(CourseLeak):
    """`only` leaves out the rest."""

    def get_seen(self, course: Course) -> str:
        return course.slug

    @staticmethod
    def adorn(courses: QuerySet) -> QuerySet:
        return courses.only("title")


@adversary("apart")
class NoRows(CourseLeak):
    """`none()` for those who may see nothing."""

    def get_seen(self, course: Course) -> str:
        return ""

    @staticmethod
    def adorn(courses: QuerySet) -> QuerySet:
        return courses.none()


@adversary("raises")
class OwnQuery(CourseLeak):
    """A count for each row."""

    def get_seen(self, course: Course) -> int:
        return course.lessons.count()


@adversary("raises")
class QueryByUser(CourseLeak):
    """The rows that are the user's."""

    def get_seen(self, course: Course) -> bool:
        return course.enrolments.filter(learner__user=self.context["request"].user.pk).exists()


@adversary("raises")
class UnplannedRelation(CourseLeak):
    """A relation that no field names."""

    def get_seen(self, course: Course) -> str:
        return course.educator.name


@adversary("raises")
class SwallowedQuery(CourseLeak):
    """A broken query is no reason to fail."""

    def get_seen(self, course: Course) -> int:
        try:
            return course.lessons.count()
        except Exception:
            return 0


@adversary("raises")
class Refreshed(CourseLeak):
    """The row is read again, to be sure."""

    def get_seen(self, course: Course) -> str:
        course.refresh_from_db()
        return course.title


@adversary("raises")
class OtherTable(CourseLeak):
    """A batch method reads rows whose writes nobody would see."""

    seen = batched(serializers.IntegerField(), default=0)

    @seen.batch
    def count(self, pks: Any) -> Any:
        return dict.fromkeys(pks, Lesson.objects.count())


@adversary("apart")
class Mutating(CourseLeak):
    """A field changes the object that later fields show."""

    class Meta(CourseLeak.Meta):
        fields = ["seen", "id", "title"]

    def get_seen(self, course: Course) -> str:
        course.title = course.title.upper()
        return course.title
