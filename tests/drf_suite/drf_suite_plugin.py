"""The pytest plugin that puts our classes under DRF's own tests; loaded before DRF's conftest."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cache_reads import Reads
from exceptions import TestException, listed
from outcome import Outcome, QueryCounts

RECORDER, OUTCOME = pytest.StashKey[Any](), pytest.StashKey[Outcome]()
COUNTS, LISTED = pytest.StashKey[QueryCounts](), pytest.StashKey[dict[str, TestException]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("drf suite")
    group.addoption("--mode", default="untouched", help="which exceptions count")
    group.addoption("--ours", action="store_true", help="our classes in place of DRF's")
    group.addoption("--redis", default="", help="address of the server that keeps the bodies: the cache is on")
    group.addoption("--committed", action="store_true", help="commit what tests write, flush after each and say so")
    group.addoption("--deleted", action="store_true", help="delete what tests wrote before an untold flush")
    group.addoption("--production", action="store_true", help="let the package believe that these are no tests")
    group.addoption("--record", default="", help="file for the answers of each GET and each serializer")
    group.addoption("--outcome", default="", help="file for what became of each test")


def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """DRF's conftest is about to call `settings.configure`."""
    from django.conf import LazySettings

    options = early_config.known_args_namespace
    configure = LazySettings.configure

    def configure_with_ours(self: LazySettings, **settings: Any) -> None:
        settings["INSTALLED_APPS"] = (*settings["INSTALLED_APPS"], "strangler_django")
        if options.redis:
            settings["CACHEOPS_REDIS"] = options.redis
        configure(self, **settings)

    if options.ours:
        LazySettings.configure = configure_with_ours


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Django is set up, and no test module is imported yet."""
    from committed import commit_test_data, delete_rows, tell_of_flushes
    from substitution import substitute

    options, reads = config.option, Reads()
    if options.deleted:
        commit_test_data(delete_rows)
    elif options.committed:
        commit_test_data()
    if options.ours:
        substitute(cached=bool(options.redis))
        reads.listen()
        if not options.deleted:
            tell_of_flushes()
    config.stash[COUNTS] = QueryCounts()
    config.stash[COUNTS].attach()
    config.stash[OUTCOME] = Outcome(reads=reads)
    config.stash[RECORDER] = _recorder(options, reads) if options.record else None


def _recorder(options: Any, reads: Reads) -> Any:
    from recorder import Recorder

    recorder = Recorder(Path(options.record), reads=reads)
    if options.ours:
        from strangler_django.serializers import CachedResponse
        from strangler_django.serializers.signals import invalidate_all

        recorder.void = invalidate_all
        recorder.pass_over(CachedResponse, "data")
    recorder.attach()
    return recorder


@pytest.fixture(scope="session", autouse=True)
def as_in_production(request: pytest.FixtureRequest, django_test_environment: None) -> Iterator[None]:
    """Keeps away the mail box by which the package knows a test: undeclared use bypasses the cache without it."""
    from django.core import mail
    from django.test import SimpleTestCase

    if not request.config.option.production:
        yield
        return
    set_up = SimpleTestCase._pre_setup.__func__

    def set_up_without_mail(case: Any) -> None:
        set_up(case)
        vars(mail).pop("outbox", None)

    SimpleTestCase._pre_setup = classmethod(set_up_without_mail)
    vars(mail).pop("outbox", None)
    yield
    mail.outbox = []


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Each exception must name a test; one that is expected to fail must fail."""
    exceptions = config.stash[LISTED] = listed(config.option.mode)
    unknown = set(exceptions) - {item.nodeid for item in items}
    if unknown and not config.option.file_or_dir:
        raise pytest.UsageError(f"exceptions.toml names no test of the suite: {', '.join(sorted(unknown))}")
    for item in items:
        exception = exceptions.get(item.nodeid)
        if exception is not None and not exception.queries_only:
            item.add_marker(pytest.mark.xfail(reason=exception.reason, strict=True))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    exception, counts = item.config.stash[LISTED].get(item.nodeid), item.config.stash[COUNTS]
    counts.start(item.nodeid, lenient=exception is not None and exception.queries_only)
    if item.config.stash[RECORDER] is not None:
        item.config.stash[RECORDER].start(item.nodeid)
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: Any) -> Iterator[None]:
    report: Any = yield
    counts = item.config.stash[COUNTS]
    if report.when == "call" and report.passed and counts.lenient and not counts.differed:
        report.outcome = "failed"
        report.longrepr = "exceptions.toml lists this test, but the number of its queries is what DRF expects."
    item.config.stash[OUTCOME].note(report)
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    from substitution import substituted

    stash, options = session.config.stash, session.config.option
    if options.outcome and OUTCOME in stash:
        classes = substituted() if options.ours else 0
        stash[OUTCOME].write(Path(options.outcome), stash[COUNTS], substituted=classes)
    if stash.get(RECORDER, None) is not None:
        stash[RECORDER].write()
