"""Rows at the edges of what a model takes, made on a copy of the database: what seeded rows never have.

Each is a copy of an existing row with one column at an edge, so that a difference that shows names the column. Behind
those come rows with several.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, zip_longest
from random import Random
from typing import Any

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections, transaction
from django.test.utils import override_settings

from strangler_router.effects import drop
from strangler_router.pin import Entry
from strangler_router.twin import drop_hooks, is_twin, quiet_settings
from strangler_shadow.callers import KindOfCaller, kinds_of_caller
from strangler_shadow.edges import edges_of
from strangler_shadow.inert import inert
from strangler_shadow.row_copies import RowCopies
from strangler_shadow.samples import model_of
from strangler_shadow.scenes import Scene
from strangler_shadow.twin_effects import held
from strangler_shadow.twins import TwinError

__all__ = ["NO_ROWS", "GeneratedRows", "generate_rows", "made_again"]

MOST_COLUMNS = 4
# What a model, a driver or a database says of a value that it does not take.
REFUSALS = (ValidationError, DatabaseError, ValueError, TypeError, OverflowError)


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratedRows:
    """What was made and for whom.

    `scenes` by endpoint's model; `tied` by model the rows at an edge that they lead to; `made` counts rows by label,
    `refused` by endpoint's model and column.
    """

    scenes: Mapping[Any, tuple[Scene, ...]] = field(default_factory=dict)
    tied: Mapping[Any, tuple[Scene, ...]] = field(default_factory=dict)
    made: Mapping[str, int] = field(default_factory=dict)
    refused: Mapping[Any, Mapping[str, int]] = field(default_factory=dict)
    kinds: tuple[KindOfCaller, ...] = ()

    def refused_of(self, entry: Entry) -> int:
        """How many that an endpoint would have shown were refused."""
        return sum(self.refused.get(model_of(entry.endpoint), {}).values())

    def lines(self) -> Iterator[str]:
        """What was made and what was refused, in words, a line for each model behind an endpoint."""
        if self.made:
            yield "generated rows: " + ", ".join(f"{count:,} {label}" for label, count in sorted(self.made.items()))
        for model, columns in self.refused.items():
            refused = ", ".join(f"{count} {column}" for column, count in sorted(columns.items()))
            if refused:
                yield f"generated rows for {model._meta.label} that the model or the database refused: {refused}"


NO_ROWS = GeneratedRows()


def generate_rows(entries: Iterable[Entry], *, count: int, seed: int) -> GeneratedRows:
    """Make `count` scenes for each model behind these endpoints, in `default`, which has to be a copy.

    The same seed makes the same rows. Raises TwinError for a database that is no copy.
    """
    name = connections[DEFAULT_DB_ALIAS].settings_dict["NAME"]
    if not is_twin(name):
        raise TwinError(f"{name} is no copy; rows are never generated in the project's own database")
    found = {model_of(entry.endpoint) for entry in entries} - {None}
    wanted: list[Any] = sorted(found, key=lambda model: model._meta.label)
    kinds = tuple(kinds_of_caller())
    refused: dict[Any, Counter[str]] = {model: Counter() for model in wanted}
    tied: defaultdict[Any, list[Scene]] = defaultdict(list)
    copies = RowCopies(random=Random(seed), users=tuple(caller.subject for _, caller in kinds if caller.subject))  # noqa: S311
    # The rows are made as if they had always been there, so nobody waits for their commit.
    drop_hooks(connections[DEFAULT_DB_ALIAS])
    with override_settings(**quiet_settings()), held(drop), inert(writable=DEFAULT_DB_ALIAS):
        scenes = {model: tuple(_scenes(copies, model, count, refused[model], tied)) for model in wanted}
    return GeneratedRows(
        scenes=scenes,
        tied={model: tuple(found) for model, found in tied.items()},
        made=dict(copies.made),
        refused=refused,
        kinds=kinds,
    )


def made_again(scenes: Iterable[Scene], *, users: Iterable[str]) -> list[Any]:
    """Primary keys of new rows like these, made in `default` whatever that is: in a test's database.

    Raises LookupError for a model that is not installed, FieldDoesNotExist for a tie that the model has not, and what
    `RowCopies.copy` raises.
    """
    copies = RowCopies(random=Random(0), users=tuple(users))  # noqa: S311
    found = []
    for scene in scenes:
        model: Any = apps.get_model(scene.model)
        tie = model._meta.get_field(scene.tie) if scene.tie else None
        row, _ = _row(copies, model, tie, scene.values)
        found.append(row.pk)
    return found


# Relation (None: the row's own), column, value.
Edge = tuple[Any, Any, Any]


def _scenes(
    copies: RowCopies, model: Any, count: int, refused: Counter[str], tied: Mapping[Any, list[Scene]]
) -> Iterator[Scene]:
    made = 0
    # The first has no related rows but those that it needs.
    planned: Iterator[list[Edge]] = chain([[]], ([edge] for edge in _edges(model)), _several(copies.random, model))
    for edges in planned:
        if made == count:
            return
        try:
            with transaction.atomic():
                scene, other = _scene(copies, model, edges)
        except REFUSALS:
            refused.update(f"{column.model._meta.label}.{column.name}" for _, column, _ in edges[:1])
            continue
        made += 1
        if other is not None:
            tied[type(other)].append(Scene(pk=other.pk, model=other._meta.label, values=scene.values))
        yield scene


def _edges(model: Any) -> Iterator[Edge]:
    """One edge of every column, then the next of every column; those of tied rows take turns with the model's own."""
    columns = ((tie, column) for tie, of in _ties(model) for column in of._meta.concrete_fields)
    for turn in zip_longest(*(_edges_of(tie, column) for tie, column in columns if _is_open(tie, column))):
        yield from (edge for edge in turn if edge is not None)


