"""What a JSON document looks like, as far as a contract can say it.

Shapes describe DRF's primitives as they are after its JSON encoder: a decimal or a date is text. Every value may be
null; a value that has another shape than its contract says travels as overflow, so a shape need only be usual.
"""

import enum
from dataclasses import dataclass

__all__ = ["Array", "Field", "Json", "Kind", "Mapping", "Object", "Reference", "Scalar", "Shape"]


class Kind(enum.Enum):
    """The scalar types of a contract, by their names in protobuf."""

    TEXT = "string"
    INTEGER = "int64"
    NUMBER = "double"
    BOOLEAN = "bool"


@dataclass(frozen=True, slots=True)
class Scalar:
    """Text, an integer, a number or a boolean."""

    kind: Kind


@dataclass(frozen=True, slots=True)
class Json:
    """Anything, carried as JSON text; `reason` says in a few words why nothing better is known."""

    reason: str


@dataclass(frozen=True, slots=True)
class Array:
    """A list; lists of lists and of `Json` have no repeated field in protobuf, and are `Json` themselves."""

    items: "Scalar | Object | Reference"


@dataclass(frozen=True, slots=True)
class Mapping:
    """An object whose keys are data (`{"beginner": 3}`); their order is kept."""

    values: "Scalar | Object | Reference | Json | Array"


@dataclass(frozen=True, slots=True)
class Reference:
    """An object that this one is part of, by its name; how trees are said."""

    name: str


@dataclass(frozen=True, slots=True)
class Object:
    """An object with keys known beforehand, in order. `name` is that of its message, in CamelCase."""

    name: str
    fields: "tuple[Field, ...]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A key of an object and what it holds; `why` says what decided, for a comment in the contract."""

    key: str
    shape: "Shape"
    why: str


Shape = Scalar | Json | Array | Mapping | Reference | Object
