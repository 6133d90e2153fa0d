"""At least 40 serializers that try to put one caller's data into another's answer."""

from typing import Any

import pytest
from django.core import mail

from strangler_django.serializers import CachedModelSerializer, UndeclaredUse, registry
from tests.django.conftest import NOON, Redis, make_course, make_educator
from tests.django.leaks import requests  # noqa: F401  each module adds its classes
from tests.django.leaks.adversary import ADVERSARIES, Outcome, bypasses_of, cached_bytes, own_bytes
from tests.django.leaks.callers import CALLERS

ORDERS = (CALLERS, CALLERS[::-1], (CALLERS[1], CALLERS[3], CALLERS[0], CALLERS[2]))


def test_there_are_at_least_forty() -> None:
    assert len(ADVERSARIES) >= 40


@pytest.fixture
def courses(cached: Redis) -> Redis:
    educator = make_educator()
    for number in range(2):
        course = make_course(educator=educator, price="1234.50", published_at=NOON, starts_on=NOON.date())
        course.lessons.create(position=number, title="Lesson", created_at=NOON)
    return cached


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
    for order in ORDERS:
        courses.client.flushall()
        for _ in ("cold", "warm"):
            for caller in order:
                expected = own_bytes(cls, caller)
                shown: list[Any] = []
                reasons, hits = bypasses_of(lambda caller=caller, shown=shown: shown.append(cached_bytes(cls, caller)))
                assert shown == [expected]
                if outcome != "apart":
                    assert not hits
                    assert (
                        set(reasons)
                        <= {
                            "raises": {"undeclared"},
                            "refused": {"unplannable"},
                            "bypasses": {"annotations", "prefetch", "instances", "list_serializer_class"},
                        }[outcome]
                    )
                    assert len(reasons) == len(expected)


@pytest.mark.parametrize(
    "cls", [cls for cls, outcome in ADVERSARIES.values() if outcome == "refused"], ids=lambda cls: cls.__name__
)
def test_a_refusal_gives_its_reason(cls: Any) -> None:
    assert registry.refusals.get(cls)
