"""What an adversarial serializer is, and how its bytes are compared with DRF's own for every caller."""

from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeVar

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer

from academy.catalog.models import Course
from strangler_django.serializers import Cache, CachedModelSerializer
from tests.django.conftest import reads_seen
from tests.django.leaks.callers import Caller

__all__ = ["ADVERSARIES", "CourseLeak", "Outcome", "adversary", "bypasses_of", "cached_bytes", "own_bytes", "plain"]

Outcome = Literal["raises", "refused", "partly", "bypasses", "apart"]
"""What becomes of it under test.

It raises UndeclaredUse; a check refuses the class; instances are refused that differ from what the class says;
its queryset is never shared; its bodies are kept apart.
"""

ADVERSARIES: dict[str, tuple[type[CachedModelSerializer], Outcome]] = {}
Cls = TypeVar("Cls", bound=type[CachedModelSerializer])


def adversary(outcome: Outcome) -> Callable[[Cls], Cls]:
    """Adds a class whose docstring says how real code comes to do this."""

    def add(cls: Cls) -> Cls:
        assert cls.__doc__, cls
        assert cls.__name__ not in ADVERSARIES, cls
        ADVERSARIES[cls.__name__] = cls, outcome
        return cls

    return add


class CourseLeak(CachedModelSerializer):
    """A course, and what the serializer sees beside it."""

    seen = serializers.SerializerMethodField()

    class Meta:
        model = Course
        fields = ["id", "title", "seen"]
        cache = Cache(timeout=60)

    def get_seen(self, course: Course) -> Any:
        raise NotImplementedError


def plain(cls: Any) -> Any:
    """The serializer without its cache."""
    return type(cls.__name__, (cls,), {"Meta": type("Meta", (cls.Meta,), {"cache": None})})


def rows_of(cls: Any) -> QuerySet:
    """What the list shows; a class may narrow it down or adorn it as its view would."""
    found = cls.Meta.model._default_manager.order_by("pk")
    adorn: Callable[[QuerySet], QuerySet] = getattr(cls, "adorn", lambda queryset: queryset)
    return adorn(found)


def own_bytes(cls: Any, caller: Caller) -> tuple[bytes, ...]:
    """The bytes of DRF's own path: the list and each detail."""
    render = JSONRenderer().render
    with caller.here() as context:
        found = _made(plain(cls), list(rows_of(cls)), context, many=True)
        details = [_made(plain(cls), row, dict(context)) for row in rows_of(cls)]
        return tuple(render(one.data) for one in (found, *details))


def cached_bytes(cls: Any, caller: Caller) -> tuple[bytes, ...]:
    """The bytes that the cached serializer gives: the list and each detail."""
    with caller.here() as context:
        found = _made(cls, rows_of(cls), context, many=True)
        details = [_made(cls, row, dict(context)) for row in rows_of(cls)]
        return tuple(one.json() for one in (found, *details))


def _made(cls: Any, shown: Any, context: dict[str, Any], **options: Any) -> Any:
    serializer = cls(shown, context=context, **options)
    if hasattr(cls, "made"):
        getattr(serializer, "child", serializer).made(context["user"])
    return serializer


def bypasses_of(work: Callable[[], object]) -> tuple[Sequence[str], int]:
    """The reasons of the bypasses within the work, and how many objects it took from the cache."""
    with reads_seen() as seen:
        work()
    return [read.bypass for read in seen if read.bypass], sum(read.hits for read in seen)
