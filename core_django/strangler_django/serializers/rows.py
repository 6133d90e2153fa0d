from collections.abc import Iterator, Sequence
from typing import Any

from django.db import models, router
from django.db.models.manager import BaseManager

from strangler_django.serializers import journal


class Rows:
    """Stored rows named by primary key, in a queryset's order, not loaded; iterating loads them."""

    def __init__(self, queryset: models.QuerySet, named: Sequence[tuple[Any, bool]]) -> None:
        self.queryset = queryset
        self.pks = [pk for pk, _ in named]
        self.journal_has_rows = any(journalled for _, journalled in named)

    def __iter__(self) -> Iterator[models.Model]:
        if self.queryset.query.is_sliced:
            return iter(self.queryset.all())
        loaded = {instance.pk: instance for instance in self.queryset.order_by().filter(pk__in=self.pks)}
        return iter([loaded[pk] for pk in self.pks if pk in loaded])

    def __len__(self) -> int:
        return len(self.pks)

    @property
    def alias(self) -> str:
        return str(self.queryset.db)


class StoredRow(Rows):
    """The row behind an instance in hand."""

    def __init__(self, instance: models.Model) -> None:
        alias = instance._state.db or router.db_for_write(type(instance), instance=instance)
        queryset = type(instance)._base_manager.using(alias)
        super().__init__(queryset, [(instance.pk, journal.has_rows(alias))])
        self.instance = instance

    def __iter__(self) -> Iterator[models.Model]:
        return iter([self.instance])


def names(queryset: models.QuerySet) -> models.QuerySet:
    """The queryset reduced to what names its rows: primary key, and whether the journal has rows."""
    plain: Any = queryset.prefetch_related(None)
    named: models.QuerySet = plain.annotate(strangler_journal=journal.JournalHasRows())
    return named.values_list("pk", "strangler_journal")


def as_stored(data: Any, model: type[models.Model]) -> models.QuerySet | None:
    """The queryset behind `data` if it only names stored rows of the model; otherwise None.

    Instances that are already loaded, annotations and filtered prefetches hold more than the stored row.
    """
    queryset = data.all() if isinstance(data, BaseManager) else data
    if not isinstance(queryset, models.QuerySet) or queryset.model is not model:
        return None
    state, query = vars(queryset), queryset.query
    if state["_result_cache"] is not None or state["_fields"] is not None:
        return None
    if query.combinator or query.annotations or query.extra:
        return None
    if any(isinstance(lookup, models.Prefetch) for lookup in state["_prefetch_related_lookups"]):
        return None
    return queryset
