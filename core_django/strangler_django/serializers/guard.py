"""Keeps what belongs to one caller out of bodies that others share."""

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from contextvars import ContextVar
from typing import Any

from django.conf import settings
from django.core import mail
from django.db import connections
from django.utils import timezone
from django.utils.translation import trans_real

from strangler_django.serializers.seclusion import secluded
from strangler_django.serializers.stand_ins import (
    GuardedRequest,
    GuardedTimezone,
    GuardedTranslation,
    Leak,
)
from strangler_django.serializers.vary import LANGUAGE, TIMEZONE, UndeclaredUse

__all__ = [
    "GuardedRequest",
    "Leak",
    "UndeclaredUse",
    "declared_queries",
    "guarded",
    "own_queries",
    "strict",
    "without_language",
    "without_queries",
    "without_time_zone",
]

_TABLE = re.compile(r"""\b(?:FROM|JOIN)\s+["`\[]?(\w+)""", re.IGNORECASE)
_CONSTANT = frozenset({"django_content_type"})
_own: ContextVar[bool] = ContextVar("strangler_own_queries", default=False)
_declared: ContextVar[bool] = ContextVar("strangler_declared_queries", default=False)


@contextmanager
def guarded(serializer: Any, allowed: frozenset[str], *, tables: frozenset[str] | None) -> Iterator[None]:
    """Computes shared values: the context is guarded and only plan loads and batch methods may query.

    `allowed` is what `vary.allowed_by` gives for the names that the values are kept apart by.
    `tables` are those that batch methods may read, because writes to them make the values void; None for any.
    Raises UndeclaredUse at the end also where the serializer swallowed it.
    """
    leak = Leak(allowed)
    try:
        with ExitStack() as stack:
            stack.enter_context(secluded(serializer, leak))
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
    if leak:
        raise leak.report(leak[0])


class _Marked:
    """A block in which a context variable is true; made by `contextmanager` each use costs twice as much."""

    __slots__ = ("_token", "_variable")

    def __init__(self, variable: ContextVar[bool]) -> None:
        self._variable = variable

    def __enter__(self) -> None:
        self._token = self._variable.set(True)

    def __exit__(self, *_error: object) -> None:
        self._variable.reset(self._token)


def own_queries() -> AbstractContextManager[None]:
    """Our own queries about who shows a write, where guarded code writes."""
    return _Marked(_own)


def declared_queries() -> AbstractContextManager[None]:
    """Queries of a plan or a batch method, whose rows the entry depends on."""
    return _Marked(_declared)


def strict() -> bool:
    """Whether undeclared use is raised: under DEBUG and in Django's test environment."""
    return settings.DEBUG or hasattr(mail, "outbox")


@contextmanager
def without_queries(leak: Leak, tables: frozenset[str] | None) -> Iterator[None]:
    """Reports queries outside `declared_queries`, and those of tables other than these (None for any)."""

    def refuse(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if _own.get():
            return execute(sql, params, many, context)
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
