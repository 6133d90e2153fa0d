"""Rules for places where the monolith does not repeat itself: each says which other value would have been as good.

What a matcher lets through is invisible: a `Time` within its tolerance, a `Token` of the same make, a `Number` nearby.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from fractions import Fraction
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlsplit

__all__ = [
    "Anything", "Cursor", "Matcher", "Number", "Time", "Token", "Url", "classes_of", "layout_of", "loose_make_of",
    "make_of", "time_of", "unbounded", "widened",
]  # fmt: skip

TIME = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?")
# RFC 9110, 5.6.7.
HTTP_TIME = re.compile(r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT")
HTTP = "HTTP"
DECIMAL = re.compile(r"-?[0-9]+\.([0-9]+)")
BASE64 = re.compile(r"[A-Za-z0-9+/_=-]{16,}")
CLASSES = (
    (re.compile("[0-9]"), "0"),
    (re.compile("[a-f]"), "a"),
    (re.compile("[g-z]"), "z"),
    (re.compile("[A-Z]"), "A"),
)
ALL_CLASSES = frozenset(name for _, name in CLASSES)


class Matcher(Protocol):
    """One rule for the values at one place."""

    def accepts(self, control: Any, candidate: Any) -> bool:
        """Whether the monolith might have given the candidate's value as well."""

    @property
    def hides(self) -> str:
        """What it makes invisible, in words."""


@dataclass(frozen=True, slots=True)
class Time:
    """Times in the same layout (fraction, offset), no further apart than `tolerance`; without one in the control's."""

    layout: str
    tolerance: timedelta

    def accepts(self, control: Any, candidate: Any) -> bool:
        """Both are such times."""
        layout = self.layout or layout_of(control)
        one, other = time_of(control, layout), time_of(candidate, layout)
        return one is not None and other is not None and abs(one - other) <= self.tolerance

    @property
    def hides(self) -> str:
        """Words for the report."""
        return f"times up to {self.tolerance.total_seconds():g} s apart"


@dataclass(frozen=True, slots=True)
class Token:
    """Texts of one make: length, separators, and no kinds of characters that were not seen.

    Without a make it is the control's. Wherever the control has one token, the candidate has to have one as well
    (`strangler_shadow.noise`).
    """

    make: str
    classes: frozenset[str]

    def accepts(self, control: Any, candidate: Any) -> bool:
        """Both are such texts."""
        if not (isinstance(control, str) and isinstance(candidate, str)):
            return False
        known = self.classes or ALL_CLASSES
        if not (classes_of(control) <= known and classes_of(candidate) <= known):
            return False
        if self.make:
            return _has_make(control, self.make) and _has_make(candidate, self.make)
        return make_of(control) == make_of(candidate) or (
            loose_make_of(control) == loose_make_of(candidate) and bool(loose_make_of(control))
        )

    @property
    def hides(self) -> str:
        """Words for the report."""
        return f"other texts like {self.make or 'it'}"


@dataclass(frozen=True, slots=True)
class Number:
    """Numbers of one type that are no further apart than `tolerance`, or than the `relative` share of the larger one.

    Of type `str` they are decimals as text, with as many digits behind the point. Without a type it is the control's.
    """

    kind: type | None
    tolerance: float
    relative: float = 0.0

    def accepts(self, control: Any, candidate: Any) -> bool:
        """Both are such numbers."""
        kind, one, other = self.kind or type(control), control, candidate
        if kind not in (int, float, str) or not (type(control) is type(candidate) is kind):
            return False
        if kind is str:
            first, second = DECIMAL.fullmatch(one), DECIMAL.fullmatch(other)
            if not (first and second and len(first[1]) == len(second[1])):
                return False
            one, other = Fraction(one), Fraction(other)
        apart = abs(one - other)
        share = Fraction(self.relative) * max(abs(one), abs(other)) if self.relative else 0
        return bool(one == other or apart <= self.tolerance or apart <= share)

    @property
    def hides(self) -> str:
        """Words for the report."""
        return f"numbers up to {f'{self.relative:.4g} of the larger' if self.relative else f'{self.tolerance:g}'} apart"


@dataclass(frozen=True, slots=True)
class Url:
    """URLs that differ in the values of these query parameters only."""

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
class Cursor(Url):
    """URLs whose cursors are spelled otherwise; they are followed, page by page (`strangler_shadow.cursors`)."""

    @property
    def hides(self) -> str:
        """Words for the report."""
        return f"how cursors in {', '.join(sorted(self.parameters))} are spelled, where they lead to the same pages"


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
            case Number(kind, tolerance, relative):
                key = (Number, kind, relative)
                before = found.get(key)
                wide = max(tolerance, before.tolerance) if isinstance(before, Number) else tolerance
                found[key] = Number(kind, wide, relative)
            case Token(make, classes):
                key = (Token, make)
                before = found.get(key)
                found[key] = Token(make, classes | before.classes) if isinstance(before, Token) else rule
            case _:
                found[rule] = rule
    return tuple(found.values())


def unbounded(rule: Matcher) -> Matcher:
    """The same rule for values however far apart."""
    match rule:
        case Time():
            return replace(rule, tolerance=timedelta.max)
        case Number():
            return replace(rule, tolerance=float("inf"))
    return rule


def layout_of(text: Any) -> str:
    """How a time is written: digits as 0, the offset as it is; empty where it is none."""
    if not isinstance(text, str):
        return ""
    found = TIME.fullmatch(text)
    if found is None:
        return HTTP if HTTP_TIME.fullmatch(text) else ""
    offset = found[4] or ""
    return re.sub(r"\d", "0", text.removesuffix(offset)) + offset


def time_of(value: Any, layout: str) -> datetime | None:
    """The time, where it is one in this layout."""
    if not layout or layout_of(value) != layout:
        return None
    try:
        return parsedate_to_datetime(value) if layout == HTTP else datetime.fromisoformat(value)
    except ValueError:
        return None


def make_of(text: str) -> str:
    """Letters and digits as `x`, everything else as it is."""
    return re.sub(r"[^\W_]", "x", text)


def loose_make_of(text: str) -> str:
    """The make of a text in base64, whose separators are where they happen to be; empty where it is none."""
    return f"{len(text)} characters of base64" if BASE64.fullmatch(text) else ""


def classes_of(text: str) -> frozenset[str]:
    """Which kinds of characters it has."""
    return frozenset(name for pattern, name in CLASSES if pattern.search(text))


def _has_make(text: str, make: str) -> bool:
    return make_of(text) == make or loose_make_of(text) == make
