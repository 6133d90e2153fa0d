"""Values that real databases hold and that break serializers, codecs and comparisons."""

# ruff: noqa: RUF001  letters of other scripts are the point

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TypeVar
from uuid import UUID

from django.db.models import JSONField, Value

T = TypeVar("T")

TEXTS = [
    "",
    "  padded\t",
    "line one\r\nline two\n",
    "Größe, Straße, ẞ",
    "Ελληνικά για αρχάριους",
    "Основы программирования",
    "微积分入门",
    "プログラミング入門",
    "한국어 문법",
    "हिन्दी व्याकरण",
    "ภาษาไทยเบื้องต้น",
    "مقدمة في الجبر (2)",
    "עברית למתחילים 101",
    "\u202eright to left override\u202c",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466 joined",
    "\U0001f44b\U0001f3fd toned, \U0001f1e7\U0001f1ea paired",
    "composed caf\u00e9",
    "combining cafe\u0301 Z\u0351\u036b\u0343a\u0334\u030al\u0321\u0353go",
    "separators \u2028 and \u2029",
    "\ufeffbyte order mark, zero\u200bwidth, no\u00a0break",
    "beyond the basic plane \U00020000\U0001d54f\U0010ffff",
    "<script>alert('x')</script> & <b>bold</b> &amp; <!-- -->",
    "</script><img src=x onerror=alert(1)>",
    "\"double\" 'single' `back` \u201ccurly\u201d",
    "C:\\temp\\new \\u0041 \\\\ \\",
    "Robert'); DROP TABLE course;--",
    "100 % %s %(name)s {0} {{ name }} ${NAME}",
    "control \x01\x08\x1b[31m\x7f\x85",
    "dotless \u0131, dotted \u0130, ligature \ufb01, K \u212a",
    "null",
    "x" * 200,
    "\U0001f333" * 100,
]

FILE_NAMES = [
    "",
    "with some spaces.pdf",
    "übersicht ñandú.pdf",
    "講義資料.pdf",
    "\U0001f333 100% & more #1?.pdf",
    "sub folder/week 1+2;final.tar.gz",
    'it\'s "quoted".pdf',
    "no-extension",
]

# Years 476 and 9998 keep a day's distance from the limits, where a conversion to another time zone overflows.
MOMENTS = [
    datetime(476, 9, 4, tzinfo=UTC),
    datetime(1899, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC),
    datetime(2000, 2, 29, 12, 0, 0, 1, tzinfo=UTC),
    datetime(2024, 3, 31, 0, 59, 59, 500000, tzinfo=UTC),
    datetime(2025, 10, 26, 0, 30, tzinfo=UTC),
    datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC),
    datetime(9998, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
]

DATES = [None, date(1, 1, 1), date(1582, 10, 15), date(1970, 1, 1), date(2024, 2, 29), date(9999, 12, 31)]

DURATIONS = [
    None,
    timedelta(0),
    timedelta(microseconds=1),
    timedelta(microseconds=-1),
    timedelta(days=-3, hours=5),
    timedelta(minutes=90),
    timedelta(hours=23, minutes=59, seconds=59, microseconds=999999),
    timedelta(days=99_999, microseconds=120_000),
]

PRICES = [Decimal("0.00"), Decimal("0.10"), Decimal("9999999.99"), Decimal("100.00"), Decimal("-1.50")]

RATINGS = [None, 0.1 + 0.2, 4.0, 1e-7, 0.0, 5.0, 10 / 3, 1e16, 1.7976931348623157e308, 5e-324]

LANGUAGES = ["de", "pt-BR", "zh-Hant", "sr-Latn", ""]

LEVELS = ["expert", ""]

UUIDS = [UUID(int=0), UUID(int=2**128 - 1)]

WEBSITES = [None, "", "https://例え.テスト/パス?q=1&r=%20#x", "http://[2001:db8::1]:8080/~a;b=c"]

METADATA = [
    {},
    [],
    "",
    "plain text",
    0,
    False,
    Value(None, JSONField()),
    [1, "two", None, [3.0, {"four": 4}]],
    {"": "empty key", " ": 1, "ключ": "значение", "\U0001f333": [], "a.b": 1, "\u2028": "\u2029"},
    {"big": 2**70, "past_double": 2**53 + 1, "negative": -(2**63), "int64": 2**63 - 1},
    {"sum": 0.1 + 0.2, "whole": 4.0, "tiny": 1e-7, "minus": -1.5},
    {"none": None, "true": True, "one": 1, "text": "1", "deep": {"a": {"b": {"c": [[[]]]}}}},
    {"html": "</script>&<", "quote": '"\\', "lines": "\r\n\t"},
]


def mix(row: int, odd: Sequence[T], ordinary: T, *, every: int = 3) -> T:
    """Gives every `every`-th row the next odd value, so that all of them turn up whatever the seed."""
    return odd[row // every % len(odd)] if row % every == 0 else ordinary
