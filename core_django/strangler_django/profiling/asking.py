"""Say what the ORM was asked for by a query: a relation, a count, a deferred column, rows of a filter."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from types import FrameType
from typing import Any

from django.db.models import Model, QuerySet
from django.db.models.query import ModelIterable

__all__ = ["Ask", "Operation", "ask_of"]

TO_ONE = {"ForwardManyToOneDescriptor", "ForwardOneToOneDescriptor", "ReverseOneToOneDescriptor", "GenericForeignKey"}
LAZY = {"_fetch_all", "__iter__", "__len__", "__bool__", "__getitem__", "__contains__", "_iterator", "iterator"}
OPERATIONS = {"count", "exists", "aggregate", "first", "last", "get", "earliest", "latest", "contains", "in_bulk"}


class Operation(StrEnum):
    """The ORM's part in a query."""

    TO_ONE = "to one"
    TO_MANY = "to many"
    DEFERRED = "deferred column"
    COUNT = "count"
    EXISTS = "exists"
    AGGREGATE = "aggregate"
    ONE = "one row"
    ROWS = "filtered rows"
    RAW = "raw SQL"


NAMED = {
    "count": Operation.COUNT,
    "exists": Operation.EXISTS,
    "contains": Operation.EXISTS,
    "aggregate": Operation.AGGREGATE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What was asked; `relation` is the accessor on `model`, `target` the model that was read; labels, or empty."""

    operation: Operation
    model: str = ""
    relation: str = ""
    target: str = ""
    method: str = ""
    prefetching: bool = False


def ask_of(frames: Iterable[FrameType]) -> Ask:
    """What the innermost ORM call of a stack asked; frames go from the query outwards."""
    queryset, method, prefetching = None, "", False
    for frame in frames:
        module = frame.f_globals.get("__name__", "")
        if module.startswith("strangler_django.profiling"):
            continue
        if not module.startswith(("django.db", "django.contrib.contenttypes", "django.utils")):
            break
        name, owner = frame.f_code.co_name, frame.f_locals.get("self")
        prefetching = prefetching or name == "prefetch_related_objects"
        if name == "__get__" and (found := _descriptor(owner, frame.f_locals.get("instance"))):
            return found
        if isinstance(owner, QuerySet) and not prefetching:
            queryset = owner
            method = name if name in OPERATIONS else method
    if prefetching:
        return Ask(operation=Operation.TO_MANY, prefetching=True)
    if queryset is None:
        return Ask(operation=Operation.RAW)
    return _of_queryset(queryset, method)


def _descriptor(owner: Any, instance: Any) -> Ask | None:
    if not isinstance(instance, Model):
        return None
    kinds = {kind.__name__ for kind in type(owner).__mro__}
    label = instance._meta.label
    if "DeferredAttribute" in kinds:
        return Ask(operation=Operation.DEFERRED, model=label, relation=owner.field.attname)
    if "ReverseOneToOneDescriptor" in kinds:
        name, target = owner.related.get_accessor_name(), owner.related.related_model._meta.label
    elif "GenericForeignKey" in kinds:
        return Ask(operation=Operation.TO_ONE, model=label, relation=owner.name, method="generic")
    elif kinds & TO_ONE:
        name, target = owner.field.name, owner.field.remote_field.model._meta.label
    else:
        return None
    return Ask(operation=Operation.TO_ONE, model=label, relation=name, target=target)


def _of_queryset(queryset: Any, method: str) -> Ask:
    instance = queryset._hints.get("instance")
    target = queryset.model._meta.label
    operation = NAMED.get(method, Operation.ONE if method else Operation.ROWS)
    if not isinstance(instance, Model):
        return Ask(operation=operation, target=target, method=method)
    relation = _accessor(instance, queryset)
    if operation is Operation.ROWS and relation and _is_plain(instance, relation, queryset):
        operation = Operation.TO_MANY
    return Ask(
        operation=operation,
        model=instance._meta.label,
        relation=relation,
        target=target,
        method=_named(queryset, method),
    )


def _named(queryset: Any, method: str) -> str:
    if method or queryset._iterable_class is ModelIterable:
        return method
    return str(queryset._iterable_class.__name__).removesuffix("Iterable").removeprefix("Flat")


def _accessor(instance: Model, queryset: Any) -> str:
    """The name of the relation on the instance that this queryset came from, or the empty string."""
    tables = {getattr(table, "table_name", None) for table in queryset.query.alias_map.values()}
    related: Any
    for related in instance._meta.get_fields(include_hidden=True):
        if not (related.one_to_many or related.many_to_many):
            continue
        if (
            related.related_model is None
            or related.related_model._meta.concrete_model is not queryset.model._meta.concrete_model
        ):
            continue
        name = related.get_accessor_name() if related.auto_created and not related.concrete else related.name
        many = getattr(related, "remote_field", None) if related.auto_created else related
        through = getattr(many, "m2m_db_table", None)
        if related.many_to_many and through is not None and through() not in tables:
            continue
        if name and hasattr(type(instance), name) and _filters_as(instance, name, queryset):
            return str(name)
    return ""


def _filters_as(instance: Model, name: str, queryset: Any) -> bool:
    """Whether the relation's own conditions are among the queryset's."""
    where = getattr(instance, name).all().query.where
    return all(child in queryset.query.where.children for child in where.children)


def _is_plain(instance: Model, name: str, queryset: Any) -> bool:
    fresh = getattr(instance, name).all()
    query, plain = queryset.query, fresh.query
    return (
        query.where == plain.where
        and query.order_by == plain.order_by
        and not query.is_sliced
        and not query.distinct
        and set(query.annotations) == set(plain.annotations)
        and queryset._iterable_class is ModelIterable
    )
