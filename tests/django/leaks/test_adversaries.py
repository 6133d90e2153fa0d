"""At least 40 serializers that try to put one caller's data into another's answer."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.core import mail
from django.db import connection
from django.test import override_settings

from strangler_django.serializers import CachedModelSerializer, UndeclaredUse, plan, registry
from tests.django.conftest import NOON, Redis, make_course, make_educator
from tests.django.leaks import places, requests, rows, state, surroundings  # noqa: F401  each adds its classes
from tests.django.leaks.adversary import ADVERSARIES, Outcome, bypasses_of, cached_bytes, own_bytes
from tests.django.leaks.callers import CALLERS
from tests.django.leaks.models import TABLES, Board, Notice

ORDERS = (CALLERS, CALLERS[::-1])

NEVER_SHARED = {
    "raises": {"undeclared"},
    "refused": {"unplannable"},
    "bypasses": {"annotations", "prefetch"},
}


def test_there_are_at_least_forty() -> None:
    assert len(ADVERSARIES) >= 40


@pytest.fixture
def boards(cached: Redis) -> Iterator[None]:
    """The tables of models that belong to no installed app."""
    installed = [*settings.INSTALLED_APPS, "tests.django.leaks"]
    with override_settings(INSTALLED_APPS=installed):
        with connection.schema_editor() as editor:
            for model in TABLES:
                editor.create_model(model)
        # Only installed models have relations.
        apps.clear_cache()
        for cls, _ in ADVERSARIES.values():
            if cls.Meta.model in TABLES:
                plan._known.pop(cls, None)
                registry.register(cls)
        board = Board.objects.create(name="Board")
        for caller in (*CALLERS, "AnonymousUser"):
            Notice.objects.create(board=board, reader=getattr(caller, "name", caller))
        yield
        with connection.schema_editor() as editor:
            for model in reversed(TABLES):
                editor.delete_model(model)


@pytest.fixture
def courses(cached: Redis, request: pytest.FixtureRequest) -> Redis:
    """Rows of the model that the adversary shows."""
    if request.node.callspec.params["cls"].Meta.model in TABLES:
        request.getfixturevalue("boards")
    else:
        _make_courses()
    return cached


def _make_courses() -> None:
    educator = make_educator()
    for number in range(2):
        course = make_course(
            educator=educator, price="1234.50", published_at=NOON, starts_on=NOON.date(), syllabus="a.pdf"
        )
        course.lessons.create(position=number, title="Lesson", created_at=NOON)


@pytest.mark.parametrize(("cls", "outcome"), ADVERSARIES.values(), ids=ADVERSARIES)
def test_under_test_it_raises_or_is_never_shared(
    courses: Redis, cls: type[CachedModelSerializer], outcome: Outcome
) -> None:
    for caller in CALLERS:
        if outcome == "raises":
            with pytest.raises(UndeclaredUse):
                cached_bytes(cls, caller)
        else:
            assert cached_bytes(cls, caller) == own_bytes(cls, caller)


@pytest.mark.parametrize(("cls", "outcome"), ADVERSARIES.values(), ids=ADVERSARIES)
def test_in_production_every_caller_gets_the_bytes_of_drf(
    courses: Redis, cls: Any, outcome: Outcome, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(mail, "outbox")
    bypassed: set[str] = set()
    for order in ORDERS:
        courses.client.flushall()
        for _ in ("cold", "warm"):
            for caller in order:
                expected = own_bytes(cls, caller)
                shown: list[Any] = []
                reasons, hits = bypasses_of(lambda caller=caller, shown=shown: shown.append(cached_bytes(cls, caller)))
                assert shown == [expected]
                bypassed |= set(reasons)
                if outcome in NEVER_SHARED:
                    assert not hits
                    assert set(reasons) <= NEVER_SHARED[outcome]
                    assert len(reasons) == len(expected)
    if outcome == "partly":
        assert bypassed == {"unplannable"}


@pytest.mark.parametrize(
    "cls", [cls for cls, outcome in ADVERSARIES.values() if outcome == "refused"], ids=lambda cls: cls.__name__
)
def test_a_refusal_gives_its_reason(courses: Redis, cls: Any) -> None:
    assert registry.refusals.get(cls)
