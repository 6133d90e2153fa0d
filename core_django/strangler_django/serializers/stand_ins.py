"""What shared code meets in place of a request, a context, a language: use of anything undeclared is reported."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta, tzinfo
from typing import Any

from rest_framework.settings import api_settings

from strangler_django.serializers.vary import HOST, UndeclaredUse

__all__ = [
    "Guarded",
    "GuardedContext",
    "GuardedParent",
    "GuardedRequest",
    "GuardedTimezone",
    "GuardedTranslation",
    "Leak",
]

_OPERATORS = """
    abs add and bool bytes call ceil complex contains delattr delitem dir divmod enter eq float floor floordiv
    format ge gt hash index int invert iter le len lshift lt matmul mod mul ne neg next or pos pow radd rand
    rdivmod reduce_ex repr reversed rfloordiv rlshift rmatmul rmod rmul ror round rpow rrshift rshift rsub
    rtruediv rxor setattr setitem str sub truediv trunc xor
""".split()  # noqa: SIM905  a list of 70 lines says no more


class Leak(list[str]):
    """What was used undeclared, kept even where a field swallows the exception."""

    subject = "A cached body"
    advice = (
        "Name it in vary, make the field fresh (batched(..., fresh=True) or Meta.no_cache_fields), "
        "or make it batched with depends_on if it reads other rows."
    )

    def __init__(self, allowed: frozenset[str]) -> None:
        super().__init__()
        self.allowed = allowed

    def report(self, use: str) -> UndeclaredUse:
        self.append(use)
        return UndeclaredUse(f"{self.subject} uses {use}. {self.advice}")

    def look(self, path: str, read: Callable[[], Any]) -> Any:
        """What `read` gives for `path`, guarded as far as only parts of it are allowed."""
        if path in self.allowed:
            return read()
        if any(known.startswith(f"{path}.") for known in self.allowed):
            return Guarded(read(), path, self)
        raise self.report(path)


def _refuse_operators(cls: type) -> type:
    """Operators are looked up on the class, so that `__getattr__` does not see them."""

    def refuse(self: Any, *args: Any, **kwargs: Any) -> Any:
        raise self._refused()

    for name in _OPERATORS:
        if f"__{name}__" not in vars(cls):
            setattr(cls, f"__{name}__", refuse)
    return cls


@_refuse_operators
class Guarded:
    """Something of which only declared parts may be used."""

    __slots__ = ("__leak", "__path", "__value")

    def __init__(self, value: Any, path: str, leak: Leak) -> None:
        for name, given in (("value", value), ("path", path), ("leak", leak)):
            object.__setattr__(self, f"_Guarded__{name}", given)

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        # Asked for by isinstance, which tells users apart.
        raise self._refused()

    def __getattr__(self, name: str) -> Any:
        value = self.__value
        if name == "get":
            return self.__get
        return self.__leak.look(f"{self.__path}.{name}", lambda: getattr(value, name))

    def __getitem__(self, name: Any) -> Any:
        value = self.__value
        return self.__leak.look(f"{self.__path}.{name}", lambda: value[name])

    def __get(self, name: str, default: Any = None) -> Any:
        try:
            return self[name]
        except KeyError:
            return default

    def _refused(self) -> UndeclaredUse:
        leak: Leak = self.__leak
        return leak.report(self.__path)


@_refuse_operators
class _GuardedQuery:
    """The query string, of which links repeat the format that was asked for."""

    __slots__ = ("__leak", "__query")

    def __init__(self, query: Any, leak: Leak) -> None:
        object.__setattr__(self, "_GuardedQuery__query", query)
        object.__setattr__(self, "_GuardedQuery__leak", leak)

    def __contains__(self, name: object) -> bool:
        self.__check(name)
        return name in self.__query

    def __getitem__(self, name: str) -> Any:
        self.__check(name)
        return self.__query[name]

    def __getattr__(self, name: str) -> Any:
        raise self._refused()

    def get(self, name: str, default: Any = None) -> Any:
        self.__check(name)
        return self.__query.get(name, default)

    def __check(self, name: object) -> None:
        if name != api_settings.URL_FORMAT_OVERRIDE:
            raise self._refused()

    def _refused(self) -> UndeclaredUse:
        leak: Leak = self.__leak
        return leak.report("request.GET")


class GuardedRequest:
    """The request as far as it is declared; with `host`, what links are made of."""

    __slots__ = ("__leak", "__request")

    def __init__(self, request: Any, leak: Leak) -> None:
        object.__setattr__(self, "_GuardedRequest__request", request)
        object.__setattr__(self, "_GuardedRequest__leak", leak)

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        # Whether it is Django's request or DRF's is the same for all callers.
        return type(self.__request)

    def build_absolute_uri(self, location: str | None = None) -> str:
        leak: Leak = self.__leak
        if HOST not in leak.allowed:
            raise leak.report("the request's host")
        if location is None or not (location.startswith("/") or "://" in location):
            raise leak.report("the request's path")
        absolute: str = self.__request.build_absolute_uri(location)
        return absolute

    def __getattr__(self, name: str) -> Any:
        request, leak = self.__request, self.__leak
        if name == "GET" and HOST in leak.allowed:
            return _GuardedQuery(request.GET, leak)
        return leak.look(f"request.{name}", lambda: getattr(request, name))

    def _refuse(self, *args: Any) -> Any:
        raise self.__leak.report("the whole request")

    __setattr__ = __delattr__ = __repr__ = __str__ = __iter__ = __contains__ = __getitem__ = __reduce_ex__ = _refuse


class GuardedContext(Mapping[str, Any]):
    """A serializer context that gives the guarded request, and what is declared."""

    __slots__ = ("__context", "__leak", "__request")

    def __init__(self, context: Mapping[str, Any], leak: Leak) -> None:
        request = context.get("request")
        guarded = None if request is None else GuardedRequest(request, leak)
        for name, given in (("context", context), ("leak", leak), ("request", guarded)):
            object.__setattr__(self, f"_GuardedContext__{name}", given)

    def __getitem__(self, name: str) -> Any:
        context, leak = self.__context, self.__leak
        if name == "request":
            if self.__request is not None:
                return self.__request
            # Without a request links are relative, so that its absence tells as much.
            if not any(known == HOST or known.startswith("request.") for known in leak.allowed):
                raise leak.report("a request, though there is none")
            return context[name]
        if name == "format" and HOST in leak.allowed:
            return context[name]
        return leak.look(f"context.{name}", lambda: context[name])

    def __getattr__(self, name: str) -> Any:
        raise self._refused()

    def _refused(self) -> UndeclaredUse:
        leak: Leak = self.__leak
        return leak.report("the whole context")

    def _refuse(self, *args: Any, **kwargs: Any) -> Any:
        raise self._refused()

    def __iter__(self) -> Iterator[str]:
        raise self._refused()

    def __len__(self) -> int:
        raise self._refused()

    __setattr__ = __delattr__ = __setitem__ = __delitem__ = __or__ = __ror__ = __ior__ = _refuse
    __repr__ = __str__ = __reversed__ = __reduce_ex__ = _refuse


@_refuse_operators
class GuardedParent:
    """Where a serializer is nested, in a list or nowhere: its bodies are the same everywhere."""

    __slots__ = ("_context", "_leak", "_partial", "parent")

    def __init__(self, context: GuardedContext, leak: Leak, *, partial: bool) -> None:
        # Fields go up to the one without parent, whose `_context` is the context.
        for name, given in (("_context", context), ("_leak", leak), ("_partial", partial), ("parent", None)):
            object.__setattr__(self, name, given)

    @property
    def context(self) -> GuardedContext:
        given: GuardedContext = self._context
        return given

    @property
    def partial(self) -> bool:
        """DRF's fields ask before they take a default."""
        if self._partial:
            raise self._leak.report("partial=True")
        return False

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        raise self._refused()

    def __getattr__(self, name: str) -> Any:
        raise self._refused()

    def _refused(self) -> UndeclaredUse:
        leak: Leak = self._leak
        return leak.report("the serializer that it is nested in or listed by")


@_refuse_operators
class GuardedTimezone(tzinfo):
    """The current time zone where bodies are not kept apart by it."""

    def __init__(self, zone: tzinfo, leak: Leak) -> None:
        vars(self).update(_zone=zone, _leak=leak)

    def utcoffset(self, moment: datetime | None) -> timedelta | None:
        raise self._refused()

    def dst(self, moment: datetime | None) -> timedelta | None:
        raise self._refused()

    def tzname(self, moment: datetime | None) -> str | None:
        raise self._refused()

    def fromutc(self, moment: datetime) -> datetime:
        raise self._refused()

    def __getattr__(self, name: str) -> Any:
        raise self._refused()

    def _refused(self) -> UndeclaredUse:
        leak: Leak = vars(self)["_leak"]
        return leak.report("the current time zone")


class GuardedTranslation:
    """The active translation where bodies are not kept apart by language."""

    def __init__(self, leak: Leak) -> None:
        vars(self)["_leak"] = leak

    def __getattr__(self, name: str) -> Any:
        leak: Leak = vars(self)["_leak"]
        raise leak.report("the active language")
