"""One pass over a serializer's fields: what its bodies read, what to load for them, and which writes to watch."""

from collections.abc import Iterator, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from rest_framework import fields, relations
from rest_framework.serializers import (
    BaseSerializer,
    HyperlinkedModelSerializer,
    ListSerializer,
    ModelSerializer,
    Serializer,
)

from strangler_django.serializers.batched import BatchedField
from strangler_django.serializers.dependencies import (
    Crossing,
    Dependency,
    Model,
    follow,
    is_reverse,
    parents,
    relation_of,
)
from strangler_django.serializers.references import Reference, reference_of

__all__ = ["Unplannable", "Walk", "has_plain_fields"]

# A class that overrides one of these may emit other fields for each instance.
_FIELD_HOOKS = (
    "__init__", "fields", "_readable_fields", "get_fields", "get_field_names", "get_default_field_names",
    "get_extra_kwargs", "get_uniqueness_extra_kwargs", "include_extra_kwargs", "build_field", "build_standard_field",
    "build_relational_field", "build_nested_field", "build_property_field", "build_url_field",
)  # fmt: skip
_LINKS = (fields.FileField, fields.SerializerMethodField, relations.HyperlinkedRelatedField)


class Unplannable(Exception):
    """The serializer's bodies cannot be shared; the message says why."""


def has_plain_fields(cls: type) -> bool:
    """Whether all instances of a serializer class have the same fields."""
    if cls not in _plain:
        drf = (ModelSerializer, HyperlinkedModelSerializer, Serializer)
        _plain[cls] = all(
            getattr(cls, hook, None) in [getattr(one, hook, None) for one in drf] for hook in _FIELD_HOOKS
        )
    return _plain[cls]


_plain: WeakKeyDictionary[type, bool] = WeakKeyDictionary()


class Walk:
    """Collects, in one pass over nested fields, what to load and what to watch."""

    def __init__(self, root: Model, *, references: bool) -> None:
        self.root = root
        self.may_refer = references
        self.references: list[Reference] = []
        self.sources: set[Dependency | Crossing] = {Dependency(root=root, model=root), *parents(root, root, "")}
        self.selects: dict[str, None] = {}
        self.prefetches: dict[str, None] = {}
        self.links = False
        self.static = True

    def serializer(
        self, serializer: Any, model: Model, path: str, *, skip: Sequence[str] = (), nested: bool = True
    ) -> None:
        self.static = self.static and (not nested or has_plain_fields(type(serializer)))
        fresh = getattr(getattr(serializer, "Meta", None), "no_cache_fields", ()) if nested else ()
        for name, field in serializer.fields.items():
            if field.write_only or name in skip:
                continue
            if name in fresh:
                raise Unplannable(f"the nested field {name!r} is fresh and its serializer is not kept by reference")
            reference = reference_of(field, model) if self.may_refer and not nested else None
            if reference is not None:
                self._reference(reference)
                continue
            self.links |= _may_link(field.field if isinstance(field, BatchedField) else field)
            if isinstance(field, BatchedField):
                self._batched(field, path, nested=nested)
            else:
                self._field(field, model, path)

    def watch(self, path: str, facet: str = "") -> None:
        try:
            self.sources.update(follow(self.root, path, facet))
        except FieldDoesNotExist as error:
            raise Unplannable(f"{path!r} does not resolve: {error}") from error

    def _reference(self, reference: Reference) -> None:
        self.references.append(reference)
        relation = relation_of(self.root, reference.source)
        if reference.many or is_reverse(relation) or not _survives_delete(relation):
            self.watch(reference.source)
        if not reference.many and is_reverse(relation):
            self._plan_load(relation.name)

    def _batched(self, field: BatchedField, path: str, *, nested: bool) -> None:
        if nested and (field.fresh or field.vary):
            what = "fresh" if field.fresh else "kept apart by vary"
            raise Unplannable(f"the nested field {field.field_name!r} is {what}: give its serializer a Meta.cache")
        for follows in field.depends_on:
            self.watch(_join(path, follows))
        if field.key_source:
            self.watch(_join(path, field.key_source.replace(".", "__")))
            self._plan_load_of(path, field.key_source)

    def _plan_load_of(self, path: str, source: str) -> None:
        """Loads what the key of the object at `source` is read from."""
        *hops, last = source.split(".")
        model = self.root
        for name in (*filter(None, path.split("__")), *hops):
            model = relation_of(model, name).related_model
        relation = relation_of(model, last)
        if is_reverse(relation) or not relation.target_field.primary_key:
            hops.append(last)
        if hops:
            self._plan_load(_join(path, *hops))

    def _field(self, field: Any, model: Model, path: str) -> None:
        inner = field.child if isinstance(field, ListSerializer) else field
        if field.source == "*":
            if isinstance(inner, BaseSerializer) and hasattr(inner, "fields"):
                self.serializer(inner, model, path)
            return
        target, reached = self._load(field, model, path)
        if isinstance(inner, BaseSerializer) and hasattr(inner, "fields"):
            self.serializer(inner, target, reached)

    def _load(self, field: Any, model: Model, path: str) -> tuple[Model, str]:
        """Follows the field's source as far as it is made of relations."""
        here = model
        first = str(field.source).partition(".")[0]
        if any(private.name == first and hasattr(private, "ct_field") for private in model._meta.private_fields):
            raise Unplannable(f"{field.field_name!r} reads the generic foreign key {first!r}: make it fresh or batched")
        hops = list(_relations(model, str(field.source).split(".")))
        if hops and _reads_key_only(field, hops):
            relation = hops.pop()
            if not _survives_delete(relation):
                self.watch(_join(path, *(hop.name for hop in hops), relation.name))
        for relation in hops:
            path = _join(path, relation.name)
            self.watch(path)
            here = relation.related_model
        if hops:
            self._plan_load(path)
        return here, path

    def _plan_load(self, path: str) -> None:
        accessors, here, joins, before = [], self.root, True, None
        for name in path.split("__"):
            relation = relation_of(here, name)
            # Back over a one-to-one is the object that is there already; a join would load another for the rest.
            returns = before is not None and relation.one_to_one and relation.remote_field is before
            joins = joins and not (relation.many_to_many or relation.one_to_many or returns)
            accessors.append(relation.get_accessor_name() if is_reverse(relation) else relation.name)
            here, before = relation.related_model, relation
        chosen = self.selects if joins else self.prefetches
        chosen["__".join(accessors)] = None


def _may_link(field: Any) -> bool:
    field = getattr(field, "child_relation", field)
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
        and not is_reverse(last)
        and (last.many_to_one or last.one_to_one)
        and len(hops) == len(str(field.source).split("."))
    )


def _survives_delete(relation: Any) -> bool:
    """Whether deleting the target leaves the foreign key as it is, or takes its row along."""
    return relation.remote_field.on_delete in (models.CASCADE, models.PROTECT, models.RESTRICT, models.DO_NOTHING)


def _join(*parts: str) -> str:
    return "__".join(part for part in parts if part)
