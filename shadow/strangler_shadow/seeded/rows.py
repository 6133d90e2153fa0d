"""Rows in another order, and rows too few or too many."""

from typing import Any

from strangler_shadow.seeded.operator import UNTOUCHED, Family, OnNodes


class _OfLists(OnNodes, family=Family.BODY_SHAPE):
    of = (list,)


class RowsReversed(_OfLists, name="rows-reversed", family=Family.ORDER):
    """Rows come in the opposite order."""

    def change(self, value: list[Any]) -> Any:
        return value[::-1]


class RowsSwapped(_OfLists, name="rows-swapped", family=Family.ORDER):
    """The last two rows changed places, as rows do that an ordering calls equal."""

    def change(self, value: list[Any]) -> Any:
        return [*value[:-2], *reversed(value[-2:])]


class RowsRotated(_OfLists, name="rows-rotated", family=Family.ORDER):
    """The first row comes last."""

    def change(self, value: list[Any]) -> Any:
        return [*value[1:], *value[:1]]


class LastRowLost(_OfLists, name="last-row-lost"):
    """The last row is missing."""

    def change(self, value: list[Any]) -> Any:
        return value[:-1]


class FirstRowLost(_OfLists, name="first-row-lost"):
    """The first row is missing."""

    def change(self, value: list[Any]) -> Any:
        return value[1:]


class RowDoubled(_OfLists, name="row-doubled"):
    """A row comes twice, as a join without DISTINCT makes it."""

    def change(self, value: list[Any]) -> Any:
        return [*value[:1], *value]


class RowOfNull(_OfLists, name="row-of-null"):
    """A row that could not be read came as null."""

    def change(self, value: list[Any]) -> Any:
        return [*value[:-1], None] if value else UNTOUCHED


class RowsSorted(_OfLists, name="rows-sorted", family=Family.ORDER):
    """Rows come sorted by what they say, in place of the order that was asked for."""

    def change(self, value: list[Any]) -> Any:
        return sorted(value, key=repr)
