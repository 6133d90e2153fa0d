"""Computes what is cached, from the database and under guard: bodies with holes, and the values of parts."""

import json
from collections.abc import Sequence
from typing import Any

from rest_framework.serializers import BaseSerializer, ListSerializer

from strangler_django.serializers import segments
from strangler_django.serializers.batched import BatchedField
from strangler_django.serializers.emit import compile_object
from strangler_django.serializers.guard import declared_queries, guarded
from strangler_django.serializers.overriding import compile_overridden
from strangler_django.serializers.plan import FieldPlan, Part
from strangler_django.serializers.preparing import prepared
from strangler_django.serializers.vary import allowed_by

__all__ = ["FLAG", "compute_bodies", "compute_part", "is_exact", "references_in"]

FLAG = 1
"""Bytes after a value's JSON."""
_EXACT, _INEXACT = b"=", b"~"
_REFERENCES = b"\1"


def compute_bodies(serializer: Any, plan: FieldPlan, alias: str, pks: Sequence[Any]) -> dict[Any, bytes]:
    """Bodies from the database: JSON with holes, then the keys of references, then a flag.

    A key without row is left out. Raises UndeclaredUse.
    """
    with declared_queries():
        loaded = plan.load(alias, pks)
    instances = list(loaded.values())
    _build(serializer)
    compiled = compile_overridden if plan.overridden else compile_object
    emitter = compiled(serializer, holes=plan.holes)
    bodies = {}
    with (
        guarded(serializer, allowed_by(plan.vary), tables=plan.tables),
        prepared(serializer, instances, skip=plan.holes),
    ):
        for pk, instance in loaded.items():
            emitter.exact = True
            body = segments.finished(emitter.write(instance))
            if plan.references:
                names = [reference.names(instance) for reference in plan.references]
                body += _REFERENCES + json.dumps(names, separators=(",", ":")).encode()
            bodies[pk] = body + (_EXACT if emitter.exact else _INEXACT)
    return bodies


def compute_part(serializer: Any, plan: FieldPlan, part: Part, alias: str, pks: Sequence[Any]) -> dict[Any, bytes]:
    """The values of a part's fields: their JSON with holes between them, then a flag. Raises UndeclaredUse."""
    fields: list[BatchedField] = [serializer.fields[name] for name in part.fields]
    columns, exact = [], True
    # Who gives a timeout has said how old a value may be.
    tables = plan.tables if part.timeout is None else None
    with guarded(serializer, allowed_by(part.vary), tables=tables):
        for field in fields:
            keys = pks if field.key_source is None else _keys(field, plan, alias, pks)
            column, is_exact_column = field.column(keys)
            exact = exact and is_exact_column
            columns.append(column)
    flag = _EXACT if exact else _INEXACT
    return {pk: segments.HOLE.join(row) + flag for pk, row in zip(pks, zip(*columns, strict=True), strict=True)}


def is_exact(value: bytes, trailer: int = 0) -> bool:
    """Whether decoding the value, which `trailer` bytes follow, gives DRF's own values and types."""
    end = len(value) - trailer
    return value.endswith(_EXACT, end - FLAG, end)


def references_in(ends: Sequence[bytes]) -> tuple[list[bytes], list[list[Any]]]:
    """Ends of bodies alone, and what each has for references: a key as text, a list of keys, or None."""
    split = [end.partition(_REFERENCES) for end in ends]
    # One document is read faster than many.
    return [alone for alone, _, _ in split], json.loads(b"[" + b",".join([names for _, _, names in split]) + b"]")


def _build(serializer: Any) -> None:
    """Builds all fields: their labels and messages are translated, and no value."""
    for field in getattr(serializer, "fields", {}).values():
        inner = field.child if isinstance(field, ListSerializer) else field
        if isinstance(inner, BaseSerializer):
            _build(inner)


def _keys(field: BatchedField, plan: FieldPlan, alias: str, pks: Sequence[Any]) -> list[Any]:
    path = f"{(field.key_source or '').replace('.', '__')}__pk"
    with declared_queries():
        known = dict(plan.model._base_manager.using(alias).filter(pk__in=pks).values_list("pk", path))
    return [known.get(pk) for pk in pks]
