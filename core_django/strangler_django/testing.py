"""Assertions for a project's own tests, under unittest and pytest alike."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from django.conf import settings
from django.db import connections, router

from strangler_django.profiling.queries import Query, Recorder, recording
from strangler_django.serializers import UndeclaredUse, reads, registry
from strangler_django.serializers.callers import Caller, everyone, first_difference
from strangler_django.serializers.reads import Read
from strangler_django.serializers.signals import invalidate_all
from strangler_django.serializers.store import current_store

__all__ = ["assert_batched", "assert_cache_safe"]

_LONG = re.compile(r"^SELECT .{160,}? FROM")
_MOST_ORDERS = 24
"""Callers that take a turn at filling the cache; the others read what these filled."""


@contextmanager
def assert_batched(max_queries: int, *, using: str | None = None) -> Iterator[None]:
    """Fails if the block runs more SQL than `max_queries` on all databases, or on the one that `using` names.

    The message groups equal statements, values left out, and names the serializer field and line that ran them.
    What opens and closes transactions does not count. Raises AssertionError.
    """
    recorder = Recorder()
    with recording(_of(using, recorder)):
        yield
    if len(recorder.queries) > max_queries:
        raise AssertionError(_told(recorder.queries, max_queries))


def _of(using: str | None, recorder: Recorder) -> Any:
    if using is None:
        return recorder

    def record(execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        wanted = context["connection"].alias == using
        return recorder(execute, sql, params, many, context) if wanted else execute(sql, params, many, context)

    return record


def _told(queries: Sequence[Query], most: int) -> str:
    grouped = Counter((query.statement, query.asker.place) for query in queries)
    lines = [f"{len(queries)} queries, where at most {most} are allowed:"]
    for (statement, place), count in grouped.most_common():
        where = f"{place.owner}.{place.field}" if place.field else place.owner
        line = (
            f"{place.line.file}:{place.line.number}: {place.line.text}" if place.line.file else "no line of the project"
        )
        lines += [f"  {count} x {_LONG.sub('SELECT … FROM', statement)}", f"      {where}, {line}"]
    return "\n".join(lines)


def assert_cache_safe(
    serializer: Any,
    *,
    users: Sequence[Any],
    languages: Sequence[str | None] | None = None,
    timezones: Sequence[str | tzinfo | None] | None = None,
    hosts: Sequence[str] = ("http://testserver", "https://testserver"),
    queryset: Any = None,
    context: Any = None,
) -> None:
    """Fails unless every caller gets DRF's own bytes from a cache that other callers filled.

    Callers are all combinations of `users` (saved ones; None for an anonymous user), `languages` and `timezones`
    (by default two each, as far as Django is told to have them) and `hosts`. Each takes a turn at filling.
    `queryset` gives the rows, by default all of the serializer's model.
    `context` adds to the serializer's context: a mapping, or a function of the request that gives one.

    It needs the server that CACHEOPS_REDIS names, of which it makes all bodies void, and rows that are committed.
    Raises AssertionError, naming the caller, the row and the JSON path, also where nothing was cached at all.
    """
    _refuse_vacuous(serializer)
    queryset = serializer.Meta.model._default_manager.order_by("pk") if queryset is None else queryset
    rows = list(queryset.all())
    if not rows:
        raise AssertionError(f"There is no {serializer.Meta.model._meta.label} to show: save some first.")
    callers = everyone(users, _languages(languages), _zones(timezones), hosts, context)
    if len(callers) < 2:
        raise AssertionError("A single caller cannot be shown another's data: give more users, languages or hosts.")
    expected = [caller.own(serializer, queryset.all()) for caller in callers]
    trial = _Trial(
        serializer=serializer, queryset=queryset, callers=callers, expected=expected, pks=[row.pk for row in rows]
    )
    seen = trial.run()
    if not sum(read.hits for read in seen):
        reasons = Counter(read.bypass or "nothing was stored" for read in seen)
        told = ", ".join(f"{reason} ({count} times)" for reason, count in reasons.items())
        raise AssertionError(f"Nothing of {serializer.__name__} came from the cache: {told or 'it was not asked'}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trial:
    """`expected` has DRF's own bytes for each caller: the list, and its first row alone."""

    serializer: Any
    queryset: Any
    callers: Sequence[Caller]
    expected: Sequence[Sequence[bytes]]
    pks: Sequence[Any]

    def run(self) -> list[Read]:
        """Lets callers fill in turn, and all read after each. Raises AssertionError."""
        seen: list[Read] = []
        reads.listeners.append(seen.append)
        try:
            for first in range(0, len(self.callers), max(1, len(self.callers) // _MOST_ORDERS)):
                invalidate_all()
                others = [at for at in range(len(self.callers)) if at != first]
                for at in (first, *others, first):
                    self._compare(at, first)
        finally:
            reads.listeners.remove(seen.append)
        if undeclared := [read.serializer for read in seen if read.bypass == "undeclared"]:
            raise AssertionError(f"{undeclared[0]} uses what its key does not name; the log says what.")
        return seen

    def _compare(self, at: int, first: int) -> None:
        caller = self.callers[at]
        who = f"{self.serializer.__name__}, shown to ({caller})"
        try:
            listed, alone = caller.cached(self.serializer, self.queryset)
        except UndeclaredUse as error:
            raise AssertionError(f"{who}: {error}") from error
        who += "" if at == first else f" after ({self.callers[first]}) filled the cache"
        if listed != self.expected[at][0]:
            raise AssertionError(f"{who}{self._in_list(self.expected[at][0], listed)}")
        if alone != self.expected[at][1]:
            raise AssertionError(f"{who}, object {self.pks[0]!r} alone: {_path(self.expected[at][1], alone)}")

    def _in_list(self, own: bytes, cached: bytes) -> str:
        expected, shown = json.loads(own), json.loads(cached)
        if isinstance(expected, list) and isinstance(shown, list) and len(expected) == len(shown) == len(self.pks):
            for pk, one, other in zip(self.pks, expected, shown, strict=True):
                if found := first_difference(one, other):
                    return f", object {pk!r}: {found}"
        return f": {_path(own, cached)}"


def _path(own: bytes, cached: bytes) -> str:
    found = first_difference(json.loads(own), json.loads(cached))
    return found or f"the bytes differ, though not the values: {cached!r:.200}"


def _refuse_vacuous(serializer: Any) -> None:
    """Raises AssertionError where nothing would be stored, or nothing is asked for."""
    name, model = serializer.__name__, serializer.Meta.model
    if current_store() is None:
        raise AssertionError("CACHEOPS_REDIS is not set (or CACHEOPS_ENABLED is off): there is no cache to test.")
    if connections[router.db_for_write(model)].in_atomic_block:
        raise AssertionError(
            "This test runs inside a transaction, in which bodies are never stored: use TransactionTestCase, "
            "or pytest-django's transactional_db."
        )
    if getattr(serializer.Meta, "cache", None) is None:
        raise AssertionError(f"{name} has no Meta.cache.")
    if not registry.is_cached(serializer):
        raise AssertionError(f"{name} is not cached: {registry.refusals.get(serializer, 'it was never registered')}.")


def _languages(given: Sequence[str | None] | None) -> Sequence[str | None]:
    if given is not None:
        return given
    return [code for code, _ in settings.LANGUAGES[:2]] if settings.USE_I18N else [None]


def _zones(given: Sequence[str | tzinfo | None] | None) -> Sequence[str | tzinfo | None]:
    if given is not None:
        return given
    # Half an hour off, and another day for a part of it.
    return ["UTC", "Asia/Kolkata"] if settings.USE_TZ else [None]
