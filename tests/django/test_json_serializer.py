import enum
import io
import json
from collections import OrderedDict
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from django.utils.functional import lazystr
from django.utils.safestring import mark_safe

from academy.catalog.models import Course
from strangler_django.serializers.json_serializer import Inexact, JSONSerializer, dumps, loads


class Row(NamedTuple):
    id: int


PLAIN = [None, True, 0, -1, 10**30, 1.0, -0.0, 1e300, "", "é\u2028\ud800", [], {}, [1, [2.5, {"a": None}]], {"b": [{}]}]
TAGGED = [
    (),
    (1, ("a",)),
    {1: "a", None: "b", (2, 3): "c", False: []},
    {"$": 1},
    {"$": ["tuple", [1]]},
    {"a": {"$": {"$": ()}}},
    {1, 2, 3},
    frozenset({"a", (1, frozenset())}),
    b"\x00\xff",
    float("inf"),
    Decimal("1.10"),
    Decimal("-0E-7"),
    UUID(int=7),
    mark_safe("<b>"),
    date(2025, 2, 28),
    time(1, 2, 3, 4),
    time(1, 2, tzinfo=UTC),
    timedelta(days=-1, microseconds=5),
    datetime(2025, 1, 1, 12, 0, 0, 5),  # noqa: DTZ001  naive values come back naive
    datetime(2025, 1, 1, tzinfo=UTC),
    datetime(2025, 1, 1, tzinfo=timezone(timedelta(hours=-3, minutes=-30))),
    datetime(2025, 10, 26, 2, 30, fold=1, tzinfo=ZoneInfo("Europe/Berlin")),
    [{"total": Decimal("9.99"), "days": (date(2025, 1, 1), None)}],
]


class Colour(enum.IntEnum):
    RED = 1


class Name(str):
    __slots__ = ()


REFUSED = [
    object(),
    Colour.RED,
    Course.Level.BEGINNER,
    Name("x"),
    Row(1),
    OrderedDict(a=1),
    lazystr("x"),
    Course(pk=1),
    (part for part in ()),
    bytearray(b"x"),
    datetime(2025, 1, 1, tzinfo=timezone(timedelta(0), "Zulu")),
    1j,
]


@pytest.mark.parametrize("value", PLAIN, ids=repr)
def test_plain_values_are_plain_json(value: Any) -> None:
    assert json.loads(dumps(value)) == value
    assert same(loads(dumps(value)), value)


@pytest.mark.parametrize("value", TAGGED, ids=repr)
def test_values_that_json_has_no_word_for_come_back_as_they_were(value: Any) -> None:
    assert same(loads(dumps(value)), value)


@pytest.mark.parametrize("value", REFUSED, ids=lambda value: type(value).__name__)
def test_what_would_come_back_as_something_else_is_refused(value: Any) -> None:
    with pytest.raises(TypeError, match=r"JSON cannot give back"):
        dumps(value)


def test_a_refusal_names_the_place() -> None:
    with pytest.raises(Inexact, match=r"At \[1\]\['course'\]\[0\] there is a academy\.catalog\.models\.Course"):
        dumps([{}, {"course": (Course(),)}])


def test_a_value_that_holds_itself_is_refused() -> None:
    value: list[Any] = []
    value.append(value)
    with pytest.raises(Inexact, match="holds itself"):
        dumps(value)


def test_equal_sets_have_the_same_text() -> None:
    assert dumps({"a", "b", "c"}) == dumps({"c", "a", "b"})


def test_cacheops_file_cache_can_read_it() -> None:
    assert JSONSerializer.load(io.BytesIO(JSONSerializer.dumps((1, Decimal(2))))) == (1, Decimal(2))


def same(value: Any, other: Any) -> bool:
    """Equal, of equal types, in the same order."""
    if isinstance(value, (set, frozenset)):
        return type(value) is type(other) and value == other
    return type(value) is type(other) and repr(value) == repr(other)
