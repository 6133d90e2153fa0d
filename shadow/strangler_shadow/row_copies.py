"""New rows like those that are there, with some columns given: through the ORM, without signals and `save()`."""

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import count
from random import Random
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import models
from django.db.models import Q, UniqueConstraint

__all__ = ["RowCopies", "paths_to_users"]

DEEPEST = 4
FAR = 20_000
MOMENT = dt.datetime(2026, 3, 1, 10, tzinfo=dt.UTC)


@dataclass(slots=True, kw_only=True)
class RowCopies:
    """Makes rows in `default`; `users` are primary keys whose rows are copied by preference.

    A copy has the columns of an existing row but for those that are given and those that have to be unique.
    """

    random: Random
    users: tuple[str, ...] = ()
    made: Counter[str] = field(default_factory=Counter)
    sources: dict[Any, Any] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def copy(self, model: Any, given: Mapping[str, Any] | None = None, *, depth: int = 0) -> Any:
        """A new row, by field name. Raises what the model and the database say of its values; ValidationError."""
        if depth > DEEPEST:
            raise ValueError(f"{model._meta.label}: its relations lead too far")
        given, source, number = given or {}, self.source(model), next(self.numbers)
        varied = _varied(model, given)
        row = model()
        for column in model._meta.concrete_fields:
            if column.name in given:
                setattr(row, column.name, given[column.name])
            elif getattr(column, "generated", False) or (column.primary_key and isinstance(column, models.AutoField)):
                continue
            elif column.unique or column.name in varied:
                setattr(row, column.name, self._another(column, source, number, depth))
            elif source is not None:
                setattr(row, column.attname, getattr(source, column.attname))
            else:
                self._invent(row, column, depth)
        return self._insert(row, given)

    def source(self, model: Any) -> Any:
        """The row that is copied: one of the users' own where there is any, else the first."""
        if model not in self.sources:
            rows = model._base_manager.order_by("pk")
            own = Q()
            for path in paths_to_users(model):
                own |= Q(**{f"{path}__in": self.users})
            self.sources[model] = (rows.filter(own).first() if own and self.users else None) or rows.first()
        return self.sources[model]

    def _insert(self, row: Any, given: Mapping[str, Any]) -> Any:
        model = type(row)
        for name, value in given.items():
            column = model._meta.get_field(name)
            if not column.is_relation:
                setattr(row, name, column.clean(value, row))
        model._base_manager.bulk_create([row])
        # A column that sets itself when a row is saved.
        late = {name: value for name, value in given.items() if _sets_itself(model._meta.get_field(name))}
        if late:
            model._base_manager.filter(pk=row.pk).update(**late)
        self.made[model._meta.label] += 1
        return row

    def _another(self, column: Any, source: Any, number: int, depth: int) -> Any:
        """A value that no other row has, presumably."""
        if column.is_relation:
            return self.copy(column.related_model, depth=depth + 1)
        before = getattr(source, column.attname, None)
        if isinstance(column, models.UUIDField):
            return UUID(int=self.random.getrandbits(128), version=4)
        if isinstance(column, models.IntegerField):
            return FAR + number
        if isinstance(column, models.DecimalField):
            return Decimal(number).scaleb(-column.decimal_places)
        if isinstance(column, models.DateField):
            return (before or MOMENT) + dt.timedelta(days=number)
        if isinstance(column, models.EmailField):
            return f"generated-{number}@example.com"
        if isinstance(column, (models.CharField, models.TextField)):
            return f"generated-{number}"[-(column.max_length or 50) :]
        return column.get_default() if before is None else before

    def _invent(self, row: Any, column: Any, depth: int) -> None:
        if column.has_default():
            setattr(row, column.attname, column.get_default())
        elif column.null:
            setattr(row, column.attname, None)
        elif column.is_relation:
            other = self.source(column.related_model)
            setattr(row, column.name, other or self.copy(column.related_model, depth=depth + 1))
        else:
            setattr(row, column.attname, _ordinary(column))


def paths_to_users(model: Any) -> Iterator[str]:
    """Lookups from a model to the project's users, over at most one other model: `user`, `learner__user`."""
    users = get_user_model()
    for column in _relations(model):
        if column.related_model is users:
            yield column.name
        else:
            for further in _relations(column.related_model):
                if further.related_model is users:
                    yield f"{column.name}__{further.name}"


def _relations(model: Any) -> list[Any]:
    return [column for column in model._meta.concrete_fields if column.is_relation and column.related_model]


def _varied(model: Any, given: Mapping[str, Any]) -> set[str]:
    """One column of each group that has to be unique, unless a value of the group is given.

    A relation before a plain column, and the last of all one that says whose row it is.
    """
    found: set[str] = set()
    owners = {path.partition("__")[0] for path in paths_to_users(model)}
    for group in _unique_groups(model):
        columns = [model._meta.get_field(name) for name in group]
        if not any(column.unique or column.name in found or column.name in given for column in columns):
            columns.sort(key=lambda column: (column.name in owners, not column.is_relation))
            found.add(columns[0].name)
    return found


def _unique_groups(model: Any) -> Iterator[tuple[str, ...]]:
    yield from map(tuple, model._meta.unique_together)
    for constraint in model._meta.constraints:
        if isinstance(constraint, UniqueConstraint) and constraint.fields:
            yield tuple(constraint.fields)


def _sets_itself(column: Any) -> bool:
    return bool(getattr(column, "auto_now", False) or getattr(column, "auto_now_add", False))


def _ordinary(column: Any) -> Any:
    if column.choices:
        return column.flatchoices[0][0]
    for kind, value in ORDINARY:
        if isinstance(column, kind):
            return value
    return ""


ORDINARY: tuple[tuple[Any, Any], ...] = (
    (models.BooleanField, True),
    (models.DateTimeField, MOMENT),
    (models.DateField, MOMENT.date()),
    (models.TimeField, MOMENT.time()),
    (models.DurationField, dt.timedelta(hours=1)),
    (models.UUIDField, UUID(int=1)),
    (models.JSONField, {}),
    (models.GenericIPAddressField, "192.0.2.1"),
    (models.BinaryField, b"x"),
    ((models.IntegerField, models.FloatField, models.DecimalField), 1),
    (models.URLField, "https://example.com/"),
    (models.EmailField, "somebody@example.com"),
    ((models.CharField, models.TextField), "x"),
)
