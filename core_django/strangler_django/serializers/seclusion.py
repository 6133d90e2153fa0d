"""Takes from a serializer, while it computes what others will share, all that belongs to one read of it."""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property, partial
from inspect import getattr_static
from types import FunctionType, MethodType
from typing import Any
from weakref import WeakKeyDictionary

from django.db.models import Model
from django.utils.functional import LazyObject
from rest_framework.fields import Field
from rest_framework.serializers import BaseSerializer, ListSerializer, Serializer

from strangler_django.serializers.reach import is_library
from strangler_django.serializers.stand_ins import Guarded, GuardedContext, GuardedParent, Leak

__all__ = ["foreign_fields", "foreign_state", "is_usual", "secluded"]

_OWN = frozenset(
    {
        *vars(Serializer(None, data={}, context={})),
        *vars(ListSerializer(child=Serializer())),
        *("fields", "_readable_fields", "_writable_fields", "_read_only_defaults", "_errors", "_validated_data"),
        *("_creation_counter", "_data", "_plan", "_rendered", "child", "many", "source_attrs", "url_field_name"),
    }
)
_OURS = "_strangler_"
_MISSING = object()
_PLAIN = (str, bytes, int, float, bool, type(None))
# No answer shows them; arguments are compared by themselves.
_UNSEEN = frozenset(
    {
        *("parent", "read_only", "required", "allow_null", "allow_blank", "initial", "help_text", "style"),
        *("_validators", "_creation_counter", "_args", "_kwargs", "error_messages"),
    }
)
_made: WeakKeyDictionary[type, Any] = WeakKeyDictionary()


@contextmanager
def secluded(serializer: Any, leak: Leak) -> Iterator[None]:
    """Within the block it is nobody's: context guarded, no parent, no arguments, and no state that is not its class's.

    What the block leaves on a serializer is taken away at its end, so that values go neither in nor out.
    """
    context: Any = GuardedContext(serializer.root._context, leak)
    partial = bool(getattr(serializer.root, "partial", False))
    kept = [(node, dict(vars(node))) for node in _nodes(serializer)]
    for node, _ in kept:
        _seclude(node, context, leak)
    vars(serializer).update(
        parent=GuardedParent(context, leak, partial=partial),
        instance=Guarded(serializer.instance, "the serializer's instance", leak),
    )
    try:
        yield
    finally:
        for node, before in kept:
            left = {name: value for name, value in vars(node).items() if _is_own(name)}
            vars(node).clear()
            vars(node).update(left | before)


def foreign_state(serializer: Any) -> dict[str, Any]:
    """The attributes that this serializer has and one made without arguments has not, or has with another value."""
    state = _added(serializer)
    if not state:
        return state
    usual = _usual_state(type(serializer))
    return {name: value for name, value in state.items() if not (name in usual and _alike(value, usual[name]))}


def _added(serializer: Any) -> dict[str, Any]:
    """The attributes that neither DRF nor we keep on a serializer."""
    state = vars(serializer)
    return {name: state[name] for name in state.keys() - _OWN if not name.startswith(_OURS)}


def is_usual(serializer: Any) -> bool:
    """Whether nothing on a serializer, its fields and what it nests is more than the class and plain arguments say."""
    if foreign_state(serializer) or any(True for _ in foreign_fields(serializer)):
        return False
    fields: dict[str, Any] = getattr(serializer, "fields", {})
    inner = (getattr(field, "child", field) for field in fields.values())
    return all(is_usual(one) for one in inner if isinstance(one, BaseSerializer))


def foreign_fields(serializer: Any) -> Iterator[tuple[str, str]]:
    """Names of fields, and what on them is neither as their class declares it nor told by their arguments."""
    usual = getattr(_usual(type(serializer)), "fields", {})
    if serializer.fields is usual:
        return
    for name, field in serializer.fields.items():
        twin = usual.get(name)
        if twin is None or not _alike((field._args, field._kwargs), (twin._args, twin._kwargs)):
            # Such arguments are part of the key.
            odd = [value for value in (*field._args, *field._kwargs.values()) if not _is_told(value)]
            yield from ((name, f"a {type(value).__name__} that it was made with") for value in odd)
        else:
            yield from ((name, f"its {attribute}, which was changed") for attribute in _changed(field, twin))


