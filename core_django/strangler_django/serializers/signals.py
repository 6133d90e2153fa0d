"""Receivers on every model that a cached serializer reads."""

import logging
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import wraps
from typing import Any, TypeVar, cast

from django.apps import apps
from django.core.signals import request_finished
from django.db import connections, models, router
from django.db.models import signals

from strangler_django.serializers import pending
from strangler_django.serializers.dependencies import MOVED, Crossing, Dependency, Model, label_of, pk_of, shares_rows
from strangler_django.serializers.guard import own_queries
from strangler_django.serializers.stamps import ANY_ROW, EVERY_ROW, Row
from strangler_django.serializers.store import Store, current_store

logger = logging.getLogger("strangler_django.serializers")

_dependencies: dict[Model, dict[Dependency, None]] = {}
_crossings: dict[Model, dict[Crossing, None]] = {}
_any_row: dict[Model, dict[str, None]] = {}
"""The labels whose `+` stamps every write of the model renews, for results that read any of its rows."""


Writing = TypeVar("Writing", bound=Callable[..., None])


def _bookkeeping(function: Writing) -> Writing:
    """What it asks the database is no guarded code's own query."""

    @wraps(function)
    def bookkeeping(*args: Any, **kwargs: Any) -> None:
        with own_queries():
            function(*args, **kwargs)

    return cast("Writing", bookkeeping)


def watch(sources: Iterable[Dependency | Crossing]) -> None:
    """Connects the receivers that these dependencies need; once is enough."""
    for source in sources:
        if isinstance(source, Crossing):
            _crossings.setdefault(source.through, {})[source] = None
            signals.m2m_changed.connect(_on_m2m_change, sender=source.through, dispatch_uid="strangler_django")
        else:
            for model in _written_as(source.model):
                _dependencies.setdefault(model, {})[source] = None
                _connect(model)


def watch_any(model: Model) -> str:
    """Lets every write of the model renew one stamp; gives its label."""
    label = label_of(model)
    for sender in _written_as(model):
        _any_row.setdefault(sender, {})[label] = None
        _connect(sender)
    return label


def watched_models() -> set[Model]:
    """The models whose writes are seen."""
    return {*_dependencies, *_crossings, *_any_row}


def watched(source: Dependency | Crossing) -> bool:
    if isinstance(source, Crossing):
        return source in _crossings.get(source.through, {})
    return source in _dependencies.get(source.model, {})


def readers(model: Model) -> tuple[list[Dependency | Crossing], list[str]]:
    """How bodies read rows of this model, and the labels of results that read any of its rows."""
    return [*_dependencies.get(model, {}), *_crossings.get(model, {})], list(_any_row.get(model, {}))


@_bookkeeping
def invalidate(model: Model, pks: Collection[Any], *, using: str | None = None) -> None:
    """Makes bodies that read these rows void, after `QuerySet.update`, bulk operations or raw SQL.

    Inside a transaction, call it before the commit; where a foreign key moves, before and after the statement.
    """
    alias = using or router.db_for_write(model)
    store = current_store()
    if store is None:
        return
    pending.mark(store, alias, _any(model, alias))
    if _locks(alias) and any(one.link or one.anchor for one in _dependencies.get(model, {})):
        # Nobody else may move the rows between this look and the statement.
        _lock(model, pks, alias)
    _declare_moves(store, model, pks, alias)
    for dependency in _dependencies.get(model, {}):
        pending.mark(store, alias, _rows(alias, dependency, dependency.roots(alias, pks)))
        for pk in pks:
            pending.wrote(alias, dependency, pk)
    pending.settle_on_commit(alias)


