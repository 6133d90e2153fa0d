"""Compiles a serializer's fields into functions that write JSON, byte for byte what DRF would.

A field of one of DRF's own classes, read from a column or a relation, gets a function that knows what it does;
every other field is asked the way `Serializer.to_representation` asks it.
"""

import math
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import partialmethod
from inspect import getattr_static
from operator import attrgetter, methodcaller
from types import FunctionType
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.db import models
from django.db.models.manager import BaseManager
from django.db.models.query_utils import DeferredAttribute
from rest_framework import fields
from rest_framework.fields import SkipField, is_simple_callable
from rest_framework.relations import PKOnlyObject
from rest_framework.serializers import BaseSerializer, ListSerializer, Serializer

from strangler_django.serializers.segments import HOLE, exact, separators, text_of, text_of_str

__all__ = ["Emitter", "compile_object", "represent", "writes_as_drf"]

Write = Callable[[Any], str]
_HOLE = HOLE.decode()
_TEXT = (fields.CharField, fields.EmailField, fields.SlugField, fields.URLField, fields.RegexField)


@dataclass(slots=True)
class Emitter:
    """Writes one object; `exact` turns False once a value would not come back from its JSON as it was."""

    write: Write = field(default=str)
    exact: bool = True

    def generic(self, value: Any) -> str:
        """Any value that a field represents."""
        if type(value) is str:
            return text_of_str(value)
        if self.exact and not exact(value):
            self.exact = False
        return text_of(value)


def compile_object(serializer: Any, *, holes: Collection[str]) -> Emitter:
    """An emitter for instances of a serializer's model, with a hole for each of the fields in `holes`."""
    emitter = Emitter()
    emitter.write = _object(emitter, serializer, holes)
    return emitter


def represent(field: Any, instance: Any) -> Any:
    """A field's value as `Serializer.to_representation` takes it. Raises SkipField."""
    attribute = field.get_attribute(instance)
    bare = attribute.pk if isinstance(attribute, PKOnlyObject) else attribute
    return None if bare is None else field.to_representation(attribute)


def _object(emitter: Emitter, serializer: Any, holes: Collection[str] = ()) -> Write:
    comma, colon = (part.decode() for part in separators())
    model = getattr(getattr(serializer, "Meta", None), "model", None)
    writers = []
    for named in serializer._readable_fields:
        head = text_of_str(named.field_name) + colon
        writers.append((head, None if named.field_name in holes else _field(emitter, named, model)))

    def write(instance: Any) -> str:
        pieces = []
        for head, write_value in writers:
            if write_value is None:
                pieces.append(head + _HOLE)
                continue
            try:
                pieces.append(head + write_value(instance))
            except SkipField:
                continue
        return "{" + comma.join(pieces) + "}"

    return write


def _field(emitter: Emitter, named: Any, model: Any) -> Write:
    asked = _asked(emitter, named)
    if not _reads_as_drf(named):
        return asked
    if writes_as_drf(type(named), Serializer):
        return _nested(named, _once_each(emitter, named, _object(emitter, named)))
    if writes_as_drf(type(named), ListSerializer) and writes_as_drf(type(named.child), Serializer):
        return _nested(named, _many(_once_each(emitter, named.child, _object(emitter, named.child))))
    if len(named.source_attrs) == 1:
        [name] = named.source_attrs
        if _is_column(model, name):
            return _column(emitter, named, attrgetter(name), asked)
        if _is_method(model, name):
            return _column(emitter, named, methodcaller(name), asked)
    return asked


def _reads_as_drf(named: Any) -> bool:
    return (
        type(named).get_attribute is fields.Field.get_attribute
        and not {"get_attribute", "to_representation"} & vars(named).keys()
    )


def writes_as_drf(cls: type, drf: type[BaseSerializer]) -> bool:
    """Whether a serializer class emits what DRF's own would, field by field; all its bases have a say."""
    if not issubclass(cls, drf):
        return False
    for base in cls.__mro__:
        method = vars(base).get("to_representation")
        if base is drf:
            break
        if method is not None and not getattr(method, "writes_as_drf", False):
            return False
    own_fields: Any = getattr(cls, "_readable_fields", None)
    return drf is ListSerializer or own_fields is getattr(drf, "_readable_fields", None)


