"""Writes of every kind, as data: each says what it does and picks its rows by number, whatever rows there are."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError, connection, models, transaction
from django.db.models import F, ProtectedError, RestrictedError

from strangler_django.serializers import invalidate
from tests.fuzz.models import Award, Badge, Deal, Gadget, Item, Maker, Note, Part, Passport, Region, Tag, Warranty
from tests.fuzz.population import CODES, columns, key
from tests.fuzz.values import columns_of, values_of

MODELS: dict[str, type[models.Model]] = {
    model.__name__: model
    for model in (Region, Badge, Tag, Maker, Item, Gadget, Deal, Part, Passport, Warranty, Note, Award, User)
}
MANY = {"tags": Tag, "similar": Item, "fans": User}
REVERSE = {"parts": (Item, Part), "makers": (Region, Maker), "children": (Item, Item), "helped": (Maker, Item)}
# Users may ask: they stay, and stay what they are.
_USER_COLUMNS = ["first_name", "last_name", "email", "date_joined"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    verb: str
    model: str = ""
    name: str = ""
    pick: int = 0
    others: tuple[int, ...] = ()
    values: dict[str, Any] = field(default_factory=dict)
    seed: int = 0

    def __call__(self) -> None:
        """Does it; what the database or Django refuses is left undone."""
        try:
            if connection.in_atomic_block and self.verb in _REFUSED_BY_DATABASE:
                with transaction.atomic():
                    _VERBS[self.verb](self)
            else:
                _VERBS[self.verb](self)
        except (ProtectedError, RestrictedError, IntegrityError, Award.MultipleObjectsReturned):
            return

    def __str__(self) -> str:
        said = {name: getattr(self, name) for name in ("name", "pick", "others", "values", "seed")}
        given = ", ".join(f"{name}={value!r}" for name, value in said.items() if value)
        return f"{self.verb}({', '.join(part for part in (self.model, given) if part)})"

    @property
    def of(self) -> Any:
        return MODELS[self.model]

    def row(self) -> Any:
        return nth(self.of, self.pick)

    def rows(self) -> list[Any]:
        return [row for pick in (self.pick, *self.others) if (row := nth(self.of, pick))]


def nth(model: Any, index: int) -> Any:
    rows = list(model._base_manager.order_by("pk"))
    return rows[index % len(rows)] if rows else None


def some(model: Any, picks: tuple[int, ...]) -> list[Any]:
    return list({row.pk: row for pick in picks if (row := nth(model, pick))}.values())


def _assign(row: Any, write: Write) -> list[str]:
    for name, value in write.values.items():
        setattr(row, name, value)
    return list(write.values)


def save(write: Write) -> None:
    if row := write.row():
        _assign(row, write)
        row.save()


def save_fields(write: Write) -> None:
    if row := write.row():
        row.save(update_fields=_assign(row, write))


def save_expression(write: Write) -> None:
    if row := nth(Item, write.pick):
        row.count = F("count") + 1 - F("count") * 0 if abs(row.count) < 10**6 else 0
        row.save()


def move(write: Write) -> None:
    """Another target for a foreign key, or none."""
    row = write.row()
    if row is None:
        return
    relation = write.of._meta.get_field(write.name)
    target = None if relation.null and write.others[0] == 0 else nth(relation.related_model, write.others[0])
    setattr(row, write.name, target)
    row.save(**({"update_fields": [write.name]} if write.seed % 2 else {}))


def move_by_update(write: Write) -> None:
    row = write.row()
    if row is None:
        return
    relation = write.of._meta.get_field(write.name)
    target = None if relation.null and write.others[0] == 0 else nth(relation.related_model, write.others[0])
    with transaction.atomic():
        invalidate(write.of, [row.pk])
        write.of._base_manager.filter(pk=row.pk).update(**{write.name: target})
        invalidate(write.of, [row.pk])


def create(write: Write) -> None:
    rng = Random(write.seed)
    write.of._base_manager.create(**columns(rng, write.of), **_required(rng, write.of))


def _required(rng: Random, model: Any) -> dict[str, Any]:
    """Keys and relations that a new row needs, and some that it may have."""
    found: dict[str, Any] = {}
    if model is Region:
        code = rng.choice(CODES)
        return {"code": code, "slug": f"slug-{rng.randint(0, 9)}"}
    if model in (Badge, Maker):
        found["id"] = key(rng)
    if model is Note:
        return {"target": nth(rng.choice([Item, Part]), rng.randint(0, 9)) or nth(Item, 0)}
    for relation in model._meta.concrete_fields:
        if relation.is_relation and not relation.remote_field.parent_link and relation.related_model in MODELS.values():
            target = nth(relation.related_model, rng.randint(0, 9))
            found[relation.name] = None if relation.null and rng.random() < 0.3 else target
    return found


def delete(write: Write) -> None:
    if write.of is not User and (row := write.row()):
        row.delete()


def delete_many(write: Write) -> None:
    if write.of is not User:
        write.of._base_manager.filter(pk__in=[row.pk for row in write.rows()]).delete()


def replace(write: Write) -> None:
    """Deletes a row and creates another with its key."""
    if write.of in (User, Note) or not (row := write.row()):
        return
    pk = row.pk
    row.delete()
    rng = Random(write.seed)
    required = _required(rng, write.of)
    required.pop(write.of._meta.pk.name, None)
    write.of._base_manager.create(pk=pk, **columns(rng, write.of), **required)


def keep_parent(write: Write) -> None:
    if row := nth(Gadget, write.pick):
        row.delete(keep_parents=True)


def update(write: Write) -> None:
    pks = [row.pk for row in write.rows()]
    with transaction.atomic():
        write.of._base_manager.filter(pk__in=pks).update(**write.values)
        invalidate(write.of, pks)


def bulk_update(write: Write) -> None:
    rows = some(write.of, (write.pick, *write.others))
    for row in rows:
        _assign(row, write)
    with transaction.atomic():
        write.of._base_manager.bulk_update(rows, list(write.values))
        invalidate(write.of, [row.pk for row in rows])


def bulk_create(write: Write) -> None:
    rng = Random(write.seed)
    rows = [write.of(**columns(rng, write.of), **_required(rng, write.of)) for _ in range(2)]
    with transaction.atomic():
        made = write.of._base_manager.bulk_create(rows)
        invalidate(write.of, [row.pk for row in made])


def raw(write: Write) -> None:
    if not (row := write.row()):
        return
    [(name, value)] = list(write.values.items())[:1]
    column = write.of._meta.get_field(name)
    quote = connection.ops.quote_name
    table = column.model._meta.db_table
    pk = column.model._meta.pk
    with transaction.atomic(), connection.cursor() as cursor:
        sql = f"UPDATE {quote(table)} SET {quote(column.column)} = %s WHERE {quote(pk.column)} = %s"
        cursor.execute(sql, [column.get_db_prep_save(value, connection), pk.get_db_prep_value(row.pk, connection)])
        invalidate(write.of, [row.pk])


def many(write: Write) -> None:
    """add, remove, set or clear of a many-to-many relation, from the item's side."""
    if item := nth(Item, write.pick):
        _change(getattr(item, write.name), write.model, some(MANY[write.name], write.others))


