"""What drf-spectacular's `@extend_schema_field` says, read without importing it."""

import enum
from collections.abc import Mapping as AbstractMapping
from copy import deepcopy
from typing import Any

from rest_framework.fields import Field as SerializerField

from strangler_extract.containers import array_of, mapping_of
from strangler_extract.findings import Finding, Scope
from strangler_extract.hints import hint_shape
from strangler_extract.naming import camel
from strangler_extract.shapes import Field, Json, Kind, Object, Scalar, Shape

__all__ = ["schema_finding"]

WHY = "extend_schema_field"
SCALARS = {"string": Kind.TEXT, "integer": Kind.INTEGER, "number": Kind.NUMBER, "boolean": Kind.BOOLEAN}
# Members of OpenApiTypes that are not text.
MEMBERS: dict[str, Shape] = {
    "ANY": Json("OpenApiTypes.ANY"),
    "BOOL": Scalar(Kind.BOOLEAN),
    "DECIMAL": Scalar(Kind.NUMBER),
    "DOUBLE": Scalar(Kind.NUMBER),
    "FLOAT": Scalar(Kind.NUMBER),
    "INT": Scalar(Kind.INTEGER),
    "INT32": Scalar(Kind.INTEGER),
    "INT64": Scalar(Kind.INTEGER),
    "NONE": Json("OpenApiTypes.NONE"),
    "NUMBER": Scalar(Kind.NUMBER),
    "OBJECT": mapping_of(Json("OpenApiTypes.OBJECT")),
}


def schema_finding(field: Any, scope: Scope) -> Finding | None:
    """What the decorator says of a field, of its class or of its method; None where it was not used."""
    for said in (field, getattr(field.parent, getattr(field, "method_name", None) or "", None)):
        notes = getattr(said, "_spectacular_annotation", None)
        if isinstance(notes, dict) and notes.get("field") is not None:
            return Finding(_shape(notes["field"], field, scope), WHY)
    return None


def _shape(said: Any, field: Any, scope: Scope) -> Shape:
    if isinstance(said, enum.Enum):
        return MEMBERS.get(said.name, Scalar(Kind.TEXT))
    if isinstance(said, AbstractMapping):
        return _schema(said, scope.name)
    if isinstance(said, type) and issubclass(said, SerializerField):
        said = said()
    if isinstance(said, SerializerField):
        bound: Any = deepcopy(said)
        bound.bind(field.field_name, field.parent)
        return scope.find(bound, scope).shape
    return hint_shape(said)


def _schema(schema: Any, name: str) -> Shape:
    """The shape of an OpenAPI schema; `name` is that of its message, should it be an object."""
    kind = _kind(schema)
    if kind in SCALARS:
        return Scalar(SCALARS[kind])
    if kind == "array":
        return array_of(_schema(schema.get("items") or {}, name))
    if kind == "object":
        return _object(schema, name)
    for word in ("allOf", "oneOf", "anyOf"):
        shapes = [_schema(one, name) for one in schema.get(word, ()) if _kind(one) != "null"]
        if shapes and all(shape == shapes[0] for shape in shapes):
            return shapes[0]
    values = [hint_shape(type(value)) for value in schema.get("enum", ()) if value is not None]
    if values and all(shape == values[0] for shape in values):
        return values[0]
    return Json("a schema of no single type")


def _object(schema: Any, name: str) -> Shape:
    properties = schema.get("properties")
    if properties:
        title = camel(schema["title"]) if isinstance(schema.get("title"), str) else name
        fields = tuple(
            Field(key=key, shape=_schema(part, title + camel(key)), why=WHY) for key, part in properties.items()
        )
        return Object(title, fields)
    values = schema.get("additionalProperties")
    return mapping_of(_schema(values, name) if isinstance(values, AbstractMapping) and values else Json("any values"))


def _kind(schema: Any) -> Any:
    """The type that a schema names beside null."""
    kind = schema.get("type")
    if isinstance(kind, list):
        kinds = [one for one in kind if one != "null"]
        kind = kinds[0] if len(kinds) == 1 else None
    if kind is None and "properties" in schema:
        return "object"
    return kind
