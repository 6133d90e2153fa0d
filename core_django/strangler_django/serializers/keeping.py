"""The kept results of one function: where they lie, what they stand under, and when they are not to be trusted."""

import logging
from functools import cached_property, lru_cache
from hashlib import blake2s
from importlib.util import find_spec
from inspect import iscoroutinefunction
from typing import Any

from asgiref.sync import async_to_sync
from django.apps import apps
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections, router

from strangler_django.serializers import journal, pending, stamps, turns
from strangler_django.serializers.calls import Call, Callee
from strangler_django.serializers.databases import database
from strangler_django.serializers.dependencies import Model
from strangler_django.serializers.entries import Shelf
from strangler_django.serializers.function_guard import Tables, guarded_function, tell_outer
from strangler_django.serializers.guard import GuardedRequest, UndeclaredUse, strict
from strangler_django.serializers.hidden import variables_of
from strangler_django.serializers.json_serializer import Inexact, dumps, loads
from strangler_django.serializers.reads import Read, reading
from strangler_django.serializers.signals import watch_any
from strangler_django.serializers.stamps import ANY_ROW, EVERY_ROW, Row
from strangler_django.serializers.store import Store, Unavailable, current_store
from strangler_django.serializers.vary import UnknownVary, allowed_by, vary_digest

__all__ = ["Results", "Source", "pickles"]

logger = logging.getLogger("strangler_django.serializers")

Source = Model | str
Label = tuple[str, str]
"""A database alias, and the label of stamps in it."""
_MAX_BYTES = 1 << 20


class Results:
    """The results of a function: one for each set of arguments, and of what it varies by."""

    def __init__(self, function: Any, *, timeout: int, depends_on: tuple[Source, ...], vary: tuple[str, ...]) -> None:
        self.callee = Callee(function)
        self.timeout = timeout
        self.depends_on = depends_on
        self.vary = vary
        self.models: tuple[Model, ...] = ()
        self.unresolved: list[str] = []
        self._pace = turns.Pace()

    def resolve(self) -> None:
        """Watches the models that the results depend on; what does not name one is left in `unresolved`."""
        found: dict[Model, None] = {}
        for source in self.depends_on:
            try:
                model = apps.get_model(source) if isinstance(source, str) else source
                concrete = model._meta.concrete_model or model
            except (LookupError, ValueError, AttributeError) as error:
                self.unresolved.append(f"{source!r} ({error})")
                continue
            # The columns of a multi-table child come from its parents' tables too.
            found |= dict.fromkeys([concrete, *concrete._meta.get_parent_list()])
        self.models = tuple(found)
        for model in self.models:
            watch_any(model)

    @property
    def tables(self) -> Tables:
        return frozenset(model._meta.db_table for model in self.models) if self.depends_on else None

    @cached_property
    def hidden(self) -> list[str]:
        """Context variables and thread locals that neither an argument nor `vary` tells of. Raises UnknownVary."""
        allowed = allowed_by(self.vary)
        return [name for name in variables_of(self.callee.function) if name not in allowed]

    def key(self, *args: Any, **kwargs: Any) -> str:
        call = self.callee.call(args, kwargs)
        return self._stem(call, self._sources(call)) + turns.NAME.decode()

    def invalidate(self, *args: Any, **kwargs: Any) -> None:
        store = current_store()
        if store is not None:
            label = self._label(self.callee.call(args, kwargs))
            pending.mark(store, DEFAULT_DB_ALIAS, {Row(DEFAULT_DB_ALIAS, label, ANY_ROW)})
            pending.settle_on_commit(DEFAULT_DB_ALIAS)

    def value(self, *args: Any, **kwargs: Any) -> Any:
        """What the function gives for these arguments, kept or computed."""
        call = self.callee.call(args, kwargs)
        store = current_store()
        if store is None or not _cacheops_is_there():
            return self._run(call)
        tell_outer(self.tables, self.callee.path)
        with reading(self.callee.path, DEFAULT_DB_ALIAS) as read:
            read.objects = 1
            return self._read(store, call, read)

    def _read(self, store: Store, call: Call, read: Read) -> Any:
        try:
            sources = self._sources(call)
            shelf = self._shelf(call, sources)
            read.bypass = self._reason(store, sources)
        except (Inexact, UnknownVary) as error:
            self._refuse(error, read)
        if read.bypass:
            # A test that runs in a transaction sees undeclared use all the same.
            return loads(dumps(self._guarded(call))) if strict() else self._run(call)
        return self._kept(store, shelf, call, read)

    def _kept(self, store: Store, shelf: Shelf, call: Call, read: Read) -> Any:
        unkept: list[Any] = []

        def compute() -> bytes:
            try:
                value = self._guarded(call)
                unkept.append(value)
                return dumps(value)
            except (Inexact, UndeclaredUse) as error:
                self._refuse(error, read)
                raise turns.Unkept from error

        try:
            return loads(turns.take(store, shelf, compute, self._pace, read))
        except Unavailable:
            read.bypass = "unavailable"
        except turns.Unkept:
            read.bypass = read.bypass or "unkept"
        return unkept[0] if unkept else self._run(call)

    def _refuse(self, error: Exception, read: Read) -> None:
        """Raises the error under DEBUG and in tests; a user's answer never depends on it."""
        if strict():
            raise error
        logger.warning("A result of %s is not kept. %s", self.callee.path, error)
        read.bypass = _REASONS[type(error)]

    def _run(self, call: Call, request: Any = None) -> Any:
        function = self.callee.function
        return call.run(async_to_sync(function) if iscoroutinefunction(function) else function, request)

    def _guarded(self, call: Call) -> Any:
        """Raises UndeclaredUse."""
        request = call.context.get("request")
        with guarded_function(allowed_by(self.vary), self.tables) as leak:
            return self._run(call, None if request is None else GuardedRequest(request, leak))

    def _reason(self, store: Store, sources: list[Label]) -> str:
        """Why this call goes past the cache; empty if it does not."""
        if self.unresolved:
            return "unresolved"
        if self.hidden:
            return "hidden"
        if pickles():
            return "pickle"
        if any(map(_is_in_transaction, connections.all(initialized_only=True))):
            return "transaction"
        if any(router.db_for_read(model) != router.db_for_write(model) for model in self.models):
            return "replica"
        return _journalled(store, sources)

    def _shelf(self, call: Call, sources: list[Label]) -> Shelf:
        return Shelf(
            stem=self._stem(call, sources).encode(),
            stamps=tuple(stamps.stem(alias, label) for alias, label in sources),
            timeout=self.timeout,
            max_bytes=_MAX_BYTES,
        )

    def _sources(self, call: Call) -> list[Label]:
        """What a result stands under. Raises Inexact."""
        models = [(router.db_for_write(model), str(model._meta.label_lower)) for model in self.models]
        return [(DEFAULT_DB_ALIAS, self._label(call)), *models]

    def _label(self, call: Call) -> str:
        return f"result[{_digest(self.callee.path, call.text, self.callee.closure)}]"

    def _stem(self, call: Call, sources: list[Label]) -> str:
        where = [database(alias) for alias in connections]
        variant = vary_digest(call.context, self.vary)
        # An entry begins with the stamps of its sources, so that none of other sources may lie there.
        digest = _digest(_prefix(self), where, sources, self.callee.code, self.callee.closure, variant, call.text)
        return f"result:{self.callee.path}:{digest}:"