@_bookkeeping
def invalidate_values(model: Model, values: Mapping[str, Any]) -> None:
    """Makes bodies void that read the rows with these column values, rows that are gone by now included."""
    alias = router.db_for_write(model)
    store = current_store()
    if store is None:
        return
    pending.mark(store, alias, _any(model, alias))
    for dependency in _dependencies.get(model, {}):
        pending.mark(store, alias, _rows(alias, dependency, _reached(dependency, values, alias)))
    if model in _dependencies:
        invalidate(model, _named(model, values, alias), using=alias)
    for crossing in _crossings.get(model, {}):
        end = crossing.ends[0]
        links = {values.get(field.attname) for field in model._meta.fields if _points_at(field, end)}
        invalidate(end, links - {None}, using=alias)
    pending.settle_on_commit(alias)


@_bookkeeping
def invalidate_model(model: Model) -> None:
    """Makes every body void that reads this model."""
    alias = router.db_for_write(model)
    store = current_store()
    if store is None:
        return
    sources: list[Dependency | Crossing] = [*_dependencies.get(model, {}), *_crossings.get(model, {})]
    rows = {Row(alias, source.label, EVERY_ROW) for source in sources} | _any(model, alias)
    pending.mark(store, alias, rows)
    pending.settle_on_commit(alias)


def invalidate_all() -> None:
    """Makes every body void."""
    for model in watched_models():
        invalidate_model(model)


def _named(model: Model, values: Mapping[str, Any], alias: str) -> list[Any]:
    """Keys of the rows with these values; cacheops names rows by a link too, without their key."""
    if pk_of(model) in values:
        return [] if values[pk_of(model)] is None else [values[pk_of(model)]]
    return list(model._base_manager.using(alias).filter(**values).values_list("pk", flat=True))


def _points_at(field: Any, model: Model) -> bool:
    return bool(field.many_to_one) and issubclass(model, field.related_model)


def _written_as(model: Model) -> list[Model]:
    """The model, its proxies and multi-table children: any of them may be the sender of its writes."""
    every = apps.get_models(include_auto_created=True)
    return [
        sender
        for sender in every
        if model._meta.concrete_model in {sender._meta.concrete_model, *_concrete(sender)._meta.get_parent_list()}
    ]


def _concrete(model: Model) -> Model:
    return model._meta.concrete_model or model


def _connect(model: Model) -> None:
    for signal in (signals.pre_save, signals.pre_delete):
        signal.connect(_before_write, sender=model, dispatch_uid="strangler_django")
    for signal in (signals.post_save, signals.post_delete):
        signal.connect(_after_write, sender=model, dispatch_uid="strangler_django")
    signals.m2m_changed.connect(_on_m2m_change, sender=model, dispatch_uid="strangler_django")


@_bookkeeping
def _before_write(sender: Model, instance: models.Model, using: str, **kwargs: Any) -> None:
    store = current_store()
    if store is None:
        return
    if kwargs["signal"] is signals.pre_delete:
        _lock(sender, [instance.pk], using)
    if not instance._state.adding and instance.pk is not None:
        _declare_moves(store, sender, [instance.pk], using)
    rows = _any(sender, using)
    reached: dict[Any, set[Any]] = {}
    for dependency in _dependencies.get(sender, {}):
        # Facets of one root are reached alike.
        way = (dependency.root, dependency.model, dependency.path, dependency.anchor, dependency.link)
        if way not in reached:
            reached[way] = _reached(dependency, instance.__dict__, using)
        rows |= _rows(using, dependency, reached[way])
    pending.mark(store, using, rows)


def _declare_moves(store: Store, model: Model, pks: Collection[Any], using: str) -> None:
    """Without a transaction no lock keeps another writer from moving the rows between our look and our write."""
    linked = {one.model for one in _dependencies.get(model, {}) if one.link is not None}
    rows = {Row(using, label_of(end, MOVED), str(pk)) for end in linked for pk in pks}
    if rows:
        pending.moves(store, using, rows, locked=_locks(using))


@_bookkeeping
def _after_write(sender: Model, instance: models.Model, using: str, **kwargs: Any) -> None:
    store = current_store()
    if store is None:
        return
    for dependency in _dependencies.get(sender, {}):
        pk = getattr(instance, pk_of(dependency.model))
        if not dependency.path:
            pending.mark(store, using, _rows(using, dependency, {pk}))
        elif dependency.anchor or not dependency.link:
            pending.wrote(using, dependency, pk)
    pending.settle_on_commit(using)


