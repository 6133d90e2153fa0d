"""Keeps what belongs to one caller out of bodies that others share."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta, tzinfo
from typing import Any

from django.conf import settings
from django.core import mail
from django.db import connections
from django.utils import timezone
from django.utils.translation import trans_real
from rest_framework.settings import api_settings

from strangler_django.serializers.vary import HOST, LANGUAGE, TIMEZONE

__all__ = [
    "GuardedRequest",
    "Leak",
    "UndeclaredUse",
    "declared_queries",
    "guarded",
    "strict",
    "without_language",
    "without_queries",
    "without_time_zone",
]

_TABLE = re.compile(r"""\b(?:FROM|JOIN)\s+["`\[]?(\w+)""", re.IGNORECASE)
_CONSTANT = frozenset({"django_content_type"})
_declared: ContextVar[bool] = ContextVar("strangler_declared_queries", default=False)


class UndeclaredUse(Exception):
    """A shared body was about to depend on something that its key does not name."""


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

    def look(self, value: Any, name: str, path: str) -> Any:
        """The attribute or item behind `path`, guarded as far as only parts of it are allowed."""
        if path in self.allowed:
            return _get(value, name)
        if any(known.startswith(f"{path}.") for known in self.allowed):
            return Guarded(_get(value, name), path, self)
        raise self.report(path)


def _get(value: Any, name: str) -> Any:
    if isinstance(value, Mapping):
        return value[name]
    return getattr(value, name)


class Guarded:
    """Something of which only declared parts may be used."""

    def __init__(self, value: Any, path: str, leak: Leak) -> None:
        self._value, self._path, self._leak = value, path, leak

    def __getattr__(self, name: str) -> Any:
        if name == "get":
            return self._get_or
        return self._leak.look(self._value, name, f"{self._path}.{name}")

    def __getitem__(self, name: str) -> Any:
        return self._leak.look(self._value, name, f"{self._path}.{name}")

    def _get_or(self, name: str, default: Any = None) -> Any:
        try:
            return self[name]
        except (KeyError, AttributeError):
            return default

    def _refuse(self, *args: Any) -> Any:
        raise self._leak.report(self._path)

    __bool__ = __contains__ = __eq__ = __hash__ = __iter__ = __len__ = __repr__ = __str__ = _refuse


class GuardedRequest:
    """The request as far as it is declared; with `host`, what links are made of."""

    def __init__(self, request: Any, leak: Leak) -> None:
        self._request, self._leak = request, leak
        if HOST not in leak.allowed:
            return
        self.version = getattr(request, "version", None)
        self.versioning_scheme = getattr(request, "versioning_scheme", None)
        override = api_settings.URL_FORMAT_OVERRIDE
        self.GET = {name: value for name, value in request.GET.items() if name == override}

    def build_absolute_uri(self, location: str | None = None) -> str:
        if HOST not in self._leak.allowed:
            raise self._leak.report("the request's host")
        if location is None or not (location.startswith("/") or "://" in location):
            raise self._leak.report("the request's path")
        absolute: str = self._request.build_absolute_uri(location)
        return absolute

    def __getattr__(self, name: str) -> Any:
        return self._leak.look(self._request, name, f"request.{name}")


class GuardedContext(Mapping[str, Any]):
    """A serializer context that gives the guarded request, and what is declared."""

    def __init__(self, context: Mapping[str, Any], leak: Leak) -> None:
        self._context, self._leak = context, leak
        request = context.get("request")
        self._request = None if request is None else GuardedRequest(request, leak)

    def __getitem__(self, name: str) -> Any:
        if name == "request":
            # A None in its place asks for relative links.
            return self._context[name] if self._request is None else self._request
        if name == "format" and HOST in self._leak.allowed:
            return self._context[name]
        return self._leak.look(self._context, name, f"context.{name}")

    def __iter__(self) -> Iterator[str]:
        raise self._leak.report("the whole context")

    def __len__(self) -> int:
        raise self._leak.report("the whole context")


