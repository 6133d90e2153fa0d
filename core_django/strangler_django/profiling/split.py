"""Split a request's time into SQL, serialisation, rendering and the rest, by cProfile.

Each part of the answer is profiled by a profiler of its own, switched where the outermost serializer or renderer
begins and ends. SQL is what each of them spent below Django's cursor, so it is taken out of every part exactly.
"""

import cProfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from django.http import JsonResponse
from django.template.base import Template
from django.template.response import SimpleTemplateResponse
from rest_framework.serializers import BaseSerializer, ListSerializer, Serializer

from strangler_django.profiling.lists import wrapped
from strangler_django.profiling.origin import is_own_file
from strangler_django.serializers import CachedListSerializer, CachedModelSerializer

__all__ = ["PARTS", "Split", "split_of"]

PARTS = ("sql", "serialisation", "rendering", "rest")
CURSOR = ("django/db/backends/utils.py", {"_execute", "_executemany", "callproc"})
COMPILER = ("django/db/models/sql/compiler.py", "execute_sql")
HOTTEST = 5

# A function's file, line and name; and its calls, primitive calls, own and cumulative seconds, and callers.
Key = tuple[str, int, str]
Row = tuple[int, int, float, float, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Shares of the time by part, which add up to 1; `query_share` is what Django's ORM and the driver spent by query.

    `hot` are the project's own functions that took most, as (`file:function`, share with what they called).
    """

    shares: dict[str, float]
    query_share: float
    hot: tuple[tuple[str, float], ...]
    serializers: tuple[Any, ...]


class _Parts:
    def __init__(self) -> None:
        self.profiles = {part: cProfile.Profile() for part in ("serialisation", "rendering", "rest")}
        self.stack = ["rest"]
        self.serializers: list[Any] = []

    def enter(self, part: str) -> None:
        self.profiles[self.stack[-1]].disable()
        self.stack.append(part)
        self.profiles[part].enable()

    def leave(self) -> None:
        self.profiles[self.stack.pop()].disable()
        self.profiles[self.stack[-1]].enable()

    def within(self, part: str) -> Callable[..., Any]:
        def call(real: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
            if self.stack[-1] == part:
                return real(*args, **kwargs)
            if part == "serialisation":
                self.serializers.append(args[0])
            self.enter(part)
            try:
                return real(*args, **kwargs)
            finally:
                self.leave()

        return call


def split_of(ask: Callable[[], object]) -> Split:
    """Run a request once under cProfile."""
    parts = _Parts()
    with _switched(parts):
        started = time.perf_counter()
        parts.profiles["rest"].enable()
        try:
            ask()
        finally:
            parts.profiles["rest"].disable()
        total = time.perf_counter() - started
    return _added_up(parts, total)


@contextmanager
def _switched(parts: _Parts) -> Iterator[None]:
    with ExitStack() as stack:
        for owner in (Serializer, ListSerializer):
            stack.enter_context(wrapped(owner, "to_representation", parts.within("serialisation")))
        for cached in (CachedModelSerializer, CachedListSerializer):
            # Their bytes are made without `data`.
            for name in {"json", "rendered"} & set(vars(cached)):
                stack.enter_context(wrapped(cached, name, parts.within("serialisation")))
        stack.enter_context(_property(BaseSerializer, "data", parts.within("serialisation")))
        stack.enter_context(wrapped(SimpleTemplateResponse, "render", parts.within("rendering")))
        stack.enter_context(wrapped(Template, "render", parts.within("rendering")))
        stack.enter_context(wrapped(JsonResponse, "__init__", parts.within("rendering")))
        yield


@contextmanager
def _property(owner: Any, name: str, method: Callable[..., Any]) -> Iterator[None]:
    real = owner.__dict__[name]
    setattr(owner, name, property(lambda self: method(real.fget, self)))
    try:
        yield
    finally:
        setattr(owner, name, real)


def _added_up(parts: _Parts, total: float) -> Split:
    spent = dict.fromkeys(PARTS, 0.0)
    queries, orm = 0, 0.0
    own: dict[str, float] = {}
    for part, profile in parts.profiles.items():
        profile.create_stats()
        stats: Mapping[Key, Row] = profile.stats
        sql = sum(row[3] for key, row in stats.items() if _is_sql(key))
        spent["sql"] += sql
        spent[part] += max(0.0, sum(row[2] for row in stats.values()) - sql)
        for key, (_, calls, own_seconds, cumulative, _) in stats.items():
            if _is(key, COMPILER[0]) and key[2] == COMPILER[1]:
                queries += calls
            if "/django/db/" in key[0] or _is_of_cursor(key):
                orm += own_seconds
            if key[0].endswith(".py") and is_own_file(key[0]):
                name = f"{'/'.join(key[0].split('/')[-2:])}:{key[2]}"
                own[name] = own.get(name, 0.0) + cumulative
    spent["rest"] = max(0.0, total - spent["sql"] - spent["serialisation"] - spent["rendering"])
    whole = sum(spent.values()) or 1.0
    hot = sorted(own.items(), key=lambda item: (-item[1], item[0]))[:HOTTEST]
    return Split(
        shares={part: seconds / whole for part, seconds in spent.items()},
        query_share=orm / queries / whole if queries else 0.0,
        hot=tuple((name, seconds / whole) for name, seconds in hot),
        serializers=tuple(parts.serializers),
    )


def _is_sql(key: Key) -> bool:
    return (_is_of_cursor(key) and "fetch" in key[2]) or (_is(key, CURSOR[0]) and key[2] in CURSOR[1])


def _is_of_cursor(key: Key) -> bool:
    return key[0] == "~" and "ursor" in key[2]


def _is(key: Key, tail: str) -> bool:
    return key[0].replace("\\", "/").endswith(tail)
