"""What real projects do beside declaring fields: each is handled, or refused by a check or an error that says why."""

import contextvars
import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.core.checks import run_checks
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer
from rest_framework.serializers import ListSerializer, ModelSerializer

from academy.catalog.models import Course, Educator, Lesson
from strangler_django.serializers import (
    Cache,
    CachedListSerializer,
    CachedModelSerializer,
    UndeclaredUse,
    batched,
    register_vary,
)
from tests.django.conftest import NOON, Redis, commands_of, context_of, make_course, queries_of, reads_of

tenant: contextvars.ContextVar[str] = contextvars.ContextVar("shop_tenant", default="acorn")


class EducatorSerializer(CachedModelSerializer):
    course_count = batched(serializers.IntegerField(), default=0, depends_on="courses")

    class Meta:
        model = Educator
        fields = ["id", "name", "course_count"]
        cache = Cache()

    @course_count.batch
    def count_courses(self, pks: Any) -> dict[int, int]:
        return {pk: Course.objects.filter(educator=pk).count() for pk in pks}


class LessonSerializer(CachedModelSerializer):
    class Meta:
        model = Lesson
        fields = ["id", "title"]
        cache = Cache()


class CourseSerializer(CachedModelSerializer):
    educator = EducatorSerializer()
    lessons = LessonSerializer(many=True)

    class Meta:
        model = Course
        fields = ["id", "title", "educator", "lessons"]
        cache = Cache()


class PlainEducatorSerializer(ModelSerializer):
    course_count = serializers.SerializerMethodField()

    class Meta:
        model = Educator
        fields = ["id", "name", "course_count"]

    def get_course_count(self, educator: Educator) -> int:
        return educator.courses.count()


class PlainLessonSerializer(ModelSerializer):
    class Meta:
        model = Lesson
        fields = ["id", "title"]


class PlainCourseSerializer(ModelSerializer):
    educator = PlainEducatorSerializer()
    lessons = PlainLessonSerializer(many=True)

    class Meta:
        model = Course
        fields = ["id", "title", "educator", "lessons"]


