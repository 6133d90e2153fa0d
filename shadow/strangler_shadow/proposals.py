"""Matchers from two values that the monolith gave to one call, as narrow as they allow."""

from datetime import timedelta
from fractions import Fraction
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from strangler_shadow.matchers import (
    DECIMAL,
    Anything,
    Matcher,
    Number,
    Time,
    Token,
    Url,
    classes_of,
    layout_of,
    loose_make_of,
    make_of,
    time_of,
)

__all__ = ["moving_parameters", "proposed"]

LEAST = timedelta(seconds=60)
"""Two calls may be that far apart, whatever the two that were seen."""
WIDER = 10
"""How many times the distance that was seen is allowed."""
SHORTEST_TOKEN = 6


def proposed(one: Any, other: Any) -> Matcher | None:
    """The narrowest matcher that accepts both values; None where they are not of one type."""
    if type(one) is not type(other):
        return None
    if isinstance(one, bool):
        return Anything(bool)
    if isinstance(one, (int, float)):
        return Number(type(one), WIDER * abs(one - other))
    return _for_text(one, other) if isinstance(one, str) else None


def _for_text(one: str, other: str) -> Matcher:
    layout = layout_of(one)
    first, second = time_of(one, layout), time_of(other, layout)
    if first is not None and second is not None:
        return Time(layout, max(LEAST, WIDER * abs(first - second)))
    if DECIMAL.fullmatch(one) and Number(str, float("inf")).accepts(one, other):
        return Number(str, float(WIDER * abs(Fraction(one) - Fraction(other))))
    if (parameters := moving_parameters(one, other)) and (url := Url(parameters)).accepts(one, other):
        return url
    return _token(one, other) or Anything(str)


def _token(one: str, other: str) -> Token | None:
    if len(one) < SHORTEST_TOKEN or " " in one:
        return None
    classes = classes_of(one) | classes_of(other)
    if make_of(one) == make_of(other):
        return Token(make_of(one), classes)
    make = loose_make_of(one)
    return Token(make, classes) if make and make == loose_make_of(other) else None


def moving_parameters(one: str, other: str) -> frozenset[str]:
    """Names of the query parameters whose values differ between two URLs."""
    first, second = (parse_qsl(urlsplit(text).query, keep_blank_values=True) for text in (one, other))
    return frozenset(key for (key, value), pair in zip(first, second, strict=False) if (key, value) != pair)
