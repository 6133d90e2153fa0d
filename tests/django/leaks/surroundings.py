"""Serializers that find the caller in variables that no argument shows."""

import inspect
import threading
from collections.abc import Callable
from functools import lru_cache, partial, wraps
from types import SimpleNamespace
from typing import Any

from django.utils.functional import SimpleLazyObject
from rest_framework import serializers

from academy.catalog.models import Course
from strangler_django.serializers import Cache, batched, register_vary
from tests.django.leaks import callers
from tests.django.leaks.adversary import CourseLeak, adversary
from tests.django.leaks.callers import current_user, local, store, thread
from tests.django.leaks.models import Board, NoticeSerializer, SeenCourse


@adversary("refused")
class FromContextVariable(CourseLeak):
    """Middleware keeps the user in a context variable."""

    def get_seen(self, course: Course) -> str:
        return str(current_user.get())


@adversary("refused")
class FromThread(CourseLeak):
    """Middleware keeps the user in a thread local."""

    def get_seen(self, course: Course) -> str:
        return str(thread.user)


@adversary("refused")
class FromLocal(CourseLeak):
    """The same with asgiref's Local."""

    def get_seen(self, course: Course) -> str:
        return str(getattr(local, "user", None))


@adversary("refused")
class FromModule(CourseLeak):
    """The variable is named through its module."""

    def get_seen(self, course: Course) -> str:
        return str(callers.thread.user)


@adversary("refused")
class FromStore(CourseLeak):
    """An object of a library keeps the thread local to itself."""

    def get_seen(self, course: Course) -> str:
        return str(store.user)


def current() -> str:
    return _current()


def _current() -> str:
    return str(current_user.get())


@adversary("refused")
class FromFunction(CourseLeak):
    """`current_user()` as crum and its like offer it, two calls deep."""

    def get_seen(self, course: Course) -> str:
        return current()


@adversary("refused")
class FromImportWithin(CourseLeak):
    """Imported within the function, against a cycle."""

    def get_seen(self, course: Course) -> str:
        from tests.django.leaks.callers import current_user as who

        return str(who.get())


def _in_closure() -> Callable[[Any, Any], str]:
    who = current_user

    def get_seen(self: Any, course: Course) -> str:
        return str(who.get())

    return get_seen


@adversary("refused")
class FromClosure(CourseLeak):
    """A method made by a function that was given the variable."""

    get_seen = _in_closure()


def tell(variable: Any, course: Course) -> str:
    return str(variable.get())


TELL = partial(tell, current_user)


@adversary("refused")
class FromPartial(CourseLeak):
    """A partial with the variable bound."""

    def get_seen(self, course: Course) -> str:
        return TELL(course)


def greeting(method: Callable[..., str]) -> Callable[..., str]:
    @wraps(method)
    def greeted(self: Any, course: Course) -> str:
        return f"{current_user.get()}: {method(self, course)}"

    return greeted


@adversary("refused")
class FromDecorator(CourseLeak):
    """The decorator looks, the method does not."""

    @greeting
    def get_seen(self, course: Course) -> str:
        return course.title


@adversary("refused")
class FromOwnMethod(CourseLeak):
    """A method of the serializer that another one calls."""

    def who(self) -> str:
        return str(current_user.get())

    def get_seen(self, course: Course) -> str:
        return self.who()


@adversary("refused")
class FromProperty(CourseLeak):
    """A property of the serializer."""

    @property
    def who(self) -> str:
        return str(current_user.get())

    def get_seen(self, course: Course) -> str:
        return self.who


@adversary("refused")
class FromDefaultArgument(CourseLeak):
    """The variable as a default argument, which is faster."""

    def get_seen(self, course: Course, who: Any = current_user) -> str:
        return str(who.get())


class Names:
    who = current_user


@adversary("refused")
class FromClassAttribute(CourseLeak):
    """The variable is an attribute of a class."""

    def get_seen(self, course: Course) -> str:
        return str(Names.who.get())


LAZY = SimpleLazyObject(lambda: SimpleNamespace(name=str(current_user.get())))
HANDLERS = {"who": lambda: str(current_user.get())}


@adversary("refused")
class FromTable(CourseLeak):
    """A table of functions, one of which looks."""

    def get_seen(self, course: Course) -> str:
        return HANDLERS["who"]()


@lru_cache(maxsize=1)
def remembered(who: str) -> str:
    return who


@adversary("refused")
class FromMemo(CourseLeak):
    """An `lru_cache` keyed by what the variable says."""

    def get_seen(self, course: Course) -> str:
        return remembered(str(current_user.get()))


