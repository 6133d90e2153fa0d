"""Python's type hints as shapes of what DRF's JSON encoder writes for such values."""

import dataclasses
import datetime as dt
import decimal
import enum
import functools
import inspect
import ipaddress
import types
import typing
import uuid
from collections import Counter, abc, deque
from typing import Any

from django.db import models
from django.utils.functional import Promise, cached_property

from strangler_extract.containers import array_of, mapping_of
from strangler_extract.naming import camel
from strangler_extract.shapes import Field, Json, Kind, Object, Reference, Scalar, Shape

__all__ = ["attribute_hint", "element_of", "hint_shape", "plain", "returned", "value_of"]

SCALARS: tuple[tuple[tuple[type, ...], Kind], ...] = (
    ((bool,), Kind.BOOLEAN),
    ((int,), Kind.INTEGER),
    # A decimal is a JSON number once the encoder has written it.
    ((float, decimal.Decimal), Kind.NUMBER),
    (
        (
            str,
            bytes,
            Promise,
            uuid.UUID,
            dt.date,
            dt.time,
            dt.timedelta,
            ipaddress.IPv4Address,
            ipaddress.IPv6Address,
            ipaddress.IPv4Network,
            ipaddress.IPv6Network,
        ),
        Kind.TEXT,
    ),
)
WRAPPERS = (typing.Annotated, typing.Final, typing.ClassVar, typing.Required, typing.NotRequired)


def hint_shape(hint: Any, stack: tuple[type, ...] = ()) -> Shape:
    """What values of this type look like; `Json` where nothing better than "any" is known.

    `stack` holds the TypedDicts and dataclasses that this one is part of.
    """
    hint = plain(hint)
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Literal:
        return _same([hint_shape(type(value), stack) for value in arguments if value is not None], "literals")
    if origin in (typing.Union, types.UnionType):
        return _same([hint_shape(one, stack) for one in arguments], "a union")
    kind = origin if isinstance(origin, type) else hint
    if not isinstance(kind, type):
        return Json(f"annotated as {_name(hint)}")
    return _class_shape(kind, arguments, stack)


def plain(hint: Any) -> Any:
    """The hint without `Optional`, `Annotated`, `NewType` and other wrappers."""
    while True:
        origin, arguments = typing.get_origin(hint), typing.get_args(hint)
        if origin in WRAPPERS:
            hint = arguments[0]
        elif isinstance(hint, typing.NewType):
            hint = hint.__supertype__
        elif isinstance(hint, typing.TypeVar) and hint.__bound__ is not None:
            hint = hint.__bound__
        elif hasattr(hint, "__value__") and not isinstance(hint, type):
            hint = hint.__value__  # `type X = ...` of Python 3.12
        elif origin in (typing.Union, types.UnionType) and len(rest := _without_none(arguments)) < len(arguments):
            hint = functools.reduce(lambda one, other: typing.Union[one, other], rest)  # noqa: UP007  of values
        else:
            return hint


def returned(function: Any) -> Any:
    """The return annotation of a function, method or property; `None` where it has none or it cannot be read."""
    function = _function(function)
    if not hasattr(function, "__annotations__") or "return" not in function.__annotations__:
        return None
    # Its own namespace, since the annotations of arguments may name what only type checkers import.
    alone: Any = types.SimpleNamespace(__annotations__={"return": function.__annotations__["return"]})
    try:
        return typing.get_type_hints(alone, getattr(function, "__globals__", {}), include_extras=True)["return"]
    except Exception:  # noqa: BLE001  annotations are evaluated, and may be anything
        return None


def attribute_hint(owner: type, name: str) -> tuple[Any, str] | None:
    """The hint of a class's attribute, property or method without arguments, and what said so."""
    member = inspect.getattr_static(owner, name, None)
    if isinstance(member, (property, functools.cached_property, cached_property)):
        hint = returned(member)
        return None if hint is None else (hint, f"annotation of {owner.__name__}.{name}")
    if callable(_function(member)) and not isinstance(member, type):
        hint = str if name == "__str__" else returned(member)
        return None if hint is None else (hint, f"annotation of {owner.__name__}.{name}()")
    hint = _annotations(owner).get(name)
    return None if hint is None else (hint, f"annotation of {owner.__name__}.{name}")