def _asked(emitter: Emitter, named: Any) -> Write:
    generic = emitter.generic

    def write(instance: Any) -> str:
        return generic(represent(named, instance))

    return write


def _value(read: Callable[[Any], Any], write_value: Write, asked: Write) -> Write:
    def write(instance: Any) -> str:
        try:
            value = read(instance)
        except (AttributeError, KeyError, ObjectDoesNotExist):
            # DRF has its own ways with these.
            return asked(instance)
        return "null" if value is None else write_value(value)

    return write


def _nested(named: Any, write_one: Write) -> Write:
    get_attribute = named.get_attribute

    def write(instance: Any) -> str:
        attribute = get_attribute(instance)
        return "null" if attribute is None else write_one(attribute)

    return write


def _once_each(emitter: Emitter, serializer: Any, write_one: Write) -> Write:
    """Objects that many rows share, such as tags, are written once, if nothing but their columns is read."""
    model = getattr(getattr(serializer, "Meta", None), "model", None)
    if not all(_is_plain_column(named, model) for named in serializer._readable_fields):
        return write_one
    known: dict[tuple[type, Any], str] = {}

    def write(instance: Any) -> str:
        key = type(instance), getattr(instance, "pk", None)
        text = known.get(key)
        if text is None:
            text = write_one(instance)
            if emitter.exact and key[1] is not None:
                known[key] = text
        return text

    return write


def _is_plain_column(named: Any, model: Any) -> bool:
    return (
        type(named).__module__.startswith("rest_framework.")
        and _reads_as_drf(named)
        and len(named.source_attrs) == 1
        and _is_column(model, named.source_attrs[0])
    )


def _many(write_one: Write) -> Write:
    comma, _ = (part.decode() for part in separators())

    def write(data: Any) -> str:
        iterable = data.all() if isinstance(data, BaseManager) else data
        return "[" + comma.join([write_one(item) for item in iterable]) + "]"

    return write


def _column(emitter: Emitter, named: Any, read: Callable[[Any], Any], asked: Write) -> Write:
    represented, generic = named.to_representation, emitter.generic

    def ask(value: Any) -> str:
        return generic(represented(value))

    kind = type(named)
    if kind in _TEXT:
        return _value(read, _text, asked)
    if kind is fields.IntegerField:
        return _value(read, lambda value: int.__repr__(value) if type(value) is int else ask(value), asked)
    if kind is fields.BooleanField:
        return _value(read, lambda value: "true" if value is True else "false" if value is False else ask(value), asked)
    if kind is fields.FloatField:
        return _value(read, lambda value: float.__repr__(value) if _is_finite(value) else ask(value), asked)
    if kind is fields.ChoiceField:
        return _value(read, _remembering(ask), asked)
    if kind in (fields.FileField, fields.ImageField):
        return _value(read, _remembering(ask, key=attrgetter("name")), asked)
    return _value(read, ask, asked)


def _text(value: Any) -> str:
    return text_of_str(value if type(value) is str else str(value))


def _is_finite(value: Any) -> bool:
    return type(value) is float and math.isfinite(value)


def _remembering(write: Write, key: Callable[[Any], Any] = lambda value: value) -> Write:
    """Few different texts, many rows."""
    known: dict[str, str] = {}

    def remembered(value: Any) -> str:
        name = key(value)
        if type(name) is not str:
            return write(value)
        text = known.get(name)
        if text is None:
            text = known[name] = write(value)
        return text

    return remembered


def _is_column(model: Any, name: str) -> bool:
    """Whether reading the attribute is reading the column, with nothing in between."""
    if not (isinstance(model, type) and issubclass(model, models.Model)):
        return False
    attribute = getattr_static(model, name, None)
    # A file's descriptor gives a FieldFile for the column.
    return isinstance(attribute, DeferredAttribute) and attribute.field.attname == name


def _is_method(model: Any, name: str) -> bool:
    """Whether the attribute is a method that DRF calls; its signature need not be read for each row."""
    if not (isinstance(model, type) and issubclass(model, models.Model)):
        return False
    attribute = getattr_static(model, name, None)
    return isinstance(attribute, (FunctionType, partialmethod)) and is_simple_callable(
        getattr(model.__new__(model), name)
    )
