"""Serializers that carry a caller's data in themselves, in their fields or in what surrounds them."""

from collections.abc import Iterator
from functools import cached_property, partial
from typing import Any

from rest_framework import serializers

from academy.catalog.models import Course, Educator
from strangler_django.serializers import Cache, batched
from tests.django.leaks.adversary import CourseLeak, adversary


@adversary("partly")
class UserOnSelf(CourseLeak):
    """`__init__` takes the user out of the context once and for all."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = self.context["request"].user if "request" in self.context else None

    def get_seen(self, course: Course) -> str:
        return str(self.user)


@adversary("partly")
class FlagOnSelf(CourseLeak):
    """The same, as a flag that is only asked for."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.is_staff = "request" in self.context and self.context["request"].user.is_staff

    def get_seen(self, course: Course) -> bool:
        return self.is_staff is True


@adversary("raises")
class CachedOnSelf(CourseLeak):
    """A cached property of the serializer holds the user."""

    @cached_property
    def user(self) -> Any:
        return self.context["request"].user

    def get_seen(self, course: Course) -> str:
        return str(self.user)


@adversary("partly")
class CachedByAnother(CachedOnSelf):
    """It was filled before anybody asked for a body."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "request" in self.context:
            self.user  # noqa: B018


@adversary("raises")
class KeptByPart(CourseLeak):
    """A personal batch method keeps the user, and a shared method field beside it reads it."""

    name = batched(serializers.CharField(), vary="user")

    class Meta(CourseLeak.Meta):
        fields = ["id", "name", "seen"]

    @name.batch
    def name_all(self, pks: Any) -> Any:
        self._user = self.context["request"].user
        return dict.fromkeys(pks, self._user.username)

    def get_seen(self, course: Course) -> str:
        # Plain DRF calls `name_all` first.
        if not hasattr(self, "_user"):
            self._user = self.context["request"].user
        return str(self._user)


@adversary("raises")
class KeptOnField(CourseLeak):
    """The same, kept on the field."""

    name = batched(serializers.CharField(), vary="user")

    class Meta(CourseLeak.Meta):
        fields = ["id", "name", "seen"]

    @name.batch
    def name_all(self, pks: Any) -> Any:
        user = self.context["request"].user
        self.fields["seen"].user = user
        return dict.fromkeys(pks, user.username)

    def get_seen(self, course: Course) -> str:
        return str(getattr(self.fields["seen"], "user", None) or self.context["request"].user)


class GreetingField(serializers.CharField):
    def __init__(self, *, user: Any = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.user = user

    def to_representation(self, value: Any) -> str:
        return f"{value} for {self.user}"


class Dynamic(CourseLeak):
    def user(self) -> Any:
        request = self.context.get("request")
        return None if request is None else request.user

    def staff(self) -> bool:
        return bool(getattr(self.user(), "is_staff", False))

    def get_seen(self, course: Course) -> str:
        return ""


@adversary("partly")
class UserInArgument(Dynamic):
    """`get_fields` gives the user to a field."""

    def get_fields(self) -> Any:
        return super().get_fields() | {"seen": GreetingField(source="title", user=self.user())}


@adversary("partly")
class UserInDefault(Dynamic):
    """`get_fields` gives the user as a default."""

    def get_fields(self) -> Any:
        field = serializers.CharField(source="educator.agent.name", default=partial(str, self.user()))
        return super().get_fields() | {"seen": field}


@adversary("partly")
class UserInClosure(Dynamic):
    """`get_fields` gives a function that remembers the user."""

    def get_fields(self) -> Any:
        user = self.user()
        field = serializers.CharField(source="educator.agent.name", default=lambda: str(user))
        return super().get_fields() | {"seen": field}


@adversary("partly")
class UserSetOnField(Dynamic):
    """`get_fields` sets the user on a declared field."""

    seen = GreetingField(source="title")

    def get_fields(self) -> Any:
        fields = super().get_fields()
        fields["seen"].user = self.user()
        return fields


@adversary("partly")
class FormatByUser(Dynamic):
    """`__init__` sets the format that the user prefers."""

    class Meta(CourseLeak.Meta):
        fields = ["id", "published_at", "seen"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["published_at"].format = f"%Y {self.user()}"


@adversary("partly")
class SourceByUser(Dynamic):
    """`get_fields` moves a source for staff."""

    def get_fields(self) -> Any:
        fields = super().get_fields()
        if self.staff():
            fields["title"].source = "slug"
        return fields


@adversary("partly")
class HiddenByUser(Dynamic):
    """`get_fields` makes a field write-only for all but staff."""

    def get_fields(self) -> Any:
        fields = super().get_fields()
        fields["title"].write_only = self.staff()
        return fields


@adversary("partly")
class PatchedByUser(Dynamic):
    """`__init__` replaces a method of a field by one that knows the user."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        user = self.user()
        self.fields["title"].to_representation = lambda value: f"{value} for {user}"


@adversary("apart")
class FieldsByQuery(Dynamic):
    """`?fields=` chooses what is shown, and other fields are other bodies."""

    def get_fields(self) -> Any:
        fields = super().get_fields()
        request = self.context.get("request")
        if request is not None and "ada" in request.query_params.get("q", ""):
            del fields["seen"]
        return fields


