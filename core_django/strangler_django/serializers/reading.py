"""Reads a list of bodies with all that they refer to, level by level, and splices it."""

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any
from weakref import WeakKeyDictionary

from django.db import connections, models, router
from rest_framework.fields import SkipField

from strangler_django.serializers import fetching, journal, pending, segments, stamps
from strangler_django.serializers.batched import BatchedField
from strangler_django.serializers.computing import (
    FLAG,
    compute_bodies,
    compute_part,
    references_in,
)
from strangler_django.serializers.dependencies import label_of
from strangler_django.serializers.emit import represent
from strangler_django.serializers.entries import Ask, Shelf, names_of
from strangler_django.serializers.fetching import Pace, Request, fetch
from strangler_django.serializers.fresh import Column, Fresh, Node
from strangler_django.serializers.guard import UndeclaredUse, strict
from strangler_django.serializers.plan import FieldPlan
from strangler_django.serializers.reads import Read, noting, reading, tell
from strangler_django.serializers.rendered import Evidence, Rendered
from strangler_django.serializers.rows import Rows
from strangler_django.serializers.shelving import shelves_of
from strangler_django.serializers.store import Store

logger = logging.getLogger("strangler_django.serializers")

_paces: WeakKeyDictionary[type, Pace] = WeakKeyDictionary()


class Unspliced(Exception):
    """A list that cannot be put together from what is cached; the message is the reason of the bypass."""


@dataclass(slots=True, kw_only=True)
class _Found:
    """The bodies of a node that exist, in order, what fills their holes so far, and what they refer to."""

    node: Node
    places: list[int] | None
    """Where in the node the rows are that exist; None where all of them do."""
    segments: list[Sequence[bytes]]
    filled: dict[str, Sequence[bytes]]
    references: dict[str, list[Any]]
    instances: dict[Any, models.Model] | None
    evidence: Evidence

    @property
    def pks(self) -> Sequence[Any]:
        return _at(self.places, self.node.pks)


def _at(places: list[int] | None, values: Sequence[Any]) -> Sequence[Any]:
    return values if places is None else [values[place] for place in places]


def render_rows(serializer: Any, plan: FieldPlan, store: Store, rows: Rows) -> Rendered | None:
    """The rows' JSON, or None where a body turned out not to be shareable."""
    alias = rows.alias
    with reading(label(serializer), alias) as read:
        node = _node(serializer, plan, alias, rows.pks, read)
        try:
            if not node.names:
                return Rendered([], Evidence())
            [(found, columns)] = _level(store, [node], rows.journal_has_rows)
            return Rendered(segments.splice(found.segments, columns), found.evidence)
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


def _node(serializer: Any, plan: FieldPlan, alias: str, pks: Sequence[Any], read: Read) -> Node:
    names = names_of(pks)
    read.objects = len(names)
    return Node(serializer=serializer, plan=plan, alias=alias, keys=pks, names=names, read=read)


def _level(store: Store, nodes: list[Node], journal_has_rows: bool) -> list[tuple[_Found, list[Sequence[bytes]]]]:
    """What exists of each node and a column for each hole; one MGET for all nodes, and one for each level below."""
    requests = [_request(store, node, journal_has_rows) for node in nodes]
    fresh = Fresh(nodes)
    fetched = fetch(store, requests, fresh)
    every = [
        _found(node, request.ask.shelves, values)
        for node, request, values in zip(nodes, requests, fetched, strict=True)
    ]
    children = [(found, name, child) for found in every for name, child in _children(found)]
    nested = _nested(store, [child for _, _, child in children], journal_has_rows)
    for (found, name, _), (bodies, evidence) in zip(children, nested, strict=True):
        found.filled[name] = _embedded(found.references[name], bodies)
        found.evidence.add(evidence)
    return [(found, _columns(found, early)) for found, early in zip(every, fresh.columns(), strict=True)]


def _nested(store: Store, nodes: list[Node], journal_has_rows: bool) -> list[tuple[dict[str, bytes], Evidence]]:
    """Each node's JSON by key, and what it was spliced from."""
    asked = [node for node in nodes if node.names]
    levels = iter(_level(store, asked, journal_has_rows) if asked else [])
    nested: list[tuple[dict[str, bytes], Evidence]] = []
    for node in nodes:
        if not node.names:
            nested.append(({}, Evidence()))
            continue
        found, columns = next(levels)
        filled = segments.fill(found.segments, columns)
        nested.append((dict(zip(_at(found.places, node.keys), filled, strict=True)), found.evidence))
        tell(node.read)
    return nested


