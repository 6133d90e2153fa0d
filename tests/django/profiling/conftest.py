from contextlib import contextmanager

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.test import override_settings

from strangler_django.endpoints import walk_endpoints
from strangler_django.profiling import Project, profile_endpoint
from tests.django.profiling.library import shelves

APP = "tests.django.profiling.library"
TABLES = ["Country", "Author", "Publisher", "Genre", "Note", "Book", "Chapter", "Cover", "Loan", "Opening"]
BOOKS = 37


@contextmanager
def installed():
    """The library's models with tables, and its urls."""
    apps = [*django_settings.INSTALLED_APPS, APP]
    with override_settings(INSTALLED_APPS=apps, ROOT_URLCONF=f"{APP}.urls"):
        from tests.django.profiling.library import models

        tables = [getattr(models, name) for name in TABLES]
        with connection.schema_editor() as editor:
            for model in tables:
                editor.create_model(model)
        try:
            yield
        finally:
            with connection.schema_editor() as editor:
                for model in reversed(tables):
                    editor.delete_model(model)


@pytest.fixture
def library(transactional_db):
    """The library for the length of a test; `fill` puts books in."""
    with installed():
        yield shelves


@pytest.fixture(scope="module")
def profiles(django_db_setup, django_db_blocker):
    """The profile of every endpoint of the library with 37 books, by name."""
    with django_db_blocker.unblock(), installed():
        shelves.fill(BOOKS)
        project = Project()
        return {found.id.removesuffix(".get"): profile_endpoint(found, project) for found in walk_endpoints()}