def many_back(write: Write) -> None:
    """The same from the other side."""
    model = MANY[write.name]
    name = {"tags": "items", "similar": "similar", "fans": "favourites"}[write.name]
    if row := nth(model, write.pick):
        _change(getattr(row, name), write.model, some(Item, write.others))


def _change(manager: Any, how: str, rows: list[Any]) -> None:
    if how == "clear":
        manager.clear()
    elif how == "set":
        manager.set(rows)
    elif how == "set_clear":
        manager.set(rows, clear=True)
    else:
        getattr(manager, how)(*rows)


def reverse(write: Write) -> None:
    """add, remove, set or clear of a foreign key's other side, row by row, which sends signals."""
    parent, child = REVERSE[write.name]
    if not (row := nth(parent, write.pick)):
        return
    manager, rows = getattr(row, write.name), some(child, write.others)
    if write.model == "set":
        manager.set(rows, bulk=False)
    elif write.model == "add":
        manager.add(*rows, bulk=False)
    else:
        manager.remove(*[one for one in rows if one in manager.all()], bulk=False)


def reverse_bulk(write: Write) -> None:
    """The same in one UPDATE, which sends none."""
    parent, child = REVERSE[write.name]
    if not (row := nth(parent, write.pick)):
        return
    manager, rows = getattr(row, write.name), some(child, write.others)
    with transaction.atomic():
        changed = [one.pk for one in rows] + list(manager.values_list("pk", flat=True))
        invalidate(child, changed)
        if write.model == "remove":
            rows = [one for one in rows if one in manager.all()]
        _change(manager, write.model, rows)
        invalidate(child, changed)


