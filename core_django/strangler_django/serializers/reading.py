"""Reads a list of bodies: Redis first, the database for what is missing, fresh fields always."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connections, router
from rest_framework.fields import SkipField
from rest_framework.relations import PKOnlyObject

from strangler_django.serializers import entries, journal, pending, segments, stamps
from strangler_django.serializers.batched import BatchedField
from strangler_django.serializers.entries import Body, Shelf
from strangler_django.serializers.guard import UndeclaredUse, declared_queries, guarded, strict
from strangler_django.serializers.plan import FieldPlan
from strangler_django.serializers.rows import Rows
from strangler_django.serializers.store import Store, Unavailable
from strangler_django.serializers.vary import vary_digest

logger = logging.getLogger("strangler_django.serializers")


@dataclass(frozen=True, slots=True)
class Rendered:
    """Objects as JSON, separated by commas; `exact` if decoding gives DRF's own values and types."""

    objects: bytes
    exact: bool


def render_rows(serializer: Any, plan: FieldPlan, store: Store, rows: Rows) -> Rendered | None:
    """The rows' JSON, or None where a body turned out not to be shareable."""
    try:
        bodies = _bodies(serializer, plan, store, rows)
    except UndeclaredUse as error:
        if strict():
            raise
        logger.warning("%s bypasses its cache. %s", type(serializer).__name__, error)
        return None
    pks = [pk for pk in rows.pks if pk in bodies]
    instances: dict[Any, Any] = {}
    if not plan.fresh_batched and pks:
        instances = plan.load(rows.alias, pks)
        pks = [pk for pk in pks if pk in instances]
    found = [bodies[pk] for pk in pks]
    columns, exact = _fresh(serializer, plan, pks, instances)
    objects = segments.splice([body.content for body in found], columns)
    return Rendered(objects, exact and all(body.exact for body in found))


def _bodies(serializer: Any, plan: FieldPlan, store: Store, rows: Rows) -> dict[Any, Body]:
    alias, label = router.db_for_write(plan.model), plan.model._meta.label_lower
    pending.settle_finished(alias)
    bypassed: set[str] = set()
    if rows.journal_has_rows:
        bypassed = journal.pks(rows.alias, label)
        journal.clear(store, alias)
    if stamps.EVERY_ROW in bypassed:
        return _compute(serializer, plan, rows.alias, rows.pks)
    pks = [pk for pk in dict.fromkeys(rows.pks) if str(pk) not in bypassed] if bypassed else rows.pks
    shelf = Shelf(
        alias=alias,
        label=label,
        digest=plan.digest,
        vary=vary_digest(serializer.context, links=plan.links),
        timeout=serializer.Meta.cache.timeout,
    )
    names = entries.names_of(pks)
    try:
        reading = entries.read(store, shelf, names) if pks else entries.Reading([], [])
    except Unavailable:
        return _compute(serializer, plan, rows.alias, rows.pks)
    bodies = {pk: body for pk, body in zip(pks, reading.bodies, strict=True) if body is not None}
    if len(bodies) == len(pks) and not bypassed:
        return bodies
    missed = {
        pk: (name, stamp)
        for pk, name, stamp in zip(pks, names, reading.stamps, strict=True)
        if pk not in bodies and not (stamp or b"").startswith(stamps.PENDING)
    }
    claimed = _claim(store, shelf, missed, reading.table) if _may_fill(plan, alias, rows.alias) else {}
    computed = _compute(serializer, plan, rows.alias, [pk for pk in rows.pks if pk not in bodies])
    filled = {name: (stamp, computed[pk]) for pk, (name, stamp) in claimed.items() if pk in computed}
    if filled:
        try:
            entries.fill(store, shelf, filled)
        except Unavailable:
            logger.info("Redis went away before %d bodies could be stored", len(filled))
    return bodies | computed


def _claim(
    store: Store, shelf: Shelf, missed: dict[Any, tuple[bytes, bytes | None]], table: bytes | None
) -> dict[Any, tuple[bytes, bytes]]:
    """Stamps to store bodies with, the table's before the row's; read, or made, before the database is."""
    if not missed:
        return {}
    unstamped = [pk for pk, (_, stamp) in missed.items() if stamp is None]
    made: list[bytes] = []
    if unstamped or table is None:
        names = [entries.TABLE, *(missed[pk][0] for pk in unstamped)]
        try:
            table, *made = stamps.claim(store, shelf.alias, shelf.label, names)
        except Unavailable:
            return {}
    if not entries.stands(table):
        return {}
    known = dict(zip(unstamped, made, strict=True))
    claimed = {pk: (name, stamp or known[pk]) for pk, (name, stamp) in missed.items()}
    return {pk: (name, table + stamp) for pk, (name, stamp) in claimed.items() if entries.stands(stamp)}


def _may_fill(plan: FieldPlan, alias: str, read_alias: str) -> bool:
    """A snapshot may be older than the stamp, an own transaction unseen by others, a replica behind."""
    connection = connections[alias]
    if connection.in_atomic_block or not connection.get_autocommit() or read_alias != alias:
        return False
    return all(router.db_for_read(model) == alias for model in plan.models)


def _compute(serializer: Any, plan: FieldPlan, alias: str, pks: Sequence[Any]) -> dict[Any, Body]:
    """Shared bodies from the database."""
    shared = [(name, field) for name, field in serializer.fields.items() if name in plan.names]
    with guarded(serializer, links=plan.links):
        with declared_queries():
            loaded = plan.load(alias, pks)
        for name, field in shared:
            if isinstance(field, BatchedField) and name not in plan.fresh:
                field.prepare(list(loaded))
        return {pk: _body(plan, shared, instance) for pk, instance in loaded.items()}


def _body(plan: FieldPlan, shared: Sequence[tuple[str, Any]], instance: Any) -> Body:
    pairs: list[tuple[str, Any]] = []
    for name, field in shared:
        if name in plan.fresh:
            pairs.append((name, segments.FRESH))
            continue
        try:
            pairs.append((name, represent(field, instance)))
        except SkipField:
            continue
    exact = all(value is segments.FRESH or segments.exact(value) for _, value in pairs)
    return Body(segments.body(pairs), exact)


def represent(field: Any, instance: Any) -> Any:
    """A field's value as `Serializer.to_representation` takes it."""
    attribute = field.get_attribute(instance)
    bare = attribute.pk if isinstance(attribute, PKOnlyObject) else attribute
    return None if bare is None else field.to_representation(attribute)


def _fresh(
    serializer: Any, plan: FieldPlan, pks: Sequence[Any], instances: dict[Any, Any]
) -> tuple[list[list[bytes]], bool]:
    """A column of JSON values for each fresh field."""
    columns, exact = [], True
    for name in plan.fresh:
        field = serializer.field_named(name)
        if isinstance(field, BatchedField):
            answers = field.values(pks)
            attributes = (answers[pk] for pk in pks)
            values = [None if value is None else field.to_representation(value) for value in attributes]
        else:
            values = [represent(field, instances[pk]) for pk in pks]
        exact = exact and all(segments.exact(value) for value in values)
        columns.append(segments.column(values))
    return columns, exact
