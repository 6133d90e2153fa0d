import asyncio
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.core import mail
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, connections, transaction
from django.db.models import Sum
from django.test import RequestFactory
from django.utils import timezone, translation
from pytest_django.fixtures import Settings

from academy.catalog.models import Course, Lesson, Topic
from strangler_django.models import JournalRow
from strangler_django.serializers import UndeclaredUse, cached_result, invalidate, keeping, results, signals, store
from strangler_django.serializers.json_serializer import Inexact
from strangler_django.serializers.signals import invalidate_model
from strangler_django.serializers.vary import register_vary
from tests.django.conftest import NOON, Redis, commands_of, make_course, queries_of, reads_of

calls: list[Any] = []
tenant: ContextVar[str] = ContextVar("tenant", default="banyan")


@pytest.fixture(autouse=True)
def own_functions(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the functions of a test watch ends with it."""
    monkeypatch.setattr(signals, "_any_row", {})
    monkeypatch.setattr(results, "_declared", set())
    calls.clear()


@pytest.fixture
def in_production(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(mail, "outbox")


def titles(level: str = "beginner", *, limit: int = 10) -> list[str]:
    calls.append(level)
    return list(Course.objects.filter(level=level).values_list("title", flat=True)[:limit])


def kept(function: Any = titles, **options: Any) -> Any:
    return cached_result(**({"timeout": 60, "depends_on": "catalog.Course"} | options))(function)


def is_kept(function: Callable[[], Any]) -> bool:
    """Whether a second call does not run it."""
    function()
    before = len(calls)
    function()
    return len(calls) == before


# Hits and what they cost


def test_a_result_is_computed_once_and_costs_one_query_and_one_round_trip(cached: Redis) -> None:
    make_course(title="One")
    function = kept()
    assert function() == function() == ["One"]
    assert calls == ["beginner"]
    assert commands_of(cached, function) == {"mget": 1}
    assert queries_of(function) == 1
    read = reads_of(function)
    assert (read.serializer, read.objects, read.hits) == (f"{__name__}.titles", 1, 1)


def test_a_miss_returns_what_a_hit_will(cached: Redis) -> None:
    @cached_result(timeout=60, depends_on=[Course])
    def totals() -> Any:
        calls.append(1)
        return Course.objects.aggregate(Sum("price")), (1, {2: "three"}), {NOON}

    make_course(price=Decimal("1.10"))
    assert totals() == totals() == ({"price__sum": Decimal("1.10")}, (1, {2: "three"}), {NOON})
    assert calls == [1]


def test_every_caller_gets_a_value_of_its_own(cached: Redis) -> None:
    make_course(title="One")
    function = kept()
    function().append("mine")
    function().append("mine")
    assert function() == ["One"]


def test_spellings_of_one_call_share_a_result(cached: Redis) -> None:
    function = kept()
    for result in (function(), function("beginner"), function(level="beginner", limit=10), function(limit=10)):
        assert result == []
    assert len(calls) == 1
    assert function.key() == function.key("beginner", limit=10)
    assert any(key.endswith(function.key().encode()) for key in cached.client.scan_iter("*:result:*"))


@pytest.mark.parametrize(
    ("one", "other"), [((1,), ("1",)), ((1,), (1.0,)), ((1,), (True,)), (([1],), ((1,),)), ((None,), ("None",))]
)
def test_calls_with_other_arguments_do_not_share(cached: Redis, one: Any, other: Any) -> None:
    @cached_result(timeout=60)
    def echo(*args: Any, **kwargs: Any) -> Any:
        return args, kwargs

    assert repr(echo(*one)) != repr(echo(*other))
    assert echo(a=1, b=2) == echo(b=2, a=1)
    assert echo.key(a=1, b=2) == echo.key(b=2, a=1) != echo.key(a=1)


def test_functions_made_by_one_factory_do_not_share(cached: Redis) -> None:
    def factory(rate: Any) -> Any:
        @cached_result(timeout=60)
        def price(amount: int) -> Any:
            calls.append(rate)
            return amount * rate

        return price

    for _ in range(2):
        assert [factory(2)(10), factory(3)(10)] == [20, 30]
    assert calls == [2, 3]
    with pytest.raises(Inexact, match="'rate'"):
        factory(object())(10)


def test_a_change_of_the_code_starts_anew(cached: Redis) -> None:
    def declared(source: str) -> Any:
        names: dict[str, Any] = {"__name__": __name__}
        exec(f"def answer(word):\n    return {source}", names)
        return kept(names["answer"], depends_on=())

    assert declared("word in {'a'}")("a") is True
    assert declared("word in {'b'}")("a") is False
    assert declared("word in {'a'}").key("a") == declared("word in {'a'}").key("a")


def test_a_change_of_depends_on_starts_anew(cached: Redis) -> None:
    for depends_on in ([Course, Lesson], [Course], [Lesson], [], [Course, Lesson, Topic]):
        assert kept(echoed, depends_on=depends_on)("a") == "a"
    assert calls == ["a"] * 5


def echoed(word: str) -> str:
    calls.append(word)
    return word


@pytest.mark.parametrize("argument", [object(), User(pk=1), Course.Level.BEGINNER])
def test_an_argument_that_cannot_be_part_of_a_key_is_named(cached: Redis, argument: Any) -> None:
    with pytest.raises(TypeError, match="for the argument 'level'"):
        kept()(argument)


def test_a_result_that_json_cannot_give_back_is_refused(
    cached: Redis, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    @cached_result(timeout=60, depends_on=Course)
    def courses() -> Any:
        calls.append(1)
        return Course.objects.all()

    make_course(title="One")
    with pytest.raises(TypeError, match="QuerySet, which JSON cannot give back"):
        courses()
    monkeypatch.delattr(mail, "outbox")
    assert [course.title for course in courses()] == ["One"]
    assert "is not kept" in caplog.text
    assert len(calls) == 2
    # Nobody claims or waits for what is known not to be kept.
    assert commands_of(cached, courses) == {"mget": 1}


def test_an_argument_that_is_no_json_costs_the_cache_in_production(cached: Redis, in_production: None) -> None:
    function = kept()
    assert function(Course.Level.BEGINNER) == []
    assert reads_of(lambda: function(Course.Level.BEGINNER)).bypass == "inexact"


def test_a_result_too_large_is_not_kept_and_nobody_waits_for_it(cached: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "_MAX_BYTES", 10)
    function = kept(lambda: calls.append(1) or "long enough")
    assert reads_of(function).too_large == 1
    assert reads_of(function).bypass == "unkept"
    assert function() == "long enough"
    assert len(calls) == 3


def test_an_error_is_the_caller_s_and_is_not_kept(cached: Redis) -> None:
    @cached_result(timeout=60)
    def failing() -> None:
        calls.append(1)
        raise LookupError("nothing there")

    for _ in range(2):
        with pytest.raises(LookupError, match="nothing there"):
            failing()
    assert len(calls) == 2
    assert not list(cached.client.scan_iter("*:lease:*"))


def test_wrong_arguments_are_the_function_s_own_error(cached: Redis) -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument 'colour'"):
        kept()(colour="red")


def test_a_timeout_out_of_range_is_refused() -> None:
    with pytest.raises(ImproperlyConfigured, match="cached_result"):
        cached_result(timeout=0)


def test_a_result_ends_with_its_timeout(cached: Redis) -> None:
    function = kept(timeout=1, depends_on=())
    function()
    assert cached.client.ttl(next(cached.client.scan_iter("*:result:*"))) == 1


# Writes


def rename() -> None:
    course = Course.objects.get()
    course.title = "After"
    course.save()


def delete() -> None:
    Course.objects.all().delete()


WRITES = {
    "save": rename,
    "create": lambda: make_course(title="More"),
    "delete": lambda: Course.objects.get().delete(),
    "delete of a queryset": delete,
    "update and invalidate": lambda: invalidate(
        Course, [Course.objects.update(title="After") and Course.objects.get().pk]
    ),
    "update and invalidate_model": lambda: Course.objects.update(title="After") and invalidate_model(Course),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES.keys())
def test_every_write_to_a_model_ends_all_results(cached: Redis, write: Callable[[], Any]) -> None:
    make_course(title="Before")
    function = kept()
    assert function(limit=1) == function(limit=2) == ["Before"]
    write()
    assert function(limit=2) == titles(limit=2) != ["Before"]
    assert function(limit=1) == titles(limit=1)
    assert is_kept(function)


def test_a_write_to_another_model_ends_none(cached: Redis) -> None:
    function = kept()
    function()
    Topic.objects.create(slug="maths", name="Mathematics")
    function()
    assert len(calls) == 1


def test_a_many_to_many_table_is_a_model_too(cached: Redis) -> None:
    @cached_result(timeout=60, depends_on=[Course, "catalog.Topic", "catalog.Course_topics"])
    def topics() -> Any:
        return sorted(Course.objects.exclude(topics=None).values_list("title", "topics__name"))

    course, topic = make_course(title="One"), Topic.objects.create(slug="maths", name="Mathematics")
    assert topics() == []
    course.topics.add(topic)
    assert topics() == topics() == [("One", "Mathematics")]
    topic.courses.clear()
    assert topics() == []


@pytest.fixture
def shop(cached: Redis, settings: Settings) -> Iterator[Any]:
    """Models that inherit tables, for the length of a test."""
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "tests.django.shop"]
    from tests.django.shop import models

    tables = [models.Place, models.Owner, models.Shop]
    with connection.schema_editor() as editor:
        for model in tables:
            editor.create_model(model)
    yield models
    with connection.schema_editor() as editor:
        for model in reversed(tables):
            editor.delete_model(model)


def test_inherited_columns_and_proxies_are_written_through_other_models(shop: Any) -> None:
    def cities() -> list[str]:
        calls.append(1)
        return list(shop.Shop.objects.values_list("city", flat=True))

    row = shop.Shop.objects.create(city="Before")
    functions = [kept(cities, depends_on=model) for model in (shop.Corner, shop.Shop)]
    for model in (shop.Place, shop.Shop, shop.Corner):
        for function in functions:
            function()
        written = model.objects.get(pk=row.pk)
        written.city = model.__name__
        written.save()
        assert [function() for function in functions] == [[model.__name__]] * 2
    assert all(map(is_kept, functions))


def test_a_write_to_a_child_renews_its_parent_s_label_too(cached: Redis, shop: Any) -> None:
    for model in (shop.Place, shop.Shop):
        signals.watch_any(model)
    shop.Shop.objects.create(city="Here")
    renewed = {key.rsplit(b":", 2)[1] for key in cached.client.scan_iter("*:stamp:*:+")}
    assert renewed == {b"shop.place", b"shop.shop"}


def test_without_depends_on_only_the_timeout_ends_a_result(cached: Redis) -> None:
    function = kept(depends_on=())
    function()
    make_course()
    assert function() == []


def test_a_write_inside_a_transaction_counts_from_its_commit_and_not_after_a_rollback(cached: Redis) -> None:
    make_course(title="Before")
    function = kept()
    function()
    with transaction.atomic():
        rename()
        assert function() == ["After"]
        transaction.set_rollback(True)
    assert function() == ["Before"]
    assert is_kept(function)
    with transaction.atomic():
        rename()
    assert function() == ["After"]


def test_a_transaction_neither_reads_nor_keeps(cached: Redis) -> None:
    function = kept()
    with transaction.atomic():
        assert reads_of(function).bypass == "transaction"
        assert commands_of(cached, function) == {}
    assert len(calls) == 2


def test_a_write_while_it_is_computed_is_seen_afterwards(cached: Redis) -> None:
    make_course(title="Before")

    @cached_result(timeout=60, depends_on=Course)
    def slow() -> list[str]:
        found = list(Course.objects.values_list("title", flat=True))
        if not calls:
            rename()
        calls.append(1)
        return found

    assert slow() == ["Before"]
    assert slow() == slow() == ["After"]
    assert len(calls) == 2


def test_invalidate_ends_the_results_for_these_arguments_in_every_language(cached: Redis) -> None:
    function = kept(depends_on=(), vary="language")
    for language in ("en", "de"):
        with translation.override(language):
            function("beginner")
            function("advanced")
    function.invalidate("beginner")
    calls.clear()
    for language in ("en", "de"):
        with translation.override(language):
            function("beginner")
            function("advanced")
    assert calls == ["beginner", "beginner"]


def test_invalidate_inside_a_transaction_counts_from_its_commit(cached: Redis) -> None:
    make_course(title="Before")
    function = kept(depends_on=())
    function()
    with transaction.atomic():
        rename()
        function.invalidate()
    assert function() == ["After"]


# Redis and its outages


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "PAUSE", 0.1)
    monkeypatch.setattr(store, "LONGEST_WAIT", 0.25)
    store.forget_stores()


def test_without_redis_the_function_is_just_called(transactional_db: None, settings: Settings) -> None:
    settings.CACHEOPS_REDIS = None
    function = kept(lambda request, user: calls.append(user))
    assert [function(None, User(pk=1)), function(None, user=User(pk=1))] == [None, None]
    assert len(calls) == 2
    function.invalidate(None, 1)


def test_without_cacheops_the_function_is_just_called(cached: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "_cacheops_is_there", lambda: False)
    assert not is_kept(kept())


def test_a_switched_off_cacheops_keeps_nothing(cached: Redis, settings: Settings) -> None:
    settings.CACHEOPS_ENABLED = False
    assert not is_kept(kept())


def test_a_hung_server_costs_one_short_wait(cached: Redis, impatient: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "PAUSE", 60)
    function = kept()
    function()
    cached.suspend()
    try:
        started = time.perf_counter()
        reads = [reads_of(function).bypass for _ in range(20)]
        assert reads == ["unavailable"] * 20
        assert time.perf_counter() - started < 3
    finally:
        cached.resume()


def test_a_write_during_an_outage_is_seen_during_and_after_it(cached: Redis, impatient: None) -> None:
    make_course(title="Before")
    function = kept()
    function()
    cached.suspend()
    try:
        rename()
        assert function() == ["After"]
        assert JournalRow.objects.exists()
    finally:
        cached.resume()
    # A reader that reaches the server first.
    store.forget_stores()
    assert reads_of(function).bypass == "journal"
    assert function() == ["After"]
    assert is_kept(function)
    assert not JournalRow.objects.exists()


def test_an_invalidation_during_an_outage_is_not_forgotten(cached: Redis, impatient: None) -> None:
    make_course(title="Before")
    function = kept(depends_on=())
    function()
    cached.suspend()
    try:
        Course.objects.update(title="After")
        function.invalidate()
    finally:
        cached.resume()
    store.forget_stores()
    assert function() == ["After"]
    assert function() == ["After"]


def test_a_restarted_server_starts_empty_even_with_its_old_data(cached: Redis) -> None:
    make_course(title="Before")
    function = kept()
    function()
    cached.client.save()
    cached.kill()
    Course.objects.update(title="After")
    cached.start()
    assert any(cached.client.scan_iter("*:result:*"))
    assert function() == ["After"]


@pytest.mark.parametrize("key", ["*:stamp:*:+", "*:stamp:*:[*]"])
def test_an_evicted_stamp_is_a_miss(cached: Redis, key: str) -> None:
    make_course(title="Before")
    function = kept()
    function()
    for name in cached.client.scan_iter(key):
        cached.client.delete(name)
    Course.objects.update(title="After")
    assert function() == ["After"]


def test_a_pending_write_of_another_process_is_bypassed(cached: Redis) -> None:
    make_course(title="Before")
    function = kept()
    function()
    from strangler_django.serializers import stamps

    current = store.current_store()
    assert current is not None
    row = stamps.Row("default", "catalog.course", "+")
    stamps.mark(current, {row}, "0" * 16)
    assert not is_kept(function)
    stamps.renew(current, {row}, "0" * 16)
    assert is_kept(function)


# What must be declared


def in_language(language: str, function: Callable[[], Any]) -> Any:
    with translation.override(language):
        return function()


LEAKS: dict[str, tuple[Callable[..., Any], str]] = {
    "language": (lambda: translation.gettext("Yes"), "the active language"),
    "time zone": (lambda: str(timezone.localtime(NOON)), "the current time zone"),
    "a table": (Lesson.objects.count, "rows of catalog_lesson"),
    "a joined table": (lambda: list(Course.objects.values_list("educator__name")), "rows of catalog_educator"),
    "a swallowed refusal": (lambda: swallowed(Lesson.objects.count), "rows of catalog_lesson"),
}


def swallowed(look: Callable[[], Any]) -> Any:
    try:
        return look()
    except Exception:
        return None


@pytest.mark.parametrize(("look", "use"), LEAKS.values(), ids=LEAKS.keys())
def test_undeclared_use_is_refused_under_test(cached: Redis, look: Any, use: str) -> None:
    with pytest.raises(UndeclaredUse, match=use):
        kept(look)()
    with transaction.atomic(), pytest.raises(UndeclaredUse, match=use):
        kept(look)()
    assert not list(cached.client.scan_iter("*:result:*"))


@pytest.mark.parametrize(("look", "use"), LEAKS.values(), ids=LEAKS.keys())
def test_undeclared_use_costs_the_cache_in_production(
    cached: Redis, look: Any, use: str, in_production: None, caplog: pytest.LogCaptureFixture
) -> None:
    assert kept(look)() == look()
    assert use in caplog.text
    assert kept(look)() == look()


def test_a_declared_language_and_time_zone_are_kept_apart(cached: Redis) -> None:
    @cached_result(timeout=60, vary=["language", "timezone"])
    def greeting() -> Any:
        calls.append(1)
        return translation.get_language(), str(timezone.localtime(NOON).tzinfo)

    for _ in range(2):
        assert in_language("de", greeting) == ("de", "UTC")
        assert in_language("en", greeting) == ("en", "UTC")
        with timezone.override("Asia/Kolkata"):
            assert in_language("en", greeting) == ("en", "Asia/Kolkata")
    assert len(calls) == 3


def by(user: Any) -> Any:
    request = RequestFactory().get("/", headers={"X-Tenant": "x"})
    request.user = user
    return request


def test_the_request_is_no_part_of_the_key_and_shows_what_is_declared(cached: Redis) -> None:
    @cached_result(timeout=60, vary="user")
    def name_of(request: Any, greeting: str = "Hello") -> str:
        calls.append(request.user.pk)
        return f"{greeting} {request.user.username}"

    for _ in range(2):
        assert name_of(by(User(pk=1, username="ada"))) == "Hello ada"
        assert name_of(request=by(User(pk=2, username="bo"))) == "Hello bo"
    assert calls == [1, 2]
    name_of.invalidate(by(AnonymousUser()))
    assert name_of(by(User(pk=1, username="ada"))) == "Hello ada"
    assert calls == [1, 2, 1]


def test_an_undeclared_part_of_the_request_is_refused(cached: Redis) -> None:
    @cached_result(timeout=60)
    def tenant_of(request: Any) -> Any:
        return request.headers["X-Tenant"]

    with pytest.raises(UndeclaredUse, match=r"request\.headers"):
        tenant_of(by(AnonymousUser()))


def test_a_result_within_another_must_not_depend_on_more(cached: Redis) -> None:
    @cached_result(timeout=60, depends_on=Lesson)
    def lessons() -> int:
        return Lesson.objects.count()

    @cached_result(timeout=60, depends_on=Course)
    def shallow() -> list[int]:
        return [Course.objects.count(), lessons()]

    @cached_result(timeout=60, depends_on=[Course, Lesson])
    def deep() -> list[int]:
        return [Course.objects.count(), lessons()]

    lessons()
    with pytest.raises(UndeclaredUse, match="rows of catalog_lesson through"):
        shallow()
    assert deep() == [0, 0]
    Lesson.objects.create(course=make_course(), position=1, title="One", created_at=NOON)
    assert deep() == [1, 1]


def of_tenant() -> str:
    calls.append(1)
    return tenant.get()


def test_a_context_variable_is_hidden_from_the_key_unless_it_is_registered(
    cached: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    function = kept(of_tenant, depends_on=())
    assert reads_of(function).bypass == "hidden"
    assert function.results.hidden == [f"{__name__}.tenant"]
    from strangler_django.serializers import vary

    monkeypatch.setattr(vary, "_registered", dict(vary._registered))
    register_vary("tenant", lambda context: tenant.get(), allows=[f"{__name__}.tenant"])
    apart = kept(of_tenant, depends_on=(), vary="tenant")
    assert is_kept(apart)
    token = tenant.set("other")
    try:
        assert apart() == "other"
    finally:
        tenant.reset(token)
    assert apart() == "banyan"


# Many callers


def test_one_caller_computes_and_the_others_wait(cached: Redis) -> None:
    @cached_result(timeout=60)
    def slow() -> int:
        calls.append(1)
        time.sleep(0.4)
        return 42

    barrier = threading.Barrier(20)

    def call() -> int:
        try:
            barrier.wait(10)
            return slow()
        finally:
            connections.close_all()

    started = time.perf_counter()
    with ThreadPoolExecutor(20) as pool:
        assert [future.result() for future in [pool.submit(call) for _ in range(20)]] == [42] * 20
    assert len(calls) == 1
    assert time.perf_counter() - started < 4


def test_a_caller_that_died_holds_the_others_up_no_longer_than_its_lease(
    cached: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    function = kept(depends_on=())
    function()
    # Known to be fast by now, so the lease is two seconds.
    run_id = next(cached.client.scan_iter("*:result:*")).split(b"result:")[0]
    cached.client.delete(run_id + function.key().encode())
    cached.client.set(run_id + b"lease:" + function.key().encode(), "dead", px=300)
    started = time.perf_counter()
    function()
    assert 0.2 < time.perf_counter() - started < 2
    assert is_kept(function)


def test_a_caller_is_out_of_patience_before_a_lease_that_never_ends(cached: Redis) -> None:
    function = kept(depends_on=())
    function()
    function.results._pace.seconds = 0.01
    prefix = next(cached.client.scan_iter("*:result:*")).split(b"result:")[0]
    cached.client.delete(prefix + function.key().encode())
    cached.client.set(prefix + b"lease:" + function.key().encode(), "stuck")
    started = time.perf_counter()
    function()
    assert 1.5 < time.perf_counter() - started < 6
    assert len(calls) == 2


# Asynchronous functions


def test_an_async_function_is_kept_too(cached: Redis) -> None:
    @cached_result(timeout=60, depends_on=Course)
    async def count() -> int:
        calls.append(1)
        await asyncio.sleep(0)
        return await Course.objects.acount()

    async def scenario() -> list[int]:
        found = [await count(), await count()]
        await count.invalidate()
        found.append(await count())
        return [*found, *await asyncio.gather(count(), count())]

    make_course()
    assert asyncio.run(scenario()) == [1] * 5
    assert len(calls) == 2
    make_course()
    assert asyncio.run(count()) == 2


def test_an_async_function_is_guarded(cached: Redis) -> None:
    @cached_result(timeout=60, depends_on=Course)
    async def language() -> Any:
        await asyncio.sleep(0)
        return translation.get_language()

    @cached_result(timeout=60, depends_on=Course)
    async def lessons() -> int:
        return await Lesson.objects.acount()

    for leaking in (language, lessons):
        with pytest.raises(UndeclaredUse):
            asyncio.run(leaking())


# System checks


def found() -> list[tuple[str, str]]:
    return [(str(m.id), m.msg) for m in run_checks() if re.fullmatch(r"strangler_django\.[EW]11\d", str(m.id))]


def test_a_sound_function_passes(settings: Settings) -> None:
    kept(lambda request: None, depends_on=[Course, "catalog.Course_topics"], vary=["user", "language"])
    assert found() == []


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"depends_on": "catalog.Curse"}, "E111"),
        ({"depends_on": "catalog"}, "E111"),
        ({"depends_on": [Redis]}, "E111"),
        ({"vary": "tenant"}, "E113"),
        ({"vary": "user"}, "E113"),
        ({"vary": "host"}, "E113"),
    ],
)
def test_what_a_function_names_wrongly_is_an_error(options: dict[str, Any], expected: str) -> None:
    function = kept(**options)
    [(name, message)] = found()
    assert name == f"strangler_django.{expected}"
    assert f"{__name__}.titles" in message
    del function


@pytest.mark.parametrize("options", [{"depends_on": "catalog.Curse"}, {"vary": "tenant"}])
def test_what_is_named_wrongly_is_never_kept(cached: Redis, options: dict[str, Any], in_production: None) -> None:
    assert not is_kept(kept(**options))


def test_a_hidden_input_is_an_error() -> None:
    function = kept(of_tenant)
    [(name, message)] = found()
    assert name == "strangler_django.E112"
    assert f"{__name__}.tenant" in message
    del function


@pytest.mark.parametrize("serializer", ["pickle", "cacheops.serializers.PickleSerializer"])
def test_pickle_is_an_error_and_keeps_nothing(cached: Redis, settings: Settings, serializer: str) -> None:
    settings.CACHEOPS_SERIALIZER = serializer
    assert found() == []
    function = kept()
    [(name, _)] = found()
    assert name == "strangler_django.E110"
    assert reads_of(function).bypass == "pickle"


def test_functions_without_cacheops_are_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    from strangler_django import result_checks

    monkeypatch.setattr(result_checks, "find_spec", lambda name: None)
    function = kept()
    assert [name for name, _ in found()] == ["strangler_django.W110"]
    del function


def test_functions_are_found_before_the_first_write_of_any_process() -> None:
    # `results` modules are imported at start, as `serializers` are.
    program = (
        "import sys, types\n"
        "import django\n"
        "module = types.ModuleType('academy.catalog.results')\n"
        "from importlib.machinery import ModuleSpec\n"
        "class Finder:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        return ModuleSpec(name, self) if name == 'academy.catalog.results' else None\n"
        "    def create_module(self, spec): return None\n"
        "    def exec_module(self, module):\n"
        "        from strangler_django.serializers import cached_result\n"
        "        module.function = cached_result(timeout=1, depends_on='catalog.Topic')(lambda: 1)\n"
        "sys.meta_path.insert(0, Finder())\n"
        "django.setup()\n"
        "from academy.catalog.models import Topic\n"
        "from strangler_django.serializers.signals import watched_models\n"
        "from strangler_django.serializers import results\n"
        "assert [str(r.models) for r in results.declared()], results.declared()\n"
        "assert Topic in watched_models()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
