"""Values at the edges of a model's columns."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import models

__all__ = ["edges_of"]

LONG_TEXT = 10_000
DEEP = 40
# Beyond 16 bits; from right to left; marks that combine; controls; spaces; what HTML and JSON escape.
TEXTS = (
    "🙂👩\u200d👩\u200d👧🇩🇪 \U0001d518",
    "\u05e9\u05dc\u05d5\u05dd \u202e\u05d0\u05d1\u202c \u0645\u0631\u062d\u0628\u0627",
    "e\u0301 o\u0308 \u1100\u1161 Z\u0351\u036b",
    "tab\tline\nbell\x07 escape\x1b delete\x7f \u2028\ufeff",
    "  spaces  ",
    "<b>&amp;\"'\\/</b>",
    "a\0b",
    "0",
    "null",
)
FLOATS = (0.0, -0.0, 0.1 + 0.2, 1e-300, 5e-324, 1e308, 1e16, 123456789.123456789, -1.5)
DATES = (dt.date(1, 1, 1), dt.date(9999, 12, 31), dt.date(2024, 2, 29), dt.date(1969, 12, 31))
# Midnight, parts of a second, both hours of a clock that goes back in Berlin and New York, the years' ends.
MOMENTS = tuple(
    dt.datetime.fromisoformat(text)
    for text in (
        "2026-01-01T00:00:00",
        "2026-01-01T12:30:15.000001",
        "2026-01-01T23:59:59.999999",
        "2026-01-01T12:30:15.120000",
        "2026-03-29T01:00:00",
        "2026-10-25T00:30:00",
        "2026-10-25T01:30:00",
        "2026-11-01T06:30:00",
        "0001-01-01T00:00:00",
        "0001-01-02T00:00:00",
        "9999-12-30T23:59:59.999999",
        "9999-12-31T23:59:59.999999",
        "1969-12-31T23:59:59.500000",
        "1892-03-31T23:00:01",
    )
)
TIMES = (dt.time(0), dt.time(23, 59, 59, 999_999), dt.time(12, 30, 15, 1), dt.time(12, 0, 0, 100_000))
DURATIONS = (
    dt.timedelta(0),
    dt.timedelta(microseconds=1),
    dt.timedelta(microseconds=-1),
    dt.timedelta(days=1, microseconds=500_000),
    dt.timedelta(days=-2, hours=3),
    dt.timedelta(days=100_000_000),
)
UUIDS = (UUID(int=0), UUID(int=2**128 - 1))
ADDRESSES = ("0.0.0.0", "255.255.255.255", "::1", "::ffff:192.0.2.1", "2001:db8::ff00:42:8329")  # noqa: S104  values
DOCUMENTS: tuple[Any, ...] = (
    {}, [], "", "text", 0, -0.0, 1.0, True, 2**63, {"": {"b": 1, "a": None}}, [1, [2, [{"ü": "🙂"}]]],
    {"long": "é" * 1000, "number": 1e300},
)  # fmt: skip


def edges_of(field: Any, connection: Any) -> Iterator[Any]:
    """Values of one column, the most telling first; the model or the database may refuse some.

    Of a relation only null: rows at its other end have columns of their own.
    """
    if field.null:
        yield None
    if field.is_relation:
        return
    if field.choices:
        yield from (value for value, _label in field.flatchoices)
        return
    for kind, values in KINDS:
        if isinstance(field, kind):
            yield from values(field, connection)
            return


def _texts(field: Any, _connection: Any) -> Iterator[str]:
    longest = field.max_length or LONG_TEXT
    yield ""
    yield TEXTS[0][:longest]
    yield "x" * longest
    yield from (text[:longest] for text in TEXTS[1:])
    yield "🙂" * longest


def _slugs(field: Any, _connection: Any) -> Iterator[str]:
    yield "x" * field.max_length
    yield "-"
    yield from ("0", "None", "ünïcode-日本", "Upper_Case")


def _links(field: Any, _connection: Any) -> Iterator[str]:
    yield from ("", "http://localhost:8000", "https://example.com/ü?q=a%20b&c=#é", "ftp://example.com/")
    yield "https://example.com/".ljust(field.max_length, "x")


def _mails(field: Any, _connection: Any) -> Iterator[str]:
    yield from ("", f"{'x' * 64}@example.com", '"quoted mail"@example.com', "UPPER+tag@EXAMPLE.com", "a@bücher.example")


def _files(field: Any, _connection: Any) -> Iterator[str]:
    yield from ("", "folder/ü 🙂 ?#%&+.pdf", "//host/a.pdf", "a%20b.pdf", "x" * field.max_length)


def _integers(field: Any, connection: Any) -> Iterator[int]:
    low, high = connection.ops.integer_field_range(field.get_internal_type())
    yield from (bound for bound in (high, low) if bound is not None)
    yield from (0, 1, -1)
    if high is not None and high > 2**53:
        yield 2**53 + 1


def _decimals(field: Any, _connection: Any) -> Iterator[Decimal]:
    step = Decimal(1).scaleb(-field.decimal_places)
    most = Decimal(10) ** (field.max_digits - field.decimal_places) - step
    # One tenth has zeros at its end wherever there is more than one place.
    yield from (most, -most, Decimal(0).quantize(step), step, Decimal(1).quantize(step))
    yield (Decimal(1) / 10 if field.decimal_places else Decimal(10)).quantize(step)


def _moments(_field: Any, _connection: Any) -> Iterator[dt.datetime]:
    yield from (value.replace(tzinfo=dt.UTC) if settings.USE_TZ else value for value in MOMENTS)


def _flags(field: Any, _connection: Any) -> Iterator[bool]:
    yield from (False, True) if field.get_default() else (True, False)


def _documents(_field: Any, _connection: Any) -> Iterator[Any]:
    yield from DOCUMENTS
    nested: Any = 1
    for _ in range(DEEP):
        nested = {"a": [nested]}
    yield nested


# The first that a field is an instance of; a subclass stands before its base.
KINDS: tuple[tuple[Any, Any], ...] = (
    (models.BooleanField, _flags),
    (models.SlugField, _slugs),
    (models.URLField, _links),
    (models.EmailField, _mails),
    (models.FileField, _files),
    ((models.CharField, models.TextField), _texts),
    (models.IntegerField, _integers),
    (models.DecimalField, _decimals),
    (models.FloatField, lambda *_: FLOATS),
    (models.DateTimeField, _moments),
    (models.DateField, lambda *_: DATES),
    (models.TimeField, lambda *_: TIMES),
    (models.DurationField, lambda *_: DURATIONS),
    (models.UUIDField, lambda *_: UUIDS),
    (models.GenericIPAddressField, lambda *_: ADDRESSES),
    (models.JSONField, _documents),
    (models.BinaryField, lambda *_: (b"", bytes(range(256)))),
)
