"""The rows that an episode starts from."""

from dataclasses import dataclass
from random import Random
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db import connection, models, transaction

from strangler_django.models import JournalRow
from tests.fuzz.models import Award, Badge, Gadget, Item, Maker, Note, Part, Passport, Region, Tag, Warranty
from tests.fuzz.values import MOMENTS, columns_of, text_of, values_of

# Keys that mean something to Redis, to URLs or to our own stamps.
CODES = ["north", "é ü", "a/b:c", "*", "+", "100%", "x y"]
USERS = ["ada", "grace", "staff", "root", "zoe"]
CHILDREN_FIRST: list[type[models.Model]] = [
    Award, Note, Warranty, Passport, Part, Item.tags.through, Item.similar.through, Item.fans.through, Gadget, Item,
    Maker, Tag, Badge, Region, User, JournalRow,
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    seed: int
    items: int = 4
    others: int = 3


def user(name: str) -> User:
    """As it is stored, in all that a caller is known by."""
    return User(
        pk=USERS.index(name) + 1,
        username=name,
        is_staff=name == "staff",
        is_superuser=name == "root",
        date_joined=MOMENTS[0],
    )


def empty() -> None:
    """Empties every table past the signals; whoever calls it empties Redis too."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA foreign_keys = OFF")
        for model in CHILDREN_FIRST:
            cursor.execute(f"DELETE FROM {connection.ops.quote_name(model._meta.db_table)}")
        cursor.execute("DELETE FROM sqlite_sequence")
        cursor.execute("PRAGMA foreign_keys = ON")
    ContentType.objects.clear_cache()


def populate(population: Population) -> None:
    rng, others = Random(population.seed), range(population.others)
    with transaction.atomic():
        for name in USERS:
            user(name).save(force_insert=True)
        codes = rng.sample(CODES, population.others)
        regions = [
            Region.objects.create(code=code, slug=f"slug-{at}", name=text_of(rng, Region._meta.get_field("name")))
            for at, code in enumerate(codes)
        ]
        badges = [Badge.objects.create(id=key(rng), **columns(rng, Badge)) for _ in others]
        tags = [Tag.objects.create(**columns(rng, Tag)) for _ in others]
        makers: list[Maker] = []
        for _ in others:
            links = {"region": maybe(rng, regions), "boss": maybe(rng, makers)}
            makers.append(Maker.objects.create(id=key(rng), **columns(rng, Maker), **links))
        items: list[Item] = []
        for at in range(population.items):
            model = Gadget if at % 3 == 2 else Item
            items.append(model.objects.create(**columns(rng, model), **links_of_item(rng, items, makers, regions)))
            _furnish(rng, items, tags, badges, makers, regions)


def links_of_item(rng: Random, items: list[Any], makers: list[Any], regions: list[Any]) -> dict[str, Any]:
    return {
        "maker": rng.choice(makers),
        "helper": maybe(rng, makers),
        "region": maybe(rng, regions),
        "made_in": maybe(rng, regions),
        "parent": maybe(rng, items),
        "owner": maybe(rng, list(User.objects.all())),
    }


def _furnish(
    rng: Random, items: list[Any], tags: list[Any], badges: list[Any], makers: list[Any], regions: list[Any]
) -> None:
    item = items[-1]
    item.tags.set(rng.sample(tags, rng.randint(0, len(tags))))
    item.similar.set(rng.sample(items, rng.randint(0, min(2, len(items)))))
    item.fans.set(rng.sample(list(User.objects.all()), rng.randint(0, 3)))
    for _ in range(rng.randint(0, 3)):
        Part.everything.create(item=item, source=maybe(rng, makers), **columns(rng, Part))
    for _ in range(rng.randint(0, 2)):
        Award.objects.create(item=item, badge=rng.choice(badges), **columns(rng, Award))
        Note.objects.create(target=rng.choice(items), text=text_of(rng, Note._meta.get_field("text")))
    if rng.random() < 0.6:
        Passport.objects.create(item=item, **columns(rng, Passport))
    if rng.random() < 0.6:
        Warranty.objects.create(item=maybe(rng, [item]), region=maybe(rng, regions), **columns(rng, Warranty))


def columns(rng: Random, model: Any) -> dict[str, Any]:
    """Values for most columns of a model; the others keep their defaults."""
    names = [name for name in columns_of(model) if name != "object_id"]
    return values_of(rng, model, [name for name in names if rng.random() < 0.8])


def maybe(rng: Random, rows: list[Any]) -> Any:
    return rng.choice(rows) if rows and rng.random() < 0.7 else None


def key(rng: Random) -> UUID:
    return UUID(int=rng.getrandbits(128))