class GuardedTimezone(tzinfo):
    """The current time zone where bodies are not kept apart by it."""

    def __init__(self, zone: tzinfo, leak: Leak) -> None:
        self._zone, self._leak = zone, leak

    def _refuse(self, *args: Any) -> Any:
        raise self._leak.report("the current time zone")

    def utcoffset(self, moment: datetime | None) -> timedelta | None:
        offset: timedelta | None = self._refuse()
        return offset

    dst = tzname = fromutc = __str__ = __repr__ = _refuse


class GuardedTranslation:
    """The active translation where bodies are not kept apart by language."""

    def __init__(self, leak: Leak) -> None:
        self.__dict__["_leak"] = leak

    def __getattr__(self, name: str) -> Any:
        raise self._leak.report("the active language")


@contextmanager
def guarded(serializer: Any, allowed: frozenset[str], *, tables: frozenset[str] | None) -> Iterator[None]:
    """Computes shared values: the context is guarded and only plan loads and batch methods may query.

    `allowed` is what `vary.allowed_by` gives for the names that the values are kept apart by.
    `tables` are those that batch methods may read, because writes to them make the values void; None for any.
    Raises UndeclaredUse at the end also where the serializer swallowed it.
    """
    root, leak = serializer.root, Leak(allowed)
    context = root._context
    root._context = GuardedContext(context, leak)
    try:
        with ExitStack() as stack:
            stack.enter_context(without_queries(leak, tables))
            stack.enter_context(without_language(leak))
            stack.enter_context(without_time_zone(leak))
            yield
    except UndeclaredUse:
        raise
    except Exception as error:
        if leak:
            # What the refusal was turned into on its way says less.
            raise leak.report(leak[0]) from error
        raise
    finally:
        root._context = context
    if leak:
        raise leak.report(leak[0])


@contextmanager
def declared_queries() -> Iterator[None]:
    """Queries of a plan or a batch method, whose rows the entry depends on."""
    token = _declared.set(True)
    try:
        yield
    finally:
        _declared.reset(token)


def strict() -> bool:
    """Whether undeclared use is raised: under DEBUG and in Django's test environment."""
    return settings.DEBUG or hasattr(mail, "outbox")


@contextmanager
def without_queries(leak: Leak, tables: frozenset[str] | None) -> Iterator[None]:
    """Reports queries outside `declared_queries`, and those of tables other than these (None for any)."""

    def refuse(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        read = _tables_in(sql)
        if not _declared.get():
            raise leak.report(f"a query of its own on {' and '.join(sorted(read)) or 'the database'}")
        unseen = set() if tables is None else read - tables - _CONSTANT
        if unseen:
            raise leak.report(
                f"rows of {' and '.join(sorted(unseen))}, whose writes would not make it void (name the relation in "
                "depends_on, or give the field a timeout)"
            )
        return execute(sql, params, many, context)

    with ExitStack() as stack:
        for connection in connections.all():
            stack.enter_context(connection.execute_wrapper(refuse))
        yield


def _tables_in(sql: str) -> set[str]:
    return {name for name in _TABLE.findall(sql) if name}


@contextmanager
def without_language(leak: Leak) -> Iterator[None]:
    """Reports use of the active language, unless values are kept apart by it."""
    if LANGUAGE in leak.allowed or not settings.USE_I18N:
        yield
        return
    # Django has no public way to see a translation being used.
    active: Any = trans_real._active  # type: ignore[attr-defined]
    missing = object()
    before = getattr(active, "value", missing)
    active.value = GuardedTranslation(leak)
    try:
        yield
    finally:
        if before is missing:
            del active.value
        else:
            active.value = before


@contextmanager
def without_time_zone(leak: Leak) -> Iterator[None]:
    """Reports use of the current time zone, unless values are kept apart by it."""
    if TIMEZONE in leak.allowed or not settings.USE_TZ:
        yield
        return
    with timezone.override(GuardedTimezone(timezone.get_current_timezone(), leak)):
        yield
