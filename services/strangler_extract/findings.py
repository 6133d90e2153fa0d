"""What is found out about a field, and where it stands."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from strangler_extract.naming import camel
from strangler_extract.shapes import Json, Shape

__all__ = ["Finding", "Scope", "unknown"]


@dataclass(frozen=True, slots=True)
class Finding:
    """A shape, and what decided."""

    shape: Shape
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Where a field stands: the type of the instances it reads, and the serializers that it is part of.

    `name` is the name for an object that has none of its own; `find` finds what a field within this one looks like.
    """

    owner: Any
    name: str
    stack: "tuple[Frame, ...]" = ()
    find: "Callable[[Any, Scope], Finding]"

    def within(self, key: str, owner: Any) -> "Scope":
        """The scope of a part of this one."""
        return replace(self, name=self.name + camel(key), owner=owner)


@dataclass(frozen=True, slots=True)
class Frame:
    """A serializer that is being declared: its class, its keys and the name of its message."""

    serializer: type
    keys: tuple[str, ...]
    name: str


def unknown(reason: str, why: str = "undeclared") -> Finding:
    """Nothing is known but that it is JSON."""
    return Finding(Json(reason), why)
