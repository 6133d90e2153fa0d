import functools
from collections.abc import Iterator, Sequence
from inspect import getattr_static
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import models, router
from django.db.models.manager import BaseManager
from django.db.models.query import ModelIterable
from django.utils.functional import cached_property

from strangler_django.serializers import journal

_JOURNAL = "strangler_journal"


class Rows:
    """Stored rows named by primary key, in a queryset's order, not loaded; iterating loads them."""

    def __init__(self, queryset: models.QuerySet, named: Sequence[Any]) -> None:
        """`named` are rows of `names(queryset)`."""
        self.queryset = queryset
        if named and isinstance(named[0], dict):
            named = [(row["pk"], row[_JOURNAL]) for row in named]
        self.pks = [pk for pk, _ in named]
        # One statement sees one state of the journal.
        self.journal_has_rows = bool(named and named[0][1])

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
        known = instance.__dict__.get(_JOURNAL)
        journalled = journal.has_rows(alias) if known is None else known
        super().__init__(type(instance)._base_manager.using(alias).all(), [(instance.pk, journalled)])
        self.instance = instance

    def __iter__(self) -> Iterator[models.Model]:
        return iter([self.instance])


def names(queryset: models.QuerySet, *, also: Sequence[str] | None = None) -> models.QuerySet:
    """The queryset reduced to what names its rows: primary key, whether the journal has rows; with `also`, as dicts."""
    named = with_journal(queryset)
    # What `prefetch_related(None)` adds to this is another copy of the query.
    vars(named)["_prefetch_related_lookups"] = ()
    return named.values_list("pk", _JOURNAL) if also is None else named.values("pk", _JOURNAL, *also)


def stored_rows(queryset: models.QuerySet) -> Rows:
    """The rows that a queryset names, where `why_not_stored` finds nothing against it."""
    query: Any = queryset.query.chain()
    query.add_annotation(journal.JournalHasRows(), _JOURNAL, select=True)
    # What `values_list` adds to this are two copies of the queryset, and a look at how names lead to columns.
    query.select_related = False
    query.clear_deferred_loading()
    query.clear_select_fields()
    query.set_select([query.model._meta.pk.get_col(query.get_initial_alias())])
    return Rows(queryset, list(query.get_compiler(using=queryset.db).results_iter()))


def with_journal(queryset: models.QuerySet) -> models.QuerySet:
    """The queryset with the answer to whether the journal has rows."""
    annotated: Any = queryset.all()
    # What `annotate` adds to this is a look at every field's name.
    annotated.query.add_annotation(journal.JournalHasRows(), _JOURNAL, select=True)
    return annotated  # type: ignore[no-any-return]


def why_not_stored(data: Any, model: type[models.Model]) -> str:
    """Why `data` is more, or other, than a queryset that only names stored rows of the model; empty if it is not.

    Instances that are already loaded, annotations and filtered prefetches hold more than the stored row.
    """
    queryset: Any = data.all() if isinstance(data, BaseManager) else data
    if not isinstance(queryset, models.QuerySet):
        return "instances"
    if queryset.model is not model:
        return "model"
    state, query = vars(queryset), queryset.query
    if state["_result_cache"] is not None:
        return "instances"
    if state["_fields"] is not None:
        return "values"
    if query.combinator:
        return "union"
    if state["_db"] is not None and state["_db"] != router.db_for_write(model):
        return "database"
    if state["_iterable_class"] is not ModelIterable or not _iterates_as_django(type(queryset)):
        return "queryset"
    if query.annotations or query.extra:
        return "annotations"
    if any(isinstance(lookup, models.Prefetch) for lookup in state["_prefetch_related_lookups"]):
        return "prefetch"
    return ""


def _iterates_as_django(cls: type[models.QuerySet]) -> bool:
    plain: Any = models.QuerySet
    made: Any = cls
    return made._fetch_all is plain._fetch_all and made.__iter__ is plain.__iter__


def difference_from_stored(instance: models.Model) -> str:
    """Why an instance shows more than its row: annotations and `to_attr` set attributes that no column has."""
    model = type(instance)
    if instance._state.db not in (None, router.db_for_read(model), router.db_for_write(model)):
        return "database"
    columns = {field.attname for field in type(instance)._meta.concrete_fields}
    for name in instance.__dict__.keys() - columns - {_JOURNAL}:
        if not name.startswith("_") and not _is_cached_property(type(instance), name):
            return "annotations"
    for accessor, found in instance.__dict__.get("_prefetched_objects_cache", {}).items():
        if not _is_whole(instance, accessor, found):
            return "prefetch"
    return ""


def _is_cached_property(model: type[models.Model], name: str) -> bool:
    return isinstance(getattr_static(model, name, None), (cached_property, functools.cached_property))


def _is_whole(instance: models.Model, name: str, found: Any) -> bool:
    """Whether prefetched objects are those that the relation's own query gives."""
    accessors = {relation.name: relation.get_accessor_name() for relation in instance._meta.related_objects}
    # Prefetched objects would hide the query.
    bare = type(instance)(pk=instance.pk)
    manager = getattr(bare, accessors.get(name) or name, None)
    if not isinstance(manager, BaseManager) or not isinstance(found, models.QuerySet):
        return False
    try:
        return str(found.query) == str(manager.all().query)
    except EmptyResultSet:
        return False