def get_or_make(write: Write) -> None:
    if row := nth(Item, write.pick):
        Award.objects.update_or_create(item=row, badge=nth(Badge, 0), defaults={"rank": write.seed % 7})


def badges(write: Write) -> None:
    """A through model's rows by way of the relation."""
    item, badge = nth(Item, write.pick), nth(Badge, write.seed)
    if item and badge:
        if write.seed % 3:
            item.badges.add(badge, through_defaults={"rank": write.seed % 5})
        else:
            badge.items.remove(item)


_VERBS: dict[str, Callable[[Write], None]] = {
    function.__name__: function
    for function in (
        save, save_fields, save_expression, move, move_by_update, create, delete, delete_many, replace, keep_parent,
        update, bulk_update, bulk_create, raw, many, many_back, reverse, reverse_bulk, get_or_make, badges,
    )
}  # fmt: skip
_REFUSED_BY_DATABASE = {"create", "replace", "move", "move_by_update", "bulk_create", "delete", "delete_many", "badges"}
_WEIGHTS = {
    "save": 8,
    "save_fields": 6,
    "move": 8,
    "create": 5,
    "delete": 3,
    "delete_many": 1,
    "many": 5,
    "many_back": 4,
}


def _moves() -> dict[str, list[tuple[str, str]]]:
    """Models and their foreign keys by the name that the other side has for them, where a move shows most."""
    found: dict[str, list[tuple[str, str]]] = {}
    for model in MODELS.values():
        for relation in model._meta.concrete_fields:
            if relation.related_model in MODELS.values() and not relation.primary_key and model is not Deal:
                named = str(relation.remote_field.get_accessor_name())
                found.setdefault(named, []).append((model.__name__, relation.name))
    return found


_MOVES = _moves()


def _aimed(rng: Random, names: list[str], code: str) -> list[str]:
    named = [name for name in names if re.search(rf"\b{name}\b", code)]
    return named if named and rng.random() < 0.7 else names


def random_write(rng: Random, code: str) -> Write:
    """A write; more often than not to something that this code names."""
    verbs = list(_VERBS)
    [verb] = rng.choices(verbs, [_WEIGHTS.get(verb, 2) for verb in verbs])
    pick, seed = rng.randint(0, 7), rng.randint(0, 10**6)
    others = tuple(rng.randint(0, 7) for _ in range(rng.randint(1, 3)))
    if verb in ("many", "many_back"):
        how = rng.choice(["add", "remove", "set", "set_clear", "clear"])
        return Write(verb=verb, model=how, name=rng.choice(_aimed(rng, list(MANY), code)), pick=pick, others=others)
    if verb in ("reverse", "reverse_bulk"):
        how = rng.choice(["add", "remove", "set", *(["clear"] if verb == "reverse_bulk" else [])])
        name = rng.choice(_aimed(rng, list(REVERSE), code))
        return Write(verb=verb, model=how, name=name, pick=pick, others=others)
    if verb in ("move", "move_by_update"):
        model, name = rng.choice(_MOVES[rng.choice(_aimed(rng, list(_MOVES), code))])
        return Write(verb=verb, model=model, name=name, pick=pick, others=others, seed=seed)
    model = rng.choice(_aimed(rng, [*MODELS, "Item", "Item", "Maker", "Part", "Region"], code))
    if verb in ("create", "bulk_create", "replace"):
        plain = [name for name in MODELS if name not in ("User", *(["Gadget", "Deal"] if verb != "create" else []))]
        return Write(verb=verb, model=rng.choice(plain), pick=pick, seed=seed)
    if verb in ("delete", "delete_many"):
        return Write(verb=verb, model=model, pick=pick, others=others)
    if verb in ("save_expression", "keep_parent", "get_or_make", "badges"):
        return Write(verb=verb, pick=pick, seed=seed)
    names = _USER_COLUMNS if model == "User" else columns_of(MODELS[model])
    chosen = rng.sample(names, min(len(names), rng.randint(1, 3)))
    values = values_of(rng, MODELS[model], chosen)
    return Write(verb=verb, model=model, pick=pick, others=others, values=values)
