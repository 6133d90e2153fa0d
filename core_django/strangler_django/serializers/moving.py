"""What a serializer's own `save` writes without a signal: objects that a reverse foreign key's `set` moves."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.db import models, router, transaction

from strangler_django.serializers.dependencies import Model
from strangler_django.serializers.signals import invalidate

__all__ = ["moving"]


@contextmanager
def moving(model: Model, instance: models.Model | None, values: Mapping[str, Any]) -> Iterator[None]:
    """Within the block the children in `values` come to the instance, others leave it; Django does it by `update`.

    All in one transaction, so that bodies of the parents that they leave are void from its commit on.
    """
    relations = [relation for relation in model._meta.related_objects if relation.get_accessor_name() in values]
    moved = [relation for relation in relations if relation.one_to_many]
    if not moved:
        yield
        return
    with transaction.atomic(using=router.db_for_write(model, instance=instance)):
        children = {relation: _children(relation, instance, values) for relation in moved}
        for relation, pks in children.items():
            invalidate(relation.related_model, pks)
        yield
        for relation, pks in children.items():
            invalidate(relation.related_model, pks)


def _children(relation: Any, instance: models.Model | None, values: Mapping[str, Any]) -> set[Any]:
    name = relation.get_accessor_name()
    pks = {getattr(child, "pk", child) for child in values[name] or ()}
    if instance is not None:
        pks |= set(getattr(instance, name).values_list("pk", flat=True))
    return pks
