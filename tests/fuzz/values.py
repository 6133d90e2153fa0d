"""Values at the edges of every column type."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_DOWN, Decimal
from random import Random
from typing import Any
from uuid import UUID

from django.db import models

TEXTS = [
    "", "a", "Zoë", "line\u2028separator", "para\u2029graph", "😀👩\u200d👩\u200d👧", "</script>&amp;",
    "\"quoted\" \\ / '",
    "\x00zero", "\x01\x02one", "\x7f\x1f", "tab\tnew\nline\r", "İstanbul ßẞ", "null", "0", "1e5", "\ufeffmark",
    "e\u0301", "\U0010ffff\uffff", "عربي", "{}[],:", "=~-", "x" * 60, " ", "true",
]  # fmt: skip
INTEGERS = [0, 1, -1, 7, 2**31 - 1, -(2**31), 100]
LARGE = [*INTEGERS, 2**53, 2**53 + 1, -(2**63), 2**63 - 1]
FLOATS = [0.0, -0.0, 1e16, 1e22, 1e-7, 5e-324, 1.7976931348623157e308, 0.1, 1 / 3, 100.0, -2.5, 123456789.123]
DECIMALS = ["0", "0.0001", "-0.5", "12345678.1234", "-99999999.9999", "1", "100", "0.1000", "1E+3"]
MOMENTS = [
    # Around both changes of the clocks in New York and in Europe, and at the ends of what zones can shift.
    datetime(2025, 3, 9, 6, 59, 59, 999999, tzinfo=UTC), datetime(2025, 3, 9, 7, tzinfo=UTC),
    datetime(2025, 11, 2, 5, 30, tzinfo=UTC), datetime(2025, 11, 2, 6, 30, tzinfo=UTC),
    datetime(2025, 3, 30, 1, tzinfo=UTC), datetime(2025, 10, 26, 0, 30, 0, 1, tzinfo=UTC),
    datetime(1970, 1, 1, tzinfo=UTC), datetime(1880, 6, 1, 12, tzinfo=UTC), datetime(1, 1, 3, tzinfo=UTC),
    datetime(9999, 12, 29, 23, 59, 59, 999999, tzinfo=UTC), datetime(2024, 2, 29, 12, 0, 0, 120000, tzinfo=UTC),
]  # fmt: skip
DAYS = [date.min, date.max, date(2024, 2, 29), date(1999, 12, 31), date(1970, 1, 1)]
TIMES = [time.min, time.max, time(12), time(23, 59, 59, 1)]
LENGTHS = [
    timedelta(0),
    timedelta(days=-1, microseconds=1),
    timedelta(days=10**8),
    timedelta(seconds=90),
    timedelta.resolution,
]
DOCUMENTS: list[Any] = [
    None, {}, [], "", 0, -0.0, 1e16, 1e22, True, {"a": [1, 2.5, None, {"b": "\u2028"}]}, {"": {"\x00": "😀"}},
    [[[[]]]], "text", {"z": 1, "a": 2}, 2**63, [1.0, 1, True], {"1": None},
]  # fmt: skip
ADDRESSES = ["::1", "192.168.0.1", "::ffff:a00:1", "2001:db8::", None]
FILES = ["", "a b.pdf", "ü.pdf", "x/y%20z.txt", "q?a=1#b.txt", "😀.png"]
SLUGS = ["", "a-b", "x_1"]
LINKS = ["", "https://example.org/?a=ü&b=%20", "http://x.org/<>"]
EMAILS = ["", "a@example.org", "ü@example.org"]


def value_of(rng: Random, field: Any) -> Any:
    """A value that the column may hold."""
    if field.null and rng.random() < 0.25:
        return None
    return _VALUES[type(field)](rng, field)


def text_of(rng: Random, field: Any) -> str:
    if field.choices:
        keys = [key for key, _ in field.flatchoices]
        return rng.choice([*keys, *keys, "", "other"])
    text = rng.choice(TEXTS) + rng.choice(["", "", rng.choice(TEXTS)])
    return text[: field.max_length] if field.max_length else text


def _integer(rng: Random, field: Any) -> int:
    if field.choices:
        return rng.choice([*[key for key, _ in field.flatchoices], 5])
    return rng.choice([*INTEGERS, rng.randint(-1000, 1000)])


def _decimal(rng: Random, field: Any) -> Decimal:
    room = Decimal(10) ** (field.max_digits - field.decimal_places)
    value = Decimal(rng.choice([*DECIMALS, str(rng.randint(-(10**6), 10**6) / 100)]))
    return (value % room).quantize(Decimal(1).scaleb(-field.decimal_places), ROUND_DOWN)


def _document(rng: Random, field: Any) -> Any:
    return {"in": [rng.choice(DOCUMENTS), rng.choice(TEXTS)]} if rng.random() < 0.3 else rng.choice(DOCUMENTS)


def _one_of(choices: list[Any]) -> Any:
    return lambda rng, field: rng.choice(choices)


_VALUES: dict[type, Any] = {
    models.CharField: text_of,
    models.TextField: text_of,
    models.SlugField: _one_of(SLUGS),
    models.EmailField: _one_of(EMAILS),
    models.URLField: _one_of(LINKS),
    models.IntegerField: _integer,
    models.PositiveSmallIntegerField: lambda rng, field: rng.choice([0, 1, 32767]),
    models.BigIntegerField: lambda rng, field: rng.choice(LARGE),
    models.BooleanField: lambda rng, field: rng.random() < 0.5,
    models.FloatField: _one_of(FLOATS),
    models.DecimalField: _decimal,
    models.DateField: _one_of(DAYS),
    models.DateTimeField: _one_of(MOMENTS),
    models.TimeField: _one_of(TIMES),
    models.DurationField: _one_of(LENGTHS),
    models.UUIDField: lambda rng, field: UUID(int=rng.getrandbits(128)),
    models.GenericIPAddressField: _one_of([address for address in ADDRESSES if address]),
    models.FileField: _one_of(FILES),
    models.JSONField: _document,
}


def values_of(rng: Random, model: type[models.Model], names: list[str]) -> dict[str, Any]:
    return {name: value_of(rng, model._meta.get_field(name)) for name in names}


def columns_of(model: type[models.Model]) -> list[str]:
    """The columns that hold values: no keys, no relations, nothing unique."""
    return [
        field.name
        for field in model._meta.concrete_fields
        if not field.is_relation and not field.primary_key and not field.unique and type(field) in _VALUES
    ]
