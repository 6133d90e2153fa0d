"""Columns of fields that are asked for on every read, as far as primary keys alone are needed for them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db import connections

from strangler_django.serializers.batched import BatchedField
from strangler_django.serializers.plan import FieldPlan
from strangler_django.serializers.reads import Read, noting

__all__ = ["Column", "Fresh", "Node"]

Column = tuple[Sequence[bytes], bool]
"""JSON values of one field, and whether all of them decode exactly."""


@dataclass(frozen=True, kw_only=True)
class Node:
    """Rows of one serializer on one level."""

    serializer: Any
    plan: FieldPlan
    alias: str
    names: list[bytes]
    read: Read
    keys: Sequence[Any]
    """The primary keys, as the database gave them or as the references that led here spell them."""
    spelled: bool = False

    @cached_property
    def pks(self) -> Sequence[Any]:
        """The primary keys as the model has them; a warm read often needs none."""
        return list(map(self.plan.model._meta.pk.to_python, self.keys)) if self.spelled else self.keys


class Fresh:
    """What can be asked for by primary key alone, asked while Redis works; each query first takes what has come."""

    def __init__(self, nodes: list[Node]) -> None:
        self._nodes = nodes
        self._columns: list[dict[str, Column]] | None = None
        self._error: Exception | None = None

    def __call__(self, take: Callable[[], None]) -> None:
        if self._columns is None and self._error is None:
            try:
                self._columns = self._asked(take)
            except Exception as error:  # noqa: BLE001  it is the reader's, and must not look like one of Redis
                self._error = error

    def _asked(self, take: Callable[[], None]) -> list[dict[str, Column]]:
        def take_first(execute: Callable[..., Any], *arguments: Any) -> Any:
            take()
            return execute(*arguments)

        wrappers = connections[self._nodes[0].alias].execute_wrappers
        wrappers.append(take_first)
        try:
            return [_by_key(node) for node in self._nodes]
        finally:
            wrappers.remove(take_first)

    def columns(self) -> list[dict[str, Column]]:
        """For each node its columns by field. Raises what asking for them raised."""
        self(lambda: None)
        if self._error is not None:
            raise self._error
        return self._columns or []


def _by_key(node: Node) -> dict[str, Column]:
    columns: dict[str, Column] = {}
    with noting(node.read):
        for name in node.plan.fresh:
            named = node.serializer.field_named(name)
            if isinstance(named, BatchedField) and named.key_source is None:
                columns[name] = named.column(node.pks)
    return columns
