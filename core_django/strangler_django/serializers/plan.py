"""What a serializer's body reads and emits, resolved once: fields, loads, dependencies, key."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2s
from typing import Any
from weakref import WeakKeyDictionary

from django.db import models
from rest_framework import fields
from rest_framework.serializers import (
    ModelSerializer,
    Serializer,
)

from strangler_django.serializers.batched import CHUNK, BatchedField
from strangler_django.serializers.dependencies import (
    Crossing,
    Dependency,
    Model,
)
from strangler_django.serializers.digest import plan_digest
from strangler_django.serializers.emit import writes_as_drf
from strangler_django.serializers.hidden import hidden_inputs
from strangler_django.serializers.references import Reference
from strangler_django.serializers.seclusion import foreign_state, is_usual
from strangler_django.serializers.vary import UnknownVary, allowed_by, automatic
from strangler_django.serializers.walk import Unplannable, Walk, has_plain_fields


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
    walk = Walk(model, references=not overridden)
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


def _parts(walk: Walk, apart: dict[str, BatchedField]) -> tuple[Part, ...]:
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
    elsewhere = {name for part in plan.parts for name in part.fields} | {one.name for one in plan.references}
    try:
        looks = [(allowed_by(plan.vary), hidden_inputs(serializer, skip={*plan.fresh, *elsewhere}))]
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
