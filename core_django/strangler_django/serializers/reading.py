"""Reads a list of bodies with all that they refer to, level by level, and splices it."""

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from django.db import connections, models, router
from rest_framework.fields import SkipField

from strangler_django.serializers import journal, pending, segments, stamps
from strangler_django.serializers.batched import BatchedField
from strangler_django.serializers.computing import (
    FLAG,
    compute_bodies,
    compute_part,
    is_exact,
    references_in,
    values_in,
)
from strangler_django.serializers.dependencies import label_of
from strangler_django.serializers.emit import represent
from strangler_django.serializers.entries import Ask, names_of
from strangler_django.serializers.fetching import Pace, Request, Values, fetch
from strangler_django.serializers.guard import UndeclaredUse, strict
from strangler_django.serializers.plan import FieldPlan
from strangler_django.serializers.reads import Read, noting, reading, tell
from strangler_django.serializers.rows import Rows
from strangler_django.serializers.shelving import shelves_of
from strangler_django.serializers.store import Store

logger = logging.getLogger("strangler_django.serializers")

_paces: WeakKeyDictionary[type, Pace] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Rendered:
    """Objects as JSON, separated by commas."""

    objects: bytes
    _evidence: "_Evidence"

    @property
    def exact(self) -> bool:
        """Whether decoding gives DRF's own values and types."""
        return self._evidence.fresh and all(is_exact(value) for values in self._evidence.cached for value in values)


@dataclass(slots=True)
class _Evidence:
    """Flagged values that were spliced, and whether fresh ones decode exactly; looked at only by who decodes."""

    cached: list[Collection[bytes]] = field(default_factory=list)
    fresh: bool = True

    def add(self, other: "_Evidence") -> None:
        self.cached += other.cached
        self.fresh = self.fresh and other.fresh


class Unspliced(Exception):
    """A list that cannot be put together from what is cached; the message is the reason of the bypass."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Node:
    """Rows of one serializer on one level."""

    serializer: Any
    plan: FieldPlan
    alias: str
    pks: Sequence[Any]
    names: list[bytes]
    read: Read
    keys: Sequence[str] = ()
    """The primary keys as the references that led here spell them."""


@dataclass(slots=True, kw_only=True)
class _Found:
    """The bodies of a node that exist, in order, what fills their holes so far, and what they refer to."""

    node: _Node
    pks: Sequence[Any]
    bodies: list[bytes]
    filled: dict[str, list[bytes]]
    references: dict[str, list[Any]]
    instances: dict[Any, models.Model] | None
    evidence: _Evidence


def render_rows(serializer: Any, plan: FieldPlan, store: Store, rows: Rows) -> Rendered | None:
    """The rows' JSON, or None where a body turned out not to be shareable."""
    with reading(label(serializer), rows.alias) as read:
        node = _node(serializer, plan, rows.alias, rows.pks, read)
        try:
            if not node.names:
                return Rendered(b"", _Evidence())
            [(found, columns)] = _level(store, [node], rows.journal_has_rows)
            return Rendered(segments.splice(found.bodies, columns, start=FLAG), found.evidence)
        except Unspliced as error:
            read.bypass = str(error)
        except UndeclaredUse as error:
            if strict():
                raise
            read.bypass = "undeclared"
            logger.warning("%s bypasses its cache. %s", label(serializer), error)
    return None


def label(serializer: Any) -> str:
    """How reads name a serializer."""
    return f"{type(serializer).__module__}.{type(serializer).__qualname__}"


def _node(serializer: Any, plan: FieldPlan, alias: str, pks: Sequence[Any], read: Read) -> _Node:
    names = names_of(pks)
    read.objects = len(names)
    return _Node(serializer=serializer, plan=plan, alias=alias, pks=pks, names=names, read=read)


def _level(store: Store, nodes: list[_Node], journal_has_rows: bool) -> list[tuple[_Found, list[list[bytes]]]]:
    """What exists of each node and a column for each hole; one MGET for all nodes, and one for each level below."""
    requests = [_request(store, node, journal_has_rows) for node in nodes]
    every = [_found(node, values) for node, values in zip(nodes, fetch(store, requests), strict=True)]
    children = [(found, name, child) for found in every for name, child in _children(found)]
    nested = _nested(store, [child for _, _, child in children], journal_has_rows)
    for (found, name, _), (bodies, evidence) in zip(children, nested, strict=True):
        found.filled[name] = _embedded(found.references[name], bodies)
        found.evidence.add(evidence)
    levels = []
    for found in every:
        with noting(found.node.read):
            levels.append((found, _columns(found)))
    return levels


def _nested(store: Store, nodes: list[_Node], journal_has_rows: bool) -> list[tuple[dict[str, bytes], _Evidence]]:
    """Each node's JSON by key, and what it was spliced from."""
    asked = [node for node in nodes if node.names]
    levels = iter(_level(store, asked, journal_has_rows) if asked else [])
    nested: list[tuple[dict[str, bytes], _Evidence]] = []
    for node in nodes:
        if not node.names:
            nested.append(({}, _Evidence()))
            continue
        found, columns = next(levels)
        filled = segments.fill(found.bodies, columns, start=FLAG)
        keys = node.keys if found.pks is node.pks else map(str, found.pks)
        nested.append((dict(zip(keys, filled, strict=True)), found.evidence))
        tell(node.read)
    return nested