def element_of(hint: Any) -> Any:
    """What a list of this type holds; `None` where that is not said."""
    arguments = typing.get_args(plain(hint))
    return arguments[0] if arguments else None


def value_of(hint: Any) -> Any:
    """What a mapping or pairs of key and value map to; sets map to membership. `None` where that is not said."""
    hint = plain(hint)
    origin, arguments = typing.get_origin(hint) or hint, typing.get_args(hint)
    if not isinstance(origin, type):
        return None
    if issubclass(origin, abc.Set):
        return bool
    if issubclass(origin, Counter):
        return int
    if issubclass(origin, abc.Mapping):
        return arguments[1] if len(arguments) == 2 else None
    pair = typing.get_args(arguments[0]) if arguments else ()
    return pair[1] if len(pair) == 2 else None


def _class_shape(kind: type, arguments: tuple[Any, ...], stack: tuple[type, ...]) -> Shape:
    for classes, scalar in SCALARS:
        if issubclass(kind, classes):
            return Scalar(scalar)
    if issubclass(kind, enum.Enum):
        return Json(f"{kind.__name__} is no text and no number")
    if hasattr(kind, "__required_keys__") or dataclasses.is_dataclass(kind):
        return _record(kind, stack)
    if issubclass(kind, models.Model):
        return Json(f"an object of {kind.__name__}")
    if issubclass(kind, Counter):
        return mapping_of(Scalar(Kind.INTEGER))
    if issubclass(kind, abc.Mapping):
        return mapping_of(
            hint_shape(arguments[1], stack) if len(arguments) == 2 else Json(f"annotated as {kind.__name__}")
        )
    if issubclass(kind, tuple):
        return _tuple(kind, arguments, stack)
    if issubclass(kind, abc.Iterable) and not issubclass(kind, deque):
        return array_of(hint_shape(arguments[0], stack) if arguments else Json(f"annotated as {kind.__name__}"))
    return Json("only None is annotated" if kind is types.NoneType else f"annotated as {kind.__name__}")


def _tuple(kind: type, arguments: tuple[Any, ...], stack: tuple[type, ...]) -> Shape:
    if not arguments:
        arguments = tuple(_annotations(kind).get(name, Any) for name in getattr(kind, "_fields", ()))
    items = _same([hint_shape(one, stack) for one in arguments if one is not Ellipsis], "a tuple of several kinds")
    return array_of(items)


def _record(kind: type, stack: tuple[type, ...]) -> Shape:
    if kind in stack:
        return Reference(camel(kind.__name__))
    hints = _annotations(kind)
    if dataclasses.is_dataclass(kind):
        hints = {field.name: hints.get(field.name, Any) for field in dataclasses.fields(kind)}
    if not hints:
        return Json(f"{kind.__name__} has no keys")
    why = f"annotation of {kind.__name__}"
    return Object(
        camel(kind.__name__),
        tuple(Field(key=key, shape=hint_shape(hint, (*stack, kind)), why=why) for key, hint in hints.items()),
    )


def _same(shapes: list[Shape], what: str) -> Shape:
    """The one shape that all have."""
    if shapes and all(shape == shapes[0] for shape in shapes):
        return shapes[0]
    return Json(f"annotated as {what}" if shapes else "only None is annotated")


def _annotations(kind: type) -> dict[str, Any]:
    try:
        return typing.get_type_hints(kind, include_extras=True)
    except Exception:  # noqa: BLE001  annotations are evaluated, and may be anything
        return {}


def _function(member: Any) -> Any:
    """The function within a property, method or decorator."""
    for name in ("fget", "func", "__func__"):
        member = getattr(member, name, member)
    return inspect.unwrap(member) if callable(member) else member


def _without_none(arguments: tuple[Any, ...]) -> list[Any]:
    return [one for one in arguments if one is not types.NoneType]


def _name(hint: Any) -> str:
    return getattr(hint, "__name__", None) or str(hint)
