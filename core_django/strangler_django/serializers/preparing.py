"""Asks every batched field of a tree of serializers once for all its instances, level by level."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import QuerySet
from django.db.models.manager import BaseManager
from rest_framework.fields import SkipField
from rest_framework.serializers import BaseSerializer, ListSerializer

from strangler_django.serializers.batched import BatchedField

__all__ = ["objects_of", "prepared"]


_PREPARED, _REMEMBERED = "_strangler_prepared", "_strangler_remembered"


@contextmanager
def prepared(serializer: Any, instances: Sequence[Any], *, skip: Collection[str] = ()) -> Iterator[None]:
    """Within the block, batched fields of the serializer and of all that it nests answer for these instances.

    Nothing happens within such a block of an outer serializer.
    Relations are read once: `objects_of` gives what was read. Under a list serializer that is not ours, relations that
    are not prefetched are left to be asked parent by parent.
    """
    if _PREPARED in vars(serializer) or not _holds_batched(serializer):
        yield
        return
    seen: list[Any] = []
    try:
        _prepare(serializer, instances, skip, seen)
        yield
    finally:
        for part in seen:
            if isinstance(part, BatchedField):
                part.forget()
            else:
                vars(part).pop(_PREPARED, None)
                vars(part).pop(_REMEMBERED, None)


def objects_of(serializer: Any, manager: Any) -> list[Any]:
    """The objects of a parent's relation; read once within `prepared`."""
    known: dict[int, list[Any]] = vars(serializer).get(_REMEMBERED, {})
    parent = id(getattr(manager, "instance", None))
    if parent not in known:
        known[parent] = list(manager.all())
    return known[parent]


def _prepare(serializer: Any, instances: Sequence[Any], skip: Collection[str], seen: list[Any]) -> None:
    vars(serializer)[_PREPARED] = True
    seen.append(serializer)
    stored = [instance for instance in instances if getattr(instance, "pk", None) is not None]
    for name, field in serializer.fields.items():
        if field.write_only or name in skip:
            continue
        if isinstance(field, BatchedField):
            seen.append(field)
            field.prepare(stored)
            continue
        inner = field.child if isinstance(field, ListSerializer) else field
        if isinstance(inner, BaseSerializer) and stored and _holds_batched(inner):
            if hasattr(field, "ajson") and field is not inner:
                vars(field)[_REMEMBERED] = {}
                seen.append(field)
            children = list(_children(field, stored))
            if children:
                _prepare(inner, children, (), seen)


def _holds_batched(serializer: Any) -> bool:
    known: bool | None = vars(serializer).get("_strangler_batched")
    if known is None:
        fields = getattr(serializer, "fields", {}).values()
        inner = [field.child if isinstance(field, ListSerializer) else field for field in fields]
        known = any(
            isinstance(field, BatchedField) or (isinstance(field, BaseSerializer) and _holds_batched(field))
            for field in inner
        )
        serializer._strangler_batched = known
    return known


def _children(field: Any, parents: Iterable[Any]) -> Iterator[Any]:
    remembers = _REMEMBERED in vars(field)
    for parent in parents:
        try:
            value = field.get_attribute(parent)
        except (SkipField, ObjectDoesNotExist):
            continue
        if isinstance(value, BaseManager):
            if remembers:
                yield from objects_of(field, value)
            elif _is_prefetched(value, parent):
                yield from value.all()
        elif isinstance(value, QuerySet):
            yield from vars(value)["_result_cache"] or ()
        elif isinstance(value, (list, tuple)):
            yield from value
        elif value is not None:
            yield value


def _is_prefetched(manager: Any, parent: Any) -> bool:
    known = getattr(getattr(manager, "instance", parent), "_prefetched_objects_cache", {})
    field = getattr(manager, "field", None)
    names = {getattr(manager, "prefetch_cache_name", None), field and field.remote_field.cache_name}
    return any(name in known for name in names if name)