@adversary("apart")
class FieldsByRole(Dynamic):
    """Staff have more fields."""

    def get_fields(self) -> Any:
        fields = super().get_fields()
        if self.staff():
            fields["slug"] = serializers.CharField()
        return fields


@adversary("apart")
class LabelByRole(Dynamic):
    """Arguments that are plain are part of the key."""

    def get_fields(self) -> Any:
        return super().get_fields() | {"seen": GreetingField(source="title", user="staff" if self.staff() else "all")}


@adversary("raises")
class ReadableByRole(CourseLeak):
    """`_readable_fields` leaves out what staff alone may see."""

    def get_seen(self, course: Course) -> str:
        return ""

    @property
    def _readable_fields(self) -> Iterator[Any]:
        staff = self.context["request"].user.is_staff
        yield from (field for name, field in self.fields.items() if staff or name != "seen")


class EducatorByRole(serializers.ModelSerializer):
    class Meta:
        model = Educator
        fields = ["id", "name", "bio"]

    def get_fields(self) -> Any:
        fields = super().get_fields()
        request = self.context.get("request")
        if request is None or not request.user.is_staff:
            del fields["bio"]
        return fields


@adversary("apart")
class NestedByRole(CourseLeak):
    """A nested serializer, a plain one, chooses its fields by the user's role."""

    seen = EducatorByRole(source="educator")


class EducatorLeak(serializers.ModelSerializer):
    seen = serializers.SerializerMethodField()

    class Meta:
        model = Educator
        fields = ["id", "seen"]

    def get_seen(self, educator: Educator) -> str:
        return str(self.context["request"].user)


@adversary("raises")
class Nested(CourseLeak):
    """A nested serializer greets."""

    seen = EducatorLeak(source="educator")


@adversary("raises")
class NestedThroughParent(CourseLeak):
    """A nested serializer asks its parent's context."""

    class Inner(EducatorLeak):
        def get_seen(self, educator: Educator) -> str:
            return str(self.parent._context["request"].user)

    seen = Inner(source="educator")


@adversary("raises")
class ByHand(CourseLeak):
    """A method field makes a serializer and passes its context on."""

    def get_seen(self, course: Course) -> Any:
        return EducatorLeak(course.educator, context=self.context).data

    class Meta(CourseLeak.Meta):
        fields = ["id", "educator", "seen"]

    educator = serializers.CharField(source="educator.name")


@adversary("raises")
class InListOrNot(CourseLeak):
    """A list shows less than a detail."""

    def get_seen(self, course: Course) -> bool:
        return isinstance(self.parent, serializers.ListSerializer)


@adversary("raises")
class SizeOfList(CourseLeak):
    """A row knows how many there are."""

    def get_seen(self, course: Course) -> int:
        return len(self.parent.instance) if self.parent else 1


@adversary("raises")
class OwnInstance(CourseLeak):
    """A detail's `self.instance` is an object in hand."""

    def get_seen(self, course: Course) -> str:
        return getattr(self.instance, "title", "")


@adversary("partly")
class StateSetByView(CourseLeak):
    """`get_serializer` of a view sets an attribute once the serializer is made."""

    tenant: Any = None

    def get_seen(self, course: Course) -> str:
        return f"{self.tenant}"

    def made(self, user: Any) -> None:
        if user.is_authenticated:
            self.tenant = user


class UserList(serializers.ListSerializer):
    def to_representation(self, data: Any) -> Any:
        user = self.context["request"].user
        return [row for row in super().to_representation(data) if user.is_staff or row["id"] % 2]


@adversary("apart")
class ListByUser(CourseLeak):
    """A list serializer shows to each user what is theirs."""

    class Meta(CourseLeak.Meta):
        list_serializer_class = UserList

    def get_seen(self, course: Course) -> str:
        return ""


class UserData(serializers.ListSerializer):
    @property
    def data(self) -> Any:
        user = self.context["request"].user
        return [row for row in super().data if user.is_staff or row["id"] % 2]


@adversary("apart")
class DataByUser(CourseLeak):
    """The same in `data`."""

    class Meta(CourseLeak.Meta):
        list_serializer_class = UserData

    def get_seen(self, course: Course) -> str:
        return ""


@adversary("apart")
class OwnData(CourseLeak):
    """A serializer's `data` adds a key at the end."""

    def get_seen(self, course: Course) -> str:
        return ""

    @property
    def data(self) -> Any:
        return super().data | {"user": str(self.context["request"].user)}


@adversary("apart")
class FreshGreeting(CourseLeak):
    """What is fresh may greet whom it likes, beside a shared body."""

    class Meta(CourseLeak.Meta):
        no_cache_fields = ["seen"]
        cache = Cache(timeout=60)

    def get_seen(self, course: Course) -> str:
        return str(self.context["request"].user)


@adversary("apart")
class PersonalPart(CourseLeak):
    """What is kept apart by user may greet as well."""

    seen = batched(serializers.CharField(), vary="user")

    @seen.batch
    def name_all(self, pks: Any) -> Any:
        return dict.fromkeys(pks, str(self.context["request"].user))
