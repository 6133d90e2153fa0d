"""Every planted N+1 is found by its field and line, and nothing else is."""

import re
from pathlib import Path

import pytest

from strangler_django.endpoints import walk_endpoints
from strangler_django.profiling import Project, profile_endpoint
from strangler_django.profiling.report import Remedy, State
from tests.django.profiling.conftest import BOOKS

HERE = Path(__file__).parent / "library"
FILES = {
    "tests/django/profiling/library/models.py": HERE / "models.py",
    "tests/django/profiling/library/planted.py": HERE / "planted.py",
    "library/page.html": HERE / "templates/library/page.html",
    "library/list.html": HERE / "templates/library/list.html",
}
# What has no mark gets no database, and the profiles are made outside of any test.
pytestmark = pytest.mark.django_db
# The serializer field of each planted N+1; the others ask outside of fields, and name the code that asks.
FIELDS = {
    "str": "publisher",
    "keys": "genres",
    "generic-key": "about",
    "deferred": "summary",
    "nested": "found.editor_name",
    "one-book": "found.editor_name",
}
OWNERS = {
    "override": "Overriding.to_representation",
    "permission": "IsReadable.has_object_permission",
    "pagination": "Counting.paginate_queryset",
    "renderer": "NamingRenderer.render",
    "view": "Looped.get",
    "function": "function_view",
    "template": "template library/page.html",
    "list-template": "template library/list.html",
}
ADVICE = {
    "forward-key": (Remedy.SELECT, 'select_related("author")'),
    "chain": (Remedy.SELECT, 'select_related("author__country")'),
    "nested-one": (Remedy.SELECT, 'select_related("author")'),
    "reverse-key": (Remedy.PREFETCH, 'prefetch_related("chapters")'),
    "many-to-many": (Remedy.PREFETCH, 'prefetch_related("genres")'),
    "count": (Remedy.BATCHED, "chapters of library.Book (.count())"),
    "exists": (Remedy.BATCHED, "loans of library.Book (.exists())"),
    "aggregate": (Remedy.BATCHED, "loans of library.Book (.aggregate())"),
    "first": (Remedy.BATCHED, "chapters of library.Book (.first())"),
    "values-list": (Remedy.BATCHED, "or read its .all(), which is prefetched already"),
    "str": (Remedy.SELECT, 'select_related("publisher__country")'),
    "one-to-one": (Remedy.SELECT, 'select_related("cover")'),
    "property": (Remedy.BATCHED, "chapters of library.Book (.first())"),
    "keys": (Remedy.PREFETCH, 'prefetch_related("genres")'),
    "slug": (Remedy.SELECT, 'select_related("publisher")'),
    "link": (Remedy.SELECT, 'select_related("publisher")'),
    "generic-relation": (Remedy.PREFETCH, 'prefetch_related("notes")'),
    "generic-key": (Remedy.PREFETCH, 'prefetch_related("about")'),
    "deferred": (Remedy.COLUMNS, "load 'summary' with the rows"),
    "override": (Remedy.PREFETCH, 'prefetch_related("loans")'),
    "get-attribute": (Remedy.BATCHED, "loans of library.Book (.latest())"),
    "nested": (Remedy.PREFETCH, 'prefetch_related("chapters__editor")'),
    "same": (Remedy.ONCE, "ask once before the rows"),
    "raw": (Remedy.BATCHED, "a statement of its own"),
    "permission": (Remedy.SELECT, 'select_related("author")'),
    "pagination": (Remedy.BATCHED, "before the loop: a count per key"),
    "renderer": (Remedy.BATCHED, "library.Author (.get())"),
    "view": (Remedy.BATCHED, "loans of library.Book (.count())"),
    "function": (Remedy.SELECT, 'select_related("author")'),
    "template": (Remedy.SELECT, 'select_related("author")'),
    "list-template": (Remedy.PREFETCH, 'prefetch_related("chapters")'),
    "one-book": (Remedy.PREFETCH, 'prefetch_related("chapters__editor")'),
}


def planted_lines():
    """Name of each planted N+1 to the line that its mark is on."""
    return {
        found[1]: f"{name}:{number}"
        for name, file in FILES.items()
        for number, line in enumerate(file.read_text().splitlines(), 1)
        if (found := re.search(r"# planted: ([\w-]+)", line))
    }


def test_the_planted_n_plus_ones_are_found_by_field_and_line_and_nothing_else_is(profiles):
    lines = planted_lines()
    expected = {name: [(FIELDS.get(name, "" if name in OWNERS else "found"), line)] for name, line in lines.items()} | {
        "one-book": [("found.editor_name", lines["nested"])]
    }
    found = {
        name: [(finding.field, finding.place) for finding in profile.findings]
        for name, profile in profiles.items()
        if profile.findings
    }
    assert found == expected
    assert len(expected) == len(ADVICE) == 32
    assert {profile.state for profile in profiles.values()} == {State.PROFILED}
    assert sum(not profile.findings for profile in profiles.values()) >= 23
    owners = {name: profiles[name].findings[0].owner for name in OWNERS}
    assert owners == OWNERS


def test_each_is_told_what_removes_it(profiles):
    for name, (remedy, words) in ADVICE.items():
        [finding] = profiles[name].findings
        assert len(finding.advice) == 1, (name, finding.advice)
        [advice] = finding.advice
        assert (advice.remedy, words in advice.text) == (remedy, True), (name, advice)
        assert advice.removes == finding.queries - advice.leaves


def test_queries_are_counted_at_sizes_that_the_database_can_reach(profiles):
    for name in ("forward-key", "pagination", "list-template", "function"):
        assert [point.size for point in profiles[name].growth] == [1, 10, BOOKS]
        assert profiles[name].notes == ("measured at sizes 1, 10, 37: there are no more rows",)
    assert [point.queries for point in profiles["forward-key"].growth] == [2, 11, 38]
    assert [point.queries for point in profiles["nested"].growth] == [4, 22, 76]
    assert [(point.size, point.queries) for point in profiles["cursor"].growth] == [(1, 1), (10, 1), (BOOKS, 1)]
    assert profiles["pagination"].size == 20
    assert profiles["pagination"].findings[0].queries == 20
    assert profiles["publisher"].notes == ("it shows no list",)


def test_no_value_of_a_row_and_no_literal_of_a_statement_is_in_the_report(profiles):
    for value in ("Secret", "covers.invalid", "house-1"):
        assert value not in repr(profiles)
    statements = [text for profile in profiles.values() for finding in profile.findings for text in finding.statements]
    assert not any(re.search(r"'|= \d", text) for text in statements)


def test_a_hundred_rows_are_shown_by_a_list_whose_pages_are_shorter(library):
    library.fill(105)
    [endpoint] = [found for found in walk_endpoints() if found.id == "pagination.get"]
    profile = profile_endpoint(endpoint, Project())
    assert [(point.size, point.queries) for point in profile.growth] == [(1, 3), (10, 12), (100, 102)]
    assert profile.notes == ()
