"""Which writes reach which rows: relation paths from a serialized model, followed hop by hop."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import models

Model = type[models.Model]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependency:
    """Bodies of `root` read rows of `model`, found through the lookup `path` (empty: the row itself).

    `link` is the foreign key on `model` that ties it to the rows at `anchor`, where there is one.
    `facet` names the values that read them, where those are cached apart from the body.
    """

    root: Model
    model: Model
    path: str = ""
    anchor: str = ""
    link: str | None = None
    facet: str = ""

    @property
    def label(self) -> str:
        """The label of the stamps that a write renews."""
        return label_of(self.root, self.facet)

    def roots(self, alias: str, pks: Collection[Any]) -> set[Any]:
        """Primary keys of the root's rows that read these rows of `model` now."""
        return _roots(self.root, alias, self.path, pks)

    def linked(self, alias: str, values: Collection[Any]) -> set[Any]:
        """Primary keys of the root's rows whose `anchor` these values of the link point at."""
        field = self.model._meta.get_field(self.link or "")
        target = field.target_field  # type: ignore[union-attr]
        if not self.anchor and target.primary_key:
            return set(values)
        lookup = f"{self.anchor}__{target.name}" if self.anchor else target.name
        found = self.root._base_manager.using(alias).filter(**{f"{lookup}__in": list(values)})
        return set(found.values_list("pk", flat=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossing:
    """Bodies of `root` read what the many-to-many table `through` joins: rows at `anchor` to rows at `path`."""

    root: Model
    through: Model
    anchor: str
    path: str
    ends: tuple[Model, Model]
    facet: str = ""

    @property
    def label(self) -> str:
        """The label of the stamps that a change renews."""
        return label_of(self.root, self.facet)

    def roots(self, alias: str, model: Model, pks: Collection[Any]) -> set[Any]:
        """Primary keys of the root's rows that these rows, at one end of a changed join, reach now."""
        found: set[Any] = set()
        for end, path in zip(self.ends, (self.anchor, self.path), strict=True):
            if shares_rows(model, end):
                found |= _roots(self.root, alias, path, pks)
        return found


def follow(root: Model, path: str, facet: str = "") -> Iterator[Dependency | Crossing]:
    """What a body of `root`, or its facet, depends on when it reads along `path` (`lessons__video`).

    Raises FieldDoesNotExist for a hop that is no relation.
    """
    model, anchor = root, ""
    for name in path.split("__"):
        relation = relation_of(model, name)
        lookup = f"{anchor}__{relation.name}" if anchor else relation.name
        target = relation.related_model
        link = None
        if relation.many_to_many:
            through = relation.through if is_reverse(relation) else relation.remote_field.through
            yield Crossing(root=root, through=through, anchor=anchor, path=lookup, ends=(model, target), facet=facet)
            if not through._meta.auto_created:
                source = relation.field.m2m_reverse_field_name() if is_reverse(relation) else relation.m2m_field_name()
                back = _reverse(through, source)
                back = f"{anchor}__{back}" if anchor else back
                yield Dependency(root=root, model=through, anchor=anchor, link=source, path=back, facet=facet)
        elif is_reverse(relation):
            link = relation.field.name
        yield Dependency(root=root, model=target, path=lookup, anchor=anchor, link=link, facet=facet)
        yield from parents(root, target, lookup, facet)
        model, anchor = target, lookup


def parents(root: Model, model: Model, path: str, facet: str = "") -> Iterator[Dependency]:
    """The tables that a multi-table child's columns come from."""
    for parent, pointer in model._meta.parents.items():
        if pointer is not None:
            lookup = f"{path}__{pointer.name}" if path else pointer.name
            yield Dependency(root=root, model=parent, path=lookup, facet=facet)
            yield from parents(root, parent, lookup, facet)


def relation_of(model: Model, name: str) -> Any:
    """The relation that lookups (`lesson`) or Python (`lesson_set`) call `name`."""
    try:
        relation: Any = model._meta.get_field(name)
    except FieldDoesNotExist:
        named = [relation for relation in model._meta.related_objects if relation.get_accessor_name() == name]
        if not named:
            raise
        [relation] = named
    if not relation.is_relation or relation.related_model is None:
        raise FieldDoesNotExist(f"{model._meta.label} has no relation to follow named {name!r}.")
    return relation


MOVED = "~"
"""The facet under which a row itself is marked while it may go from one parent to another."""


def label_of(root: Model, facet: str = "") -> str:
    """How stamps name a model, and the values of it that are cached apart."""
    return f"{root._meta.label_lower}[{facet}]" if facet else str(root._meta.label_lower)


def is_reverse(relation: Any) -> bool:
    """Whether the key that makes the relation lies on the other side; a multi-table child's parent link is forward."""
    return bool(relation.auto_created and not relation.concrete)


def shares_rows(model: Model, other: Model) -> bool:
    """Whether a row of one may be a row of the other: proxies, and multi-table children and their parents."""
    one, two = model._meta.concrete_model, other._meta.concrete_model
    return one is not None and two is not None and (issubclass(one, two) or issubclass(two, one))


def pk_of(model: Model) -> str:
    return model._meta.pk.attname


def _reverse(through: Model, source: str) -> str:
    field: Any = through._meta.get_field(source)
    return str(field.remote_field.name)


def _roots(root: Model, alias: str, path: str, pks: Collection[Any]) -> set[Any]:
    if not path:
        return set(pks)
    found = root._base_manager.using(alias).filter(**{f"{path}__pk__in": list(pks)})
    return set(found.values_list("pk", flat=True))
