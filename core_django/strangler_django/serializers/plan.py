"""What a serializer's body reads and emits, resolved once: fields, loads, dependencies, key."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2s
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

from strangler_django.serializers.batched import CHUNK, BatchedField
from strangler_django.serializers.dependencies import (
    Crossing,
    Dependency,
    Model,
    follow,
    is_reverse,
    parents,
    relation_of,
)
from strangler_django.serializers.digest import plan_digest
from strangler_django.serializers.emit import writes_as_drf
from strangler_django.serializers.hidden import hidden_inputs
from strangler_django.serializers.references import Reference, reference_of
from strangler_django.serializers.seclusion import foreign_state, is_usual
from strangler_django.serializers.vary import UnknownVary, allowed_by, automatic

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
class Part:
    """Batched fields whose values lie in entries of their own, beside the body."""

    fields: tuple[str, ...]
    vary: tuple[str, ...]
    timeout: int | None
    facet: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldPlan:
    """The fields of a serializer in order, and what its shared body reads."""

    model: Model
    names: tuple[str, ...]
    holes: tuple[str, ...]
    """The fields whose values are not in the body, in order: fresh ones, those of parts, references."""
    fresh: tuple[str, ...]
    needs_instances: bool
    """Whether a fresh field reads the model object, so that a warm read must load it."""
    parts: tuple[Part, ...]
    references: tuple[Reference, ...]
    sources: frozenset[Dependency | Crossing]
    selects: tuple[str, ...]
    prefetches: tuple[str, ...]
    vary: tuple[str, ...]
    overridden: bool
    """Whether `to_representation` is the serializer's own."""
    static: bool
    """Whether what it nests has the same fields in every instance."""
    digest: str

    def load(self, alias: str, pks: Sequence[Any]) -> dict[Any, models.Model]:
        """The rows with what their bodies read, by primary key; a key without row is left out."""
        found = self.model._base_manager.using(alias)
        found = found.select_related(*self.selects) if self.selects else found
        found = found.prefetch_related(*self.prefetches, *self._keys())
        chunks = (pks[at : at + CHUNK] for at in range(0, len(pks), CHUNK))
        return {instance.pk: instance for chunk in chunks for instance in found.filter(pk__in=chunk)}

    def _keys(self) -> Iterator[models.Prefetch | str]:
        """What loads the keys of references to many, where nothing else loads the objects."""
        loaded = {path.partition("__")[0] for path in self.prefetches}
        for reference in self.references:
            if reference.many and reference.source not in loaded:
                loaded.add(reference.source)
                yield reference.keys()

    @property
    def models(self) -> set[Model]:
        return {self.model} | {source.model for source in self.sources if isinstance(source, Dependency)}

    @property
    def tables(self) -> frozenset[str]:
        """The tables whose writes make bodies void."""
        joins = {source.through._meta.db_table for source in self.sources if isinstance(source, Crossing)}
        return frozenset({model._meta.db_table for model in self.models} | joins)


def is_static(serializer: ModelSerializer) -> bool:
    """Whether this instance has the fields of its class, and nothing was set on it that they might read."""
    return "fields" not in serializer.__dict__ and has_plain_fields(type(serializer)) and not foreign_state(serializer)


def has_plain_fields(cls: type) -> bool:
    """Whether all instances of a serializer class have the same fields."""
    if cls not in _plain:
        drf = (ModelSerializer, HyperlinkedModelSerializer, Serializer)
        _plain[cls] = all(
            getattr(cls, hook, None) in [getattr(one, hook, None) for one in drf] for hook in _FIELD_HOOKS
        )
    return _plain[cls]


_plain: WeakKeyDictionary[type, bool] = WeakKeyDictionary()


# Plans of serializers that choose their fields for each request; why there is none, where that is so.
_known: WeakKeyDictionary[type, dict[str, FieldPlan | str]] = WeakKeyDictionary()
_MOST_PLANS = 256


def resolve(serializer: Any) -> FieldPlan:
    """The plan of a serializer's fields as they are on this instance. Raises Unplannable."""
    digest = plan_digest(serializer)
    if not is_usual(serializer):
        return _resolved(serializer, digest)
    known = _known.setdefault(type(serializer), {})
    if digest not in known:
        if len(known) >= _MOST_PLANS:
            known.clear()
        known[digest] = _attempt(serializer, digest)
    plan = known[digest]
    if isinstance(plan, str):
        raise Unplannable(plan)
    return plan


def _attempt(serializer: Any, digest: str) -> FieldPlan | str:
    try:
        return _resolved(serializer, digest)
    except Unplannable as error:
        return str(error)


