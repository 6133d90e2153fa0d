"""What is asked, as whom, and that nothing is left of it."""

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.core.cache import cache
from django.core.management import call_command
from django.test import override_settings

from strangler_django.endpoints import walk_endpoints
from strangler_django.profiling import Project, profile_endpoint
from strangler_django.profiling.report import State
from tests.conftest import default_database
from tests.django.conftest import make_course
from tests.django.profiling.conftest import installed
from tests.django.profiling.library import shelves
from tests.django.profiling.library.models import Book, Country, Loan


@pytest.fixture
def profile(library):
    """The profile of one odd endpoint."""
    library.fill(12)

    def profile_of(name, user=None):
        with override_settings(ROOT_URLCONF="tests.django.profiling.library.odd"):
            [endpoint] = [found for found in walk_endpoints() if found.id == f"{name}.get"]
            return profile_endpoint(endpoint, Project(user))

    return profile_of


def test_an_exception_is_named_with_its_line_and_without_its_text(profile):
    found = profile("failing")
    assert found.state is State.FAILED
    assert found.reason.startswith("500: ValueError at tests/django/profiling/library/odd.py:")
    assert "Secret" not in repr(found)


def test_an_endpoint_that_wants_a_login_is_profiled_as_a_user_only(profile):
    assert (profile("private").state, profile("private").reason) == (State.LOGIN, "401; give --user")
    assert (profile("shelf").state, profile("shelf").status) == (State.LOGIN, 302)
    reader = User.objects.create(username="reader")
    found = profile("private", reader)
    assert found.state is State.PROFILED
    assert [finding.field for finding in found.findings] == ["found"]
    assert profile("shelf", reader).state is State.PROFILED


def test_a_get_that_writes_leaves_nothing(profile):
    from tests.django.profiling.library import odd

    found = profile("writing")
    assert found.state is State.PROFILED
    assert found.notes[-1] == "it writes: 1 statements, rolled back"
    assert not Loan.objects.filter(days=99).exists()
    assert odd.happened == []
    assert cache.get("left") is None
    assert mail.outbox == []


def test_a_cached_page_is_measured_without_its_cache_and_not_kept_by_it(profile):
    found = profile("kept")
    assert [(point.size, point.queries) for point in found.growth] == [(1, 2), (10, 11), (12, 13)]
    assert profile("kept").growth == found.growth


def test_what_a_stream_asks_is_counted(profile):
    assert profile("streamed").growth[-1].queries == 13


def test_arguments_are_taken_from_rows_of_the_view_or_of_the_model_that_they_are_named_like(profile):
    assert profile("mine").state is State.PROFILED
    assert [finding.field for finding in profile("chapters").findings] == ["editor_name"]
    for name in ("by-segment", "regex", "publisher"):
        assert profile(name).state is State.PROFILED
    found = profile("unknown")
    assert (found.state, found.reason) == (State.NO_SAMPLE, "nothing says which rows 'thing' names")


def test_an_endpoint_without_rows_says_so(profile):
    Book.objects.all().delete()
    found = profile("mine")
    assert (found.state, found.reason) == (State.NO_SAMPLE, "there is no row of library.Book")


def test_the_router_is_left_out_so_that_the_monolith_answers(library, settings):
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "strangler_router.middleware.RouterMiddleware"]
    project = Project()
    chain, middleware = [], project.handler._middleware_chain
    while middleware is not None:
        chain.append(type(middleware).__module__)
        middleware = getattr(middleware, "get_response", None)
    assert not any(module.startswith("strangler_router") for module in chain)


def test_the_time_is_split_into_parts_that_add_up(profile):
    found = profile("mine")
    assert sum(found.split.values()) == pytest.approx(1)
    assert all(found.split[part] > 0 for part in ("sql", "serialisation", "rendering", "rest"))
    assert found.milliseconds > found.sql_milliseconds > 0


def test_what_a_view_s_own_thread_writes_is_counted_and_undone(tmp_path, django_db_blocker):
    changes = {"NAME": str(tmp_path / "library.sqlite3")}
    with django_db_blocker.unblock(), default_database(changes):
        call_command("migrate", verbosity=0)
        with installed(), override_settings(ROOT_URLCONF="tests.django.profiling.library.odd"):
            [endpoint] = [found for found in walk_endpoints() if found.id == "threaded.get"]
            found = profile_endpoint(endpoint, Project())
            assert (found.state, found.queries, found.writes) == (State.PROFILED, 2, 1)
            assert not Country.objects.exists()


def test_a_list_of_cached_serializers_is_profiled_too(cached):
    for _ in range(3):
        make_course()
    [endpoint] = [found for found in walk_endpoints() if found.id == "v1:course-list.get"]
    found = profile_endpoint(endpoint, Project())
    assert [point.size for point in found.growth] == [1, 3]
    assert len({point.queries for point in found.growth}) == 1
    assert not found.findings
    assert found.split["serialisation"] > 0.1
    assert found.cacheable.serializer == "CourseSerializer"
    assert found.cacheable.shared == len(found.cacheable.fields) - 1


def test_on_postgresql_it_is_the_same(postgres_socket, django_db_blocker):
    changes, _url = postgres_socket
    with django_db_blocker.unblock(), default_database(changes):
        project = Project()
        endpoints = [found for found in walk_endpoints() if found.http_method == "GET"]
        found = {endpoint.id: profile_endpoint(endpoint, project) for endpoint in endpoints}
        assert found["v1:course-list.get"].size == 20
        assert [point.size for point in found["v1:course-list.get"].growth][:2] == [1, 10]
        assert {name for name, profile in found.items() if profile.state is not State.PROFILED} == {
            "v1:enrolment-detail.get"
        }
        with installed(), override_settings(ROOT_URLCONF="tests.django.profiling.library.odd"):
            shelves.fill(3)
            by_name = {endpoint.id: endpoint for endpoint in walk_endpoints()}
            for name in ("writing.get", "threaded.get"):
                assert profile_endpoint(by_name[name], Project()).writes
            assert not Loan.objects.filter(days=99).exists()
            assert not Country.objects.filter(name="Elsewhere").exists()
            [finding] = profile_endpoint(by_name["streamed.get"], Project()).findings
            assert finding.advice[0].text == 'select_related("author")'
