"""Fields over relations: keys, slugs, texts, links, columns behind dots, and nested serializers of every kind."""

from collections.abc import Callable
from random import Random
from typing import Any

from django.contrib.contenttypes.fields import GenericRel, GenericRelation

from tests.fuzz.pieces import NONE, Piece
from tests.fuzz.values import columns_of
from tests.fuzz.writes import MODELS

# reverse() asks for the language, which patterns may hold.
LINK = frozenset({"host", "language"})
_TEXT = {"Region": "name", "Badge": "title", "Tag": "name", "Maker": "name", "Item": "title", "Gadget": "title",
         "Deal": "title", "Part": "name", "Passport": "number", "Warranty": "years", "Note": "text", "Award": "rank",
         "User": "first_name"}  # fmt: skip


def relations_of(model: Any) -> list[Any]:
    """Relations to models of ours, the hidden ones and those of inheritance left out."""
    return [
        relation
        for relation in model._meta.get_fields(include_hidden=False)
        if relation.is_relation
        and relation.related_model in MODELS.values()
        and not _is_inheritance(relation)
        and not isinstance(relation, GenericRel)
    ]


def accessor(relation: Any) -> str:
    named: str = relation.get_accessor_name() if relation.auto_created else relation.name
    return named


def holds_many(relation: Any) -> bool:
    return bool(relation.many_to_many or relation.one_to_many)


def of_relation(rng: Random, relation: Any, name: str, nest: Callable[[Any], Any] | None) -> Piece:
    """`nest` makes the blueprint of a nested serializer; without it there is room for none."""
    source, target, many = accessor(relation), relation.related_model, holds_many(relation)
    if nest is not None and rng.random() < 0.5:
        return _nested(rng, source, nest(target), name, many)
    if rng.random() < 0.3 and not isinstance(relation, GenericRelation):
        return Piece(name=source, uses=LINK)
    listed = "many=True, " if many else ""
    view = f"{target._meta.model_name}-detail"
    choices = [
        (f"PrimaryKeyRelatedField({listed}read_only=True, source='{source}')", NONE),
        (f"PrimaryKeyRelatedField({listed}read_only=True, source='{source}', pk_field=CharField())", NONE),
        (f"SlugRelatedField({listed}read_only=True, source='{source}', slug_field='{_TEXT[target.__name__]}')", NONE),
        (f"StringRelatedField({listed}source='{source}')", NONE),
        (f"HyperlinkedRelatedField({listed}read_only=True, source='{source}', view_name='{view}')", LINK),
    ]
    if not many:
        # A file without a serializer's FileField would be opened.
        column = rng.choice([*(name for name in columns_of(target) if name != "manual"), _TEXT[target.__name__]])
        choices += [
            (f"ReadOnlyField(source='{source}.{column}')", NONE),
            (f"CharField(source='{source}.{column}', read_only=True)", NONE),
            (f"CharField(source='{source}.{column}', default='none')", NONE),
            (f"CharField(source='{source}.{column}', allow_null=True)", NONE),
            *_behind(rng, source, target, may_miss=relation.auto_created or relation.null),
        ]
    text, uses = rng.choice(choices)
    return Piece(name=name, ours=f"{name} = {text}", uses=uses)


def _behind(rng: Random, source: str, target: Any, *, may_miss: bool) -> list[tuple[str, frozenset[str]]]:
    """One hop more."""
    found = []
    for relation in relations_of(target):
        further = f"{source}.{accessor(relation)}"
        if holds_many(relation) and may_miss:
            # DRF itself stumbles over a None on the way to many.
            continue
        if holds_many(relation):
            found.append((f"PrimaryKeyRelatedField(many=True, read_only=True, source='{further}')", NONE))
            found.append((f"StringRelatedField(many=True, source='{further}')", NONE))
        else:
            column = _TEXT[relation.related_model.__name__]
            found.append((f"CharField(source='{further}.{column}', read_only=True)", NONE))
            found.append((f"PrimaryKeyRelatedField(read_only=True, source='{further}')", NONE))
            found.append((f"StringRelatedField(source='{further}')", NONE))
    return rng.sample(found, min(3, len(found)))


def _nested(rng: Random, source: str, blueprint: Any, name: str, many: bool) -> Piece:
    options = [f"source='{source}'"]
    if many:
        options.append(rng.choice(["many=True", "many=True, read_only=True"]))
    else:
        options.append(rng.choice(["read_only=True", "allow_null=True", "required=False", "default=None"]))
    if rng.random() < 0.3:
        # The same name needs no source.
        name, options = source, options[1:]
    text = f"{name} = {{nested}}({', '.join(options)})"
    return Piece(name=name, ours=text, nested=blueprint)


def _is_inheritance(relation: Any) -> bool:
    field = getattr(relation, "field", relation)
    remote = getattr(field, "remote_field", None)
    return bool(getattr(remote, "parent_link", False))
