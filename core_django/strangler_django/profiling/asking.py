"""Say what the ORM was asked for by a query: a relation, a count, a deferred column, rows of a filter."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from types import FrameType
from typing import Any

from django.db.models import Model, QuerySet
from django.db.models.query import (
    FlatValuesListIterable,
    ModelIterable,
    NamedValuesListIterable,
    ValuesIterable,
    ValuesListIterable,
)

__all__ = ["Ask", "Operation", "ask_of", "path_between"]

TO_ONE = {"ForwardManyToOneDescriptor", "ForwardOneToOneDescriptor", "ReverseOneToOneDescriptor", "GenericForeignKey"}
LAZY = {"_fetch_all", "__iter__", "__len__", "__bool__", "__getitem__", "__contains__", "_iterator", "iterator"}
OPERATIONS = {"count", "exists", "aggregate", "first", "last", "get", "earliest", "latest", "contains", "in_bulk"}
ITERABLES: dict[Any, str] = {
    ValuesIterable: "values",
    ValuesListIterable: "values_list",
    FlatValuesListIterable: "values_list",
    NamedValuesListIterable: "values_list",
}


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
    prefetched: bool = False


def ask_of(frames: Iterable[FrameType], row: Any = None) -> Ask:
    """What the innermost ORM call of a stack asked; frames go from the query outwards, `row` is what is being shown."""
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
        return Ask(operation=Operation.TO_MANY)
    if queryset is None:
        return Ask(operation=Operation.RAW)
    return _of_queryset(queryset, method, row)


def path_between(model: type[Model], label: str, source: str) -> tuple[tuple[str, ...], bool]:
    """The relations from a row's model to another that a field reads through, and whether one is to many.

    They are those of the field's source, else the row's only relation to that model; empty where nothing says.
    """
    hops: list[str] = []
    many = False
    here: Any = model
    for name in [] if source == "*" else source.split("."):
        related = _relations(here).get(name)
        if related is None:
            break
        hops.append(name)
        many = many or bool(related.one_to_many or related.many_to_many)
        here = related.related_model
        if here is not None and here._meta.label == label:
            return tuple(hops), many
    single = [
        name
        for name, related in _relations(model).items()
        if related.related_model is not None and related.related_model._meta.label == label
    ]
    if len(single) != 1:
        return (), False
    related = _relations(model)[single[0]]
    return (single[0],), bool(related.one_to_many or related.many_to_many)


def _relations(model: Any) -> dict[str, Any]:
    """The relations of a model by the names that its instances have them under."""
    found: dict[str, Any] = {}
    for related in model._meta.get_fields():
        if related.is_relation:
            found[related.get_accessor_name() if related.auto_created and not related.concrete else related.name] = (
                related
            )
    return found


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


def _of_queryset(queryset: Any, method: str, row: Any) -> Ask:
    # Generic relations give no hint.
    instance = queryset._hints.get("instance", row)
    target = queryset.model._meta.label
    operation = NAMED.get(method, Operation.ONE if method else Operation.ROWS)
    method = method or ITERABLES.get(queryset._iterable_class, "")
    relation = _accessor(instance, queryset) if isinstance(instance, Model) else ""
    if not relation and "instance" not in queryset._hints:
        return Ask(operation=operation, target=target, method=method)
    if operation is Operation.ROWS and relation and _is_plain(instance, relation, queryset):
        operation = Operation.TO_MANY
    return Ask(
        operation=operation,
        model=instance._meta.label,
        relation=relation,
        target=target,
        method=method,
        prefetched=relation in getattr(instance, "_prefetched_objects_cache", ()),
    )


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