def _edges_of(tie: Any, column: Any) -> Iterator[Edge]:
    for value in edges_of(column, connections[DEFAULT_DB_ALIAS]):
        yield tie, column, value


def _ties(model: Any) -> Iterator[tuple[Any, Any]]:
    """The model itself, and those that are one relation away."""
    yield None, model
    for relation in model._meta.get_fields():
        related = relation.related_model
        if not relation.is_relation or not isinstance(related, type) or related is model:
            continue
        if relation.many_to_many and (relation.auto_created or not relation.remote_field.through._meta.auto_created):
            continue
        if relation.concrete or (relation.auto_created and relation.field.concrete):
            yield relation, related


def _is_open(tie: Any, column: Any) -> bool:
    if column.primary_key or getattr(column, "generated", False) or column.name == "password":
        return False
    return tie is None or not (tie.auto_created and tie.field is column)


def _several(random: Random, model: Any) -> Iterator[list[Edge]]:
    columns = [column for column in model._meta.concrete_fields if _is_open(None, column)]
    known = {column: values for column in columns if (values := list(_edges_of(None, column)))}
    # Some of them are refused, and a model may take none at all.
    for _ in range(10_000 if len(known) > 1 else 0):
        chosen = random.sample(list(known), random.randint(2, min(MOST_COLUMNS, len(known))))
        yield [random.choice(known[column]) for column in chosen]


def _scene(copies: RowCopies, model: Any, edges: list[Edge]) -> tuple[Scene, Any]:
    """A scene, and the row at the other end of its tie."""
    tie = edges[0][0] if edges else None
    given = {column.name: value for _, column, value in edges}
    row, other = _row(copies, model, tie, given)
    return Scene(pk=row.pk, model=model._meta.label, tie=tie.name if tie else "", values=given), other


def _row(copies: RowCopies, model: Any, tie: Any, given: Mapping[str, Any]) -> tuple[Any, Any]:
    return (copies.copy(model, given), None) if tie is None else _tied(copies, model, tie, given)


def _tied(copies: RowCopies, model: Any, tie: Any, given: Mapping[str, Any]) -> tuple[Any, Any]:
    if tie.auto_created:
        row = copies.copy(model)
        return row, copies.copy(tie.related_model, {**given, tie.field.name: row})
    other = copies.copy(tie.related_model, given)
    if not tie.many_to_many:
        return copies.copy(model, {tie.name: other}), other
    row = copies.copy(model)
    ends = {tie.m2m_field_name(): row, tie.m2m_reverse_field_name(): other}
    tie.remote_field.through._base_manager.bulk_create([tie.remote_field.through(**ends)])
    return row, other
