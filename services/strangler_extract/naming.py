"""Names of messages, and keeping them apart."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from strangler_extract.shapes import Array, Field, Json, Mapping, Object, Reference, Shape

__all__ = ["camel", "distinct", "message_name"]


def camel(text: str) -> str:
    """CamelCase of a key or a class's name, as protobuf's identifiers are spelt."""
    words = [word for word in re.split(r"[^0-9A-Za-z]+", text) if word]
    name = "".join(word[0].upper() + word[1:] for word in words)
    return name if name[:1].isalpha() else f"N{name}"


def message_name(serializer: str) -> str:
    """The name of a serializer's class without a trailing "Serializer"."""
    return camel(serializer.removesuffix("Serializer") or serializer)


def distinct(shape: Shape) -> Shape:
    """The same shape with one name for each set of fields.

    An object whose name another one has with other fields gets the path to it appended, and then a number.
    """
    return _Names().named(shape, (), {})


class _Names:
    """Which fields each name stands for, so far."""

    def __init__(self) -> None:
        self.taken: dict[str, tuple[Shape, tuple[Field, ...]]] = {}

    def named(self, shape: Shape, path: tuple[str, ...], around: dict[str, str]) -> Shape:
        """`around` maps the names of the objects that this one is part of to those that they got."""
        match shape:
            case Array(items):
                return replace(shape, items=self.named(items, path, around))  # type: ignore[arg-type]
            case Mapping(values):
                return replace(shape, values=self.named(values, path, around))  # type: ignore[arg-type]
            case Reference(name):
                return Reference(around.get(name, name))
            case Object():
                return self._object(shape, path, around)
            case _:
                return shape

    def _object(self, shape: Object, path: tuple[str, ...], around: dict[str, str]) -> Object:
        bare = _bare(shape)
        for name in _candidates(shape.name, path):
            if name in self.taken and self.taken[name][0] != bare:
                continue
            if name not in self.taken:
                # Taken before its fields are walked, so that none of them gets it.
                self.taken[name] = (bare, ())
                self.taken[name] = (bare, self._fields(shape, path, around | {shape.name: name}))
            return Object(name, self.taken[name][1])
        raise AssertionError("candidates never end")  # pragma: no cover

    def _fields(self, shape: Object, path: tuple[str, ...], around: dict[str, str]) -> tuple[Field, ...]:
        return tuple(
            replace(field, shape=self.named(field.shape, (*path, field.key), around)) for field in shape.fields
        )


def _bare(shape: Shape) -> Shape:
    """The shape without what its comments say."""
    match shape:
        case Array(items):
            return Array(_bare(items))  # type: ignore[arg-type]
        case Mapping(values):
            return Mapping(_bare(values))  # type: ignore[arg-type]
        case Object(name, fields):
            return Object(name, tuple(Field(key=field.key, shape=_bare(field.shape), why="") for field in fields))
        case Json():
            return Json("")
        case _:
            return shape


def _candidates(name: str, path: Sequence[str]) -> Iterator[str]:
    yield name
    longer = name + "".join(camel(key) for key in path)
    yield longer
    number = 2
    while True:
        yield f"{longer}{number}"
        number += 1