def _usual(cls: Any) -> Any:
    """A serializer of the class that nobody has touched; None where it cannot be made without arguments."""
    if cls not in _made:
        try:
            made = cls()
            made.fields  # noqa: B018  built once, without a request
            _made[cls] = made
        except Exception:  # noqa: BLE001  __init__ and get_fields are the project's own code
            _made[cls] = None
    return _made[cls]


def _usual_state(cls: Any) -> dict[str, Any]:
    made = _usual(cls)
    return {} if made is None else vars(made)


def _changed(field: Any, twin: Any) -> Iterator[str]:
    usual = vars(twin)
    for name, value in vars(field).items():
        known = usual.get(name, _MISSING)
        if value is known or name in _UNSEEN or (isinstance(field, BaseSerializer) and _is_own(name)):
            continue
        if known is _MISSING and not callable(value) and is_library(_definer(type(field), name)):
            # Kept by a library's own code once it was worked out.
            continue
        if not _alike(value, known):
            yield name


def _definer(cls: type, name: str) -> Any:
    """The class that an attribute comes from."""
    return next((base for base in cls.__mro__ if name in vars(base)), None)


def _alike(value: Any, other: Any) -> bool:
    """Whether two values are equal plain data, or else of the same kind, made the same way."""
    if value is other:
        return True
    if type(value) is not type(other):
        return False
    if isinstance(value, _PLAIN):
        return bool(value == other)
    if isinstance(value, (list, tuple)):
        return len(value) == len(other) and all(map(_alike, value, other))
    if isinstance(value, dict):
        return value.keys() == other.keys() and all(_alike(value[key], other[key]) for key in value)
    if isinstance(value, (set, frozenset)):
        return bool(value == other)
    if isinstance(value, (FunctionType, MethodType, partial)):
        return _alike(_bound(value), _bound(other))
    return not isinstance(value, (Model, LazyObject))


def _bound(function: Any) -> list[Any]:
    """What tells one function from others of the same text."""
    if isinstance(function, partial):
        return [function.func, function.args, function.keywords]
    if isinstance(function, MethodType):
        return [id(function.__self__), function.__func__]
    cells = [cell.cell_contents for cell in function.__closure__ or ()]
    return [id(function.__code__), cells, function.__defaults__, function.__kwdefaults__]


def _is_told(value: Any) -> bool:
    """Whether a digest of a field's arguments tells this value from others of its type."""
    kind = type(value)
    if issubclass(kind, (*_PLAIN, type)):
        return True
    if issubclass(kind, (list, tuple, set, frozenset)):
        return all(map(_is_told, value))
    if issubclass(kind, dict):
        return all(map(_is_told, value.values()))
    if issubclass(kind, FunctionType):
        return value.__closure__ is None
    if issubclass(kind, Field):
        return all(map(_is_told, (*value._args, *value._kwargs.values())))
    return is_library(kind) and not issubclass(kind, (Model, LazyObject, partial, MethodType))


def _seclude(node: Any, context: GuardedContext, leak: Leak) -> None:
    state = vars(node)
    if state.get("_context"):
        state["_context"] = context
    for name in ("_args", "_kwargs", "initial_data", "_data"):
        if name in state:
            state[name] = Guarded(state[name], f"the serializer's {name}", leak)
    foreign = foreign_state(node)
    for name, value in _added(node).items():
        if name not in foreign:
            # A memo is filled for this block alone.
            state[name] = copy.copy(value) if isinstance(value, (dict, list, set)) else value
        elif isinstance(getattr_static(type(node), name, None), cached_property):
            del state[name]
        else:
            state[name] = Guarded(value, f"self.{name}, which was set for this read", leak)


def _nodes(serializer: Any) -> Iterator[Any]:
    """The serializer and those that it nests, as far as they are built."""
    yield serializer
    if isinstance(serializer, ListSerializer):
        yield from _nodes(serializer.child)
    for field in vars(serializer).get("fields", {}).values():
        if isinstance(field, BaseSerializer):
            yield from _nodes(field)


def _is_own(name: str) -> bool:
    return name in _OWN or name.startswith(_OURS)
