"""Invalidation through inheritance, proxies, through tables, one-to-one and SET_NULL."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from pytest_django.fixtures import Settings
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer

from tests.django.conftest import Redis, commands_of


@pytest.fixture
def shop(cached: Redis, settings: Settings) -> Iterator[Any]:
    """The app's models, with tables for the length of a test."""
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "tests.django.shop"]
    from tests.django.shop import models

    tables = [models.Place, models.Owner, models.Tag, models.Shop, models.Label, models.Licence]
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
