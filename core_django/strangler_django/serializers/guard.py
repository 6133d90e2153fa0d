"""Keeps what belongs to one caller out of bodies that all callers share."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from typing import Any

from django.conf import settings
from django.core import mail
from django.db import connections
from rest_framework.settings import api_settings

_declared: ContextVar[bool] = ContextVar("strangler_declared_queries", default=False)


class UndeclaredUse(Exception):
    """A shared body was about to depend on something that its key does not name."""


class Leak(list[str]):
    """What was used undeclared, kept even where a field swallows the exception."""

    def report(self, use: str) -> UndeclaredUse:
        self.append(use)
        return UndeclaredUse(
            f"A cached body uses {use}. Make the field fresh (batched(..., fresh=True) or Meta.no_cache_fields), "
            "or batched with depends_on if it reads other rows."
        )


class GuardedRequest:
    """The request as far as vary covers it: origin, version and format override where the body holds links."""

    def __init__(self, request: Any, leak: Leak, *, links: bool) -> None:
        self._request, self._leak, self._links = request, leak, links
        if not links:
            return
        self.version = getattr(request, "version", None)
        self.versioning_scheme = getattr(request, "versioning_scheme", None)
        override = api_settings.URL_FORMAT_OVERRIDE
        self.GET = {name: value for name, value in request.GET.items() if name == override}

    def build_absolute_uri(self, location: str | None = None) -> str:
        if not self._links:
            raise self._leak.report("the request's host")
        if location is None or not (location.startswith("/") or "://" in location):
            raise self._leak.report("the request's path")
        absolute: str = self._request.build_absolute_uri(location)
        return absolute

    def __getattr__(self, name: str) -> Any:
        raise self._leak.report(f"request.{name}")


class GuardedContext(Mapping[str, Any]):
    """A serializer context that gives the guarded request and format, and nothing else."""

    def __init__(self, context: Mapping[str, Any], leak: Leak, *, links: bool) -> None:
        request = context.get("request")
        self._leak = leak
        self._allowed: dict[str, Any] = {"format": context.get("format")} if links else {}
        self._allowed["request"] = None if request is None else GuardedRequest(request, leak, links=links)

    def __getitem__(self, name: str) -> Any:
        if name in self._allowed:
            if self._allowed[name] is None:
                raise KeyError(name)
            return self._allowed[name]
        raise self._leak.report(f"context[{name!r}]")

    def __iter__(self) -> Iterator[str]:
        raise self._leak.report("the whole context")

    def __len__(self) -> int:
        raise self._leak.report("the whole context")


@contextmanager
def guarded(serializer: Any, *, links: bool) -> Iterator[None]:
    """Computes shared bodies: the context is guarded and only plan loads and batch methods may query.

    Raises UndeclaredUse at the end also where the serializer swallowed it.
    """
    root, leak = serializer.root, Leak()
    context = root._context
    root._context = GuardedContext(context, leak, links=links)
    try:
        yield from _without_queries(leak)
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


def _without_queries(leak: Leak) -> Iterator[None]:
    def refuse(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if _declared.get():
            return execute(sql, params, many, context)
        raise leak.report(f"a query of its own ({sql[:200]})")

    with ExitStack() as stack:
        for connection in connections.all(initialized_only=True):
            stack.enter_context(connection.execute_wrapper(refuse))
        yield
