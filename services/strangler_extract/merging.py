"""Brings together what was declared and what was seen."""

from collections.abc import Sequence
from dataclasses import replace

from strangler_extract.containers import array_of, mapping_of
from strangler_extract.naming import camel, distinct
from strangler_extract.shapes import Array, Field, Json, Mapping, Object, Reference, Scalar, Shape
from strangler_extract.sightings import NOTHING, Listed, Mixed, Varied

__all__ = ["merged"]


def merged(declared: Shape, observed: Shape | None) -> Shape:
    """The declared shape, save where the documents say otherwise.

    Keys and their order are those of the documents. A declared `Json` becomes what was seen, and so does whatever most
    documents contradict; what a few contradict stays, and travels as overflow.
    """
    name = _outermost(declared) or _outermost(observed) or "Document"
    return distinct(_merged(declared, observed, name))


def _merged(declared: Shape, seen: Shape | None, name: str) -> Shape:
    if seen is None or _silent(seen):
        return declared
    if isinstance(declared, Json):
        return declared if isinstance(seen, Json) else _adopted(seen, name)
    if isinstance(seen, Mixed):
        return declared if seen.mostly(_kind(declared)) else Json(seen.reason)
    match declared, seen:
        case Scalar(), Scalar():
            return seen
        case Array(items), (Array() | Listed()):
            return array_of(_merged(items, seen.items, name))
        case Mapping(values), Mapping(others):
            return mapping_of(_merged(values, others, f"{name}Value"))
        case Mapping(values), Object(_, fields):
            return mapping_of(_merged(values, _common(fields), f"{name}Value"))
        case Reference(), (Object() | Mapping()):
            return declared
        case Object(), Object(_, fields):
            return _fields(declared, [field.key for field in fields], fields)
        case Object(), Varied() if any(_has(declared, field.key) for field in seen.seen):
            return _fields(declared, _woven(declared, seen.seen), seen.seen)
    return _adopted(seen, name)


def _fields(declared: Object, keys: Sequence[str], seen: Sequence[Field]) -> Object:
    """The object with these keys, each as declared or as seen."""
    declarations, sights = {field.key: field for field in declared.fields}, {field.key: field for field in seen}
    kept = [key for key in keys if key in declarations]
    moved = kept != [field.key for field in declared.fields if field.key in kept]
    fields = []
    for key in keys:
        name = declared.name + camel(key)
        if key in declarations:
            field = _field(declarations[key], sights[key], name)
            fields.append(replace(field, why=f"{field.why}, in the order observed") if moved else field)
        else:
            sight = sights[key]
            fields.append(Field(key=key, shape=_adopted(sight.shape, name), why=f"{sight.why}, undeclared"))
    return Object(declared.name, tuple(fields))


def _field(declared: Field, seen: Field, name: str) -> Field:
    shape = _merged(declared.shape, seen.shape, name)
    if type(shape) is type(declared.shape) and (not isinstance(shape, Scalar) or shape == declared.shape):
        return replace(declared, shape=shape)
    why = seen.why if isinstance(declared.shape, Json) else f"{seen.why}, not {declared.why}"
    return Field(key=declared.key, shape=shape, why=why)


def _woven(declared: Object, seen: Sequence[Field]) -> list[str]:
    """The declared keys that were seen, in declared order, and each other key behind the one it was seen behind.

    Documents whose keys differ do not show the order of all of them.
    """
    sights = [field.key for field in seen]
    keys = [field.key for field in declared.fields if field.key in sights]
    for before, key in zip([None, *sights], sights, strict=False):
        if key not in keys:
            keys.insert(0 if before is None else keys.index(before) + 1, key)
    return keys


def _adopted(seen: Shape, name: str) -> Shape:
    """What was seen, as a contract says it, under names that fit where it stands."""
    match seen:
        case Json(reason):
            return Json(reason)
        case Array(items):
            return array_of(_adopted(items, name))
        case Mapping(values):
            return mapping_of(_adopted(values, f"{name}Value"))
        case Object(_, fields):
            return Object(
                name, tuple(replace(field, shape=_adopted(field.shape, name + camel(field.key))) for field in fields)
            )
        case _:
            return seen


def _common(fields: Sequence[Field]) -> Shape | None:
    """The shape that all values have that say anything."""
    shapes = [field.shape for field in fields if not _silent(field.shape)]
    return shapes[0] if shapes and all(shape == shapes[0] for shape in shapes) else None


def _silent(seen: Shape) -> bool:
    """Whether this says nothing against a declaration."""
    return isinstance(seen, Json) and not isinstance(seen, Mixed | Listed) and seen.reason in NOTHING


def _kind(shape: Shape) -> str:
    if isinstance(shape, Scalar):
        return shape.kind.value
    return "array" if isinstance(shape, Array) else "object"


def _has(declared: Object, key: str) -> bool:
    return any(field.key == key for field in declared.fields)


def _outermost(shape: Shape | None) -> str | None:
    match shape:
        case Object(name):
            return name
        case Array(items) | Mapping(items):
            return _outermost(items)
        case _:
            return None
