"""Invalidation through inheritance, proxies, through tables, one-to-one and SET_NULL."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer

from strangler_django.models import JournalRow
from strangler_django.serializers.rows import stored_rows
from tests.django.conftest import Redis, commands_of


@pytest.fixture
def shop(cached: Redis, settings: Settings) -> Iterator[Any]:
    """The app's models, with tables for the length of a test."""
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "tests.django.shop"]
    from tests.django.shop import models

    tables = [models.Place, models.Owner, models.Tag, models.Shop, models.Label, models.Licence, models.Ticket]
    with connection.schema_editor() as editor:
        for model in tables:
            editor.create_model(model)
    yield models
    with connection.schema_editor() as editor:
        for model in reversed(tables):
            editor.delete_model(model)


def shown(shop: Any, base: type[serializers.ModelSerializer]) -> type[serializers.ModelSerializer]:
    from strangler_django.serializers import Cache

    class TagSerializer(serializers.ModelSerializer):
        class Meta:
            model = shop.Tag
            fields = ["name"]

    class Meta:
        model = shop.Shop
        cache = Cache()
        fields = ["id", "city", "owner", "owner_name", "tags", "licence"]

    declared = {
        "Meta": Meta,
        "tags": TagSerializer(many=True),
        "owner_name": serializers.CharField(source="owner.name", default=None),
        "licence": serializers.SlugRelatedField("number", read_only=True),
    }
    return type("ShopSerializer", (base,), declared)


def delete_owner(shop: Any) -> None:
    shop.Owner.objects.get(name="Ada").delete()


def move_label(shop: Any) -> None:
    label = shop.Label.objects.first()
    label.shop = shop.Shop.objects.last()
    label.save()


def save_as(model: str) -> Callable[[Any], None]:
    def save(shop: Any) -> None:
        row = getattr(shop, model).objects.first()
        row.city = model
        row.save()

    return save


def save_licence(shop: Any) -> None:
    licence = shop.Licence.objects.get()
    licence.number = "2"
    licence.save()


WRITES: dict[str, Callable[[Any], object]] = {
    "the parent's table": save_as("Place"),
    "the child": save_as("Shop"),
    "a proxy": save_as("Corner"),
    "a deleted owner sets null": delete_owner,
    "a row of the through table is added": lambda shop: shop.Label.objects.create(
        shop=shop.Shop.objects.last(), tag=shop.Tag.objects.first()
    ),
    "a row of the through table moves": move_label,
    "a row of the through table is deleted": lambda shop: shop.Label.objects.first().delete(),
    "a tag is added through the relation": lambda shop: shop.Shop.objects.last().tags.add(shop.Tag.objects.first()),
    "tags are cleared": lambda shop: shop.Shop.objects.first().tags.clear(),
    "a one-to-one row is saved": save_licence,
    "a one-to-one row is deleted": lambda shop: shop.Licence.objects.get().delete(),
    "a one-to-one row is created": lambda shop: shop.Licence.objects.create(shop=shop.Shop.objects.last(), number="9"),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES.keys())
def test_a_write_is_seen_at_once(shop: Any, cached: Redis, write: Callable[[Any], object]) -> None:
    from strangler_django.serializers import CachedModelSerializer

    ours, plain = shown(shop, CachedModelSerializer), shown(shop, serializers.ModelSerializer)

    def listed() -> bytes:
        return ours(shop.Shop.objects.order_by("id"), many=True).json()

    def expected() -> bytes:
        return JSONRenderer().render(plain(shop.Shop.objects.order_by("id"), many=True).data)

    first = shop.Shop.objects.create(city="Ulm", owner=shop.Owner.objects.create(name="Ada"))
    shop.Shop.objects.create(city="Bonn", owner=shop.Owner.objects.create(name="Bo"))
    shop.Label.objects.create(shop=first, tag=shop.Tag.objects.create(name="red"))
    shop.Licence.objects.create(shop=first, number="1")
    before = listed()
    assert before == expected()
    assert commands_of(cached, listed) == {"mget": 1}
    write(shop)
    assert listed() == expected() != before
    assert listed() == expected()


QUERYSETS: dict[str, Callable[[QuerySet], QuerySet]] = {
    "all": lambda rows: rows.all(),
    "ordered by a relation": lambda rows: rows.order_by("owner__name", "-pk"),
    "by a parent's column": lambda rows: rows.filter(city__gt="B").order_by("city"),
    "joined": lambda rows: rows.select_related("owner").prefetch_related("tags"),
    "only": lambda rows: rows.only("city").order_by("-pk"),
    "deferred": lambda rows: rows.defer("owner"),
    "distinct": lambda rows: rows.filter(tags__name__in=["red", "blue"]).distinct().order_by("pk"),
    "with doubles": lambda rows: rows.filter(tags__name__in=["red", "blue"]).order_by("pk", "tags__name"),
    "sliced": lambda rows: rows.order_by("-pk")[1:3],
    "reversed": lambda rows: rows.order_by("city").reverse(),
    "excluded": lambda rows: rows.exclude(owner__name="Ada"),
    "none": lambda rows: rows.none(),
    "aliased": lambda rows: rows.filter(Exists(rows.filter(pk=OuterRef("pk"), owner__isnull=False))),
}


@pytest.mark.parametrize("model", ["Shop", "Corner"])
@pytest.mark.parametrize("kind", QUERYSETS)
def test_a_queryset_is_reduced_to_the_keys_that_it_names(shop: Any, kind: str, model: str) -> None:
    red, blue = (shop.Tag.objects.create(name=name) for name in ("red", "blue"))
    owners = [shop.Owner.objects.create(name=name) for name in ("Ada", "Bo")]
    shop.Place.objects.create(city="Elsewhere")  # so that the parent's keys are not counted alike
    stores = [("C", owners[1], [red, blue]), ("A", owners[0], [blue]), ("B", None, []), ("D", None, [red])]
    for city, owner, tags in stores:
        made = shop.Shop.objects.create(city=city, owner=owner)
        made.tags.set(tags)
    rows = QUERYSETS[kind](getattr(shop, model)._default_manager.all())
    with CaptureQueriesContext(connection) as asked:
        found = stored_rows(rows)
    assert len(asked) <= 1
    assert found.pks == list(rows.values_list("pk", flat=True))
    assert not found.journal_has_rows


def test_keys_come_as_the_model_has_them(shop: Any) -> None:
    ticket = shop.Ticket.objects.create()
    JournalRow.objects.create(model="shop.shop", row="7", token="x", settled=True)
    found = stored_rows(shop.Ticket.objects.all())
    assert found.pks == [ticket.pk]
    assert found.journal_has_rows