def _resolved(serializer: Any, digest: str) -> FieldPlan:
    """Walks the serializer's fields."""
    model: Model = serializer.Meta.model
    if getattr(model._meta, "is_composite_pk", False):
        raise Unplannable(f"{model._meta.label} has a composite primary key")
    readable = {name: field for name, field in serializer.fields.items() if not field.write_only}
    fresh = tuple(name for name, field in readable.items() if is_fresh(serializer, name, field))
    apart = {name: field for name, field in readable.items() if isinstance(field, BatchedField) and field.apart}
    apart = {name: field for name, field in apart.items() if name not in fresh}
    overridden = not writes_as_drf(type(serializer), Serializer)
    walk = _Walk(model, references=not overridden)
    walk.serializer(serializer, model, "", skip=(*fresh, *apart), nested=False)
    parts = _parts(walk, apart)
    away = {*fresh, *apart, *(reference.name for reference in walk.references)}
    holes = tuple(name for name in readable if name in away)
    given = serializer.Meta.cache.vary
    plan = FieldPlan(
        model=model,
        names=tuple(readable),
        holes=holes,
        fresh=fresh,
        needs_instances=any(_reads_instance(readable[name]) for name in fresh),
        parts=parts,
        references=tuple(walk.references),
        sources=frozenset(walk.sources),
        selects=tuple(walk.selects),
        prefetches=tuple(walk.prefetches),
        vary=automatic(links=walk.links) if given is None else tuple(given),
        overridden=overridden,
        static=walk.static,
        digest=_shape(digest, holes, parts, walk.references),
    )
    _refuse_hidden_inputs(serializer, plan)
    return plan


def is_fresh(serializer: Any, name: str, field: fields.Field) -> bool:
    return name in getattr(serializer.Meta, "no_cache_fields", ()) or (isinstance(field, BatchedField) and field.fresh)


def _reads_instance(field: fields.Field) -> bool:
    return not isinstance(field, BatchedField) or field.key_source is not None


def _parts(walk: "_Walk", apart: dict[str, BatchedField]) -> tuple[Part, ...]:
    """Fields that share what they vary by, their timeout and their dependencies share their entries."""
    grouped: dict[tuple[Any, ...], list[str]] = {}
    for name, field in apart.items():
        paths = tuple(sorted({*field.depends_on, *([field.key_source] if field.key_source else [])}))
        grouped.setdefault((tuple(sorted(field.vary)), field.timeout, paths), []).append(name)
    parts = []
    for (vary, timeout, paths), names in grouped.items():
        facet = _facet(paths)
        for path in paths:
            walk.watch(path.replace(".", "__"), facet)
        parts.append(Part(fields=tuple(names), vary=vary, timeout=timeout, facet=facet))
    return tuple(parts)


def _shape(digest: str, holes: Sequence[str], parts: Sequence[Part], references: Sequence[Reference]) -> str:
    """The digest of what is emitted, with what entries hold of it."""
    held = [
        holes,
        [(part.fields, part.vary) for part in parts],
        [(one.name, one.source, one.many) for one in references],
    ]
    return blake2s(f"{digest}{held}".encode(), digest_size=12).hexdigest()


def _facet(paths: Sequence[str]) -> str:
    name = "+".join(paths)
    # Journal rows hold labels of 200 characters.
    return name if len(name) <= 80 else f"~{blake2s(name.encode(), digest_size=12).hexdigest()}"


def _refuse_hidden_inputs(serializer: Any, plan: FieldPlan) -> None:
    apart = {name for part in plan.parts for name in part.fields}
    try:
        looks = [(allowed_by(plan.vary), hidden_inputs(serializer, skip={*plan.fresh, *apart}))]
        looks += [(allowed_by(part.vary), hidden_inputs(serializer, only=part.fields)) for part in plan.parts]
    except UnknownVary as error:
        raise Unplannable(str(error)) from error
    for allowed, found in looks:
        for where, variable in found:
            if variable not in allowed:
                raise Unplannable(
                    f"{where} reads {variable}, which differs between requests: name what tells it in vary "
                    f"(register_vary with allows=[{variable!r}]), or make the field fresh"
                )


class _Walk:
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
        for name, field in serializer.fields.items():
            if field.write_only or name in skip:
                continue
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
        if is_reverse(relation_of(model, last)):
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
        accessors, here, many = [], self.root, False
        for name in path.split("__"):
            relation = relation_of(here, name)
            many = many or relation.many_to_many or relation.one_to_many
            accessors.append(relation.get_accessor_name() if is_reverse(relation) else relation.name)
            here = relation.related_model
        chosen = self.prefetches if many else self.selects
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