_REASONS: dict[type[Exception], str] = {UndeclaredUse: "undeclared", Inexact: "inexact", UnknownVary: "vary"}


def _journalled(store: Store, sources: list[Label]) -> str:
    """Why what was written while Redis was away keeps the cache from being asked; empty if it does not."""
    labels: dict[str, set[str]] = {}
    for alias, label in sources:
        labels.setdefault(alias, set()).add(label)
    for alias, named in labels.items():
        pending.settle_finished(alias)
        try:
            rows = journal.pks(alias, named)
        except DatabaseError:
            return "database"
        if rows & {ANY_ROW, EVERY_ROW}:
            journal.clear(store, alias)
            return "journal"
    return ""


def pickles() -> bool:
    """Whether cacheops is told, or left, to pickle."""
    serializer = getattr(settings, "CACHEOPS_SERIALIZER", "pickle" if apps.is_installed("cacheops") else None)
    if isinstance(serializer, str):
        return "pickle" in serializer.lower()
    return "pickle" in getattr(getattr(serializer, "dumps", None), "__module__", "")


@lru_cache(maxsize=1)
def _cacheops_is_there() -> bool:
    return find_spec("cacheops") is not None


def _prefix(results: Results) -> str:
    """What the project's CACHEOPS_PREFIX gives: a tenant, for one."""
    if not getattr(settings, "CACHEOPS_PREFIX", None):
        return ""
    from strangler_django.serializers.cacheops_events import prefix

    return prefix(results.callee.function, results.models)


def _is_in_transaction(connection: Any) -> bool:
    autocommits = connection.settings_dict["AUTOCOMMIT"] if connection.connection is None else connection.autocommit
    return connection.in_atomic_block or not autocommits


def _digest(*parts: Any) -> str:
    # As long as no two calls may ever meet.
    return blake2s(repr(parts).encode(), digest_size=16).hexdigest()
