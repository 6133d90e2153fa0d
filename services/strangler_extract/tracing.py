"""Follows a field's dotted source to the column, property or method that its values come from."""

import inspect
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import models

from strangler_extract.columns import column_name, column_shape, relation_target
from strangler_extract.hints import attribute_hint, hint_shape, plain
from strangler_extract.shapes import Json, Shape

__all__ = ["Landing", "landing_shape", "trace"]

# Methods of the managers that relations to many lead to, and what they return.
MANAGERS = {"count": int, "exists": bool}


@dataclass(frozen=True, slots=True, kw_only=True)
class Landing:
    """What a source leads to: a column, or values of the type `hint`, or neither; `why` says by which declaration."""

    column: Any = None
    hint: Any = None
    why: str


def trace(owner: Any, attributes: Sequence[str]) -> Landing:
    """Follow attributes from instances of the type `owner` (a model, a class, a hint; None if unknown)."""
    landing = Landing(hint=owner, why=_title(owner))
    for name in attributes:
        if landing.column is not None:
            return Landing(why=f"{name} of {landing.why}")
        landing = _step(plain(landing.hint), name)
    return landing


def landing_shape(landing: Landing) -> Shape:
    """What values at the end of a source look like when they are handed on as they are."""
    if landing.column is not None:
        return column_shape(landing.column)
    if landing.hint is None:
        return Json(f"{landing.why} is undeclared")
    return hint_shape(landing.hint)


def _step(owner: Any, name: str) -> Landing:
    origin, arguments = typing.get_origin(owner) or owner, typing.get_args(owner)
    if not isinstance(origin, type):
        return Landing(why=name)
    if issubclass(origin, models.Model):
        return _model_step(origin, name)
    if name in MANAGERS and isinstance(arguments and arguments[0], type) and issubclass(arguments[0], models.Model):
        return Landing(hint=MANAGERS[name], why=f"{name}() of {arguments[0].__name__}")
    if issubclass(origin, Mapping) and len(arguments) == 2:
        return Landing(hint=arguments[1], why=f"annotation of {name}")
    return _attribute(origin, name)


def _model_step(model: type[models.Model], name: str) -> Landing:
    if name == "pk":
        return Landing(column=model._meta.pk, why=f"column {column_name(model._meta.pk)}")
    if (target := relation_target(model, name)) is not None:
        related, many = target
        hint: Any = list[related] if many else related  # type: ignore[valid-type]
        return Landing(hint=hint, why=f"relation {model.__name__}.{name}")
    column = _column(model, name)
    # A property may stand before a column of its name, as a descriptor of the project's own.
    if column is not None and not isinstance(inspect.getattr_static(model, name, None), property):
        return Landing(column=column, why=f"column {column_name(column)}")
    if _is_display(model, name) or name == "get_absolute_url":
        return Landing(hint=str, why=f"{model.__name__}.{name}()")
    return _attribute(model, name)


def _column(model: type[models.Model], name: str) -> Any:
    try:
        field = model._meta.get_field(name)
    except FieldDoesNotExist:
        return None
    return field if field.concrete else None


def _is_display(model: type[models.Model], name: str) -> bool:
    """Whether this is `get_FOO_display`, which Django makes for columns with choices."""
    column = _column(model, name.removeprefix("get_").removesuffix("_display"))
    return name.startswith("get_") and name.endswith("_display") and bool(getattr(column, "choices", None))


def _attribute(owner: type, name: str) -> Landing:
    found = attribute_hint(owner, name)
    if found is None:
        return Landing(why=f"{owner.__name__}.{name}")
    hint, why = found
    return Landing(hint=hint, why=why)


def _title(owner: Any) -> str:
    return getattr(owner, "__name__", "the instance")
