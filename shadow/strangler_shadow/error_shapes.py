"""The structure of error bodies, on which clients' error handling rests, told apart from the messages in them."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from strangler_shadow.documents import Path, spelled
from strangler_shadow.observation import Difference, Kind

__all__ = ["error_differences", "outline"]

NAMES = {bool: "boolean", dict: "object", float: "number", int: "number", list: "list", str: "text", type(None): "null"}


def error_differences(left: Any, right: Any, found: list[Difference]) -> list[Difference]:
    """The differences of two error bodies, where one of kind `error shape` stands for all that follow from it.

    The structure differs where an object or a list stands against something else, or two objects share no key.
    """
    shapes = list(_shapes((), left, right))
    places = tuple(shape.path for shape in shapes)
    rest = (replace(each, of_errors=True) for each in found if not _is_within(each.path, places))
    return [*shapes, *rest]


def outline(value: Any) -> Any:
    """Keys and types without values; a list is outlined by its first element."""
    if isinstance(value, dict):
        return {key: outline(member) for key, member in value.items()}
    if isinstance(value, list):
        return [outline(item) for item in value[:1]]
    return NAMES[type(value)]


def _shapes(path: Path, left: Any, right: Any) -> Iterator[Difference]:
    if not _is_container(left) and not _is_container(right):
        return
    if type(left) is not type(right) or _share_nothing(left, right):
        yield Difference(kind=Kind.ERROR_SHAPE, path=spelled(path), control=outline(left), candidate=outline(right))
    elif isinstance(left, dict):
        for key in (key for key in left if key in right):
            yield from _shapes((path, key), left[key], right[key])
    else:
        for index, (one, other) in enumerate(zip(left, right, strict=False)):
            yield from _shapes((path, index), one, other)


def _is_container(value: Any) -> bool:
    return isinstance(value, (dict, list))


def _share_nothing(left: Any, right: Any) -> bool:
    return isinstance(left, dict) and bool(left or right) and left.keys().isdisjoint(right)


def _is_within(path: str, places: tuple[str, ...]) -> bool:
    return any(path == place or path.startswith((f"{place}.", f"{place}[")) for place in places)
