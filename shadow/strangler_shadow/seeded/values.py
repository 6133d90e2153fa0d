"""Values of the right type that belong somewhere else."""

from itertools import pairwise
from typing import Any

from strangler_shadow.seeded.operator import UNTOUCHED, Family, OnMembers, OnNodes
from strangler_shadow.seeded.parts import spelled

FILLING: dict[type, Any] = {str: "lorem ipsum", int: 424242, float: 4242.42}
DEFAULTS: dict[type, Any] = {str: "", int: 0, float: 0.0, bool: False, list: [], dict: {}}


class ConstantValue(OnNodes, name="constant-value", family=Family.BODY_VALUE):
    """A value is the same whatever is stored."""

    of = (str, int, float)

    def change(self, value: Any) -> Any:
        return FILLING[type(value)]


class SwappedValues(OnMembers, name="swapped-values", family=Family.BODY_VALUE):
    """Two fields of one type have each other's value."""

    def change(self, owner: dict[str, Any], key: str) -> Any:
        keys = [name for name in owner if type(owner[name]) is type(owner[key])]
        other = keys[(keys.index(key) + 1) % len(keys)]
        return {**owner, key: owner[other], other: owner[key]}


class CopiedValue(OnMembers, name="copied-value", family=Family.BODY_VALUE):
    """A field has the value of the one before it."""

    def change(self, owner: dict[str, Any], key: str) -> Any:
        keys = list(owner)
        place = keys.index(key)
        return {**owner, key: owner[keys[place - 1]]} if place else UNTOUCHED


class NeighboursValue(OnNodes, name="neighbours-value", family=Family.BODY_VALUE):
    """A row has a value of the row before it, as where a join went wrong."""

    of = (list,)

    def change(self, value: list[Any]) -> Any:
        for index, (one, other) in enumerate(pairwise(value), 1):
            if isinstance(one, dict) and isinstance(other, dict):
                for key in reversed([key for key in other if key in one]):
                    if spelled(one[key]) != spelled(other[key]):
                        return [*value[:index], {**other, key: one[key]}, *value[index + 1 :]]
        return UNTOUCHED


class FirstRowsValue(OnNodes, name="first-rows-value", family=Family.BODY_VALUE):
    """A field of all rows has the first row's value, as where a closure keeps it."""

    of = (list,)

    def change(self, value: list[Any]) -> Any:
        if not value or not all(isinstance(row, dict) for row in value):
            return UNTOUCHED
        for key in reversed(value[0]):
            changed = [{**row, key: value[0][key]} if key in row else row for row in value]
            if spelled(changed) != spelled(value):
                return changed
        return UNTOUCHED


class NestedEmptied(OnNodes, name="relation-not-loaded", family=Family.BODY_VALUE):
    """A list of related objects is empty."""

    of = (list,)

    def change(self, value: list[Any]) -> Any:
        del value
        return []


class StatusWord(OnNodes, name="word-of-the-service", family=Family.BODY_VALUE):
    """A single word became the name that the contract has for it."""

    of = (str,)

    def change(self, value: str) -> Any:
        return f"STATUS_{value.upper()}" if value.isidentifier() else UNTOUCHED


class IdOfTheService(OnMembers, name="id-of-the-service", family=Family.BODY_VALUE):
    """An id comes from the service's own table."""

    def change(self, owner: dict[str, Any], key: str) -> Any:
        is_id = (key == "id" or key.endswith("_id")) and type(owner[key]) is int
        return {**owner, key: owner[key] + 1_000_000} if is_id else UNTOUCHED