def _children(found: _Found) -> list[tuple[str, Node]]:
    nodes = []
    for reference in found.node.plan.references:
        nested = found.node.serializer.fields[reference.name]
        child = nested.child if reference.many else nested
        plan = child.plan()
        if plan is None:
            raise Unspliced("unplannable")
        held = found.references[reference.name]
        each = chain.from_iterable(held) if reference.many else (key for key in held if key is not None)
        texts = list(dict.fromkeys(each))
        read = Read(serializer=label(child), objects=len(texts))
        node = Node(
            serializer=child,
            plan=plan,
            alias=found.node.alias,
            names=list(map(str.encode, texts)),
            read=read,
            keys=texts,
            spelled=True,
        )
        nodes.append((reference.name, node))
    return nodes


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
            else b"[" + comma.join(map(body_of, held)) + b"]"
            for held in references
        ]
    except KeyError as error:
        # Deleted between two levels, or by somebody whom no stamp tells of.
        raise Unspliced("dangling") from error


def _request(store: Store, node: Node, journal_has_rows: bool) -> Request:
    serializer, plan = node.serializer, node.plan
    alias = router.db_for_write(plan.model)
    pending.settle_finished(alias)

    def compute(index: int, names: Sequence[bytes]) -> dict[bytes, bytes]:
        pks = dict(zip(node.names, node.pks, strict=True))
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
        bypassed=_journalled(store, node, alias) if journal_has_rows else (),
        written=lambda: _written(node, alias),
        may_fill=lambda: _may_fill(plan, alias, node.alias),
    )


def _journalled(store: Store, node: Node, alias: str) -> Collection[bytes]:
    """Rows that the journal names; asked before Redis, since whoever clears the journal first renews their stamps."""
    named = journal.pks(node.alias, _labels(node.plan))
    journal.clear(store, alias)
    return _of(node, named)


def _written(node: Node, alias: str) -> Collection[bytes]:
    """Rows that this connection has written and not yet committed."""
    return _of(node, pending.open_rows(alias, _labels(node.plan))) if pending.has_open(alias) else ()


def _labels(plan: FieldPlan) -> set[str]:
    return {label_of(plan.model), *(label_of(plan.model, part.facet) for part in plan.parts)}


def _of(node: Node, named: Collection[str]) -> Collection[bytes]:
    """The names among a node's rows; all of them where their whole table is named."""
    return frozenset(node.names) if stamps.EVERY_ROW in named else frozenset(pk.encode() for pk in named)


def _may_fill(plan: FieldPlan, alias: str, read_alias: str) -> bool:
    """A snapshot may be older than the stamp, an own transaction unseen by others, a replica behind."""
    connection = connections[alias]
    if connection.in_atomic_block or not connection.get_autocommit() or read_alias != alias:
        return False
    return all(router.db_for_read(model) == alias for model in plan.models)


def _found(node: Node, shelves: Sequence[Shelf], values: list[fetching.Held]) -> _Found:
    plan, places, instances = node.plan, None, None
    if any(None in column for column in values):
        places = [place for place, each in enumerate(zip(*values, strict=True)) if None not in each]
    if plan.needs_instances:
        instances = plan.load(node.alias, _at(places, node.pks))
        places = [place for place in _at(places, range(len(node.pks))) if node.pks[place] in instances]
    held, *parts = (_at(places, column) for column in values)
    between = segments.cut(held, len(plan.holes) + 1, trailer=shelves[0].trailer + FLAG)
    references: dict[str, list[Any]] = {}
    if plan.references:
        between[-1], keys = references_in(between[-1])
        references = {reference.name: [held[at] for held in keys] for at, reference in enumerate(plan.references)}
    evidence = Evidence([(held, shelves[0].trailer)])
    filled: dict[str, Sequence[bytes]] = {}
    for part, shelf, held in zip(plan.parts, shelves[1:], parts, strict=True):
        evidence.cached.append((held, shelf.trailer))
        columns = segments.cut(held, len(part.fields), trailer=shelf.trailer + FLAG)
        filled |= zip(part.fields, columns, strict=True)
    return _Found(
        node=node,
        places=places,
        segments=between,
        instances=instances,
        filled=filled,
        references=references,
        evidence=evidence,
    )


def _columns(found: _Found, early: dict[str, Column]) -> list[Sequence[bytes]]:
    """A column of JSON values for each hole, in order."""
    columns = []
    for name in found.node.plan.holes:
        column = found.filled.get(name)
        if column is None:
            column, exact = _of_found(found, early[name]) if name in early else _fresh_column(found, name)
            found.evidence.fresh = found.evidence.fresh and exact
        columns.append(column)
    return columns


def _of_found(found: _Found, column: Column) -> Column:
    """What was asked for all of a node's rows, for those that exist."""
    values, exact = column
    return _at(found.places, values), exact


def _fresh_column(found: _Found, name: str) -> Column:
    named, instances = found.node.serializer.field_named(name), found.instances or {}
    with noting(found.node.read):
        if isinstance(named, BatchedField):
            return named.column([named.key_of(instances[pk]) for pk in found.pks])
        try:
            return segments.column([represent(named, instances[pk]) for pk in found.pks])
        except SkipField as error:
            raise Unspliced("skipped") from error