def _children(found: _Found) -> list[tuple[str, _Node]]:
    nodes = []
    for reference in found.node.plan.references:
        nested = found.node.serializer.fields[reference.name]
        child = nested.child if reference.many else nested
        plan = child.plan()
        if plan is None:
            raise Unspliced("unplannable")
        keys = found.references[reference.name]
        texts = dict.fromkeys(key for held in keys for key in _each(held))
        read = Read(serializer=label(child), objects=len(texts))
        node = _Node(
            serializer=child,
            plan=plan,
            alias=found.node.alias,
            pks=list(map(plan.model._meta.pk.to_python, texts)),
            names=list(map(str.encode, texts)),
            read=read,
            keys=list(texts),
        )
        nodes.append((reference.name, node))
    return nodes


def _each(held: Any) -> Sequence[str]:
    if held is None:
        return ()
    return (held,) if isinstance(held, str) else held


def _embedded(references: Sequence[Any], bodies: dict[str, bytes]) -> list[bytes]:
    """The JSON that stands where the keys were. Raises Unspliced."""
    comma, _ = segments.separators()
    body_of = bodies.__getitem__
    try:
        return [
            b"null"
            if held is None
            else body_of(held)
            if type(held) is str
            else segments.array(comma.join(map(body_of, held)))
            for held in references
        ]
    except KeyError as error:
        # Deleted between two levels, or by somebody whom no stamp tells of.
        raise Unspliced("dangling") from error


def _request(store: Store, node: _Node, journal_has_rows: bool) -> Request:
    serializer, plan = node.serializer, node.plan
    alias = router.db_for_write(plan.model)
    pending.settle_finished(alias)
    bypassed = _bypassed(store, node, alias, journal_has_rows=journal_has_rows)
    pks = dict(zip(node.names, node.pks, strict=True))

    def compute(index: int, names: Sequence[bytes]) -> Values:
        wanted = [pks[name] for name in names]
        with noting(node.read):
            if index == 0:
                values = compute_bodies(serializer, plan, node.alias, wanted)
            else:
                values = compute_part(serializer, plan, plan.parts[index - 1], node.alias, wanted)
        return {name: values[pk] for name, pk in zip(names, wanted, strict=True) if pk in values}

    return Request(
        ask=Ask(shelves_of(serializer, plan, alias), node.names),
        compute=compute,
        read=node.read,
        pace=_paces.setdefault(type(serializer), Pace()),
        bypassed=bypassed,
        may_fill=lambda: _may_fill(plan, alias, node.alias),
    )


def _bypassed(store: Store, node: _Node, alias: str, *, journal_has_rows: bool) -> frozenset[bytes]:
    """Rows that the journal names or this connection has written itself; all rows where their whole table is named."""
    if not journal_has_rows and not pending.has_open(alias):
        return frozenset()
    plan = node.plan
    labels = {label_of(plan.model), *(label_of(plan.model, part.facet) for part in plan.parts)}
    named = pending.open_rows(alias, labels)
    if journal_has_rows:
        named |= journal.pks(node.alias, labels)
        journal.clear(store, alias)
    return frozenset(node.names) if stamps.EVERY_ROW in named else frozenset(pk.encode() for pk in named)


def _may_fill(plan: FieldPlan, alias: str, read_alias: str) -> bool:
    """A snapshot may be older than the stamp, an own transaction unseen by others, a replica behind."""
    connection = connections[alias]
    if connection.in_atomic_block or not connection.get_autocommit() or read_alias != alias:
        return False
    return all(router.db_for_read(model) == alias for model in plan.models)


def _found(node: _Node, values: list[Values]) -> _Found:
    bodies, *parts = values
    plan, pks = node.plan, node.pks
    if any(len(known) < len(pks) for known in values):
        # Some are not there, or some are named twice.
        there = zip(pks, node.names, strict=True)
        pks = [pk for pk, name in there if all(name in known for known in values)]
    instances = plan.load(node.alias, pks) if plan.needs_instances and pks else None
    if instances is not None and len(instances) < len(pks):
        pks = [pk for pk in pks if pk in instances]
    names = names_of(pks) if pks is not node.pks else node.names
    flagged = [bodies[name] for name in names]
    contents, references = _split(plan, flagged)
    evidence = _Evidence([contents])
    filled: dict[str, list[bytes]] = {}
    for part, known in zip(plan.parts, parts, strict=True):
        held = [known[name] for name in names]
        evidence.cached.append(held)
        rows = list(map(values_in, held))
        filled |= {name: [row[at] for row in rows] for at, name in enumerate(part.fields)}
    return _Found(
        node=node,
        pks=pks,
        bodies=contents,
        instances=instances,
        filled=filled,
        references=references,
        evidence=evidence,
    )


def _split(plan: FieldPlan, flagged: list[bytes]) -> tuple[list[bytes], dict[str, list[Any]]]:
    """Flagged bodies without references, and what each reference holds in each of them."""
    if not plan.references:
        return flagged, {}
    split = list(map(references_in, flagged))
    held = {reference.name: [keys[at] for _, keys in split] for at, reference in enumerate(plan.references)}
    return [body for body, _ in split], held


def _columns(found: _Found) -> list[list[bytes]]:
    """A column of JSON values for each hole, in order; fresh fields are asked for now."""
    columns = []
    for name in found.node.plan.holes:
        column = found.filled.get(name)
        if column is None:
            column, exact = _fresh_column(found, found.node.serializer.field_named(name))
            found.evidence.fresh = found.evidence.fresh and exact
        columns.append(column)
    return columns


def _fresh_column(found: _Found, named: Any) -> tuple[list[bytes], bool]:
    instances = found.instances or {}
    if isinstance(named, BatchedField):
        keys = found.pks if named.key_source is None else [named.key_of(instances[pk]) for pk in found.pks]
        return named.column(keys)
    try:
        return segments.column([represent(named, instances[pk]) for pk in found.pks])
    except SkipField as error:
        raise Unspliced("skipped") from error
