"""Tests whose data is committed, since bodies read inside a test's transaction are never stored."""

from collections.abc import Callable
from typing import Any

from django.apps import apps
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.contrib.sites.models import Site
from django.core.management import call_command
from django.db import OperationalError, connections
from django.db.models.signals import post_migrate
from django.test import TestCase, TransactionTestCase

__all__ = ["commit_test_data", "delete_rows", "tell_of_flushes"]


def commit_test_data(before_flush: Callable[[str], None] = lambda alias: None) -> None:
    """Let each TestCase do what Django does on databases without transactions: commit, and flush at the end.

    Sequences start again, so that each test uses the primary keys of the one before.
    """
    flushed: dict[str, int] = {}

    def flush(self: Any) -> None:
        for alias in self._databases_names(include_mirrors=False):
            sqlite = connections[alias].connection
            if sqlite is not None and sqlite.total_changes != flushed.get(alias):
                before_flush(alias)
                call_command("flush", verbosity=0, interactive=False, database=alias, reset_sequences=True)
                flushed[alias] = sqlite.total_changes

    TestCase._databases_support_transactions = classmethod(lambda cls: False)
    TransactionTestCase._fixture_teardown = flush


def delete_rows(alias: str) -> None:
    """Delete what tests wrote as a project would, so that receivers alone learn of it and the flush finds nothing.

    What `post_migrate` writes stays.
    """
    filled = _filled_tables(alias)
    for model in apps.get_models():
        kept = model._meta.proxy or model in {ContentType, Permission, Site}
        if not kept and model._meta.db_table in filled:
            _delete(model._base_manager.using(alias))


def _filled_tables(alias: str) -> set[str]:
    tables = connections[alias].introspection.table_names()
    with connections[alias].cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(f'EXISTS(SELECT 1 FROM {table})' for table in tables)}")
        return {table for table, filled in zip(tables, cursor.fetchone(), strict=True) if filled}


def _delete(rows: Any) -> None:
    from strangler_django.serializers import invalidate

    try:
        rows.all().delete()
    except OperationalError:
        # Some tests define a child or a relation of the model without a table, which a delete looks into.
        # The flush removes the rows; this is how to announce a raw write.
        invalidate(rows.model, list(rows.values_list("pk", flat=True)), using=rows.db)


def tell_of_flushes() -> None:
    """What a project has to do whose tests flush, restore or truncate behind the models' backs.

    A flush sends no signal for the rows that it removes, but `post_migrate` once for each app.
    """
    from strangler_django.serializers.signals import invalidate_all

    def on_flush(**kwargs: Any) -> None:
        invalidate_all()

    post_migrate.connect(on_flush, sender=apps.get_app_config("strangler_django"), weak=False)
