"""What a writer that is not Django must mark, said in columns and SQL."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import router
from django.db.models.expressions import RawSQL

from strangler_django.serializers import signals
from strangler_django.serializers.databases import database
from strangler_django.serializers.dependencies import MOVED, Crossing, Dependency, Model, label_of, pk_of
from strangler_protos.stamps import ANY_ROW, FORMAT, stem

__all__ = ["Stamp", "StampedModel", "stamped_model", "stamped_models"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """Stamps of one label that a write to a row must mark.

    `key` names the written row's column whose value is the primary key: `{course_id}`. Where `lookup` is not empty it
    is SQL that finds `{pk}`, and the written row's columns stand in it as `:educator_id`. `moves` says that the stamp
    counts only where a row goes to another parent.
    """

    label: str
    key: str
    lookup: str = ""
    moves: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StampedModel:
    """A model, its table and DATABASE, and what a write to it must mark."""

    model: str
    table: str
    database: str
    stamps: tuple[Stamp, ...]


def stamped_models() -> list[StampedModel]:
    """Every model whose rows cached bodies read."""
    return [stamped_model(model) for model in sorted(signals.watched_models(), key=lambda model: model._meta.label)]


def stamped_model(model: Model) -> StampedModel:
    """One model; without stamps where no cached body reads it."""
    alias = router.db_for_write(model)
    named = database(alias)
    return StampedModel(
        model=model._meta.label,
        table=model._meta.db_table,
        database=named,
        stamps=tuple(dict.fromkeys(_stamps(model, alias, named))),
    )


def _stamps(model: Model, alias: str, named: str) -> Iterator[Stamp]:
    sources, any_row = signals.readers(model)
    for source in sources:
        for column, lookup in _crossed(source) if isinstance(source, Crossing) else _depended(source):
            sql = _sql(source.root, alias, lookup, column) if lookup else ""
            yield Stamp(label=source.label, key=_key(named, source.label, "pk" if lookup else column), lookup=sql)
    for source in sources:
        if isinstance(source, Dependency) and source.link is not None:
            label = label_of(source.model, MOVED)
            yield Stamp(label=label, key=_key(named, label, _column(source.model, pk_of(source.model))), moves=True)
    for label in any_row:
        yield Stamp(label=label, key=f"{_stem(named, label)}{ANY_ROW}")


def _depended(source: Dependency) -> Iterator[tuple[str, str]]:
    """The written row's column, and the lookup from the root where that column is not its primary key."""
    if source.link is None:
        yield _column(source.model, pk_of(source.model)), f"{source.path}__pk" if source.path else ""
        return
    yield _linked(source.model._meta.get_field(source.link), source.anchor)


def _crossed(source: Crossing) -> Iterator[tuple[str, str]]:
    """A row of the join changes what is read at the end from which it is followed."""
    fields: Any = source.through._meta.fields
    for field in fields:
        if field.many_to_one and issubclass(source.ends[0], field.related_model):
            yield _linked(field, source.anchor)


def _linked(field: Any, anchor: str) -> tuple[str, str]:
    target = field.target_field
    if anchor:
        return field.column, f"{anchor}__{target.name}"
    return field.column, "" if target.primary_key else target.name


def _column(model: Model, attname: str) -> str:
    fields: Any = model._meta.concrete_fields
    return str(next(field.column for field in fields if field.attname == attname))


def _sql(root: Model, alias: str, lookup: str, column: str) -> str:
    rows = root._base_manager.using(alias).filter(**{lookup: RawSQL(f":{column}", ())})  # noqa: S611  our own words
    return str(rows.order_by().values("pk").distinct().query)


def _key(named: str, label: str, column: str) -> str:
    return f"{_stem(named, label)}{{{column}}}"


def _stem(named: str, label: str) -> str:
    return f"strangler:{FORMAT}:RUN_ID:{stem(named, label).decode()}"