@pytest.fixture(params=["as in tests", "as in production"])
def mode(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "as in production":
        monkeypatch.delattr(mail, "outbox")
    return str(request.param)


@pytest.fixture
def courses(cached: Redis) -> list[Course]:
    made = [make_course(title=title) for title in ("Zoë", "\u2028")]
    Lesson.objects.create(course=made[0], position=1, title="One", created_at=NOON)
    return made


def listed(cls: Any, **options: Any) -> bytes:
    serializer = cls(Course.objects.order_by("pk"), many=True, context=context_of(), **options)
    return serializer.json() if hasattr(serializer, "json") else JSONRenderer().render(serializer.data)


def rendered(cls: Any) -> bytes:
    """What DRF makes of the class, instance by instance."""
    rows = list(Course.objects.order_by("pk"))
    return JSONRenderer().render([cls(row, context=context_of()).data for row in rows])


def messages_of(cls: Any) -> list[str]:
    return [f"{message.id}: {message.msg}" for message in run_checks() if message.obj is cls]


class Anything(serializers.RelatedField):
    """A polymorphic relation: asks another serializer for each kind of object, as DRF's guide shows."""

    kinds: dict[type, Any]

    def to_representation(self, value: Any) -> Any:
        return self.kinds[type(value)](value, context=self.context).data


class Directly(Anything):
    def to_representation(self, value: Any) -> Any:
        return self.kinds[type(value)](context=self.context).to_representation(value)


@pytest.mark.parametrize("base", [Anything, Directly])
def test_a_polymorphic_relation_may_call_to_representation_directly(courses: list[Course], base: type) -> None:
    ours = type("Ours", (base,), {"kinds": {Course: CourseSerializer, Educator: EducatorSerializer}})
    plain = type("Plain", (base,), {"kinds": {Course: PlainCourseSerializer, Educator: PlainEducatorSerializer}})

    def shown(field: Any) -> bytes:
        holder = type("Holder", (serializers.Serializer,), {"target": field(read_only=True)})
        targets = [{"target": target} for target in (*courses, courses[0].educator)]
        return JSONRenderer().render(holder(targets, many=True, context=context_of()).data)

    assert shown(ours) == shown(plain)
    listed(CourseSerializer)
    assert shown(ours) == shown(plain)


def test_a_shared_body_with_a_polymorphic_relation_that_queries_is_refused_with_the_reason(
    courses: list[Course], mode: str
) -> None:
    field = type("Ours", (Directly,), {"kinds": {Educator: PlainEducatorSerializer}})

    class Polymorphic(CachedModelSerializer):
        educator = field(read_only=True)

        class Meta:
            model = Course
            fields = ["id", "educator"]
            cache = Cache()

    assert_refused(Polymorphic, "a query of its own", mode)


def test_nested_data_is_plain_dicts_and_lists_that_may_be_indexed_and_changed(courses: list[Course]) -> None:
    for _ in ("cold", "warm"):
        ours = CourseSerializer(Course.objects.order_by("pk"), many=True, context=context_of()).data
        plain = PlainCourseSerializer(Course.objects.order_by("pk"), many=True, context=context_of()).data
        assert ours[0]["educator"]["name"] == plain[0]["educator"]["name"]
        assert type(ours[0]) is type(plain[0])
        assert type(ours[0]["educator"]) is type(plain[0]["educator"]) is dict
        assert type(ours[0]["lessons"]) is type(plain[0]["lessons"]) is list
        assert json.dumps(ours) == json.dumps(plain)
        assert copy.deepcopy(ours) == plain
        assert [*ours[0].items()] == [*plain[0].items()]
        ours[0]["educator"]["name"] = "Changed"
        ours[0]["lessons"].append({"id": 0})
        assert ours != plain
    assert b"Changed" not in listed(CourseSerializer)


def test_a_detail_s_nested_data_is_plain_dicts(courses: list[Course]) -> None:
    for _ in ("cold", "warm"):
        ours = CourseSerializer(Course.objects.first(), context=context_of()).data
        plain = PlainCourseSerializer(Course.objects.first(), context=context_of()).data
        assert type(ours["educator"]) is type(plain["educator"])
        assert repr(ours["educator"]) == repr(plain["educator"])
        assert ours.pop("lessons") == plain.pop("lessons")
        assert ours == plain


class Counting(ListSerializer):
    """Adds a method, and lets DRF make the list."""

    def titles(self) -> list[str]:
        return [course["title"] for course in self.data]


class Grouped(ListSerializer):
    """Makes the list by itself, through `super()`."""

    def to_representation(self, data: Any) -> Any:
        return [{"rows": super().to_representation(data)}]


class Alone(ListSerializer):
    """Makes the list by itself, and not through `super()`."""

    def to_representation(self, data: Any) -> list[Any]:
        return [self.child.to_representation(row) for row in data.all()]


class Ours(CachedListSerializer):
    def titles(self) -> list[str]:
        return [course["title"] for course in self.data]


def with_list(base: Any, listing: type) -> Any:
    return type("Listed", (base,), {"Meta": type("Meta", (base.Meta,), {"list_serializer_class": listing})})


@pytest.mark.parametrize("listing", [Counting, Ours])
def test_a_list_serializer_that_leaves_the_list_to_drf_reads_from_the_cache(
    cached: Redis, courses: list[Course], listing: Any
) -> None:
    cls = with_list(CourseSerializer, listing)
    assert listed(cls) == listed(PlainCourseSerializer)
    # Courses, then educators and lessons.
    assert commands_of(cached, lambda: listed(cls)) == {"mget": 2}
    serializer = cls(Course.objects.order_by("pk"), many=True, context=context_of())
    assert serializer.titles() == ["Zoë", "\u2028"]
    assert isinstance(serializer, listing)


@pytest.mark.parametrize("listing", [Grouped, Alone])
def test_a_list_serializer_that_makes_the_list_itself_answers_as_drf_past_the_cache(
    courses: list[Course], listing: Any
) -> None:
    ours, plain = with_list(CourseSerializer, listing), with_list(PlainCourseSerializer, listing)
    for _ in range(2):
        assert listed(ours) == listed(plain)
    rows = Course.objects.all()
    seen = reads_of(lambda: ours(rows, many=True, context=context_of()).json())
    assert seen.bypass == "list_serializer_class"


def test_a_list_serializer_without_super_is_named_by_a_check() -> None:
    cls = with_list(CourseSerializer, Alone)
    counted = type("Counted", (cls,), {"count": EducatorSerializer._declared_fields["course_count"]})
    assert any("W105" in message and "super()" in message for message in messages_of(counted)), messages_of(counted)


class Stamped:
    """A base of theirs that co-operates: takes an argument, adds a field, and adds to what is shown."""

    def __init__(self, *args: Any, stamp: str = "-", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.stamp = stamp

    def get_fields(self) -> Any:
        return super().get_fields() | {"slug": serializers.CharField(read_only=True)}  # type: ignore[misc]

    def to_representation(self, instance: Any) -> Any:
        return super().to_representation(instance) | {"stamp": self.stamp}  # type: ignore[misc]


class TheirBase(Stamped, ModelSerializer):
    pass


def test_their_base_may_stand_to_the_right(courses: list[Course], mode: str) -> None:
    right = type(
        "Right", (CachedModelSerializer, TheirBase), {"Meta": CourseSerializer.Meta} | nested(CourseSerializer)
    )
    plain = type("Plain", (TheirBase,), {"Meta": PlainCourseSerializer.Meta} | nested(PlainCourseSerializer))
    for _ in ("cold", "warm"):
        assert listed(right) == listed(plain)


@pytest.mark.parametrize("bases", [(CachedModelSerializer, TheirBase), (Stamped, CachedModelSerializer)])
def test_what_their_base_was_given_is_shown_to_nobody_else(courses: list[Course], bases: tuple[type, ...]) -> None:
    ours = type("Ours", bases, {"Meta": CourseSerializer.Meta} | nested(CourseSerializer))
    plain = type("Plain", (TheirBase,), {"Meta": PlainCourseSerializer.Meta} | nested(PlainCourseSerializer))
    assert listed(ours) == listed(plain)
    # Its plan is refused for such an instance, so that it goes past the cache.
    for stamp in ("a", "b", "a"):
        assert listed(ours, stamp=stamp) == listed(plain, stamp=stamp)
    assert listed(ours) == listed(plain)


class Sheltered:
    """A base of theirs that looks at the tenant."""

    def to_representation(self, instance: Any) -> Any:
        return super().to_representation(instance) | {"shop": tenant.get()}  # type: ignore[misc]


@pytest.mark.parametrize(
    "bases", [(CachedModelSerializer, Sheltered, ModelSerializer), (Sheltered, CachedModelSerializer)]
)
def test_a_tenant_that_their_base_looks_at_is_refused_by_a_check(
    courses: list[Course], two_tenants: Callable[[Any], list[bytes]], bases: tuple[type, ...]
) -> None:
    cls = type("Ours", bases, {"Meta": CourseSerializer.Meta} | nested(CourseSerializer))
    first, second, _ = two_tenants(cls)
    assert b"acorn" in first
    assert b"birch" in second
    [message] = messages_of(cls)
    assert f"{__name__}.tenant" in message


def test_their_mixin_may_stand_to_the_left(courses: list[Course]) -> None:
    left = type("Left", (Stamped, CachedModelSerializer), {"Meta": CourseSerializer.Meta} | nested(CourseSerializer))
    plain = type(
        "Plain", (Stamped, ModelSerializer), {"Meta": PlainCourseSerializer.Meta} | nested(PlainCourseSerializer)
    )
    for _ in ("cold", "warm"):
        assert listed(left) == listed(plain)


def nested(cls: Any) -> dict[str, Any]:
    return {name: copy.deepcopy(cls._declared_fields[name]) for name in ("educator", "lessons")}


class Tenanted(CachedModelSerializer):
    shop = serializers.SerializerMethodField()

    class Meta:
        model = Course
        fields = ["id", "shop"]
        cache = Cache()

    def get_shop(self, course: Course) -> str:
        return tenant.get()


@pytest.fixture
def two_tenants() -> Callable[[Any], list[bytes]]:
    def asked(cls: Any) -> list[bytes]:
        seen = []
        for name in ("acorn", "birch", "acorn"):
            token = tenant.set(name)
            seen.append(listed(cls))
            tenant.reset(token)
        return seen

    return asked


def test_a_tenant_in_a_context_variable_is_refused_by_a_check_that_names_it(
    courses: list[Course], two_tenants: Callable[[Any], list[bytes]]
) -> None:
    [message] = messages_of(Tenanted)
    assert message.startswith("strangler_django.W101")
    assert f"{__name__}.tenant" in message
    first, second, third = two_tenants(Tenanted)
    assert b"acorn" in first
    assert b"birch" in second
    assert first == third


def test_a_tenant_in_a_context_variable_is_kept_apart_once_it_is_registered(
    cached: Redis, courses: list[Course], two_tenants: Callable[[Any], list[bytes]]
) -> None:
    register_vary("shop", lambda context: tenant.get(), allows=[f"{__name__}.tenant"])
    meta = type("Meta", (Tenanted.Meta,), {"cache": Cache(vary=("shop",))})
    cls = type("Registered", (Tenanted,), {"Meta": meta})
    assert messages_of(cls) == []
    first, second, third = two_tenants(cls)
    assert b"acorn" in first
    assert b"birch" in second
    assert first == third
    assert commands_of(cached, lambda: two_tenants(cls)) == {"mget": 3}


def titles_by_values_list(course: Course) -> list[str]:
    return list(course.lessons.values_list("title", flat=True))


def has_first_lesson(course: Course) -> bool:
    return course.lessons.filter(position=1).exists()


@pytest.mark.parametrize("look", [titles_by_values_list, has_first_lesson])
def test_a_method_that_defeats_prefetching_is_refused_with_the_reason(
    courses: list[Course], look: Callable[[Course], Any], mode: str
) -> None:
    class Defeating(CourseSerializer):
        look = serializers.SerializerMethodField()

        class Meta(CourseSerializer.Meta):
            fields = [*CourseSerializer.Meta.fields, "look"]

        def get_look(self, course: Course) -> Any:
            return look(course)

    assert_refused(Defeating, "a query of its own", mode)


def test_the_same_as_a_batched_field_is_handled(cached: Redis, courses: list[Course]) -> None:
    class Batched(CourseSerializer):
        look = batched(serializers.BooleanField(), default=False, depends_on="lessons")

        class Meta(CourseSerializer.Meta):
            fields = [*CourseSerializer.Meta.fields, "look"]

        @look.batch
        def find_first(self, pks: Any) -> set[int]:
            return set(Lesson.objects.filter(course__in=pks, position=1).values_list("course", flat=True))

    def looks() -> list[bool]:
        return [course["look"] for course in json.loads(listed(Batched))]

    assert looks() == [True, False]
    assert queries_of(looks) == 1
    courses[0].lessons.get().delete()
    assert looks() == [False, False]


def assert_refused(cls: Any, reason: str, mode: str) -> None:
    """Raises where tests run; in production the answer is DRF's, and never stored."""
    if mode == "as in tests":
        with pytest.raises(UndeclaredUse, match=reason):
            listed(cls)
        return
    for _ in range(2):
        assert listed(cls) == rendered(cls)
    assert reads_of(lambda: listed(cls)).bypass == "undeclared"
