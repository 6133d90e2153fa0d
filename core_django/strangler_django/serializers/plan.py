"""What a serializer's body reads and emits, resolved once: fields, loads, dependencies, key."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from rest_framework import fields, relations
from rest_framework.serializers import BaseSerializer, ListSerializer, ModelSerializer, Serializer

from strangler_django.serializers.batched import BatchedField
from strangler_django.serializers.dependencies import Crossing, Dependency, Model, follow, parents, relation_of
from strangler_django.serializers.digest import plan_digest

# A class that overrides one of these may emit other fields for each instance.
_FIELD_HOOKS = (
    "__init__", "fields", "_readable_fields", "get_fields", "get_field_names", "get_default_field_names",
    "get_extra_kwargs", "get_uniqueness_extra_kwargs", "include_extra_kwargs", "build_field", "build_standard_field",
    "build_relational_field", "build_nested_field", "build_property_field", "build_url_field",
)  # fmt: skip
_LINKS = (fields.FileField, fields.SerializerMethodField, relations.HyperlinkedRelatedField)


class Unplannable(Exception):
    """The serializer's bodies cannot be shared; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldPlan:
    """The fields of a serializer in order, and what its shared body reads."""

    model: Model
    names: tuple[str, ...]
    fresh: tuple[str, ...]
    fresh_batched: bool
    """Whether every fresh field is batched, so that a warm read needs no model objects."""
    sources: frozenset[Dependency | Crossing]
    selects: tuple[str, ...]
    prefetches: tuple[str, ...]
    links: bool
    digest: str

    def load(self, alias: str, pks: Sequence[Any]) -> dict[Any, models.Model]:
        """The rows with what their bodies read, by primary key; a key without row is left out."""
        found = self.model._base_manager.using(alias)
        found = found.select_related(*self.selects) if self.selects else found
        found = found.prefetch_related(*self.prefetches)
        return {instance.pk: instance for instance in found.filter(pk__in=pks)}

    @property
    def models(self) -> set[Model]:
        return {self.model} | {source.model for source in self.sources if isinstance(source, Dependency)}


def is_static(serializer: ModelSerializer) -> bool:
    """Whether all instances of its class have the same fields."""
    if "fields" in serializer.__dict__:
        return False
    cls = type(serializer)
    return all(getattr(cls, hook) is getattr(ModelSerializer, hook) for hook in _FIELD_HOOKS)


def overrides_representation(cls: type[BaseSerializer]) -> bool:
    return cls.to_representation is not Serializer.to_representation


def resolve(serializer: ModelSerializer) -> FieldPlan:
    """Walks the serializer's fields. Raises Unplannable."""
    model: Model = serializer.Meta.model
    if getattr(model._meta, "is_composite_pk", False):
        raise Unplannable(f"{model._meta.label} has a composite primary key")
    if overrides_representation(type(serializer)):
        raise Unplannable("it overrides to_representation")
    walk = _Walk(model)
    readable = {name: field for name, field in serializer.fields.items() if not field.write_only}
    fresh = tuple(name for name, field in readable.items() if is_fresh(serializer, name, field))
    walk.serializer(serializer, model, "", skip=fresh)
    return FieldPlan(
        model=model,
        names=tuple(readable),
        fresh=fresh,
        fresh_batched=all(isinstance(readable[name], BatchedField) for name in fresh),
        sources=frozenset(walk.sources),
        selects=tuple(walk.selects),
        prefetches=tuple(walk.prefetches),
        links=walk.links,
        digest=plan_digest(serializer),
    )


def is_fresh(serializer: ModelSerializer, name: str, field: fields.Field) -> bool:
    return name in getattr(serializer.Meta, "no_cache_fields", ()) or (isinstance(field, BatchedField) and field.fresh)


class _Walk:
    """Collects, in one pass over nested fields, what to load and what to watch."""

    def __init__(self, root: Model) -> None:
        self.root = root
        self.sources: set[Dependency | Crossing] = {Dependency(root=root, model=root), *parents(root, root, "")}
        self.selects: dict[str, None] = {}
        self.prefetches: dict[str, None] = {}
        self.links = False

    def serializer(self, serializer: Any, model: Model, path: str, *, skip: Sequence[str] = ()) -> None:
        for name, field in serializer.fields.items():
            if field.write_only or name in skip:
                continue
            self.links |= _may_link(field.field if isinstance(field, BatchedField) else field)
            if isinstance(field, BatchedField):
                self._batched(field, path)
            else:
                self._field(field, model, path)

    def _batched(self, field: BatchedField, path: str) -> None:
        if path and field.fresh:
            raise Unplannable(f"the nested field {field.field_name!r} is fresh")
        for follows in field.depends_on:
            self._watch(_join(path, follows))

    def _field(self, field: Any, model: Model, path: str) -> None:
        inner = field.child if isinstance(field, ListSerializer) else field
        if field.source == "*":
            if isinstance(inner, BaseSerializer):
                self.serializer(inner, model, path)
            return
        target, reached = self._load(field, model, path)
        if isinstance(inner, BaseSerializer) and hasattr(inner, "fields"):
            self.serializer(inner, target, reached)

    def _load(self, field: Any, model: Model, path: str) -> tuple[Model, str]:
        """Follows the field's source as far as it is made of relations."""
        here = model
        hops = list(_relations(model, str(field.source).split(".")))
        if hops and _reads_key_only(field, hops):
            relation = hops.pop()
            if not _survives_delete(relation):
                self._watch(_join(path, *(hop.name for hop in hops), relation.name))
        for relation in hops:
            path = _join(path, relation.name)
            self._watch(path)
            here = relation.related_model
        if hops:
            self._plan_load(path)
        return here, path

    def _plan_load(self, path: str) -> None:
        accessors, here, many = [], self.root, False
        for name in path.split("__"):
            relation = relation_of(here, name)
            many = many or relation.many_to_many or relation.one_to_many
            accessors.append(relation.get_accessor_name() if relation.auto_created else relation.name)
            here = relation.related_model
        chosen = self.prefetches if many else self.selects
        chosen["__".join(accessors)] = None

    def _watch(self, path: str) -> None:
        try:
            self.sources.update(follow(self.root, path))
        except FieldDoesNotExist as error:
            raise Unplannable(f"{path!r} does not resolve: {error}") from error


def _may_link(field: Any) -> bool:
    return isinstance(field, _LINKS) or not type(field).__module__.startswith("rest_framework.")


def _relations(model: Model, names: Sequence[str]) -> Iterator[Any]:
    for name in names:
        try:
            relation = relation_of(model, name)
        except FieldDoesNotExist:
            return
        yield relation
        model = relation.related_model


def _reads_key_only(field: Any, hops: Sequence[Any]) -> bool:
    last = hops[-1]
    return (
        isinstance(field, relations.RelatedField)
        and field.use_pk_only_optimization()
        and not last.auto_created
        and (last.many_to_one or last.one_to_one)
        and len(hops) == len(str(field.source).split("."))
    )


def _survives_delete(relation: Any) -> bool:
    """Whether deleting the target leaves the foreign key as it is, or takes its row along."""
    return relation.remote_field.on_delete in (models.CASCADE, models.PROTECT, models.RESTRICT, models.DO_NOTHING)


def _join(*parts: str) -> str:
    return "__".join(part for part in parts if part)
