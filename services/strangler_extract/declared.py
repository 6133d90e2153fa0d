"""What a serializer's declarations say that its documents look like."""

from dataclasses import replace
from typing import Any

from rest_framework import serializers
from rest_framework.fields import Field as SerializerField

from strangler_extract.containers import array_of
from strangler_extract.field_classes import CLASSES
from strangler_extract.findings import Finding, Frame, Scope, unknown
from strangler_extract.hints import hint_shape, returned, value_of
from strangler_extract.naming import distinct, message_name
from strangler_extract.relations import related_owner
from strangler_extract.schema_hints import schema_finding
from strangler_extract.shapes import Array, Field, Mapping, Object, Reference, Shape

__all__ = ["overrides", "shape_of"]

# Packages whose own to_representation() writes what the declared fields say.
FAITHFUL = ("rest_framework", "strangler_django")
BEFORE = ", before to_representation()"
DEEPEST = 16
"""Serializers within each other; those that make a new class for each level would never end."""


def shape_of(serializer: serializers.BaseSerializer, *, name: str | None = None) -> Shape:
    """The documents of a serializer as a view builds it: an `Object`, or an `Array` of them for `many=True`.

    `name` replaces the name of the outermost message.
    What cannot be told, or fails when it is looked at, is `Json` with the reason.
    """
    scope = Scope(owner=None, name=name or _name(_one(serializer)), find=_found)
    return distinct(_found(serializer, scope).shape)


def overrides(serializer: serializers.BaseSerializer) -> bool:
    """Whether a serializer, or that of its items, changes its documents in a `to_representation()` of its own."""
    return _own_representation(serializer) or (_one(serializer) is not serializer and overrides(_one(serializer)))


def _found(field: Any, scope: Scope) -> Finding:
    try:
        return schema_finding(field, scope) or _by_class(field, scope)
    except Exception as error:  # noqa: BLE001  fields, choices and querysets are the project's own code
        return unknown(f"{type(field).__name__} could not be read: {type(error).__name__}: {error}")


def _by_class(field: Any, scope: Scope) -> Finding:
    if _is_batched(field):
        return _batched(field, scope)
    if isinstance(field, serializers.ListSerializer):
        child = _found(field.child, replace(scope, owner=_owner(field, scope)))
        shape = array_of(child.shape)
        return Finding(_marked(shape) if _own_representation(field) else shape, child.why)
    if isinstance(field, serializers.Serializer):
        return _serializer(field, scope)
    if _own_representation(field):
        return _custom(field)
    for kind in type(field).__mro__:
        if kind.__name__ in CLASSES and _package(kind) == "rest_framework":
            return CLASSES[kind.__name__](field, scope)
    return unknown(f"{type(field).__name__} is unknown")


def _serializer(serializer: Any, scope: Scope) -> Finding:
    kind = type(serializer)
    shown = [field for field in serializer.fields.values() if not field.write_only]
    keys = tuple(field.field_name for field in shown)
    if not keys:
        return unknown(f"{kind.__name__} has no fields")
    for frame in scope.stack:
        if (frame.serializer, frame.keys) == (kind, keys):
            return Finding(Reference(frame.name), kind.__name__)
    if len(scope.stack) == DEEPEST:
        return unknown(f"nested deeper than {DEEPEST} serializers")
    name = _name(serializer) if scope.stack else scope.name
    if any(frame.name == name for frame in scope.stack):
        name = scope.name
    inner = replace(scope, owner=_owner(serializer, scope), name=name, stack=(*scope.stack, Frame(kind, keys, name)))
    shape = Object(name, tuple(_field(field, inner) for field in shown))
    return Finding(_marked(shape) if _own_representation(serializer) else shape, kind.__name__)


def _field(field: Any, scope: Scope) -> Field:
    found = _found(field, replace(scope, name=scope.name + message_name(field.field_name)))
    return Field(key=field.field_name, shape=found.shape, why=found.why)


def _batched(field: Any, scope: Scope) -> Finding:
    inner = field.field
    if type(inner).__name__ != "ReadOnlyField" or field.method is None:
        return _found(inner, replace(scope, owner=None))
    hint = returned(field.method)
    value = None if hint is None else value_of(hint)
    if value is None:
        return unknown(f"{field.method.__name__}() has no readable return annotation")
    return Finding(hint_shape(value), f"annotation of {field.method.__name__}()")


def _is_batched(field: Any) -> bool:
    # By name: projects that batch no fields need not have the app, without which its models cannot be imported.
    return any(kind.__name__ == "BatchedField" and _package(kind) == "strangler_django" for kind in type(field).__mro__)


def _custom(field: Any) -> Finding:
    """A field with code of its own: only its annotation can tell."""
    hint = returned(field.to_representation)
    if hint is None:
        return unknown(f"{type(field).__name__}.to_representation() has no readable return annotation")
    return Finding(hint_shape(hint), f"annotation of {type(field).__name__}.to_representation()")


def _owner(serializer: Any, scope: Scope) -> Any:
    """The type of the instances that a serializer is given."""
    model = getattr(getattr(_one(serializer), "Meta", None), "model", None)
    if model is not None or scope.owner is None or isinstance(serializer.parent, serializers.ListSerializer):
        return model or scope.owner
    return related_owner(serializer, scope)


def _one(serializer: Any) -> Any:
    """The serializer of a list's items, or the serializer itself."""
    return _one(serializer.child) if isinstance(serializer, serializers.ListSerializer) else serializer


def _name(serializer: Any) -> str:
    kind = type(serializer)
    # DRF makes such a class for each relation within `depth`.
    if ".build_nested_field." in kind.__qualname__:
        return message_name(serializer.Meta.model.__name__)
    return message_name(kind.__name__)


def _own_representation(field: SerializerField | Any) -> bool:
    for kind in type(field).__mro__:
        if "to_representation" in vars(kind):
            return _package(kind) not in FAITHFUL
    return False


def _package(kind: type) -> str:
    return kind.__module__.partition(".")[0]


def _marked(shape: Shape) -> Shape:
    """The shape with a word in each field of its own that code runs after the declaration."""
    match shape:
        case Array(items) | Mapping(items):
            return type(shape)(_marked(items))  # type: ignore[arg-type]
        case Object(name, fields):
            return Object(name, tuple(replace(field, why=_before(field.why)) for field in fields))
        case _:
            return shape


def _before(why: str) -> str:
    return why if why.endswith(BEFORE) else why + BEFORE
