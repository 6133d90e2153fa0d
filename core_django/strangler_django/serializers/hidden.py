"""Finds what code reads that no argument shows: context variables, thread locals, state set on one serializer."""

from collections.abc import Collection, Iterator
from functools import lru_cache
from inspect import getattr_static
from types import FunctionType
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from rest_framework.relations import ManyRelatedField, StringRelatedField
from rest_framework.serializers import BaseSerializer, ListSerializer

from strangler_django.serializers.batched import BatchedField
from strangler_django.serializers.dependencies import relation_of
from strangler_django.serializers.reach import function_of, is_library, reach
from strangler_django.serializers.seclusion import foreign_fields, foreign_state

__all__ = ["hidden_inputs", "variables_of"]

_READS = ("to_representation", "get_attribute", "get_value", "get_default", "iter_options", "use_pk_only_optimization")


def hidden_inputs(
    serializer: Any, *, skip: Collection[str] = (), only: Collection[str] | None = None
) -> Iterator[tuple[str, str]]:
    """Where and what, for each context variable or thread local that a shared field's code names, and for state.

    `skip` leaves out fields; with `only` nothing but these fields is looked at.
    Follows calls of the project's own functions, methods, properties and managers by their names; what it cannot see
    (a callable picked at run time) it does not report.
    """
    owners = _owners(serializer)
    names: set[str] = set()
    for where, function in _functions(serializer, skip, only):
        found = reach(function, owners)
        names |= found.names
        yield from ((f"{where} ({function.__qualname__})", variable) for variable in found.variables)
    if only is None:
        yield from _state(serializer, names, skip)
    for name, field in _fields(serializer, skip, only):
        inner = field.child if isinstance(field, ListSerializer) else field
        if isinstance(inner, BaseSerializer):
            yield from (
                (f"{type(serializer).__name__}.{name} -> {where}", what) for where, what in hidden_inputs(inner)
            )


@lru_cache(maxsize=1024)
def variables_of(function: FunctionType) -> tuple[str, ...]:
    """The context variables and thread locals that a function and those of the project that it calls name."""
    return reach(function).variables


def _state(serializer: Any, names: Collection[str], skip: Collection[str]) -> Iterator[tuple[str, str]]:
    """What was set on this serializer and its fields, as far as shared code may look at it."""
    label = type(serializer).__name__
    yield from ((label, f"self.{name}") for name in foreign_state(serializer) if name in names)
    yield from ((f"{label}.{name}", what) for name, what in foreign_fields(serializer) if name not in skip)


def _fields(serializer: Any, skip: Collection[str], only: Collection[str] | None) -> Iterator[tuple[str, Any]]:
    for name, field in getattr(serializer, "fields", {}).items():
        if name not in skip and (only is None or name in only):
            yield name, field


def _functions(
    serializer: Any, skip: Collection[str], only: Collection[str] | None
) -> Iterator[tuple[str, FunctionType]]:
    """The project's own functions that make the values of fields, with where they stand."""
    label = type(serializer).__name__
    for name, field in _fields(serializer, skip, only):
        for candidate in _candidates(serializer, field):
            yield from _own(f"{label}.{name}", candidate)
    if only is None:
        for name in ("to_representation", "_readable_fields"):
            for candidate in _inherited(type(serializer), name):
                yield from _own(f"{label}.{name}", candidate)


def _own(where: str, candidate: Any) -> Iterator[tuple[str, FunctionType]]:
    function = function_of(candidate)
    if function is not None and not is_library(function):
        yield where, function


def _candidates(serializer: Any, field: Any) -> Iterator[Any]:
    yield from _reads_of(type(field))
    yield getattr(field, "default", None)
    if isinstance(field, BatchedField):
        yield from _inherited(type(serializer), getattr(field.method, "__name__", ""))
        yield from _reads_of(type(field.field))
    if isinstance(field, (ListSerializer, ManyRelatedField)):
        inner = field.child if isinstance(field, ListSerializer) else field.child_relation
        yield from _reads_of(type(inner))
    if getattr(field, "method_name", None):
        yield from _inherited(type(serializer), field.method_name)
    model = getattr(getattr(serializer, "Meta", None), "model", None)
    if model is not None:
        yield from _of_model(model, field)


def _reads_of(cls: type) -> Iterator[Any]:
    for name in _READS:
        yield from _inherited(cls, name)


def _inherited(cls: type, name: str) -> Iterator[Any]:
    """What a class and all its bases have of this name: each may call the next."""
    yield from (vars(base)[name] for base in cls.__mro__ if name in vars(base))


def _of_model(model: Any, field: Any) -> Iterator[Any]:
    """What runs on the way along a field's source: properties, methods, descriptors, conversions and managers."""
    for name in getattr(field, "source_attrs", None) or ():
        attribute = getattr_static(model, name, None)
        yield attribute
        yield getattr_static(type(attribute), "__get__", None)
        column = getattr(attribute, "field", None)
        yield getattr_static(type(column), "from_db_value", None)
        try:
            model = relation_of(model, name).related_model
        except FieldDoesNotExist:
            return
        for manager in (model._default_manager, model._base_manager):
            yield getattr_static(type(manager), "get_queryset", None)
    relation = field.child_relation if isinstance(field, ManyRelatedField) else field
    if isinstance(relation, StringRelatedField):
        yield getattr_static(model, "__str__", None)


def _owners(serializer: Any) -> tuple[Any, ...]:
    """The classes on which an attribute may be found that a field's code names."""
    model = getattr(getattr(serializer, "Meta", None), "model", None)
    fields = [field.field if isinstance(field, BatchedField) else field for field in serializer.fields.values()]
    classes = [type(serializer), *(() if model is None else _near(model)), *map(type, fields)]
    return tuple(dict.fromkeys(cls for cls in classes if not is_library(cls)))


@lru_cache(maxsize=256)
def _near(model: Any) -> tuple[Any, ...]:
    """A model, those that it is related to, and those that they are."""
    found = {model: None}
    for _ in range(2):
        for known in list(found):
            related = (field.related_model for field in known._meta.get_fields() if field.is_relation)
            found |= dict.fromkeys(other for other in related if isinstance(other, type))
    return tuple(found)
