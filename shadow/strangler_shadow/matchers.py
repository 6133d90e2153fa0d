"""Rules for places where the monolith does not repeat itself: each says which other value would have been as good.

A matcher is proposed from two values that the monolith gave to one call, and is as narrow as they allow. What it lets
through is invisible: a `Time` within its tolerance, a `Token` of the same make, a `Number` nearby.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlsplit

__all__ = ["Anything", "Matcher", "Number", "Time", "Token", "Url", "proposed", "widened"]

TIME = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?")
LEAST = timedelta(seconds=60)
"""Two calls may be that far apart, whatever the two that were seen."""
WIDER = 10
"""How many times the distance that was seen is allowed."""
CLASSES = (
    (re.compile("[0-9]"), "0"),
    (re.compile("[a-f]"), "a"),
    (re.compile("[g-z]"), "z"),
    (re.compile("[A-Z]"), "A"),
)


class Matcher(Protocol):
    """One rule for the values at one place."""

    def accepts(self, control: Any, candidate: Any) -> bool:
        """Whether the monolith might have given the candidate's value as well."""

    @property
    def hides(self) -> str:
        """What it makes invisible, in words."""


@dataclass(frozen=True, slots=True)
class Time:
    """Times in the same layout (fraction, offset), no further apart than `tolerance`."""

    layout: str
    tolerance: timedelta

    def accepts(self, control: Any, candidate: Any) -> bool:
        """Both are such times."""
        one, other = _time(control, self.layout), _time(candidate, self.layout)
        return one is not None and other is not None and abs(one - other) <= self.tolerance

    @property
    def hides(self) -> str:
        """Words for the report."""
        return f"times up to {self.tolerance.total_seconds():g} s apart"


@dataclass(frozen=True, slots=True)
class Token:
    """Texts of one make: length, separators, and no kinds of characters that were not seen."""

    make: str
    classes: frozenset[str]

    def accepts(self, control: Any, candidate: Any) -> bool:
        """Both are such texts."""
        return all(
            isinstance(text, str) and _make(text) == self.make and _classes(text) <= self.classes
            for text in (control, candidate)
        )

    @property
    def hides(self) -> str:
        """Words for the report."""
        return f"other texts like {self.make}"


@dataclass(frozen=True, slots=True)
class Number:
    """Numbers of one type that are no further apart than `tolerance`."""

    kind: type
    tolerance: float

    def accepts(self, control: Any, candidate: Any) -> bool:
        """Both are such numbers."""
        if type(control) is not self.kind or type(candidate) is not self.kind:
            return False
        return bool(abs(control - candidate) <= self.tolerance)

    @property
    def hides(self) -> str:
        """Words for the report."""
        return f"numbers up to {self.tolerance:g} apart"


@dataclass(frozen=True, slots=True)
class Url:
    """URLs that differ in the values of these query parameters only, cursors for example."""

    parameters: frozenset[str]

    def accepts(self, control: Any, candidate: Any) -> bool:
        """Both are such URLs."""
        return isinstance(control, str) and isinstance(candidate, str) and self._rest(control) == self._rest(candidate)

    @property
    def hides(self) -> str:
        """Words for the report."""
        return f"values of the query parameters {', '.join(sorted(self.parameters))}"

    def _rest(self, text: str) -> Any:
        parts = urlsplit(text)
        pairs = parse_qsl(parts.query, keep_blank_values=True)
        return parts[:3], parts.fragment, [(key, "" if key in self.parameters else value) for key, value in pairs]


@dataclass(frozen=True, slots=True)
class Anything:
    """Values of one type about which nothing narrower can be said."""

    kind: type

    def accepts(self, control: Any, candidate: Any) -> bool:
        """Both are of this type, and neither is empty alone."""
        alike = self.kind is bool or bool(control) == bool(candidate)
        return type(control) is type(candidate) is self.kind and alike

    @property
    def hides(self) -> str:
        """Words for the report."""
        return f"any {self.kind.__name__}"


def widened(rules: Iterable[Matcher]) -> tuple[Matcher, ...]:
    """The same rules, with one in place of those that differ in how far they go."""
    found: dict[Any, Matcher] = {}
    for rule in rules:
        match rule:
            case Time(layout, tolerance):
                key: Any = (Time, layout)
                before = found.get(key)
                found[key] = Time(layout, max(tolerance, before.tolerance)) if isinstance(before, Time) else rule
            case Number(kind, tolerance):
                key = (Number, kind)
                before = found.get(key)
                found[key] = Number(kind, max(tolerance, before.tolerance)) if isinstance(before, Number) else rule
            case Token(make, classes):
                key = (Token, make)
                before = found.get(key)
                found[key] = Token(make, classes | before.classes) if isinstance(before, Token) else rule
            case _:
                found[rule] = rule
    return tuple(found.values())


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
    layout = _layout(one)
    first, second = _time(one, layout), _time(other, layout)
    if layout and first is not None and second is not None:
        return Time(layout, max(LEAST, WIDER * abs(first - second)))
    if (parameters := _moving_parameters(one, other)) and (url := Url(parameters)).accepts(one, other):
        return url
    if one and _make(one) == _make(other) and len(one) >= 6 and " " not in one:
        return Token(_make(one), _classes(one) | _classes(other))
    return Anything(str)


def _moving_parameters(one: str, other: str) -> frozenset[str]:
    first, second = (parse_qsl(urlsplit(text).query, keep_blank_values=True) for text in (one, other))
    return frozenset(key for (key, value), pair in zip(first, second, strict=False) if (key, value) != pair)


def _layout(text: str) -> str:
    """How a time is written: digits as 0, the offset as it is; empty where it is none."""
    found = TIME.fullmatch(text)
    if found is None:
        return ""
    offset = found[4] or ""
    return re.sub(r"\d", "0", text.removesuffix(offset)) + offset


def _time(value: Any, layout: str) -> datetime | None:
    if not isinstance(value, str) or _layout(value) != layout:
        return None
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return None


def _make(text: str) -> str:
    """Letters and digits as `x`, everything else as it is."""
    return re.sub(r"[^\W_]", "x", text)


def _classes(text: str) -> frozenset[str]:
    return frozenset(name for pattern, name in CLASSES if pattern.search(text))