class CurrentUserField(serializers.CharField):
    def to_representation(self, value: Any) -> str:
        return f"{value} for {current_user.get()}"


@adversary("refused")
class FromField(CourseLeak):
    """A custom field looks."""

    seen = CurrentUserField(source="title")


@adversary("refused")
class FromFieldOfBatch(CourseLeak):
    """The field of a batched value looks."""

    seen = batched(CurrentUserField(), default="x")

    @seen.batch
    def nothing(self, pks: Any) -> Any:
        return {}


@adversary("refused")
class FromBatch(CourseLeak):
    """A batch method looks."""

    seen = batched(serializers.CharField())

    @seen.batch
    def name_all(self, pks: Any) -> Any:
        return dict.fromkeys(pks, current())


@adversary("refused")
class FromRepresentation(CourseLeak):
    """`to_representation` looks."""

    def get_seen(self, course: Course) -> str:
        return ""

    def to_representation(self, instance: Any) -> Any:
        return super().to_representation(instance) | {"seen": current()}


@adversary("refused")
class FromDefault(CourseLeak):
    """The default of a missing attribute looks."""

    seen = serializers.CharField(source="educator.agent.name", default=current)


def caller_in_frames() -> str:
    for frame in inspect.stack():
        if "caller" in frame.frame.f_locals:
            return str(frame.frame.f_locals["caller"].name)
    return ""


@adversary("refused")
class FromFrames(CourseLeak):
    """A recipe from the web looks for a request in the frames that called it."""

    def get_seen(self, course: Course) -> str:
        return caller_in_frames()


BY_THREAD: dict[int, str] = {}


@adversary("refused")
class FromThreadIdentity(CourseLeak):
    """Middleware keeps requests in a dictionary by thread."""

    def get_seen(self, course: Course) -> str:
        return BY_THREAD.get(threading.get_ident(), str(current_user.get()))


class OfSeenCourse(CourseLeak):
    class Meta(CourseLeak.Meta):
        model = SeenCourse


@adversary("refused")
class FromModelProperty(OfSeenCourse):
    """A property of the model reads a context variable."""

    seen = serializers.CharField(source="seen_by")


@adversary("refused")
class FromModelMethod(OfSeenCourse):
    """A method field calls a method of the model that reads one."""

    def get_seen(self, course: Any) -> str:
        return course.describe("for")


@adversary("refused")
class FromCachedProperty(OfSeenCourse):
    """A cached property of the model reads one."""

    seen = serializers.CharField(source="first_seen_by")


@adversary("refused")
class FromText(OfSeenCourse):
    """`__str__` of the model reads one."""

    def get_seen(self, course: Any) -> str:
        return f"{course}"


@adversary("refused")
class FromManager(CourseLeak):
    """A tenant's manager filters each query by a context variable."""

    notices = NoticeSerializer(many=True)

    class Meta:
        model = Board
        fields = ["id", "notices"]
        cache = Cache(timeout=60)

    seen = None


@adversary("refused")
class FromManagerInBatch(CourseLeak):
    """A batch method counts with such a manager."""

    seen = batched(serializers.IntegerField(), default=0, depends_on="notices")

    class Meta:
        model = Board
        fields = ["id", "seen"]
        cache = Cache(timeout=60)

    @seen.batch
    def count(self, pks: Any) -> Any:
        from tests.django.leaks.models import Notice

        found: dict[int, int] = {}
        for board in Notice.objects.filter(board__in=pks).values_list("board", flat=True):
            found[board] = found.get(board, 0) + 1
        return found


register_vary(
    "leaks-user", lambda context: str(current_user.get()), allows=["tests.django.leaks.surroundings.current_user"]
)


@adversary("apart")
class FromDeclaredVariable(CourseLeak):
    """What a registered name tells may be used."""

    class Meta(CourseLeak.Meta):
        cache = Cache(timeout=60, vary="leaks-user")

    def get_seen(self, course: Course) -> str:
        return str(current_user.get())


@adversary("refused")
class FromVariableOfAPart(CourseLeak):
    """The variable is declared for a part, and the shared body reads it too."""

    name = batched(serializers.CharField(), vary="leaks-user")

    class Meta(CourseLeak.Meta):
        fields = ["id", "name", "seen"]

    @name.batch
    def name_all(self, pks: Any) -> Any:
        return dict.fromkeys(pks, str(current_user.get()))

    def get_seen(self, course: Course) -> str:
        return str(current_user.get())