@_bookkeeping
def _on_m2m_change(sender: Model, instance: models.Model, action: str, using: str, **kwargs: Any) -> None:
    store = current_store()
    if store is None:
        return
    if action == "pre_clear":
        _lock(type(instance), [instance.pk], using)
    rows = _any(sender, using)
    for crossing in _crossings.get(sender, {}):
        for end in crossing.ends:
            if shares_rows(type(instance), end):
                pk = getattr(instance, pk_of(end), instance.pk)
                rows |= _rows(using, crossing, crossing.roots(using, end, [pk]))
        rows |= _rows(using, crossing, crossing.roots(using, kwargs["model"], kwargs["pk_set"] or ()))
    joins = _joins_of(sender, instance, using) if sender in _dependencies else []
    for dependency in _dependencies.get(sender, {}):
        # Django writes the rows of a join's own model without a signal of theirs.
        rows |= _rows(using, dependency, dependency.roots(using, joins))
    pending.mark(store, using, rows)
    if action.startswith("post_"):
        pending.settle_on_commit(using)


def _joins_of(through: Model, instance: models.Model, using: str) -> list[Any]:
    ends = [
        field
        for field in through._meta.concrete_fields
        if field.is_relation and isinstance(instance, field.related_model or ())
    ]
    ours = models.Q(*((f"{field.name}__pk", instance.pk) for field in ends), _connector=models.Q.OR)
    return list(through._base_manager.using(using).filter(ours).values_list("pk", flat=True)) if ends else []


def _any(model: Model, alias: str) -> set[Row]:
    return {Row(alias, label, ANY_ROW) for label in _any_row.get(model, {})}


def _reached(dependency: Dependency, stored: Mapping[str, Any], using: str) -> set[Any]:
    """Rows of the root that the stored state or the state about to be stored reaches."""
    pk = stored.get(pk_of(dependency.model))
    if dependency.link is None:
        return set() if pk is None else dependency.roots(using, [pk])
    field: Any = dependency.model._meta.get_field(dependency.link)
    values = {stored.get(field.attname), *_stored_link(dependency.model, pk, field.attname, using)} - {None}
    if dependency.anchor:
        pending.linked(using, dependency, values)
    return dependency.linked(using, values)


def _stored_link(model: Model, pk: Any, attname: str, using: str) -> list[Any]:
    if pk is None:
        return []
    rows = model._base_manager.using(using).filter(pk=pk)
    if _locks(using):
        # Nobody else may move the row between this look and our write.
        no_key = connections[using].features.has_select_for_no_key_update
        rows = rows.select_for_update(no_key=no_key)
    return list(rows.values_list(attname, flat=True))


def _lock(model: Model, pks: Collection[Any], using: str) -> None:
    """Waits for those who are moving these rows or tying others to them, and keeps others from it."""
    if _locks(using):
        list(model._base_manager.using(using).filter(pk__in=pks).select_for_update().order_by("pk").values_list("pk"))


def _locks(using: str) -> bool:
    connection = connections[using]
    return connection.in_atomic_block and connection.features.has_select_for_update


def _rows(alias: str, source: Dependency | Crossing, pks: Iterable[Any]) -> set[Row]:
    # An instance may hold its key as it was given: "5", or a UUID in capitals.
    label, key = source.label, source.root._meta.pk
    return {Row(alias, label, str(key.to_python(pk))) for pk in pks}


def _settle_all(**kwargs: Any) -> None:
    for connection in connections.all(initialized_only=True):
        try:
            pending.settle_finished(connection.alias)
        except Exception:
            # The client has its response.
            logger.exception("What was written through %s could not be renewed", connection.alias)


request_finished.connect(_settle_all, dispatch_uid="strangler_django")
