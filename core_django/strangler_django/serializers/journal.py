"""Rows written while Redis was away; kept in the database of the write, so that they commit with it."""

from collections.abc import Collection
from datetime import timedelta
from itertools import groupby
from typing import Any

from django.db import DatabaseError, connections, models
from django.db.models.expressions import BaseExpression
from django.db.models.sql.compiler import SQLCompiler
from django.utils import timezone

from strangler_django.models import JournalRow
from strangler_django.serializers import stamps
from strangler_django.serializers.stamps import Row
from strangler_django.serializers.store import Store, Unavailable

# An autocommit write that never reported back died; no statement runs longer.
ABANDONED = timedelta(hours=1)


class JournalHasRows(models.Expression):
    """True where the journal of the queried database holds a row; costs no query of its own."""

    # No backend converts this type, row by row.
    output_field = models.CharField()
    contains_aggregate = False
    identity = ("strangler_journal",)

    def as_sql(self, compiler: SQLCompiler, connection: object) -> tuple[str, tuple[()]]:
        table = compiler.quote_name_unless_alias(JournalRow._meta.db_table)
        return f"EXISTS(SELECT 1 FROM {table})", ()  # noqa: S608  our own table's name

    def resolve_expression(self, *args: Any, **kwargs: Any) -> "JournalHasRows":
        """Itself: it refers to nothing of the query that it stands in."""
        return self

    def get_group_by_cols(self) -> list[BaseExpression]:
        return []


def has_rows(alias: str) -> bool:
    return JournalRow.objects.using(alias).exists()


def write(alias: str, rows: Collection[Row], token: str, *, settled: bool) -> None:
    """Journals rows; unsettled ones belong to a statement outside a transaction that has not run yet."""
    JournalRow.objects.using(alias).bulk_create(
        JournalRow(model=row.label, row=row.pk, token=token, settled=settled) for row in rows
    )


def settle(alias: str, token: str) -> None:
    JournalRow.objects.using(alias).filter(token=token, settled=False).update(settled=True)


def pks(alias: str, labels: Collection[str]) -> set[str]:
    """Primary keys, as text, of the rows that readers of these labels must bypass."""
    return set(JournalRow.objects.using(alias).filter(model__in=labels).values_list("row", flat=True))


def clear(store: Store, alias: str) -> None:
    """Renews the stamps of journalled rows, then forgets the rows; whoever meets the journal first does it."""
    if connections[alias].in_atomic_block:
        return
    done = models.Q(settled=True) | models.Q(written_at__lt=timezone.now() - ABANDONED)
    try:
        journalled = list(JournalRow.objects.using(alias).filter(done).order_by("token")[:1000])
        for token, rows in groupby(journalled, key=lambda row: row.token):
            # The writer may have left its marks when Redis went away.
            stamps.renew(store, {Row(alias, row.model, row.row) for row in rows}, token)
        JournalRow.objects.using(alias).filter(pk__in=[row.pk for row in journalled]).delete()
    except (Unavailable, DatabaseError):
        return
