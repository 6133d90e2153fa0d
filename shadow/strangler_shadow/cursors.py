"""Follow a page's cursors on both sides: spelled otherwise they may be, but they have to lead to the same pages.

A cursor is a query parameter of a link to the next or the previous page whose text means nothing to a client. Each
side gets its own; the pages behind them are compared until they end, or until so many were.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from strangler_router.types import Call
from strangler_shadow.bodies import document_of
from strangler_shadow.matchers import Cursor
from strangler_shadow.noise import Noise, differences_beyond, noise_between
from strangler_shadow.observation import Difference, Kind, Observation
from strangler_shadow.places import EVERY, steps_of, values_at
from strangler_shadow.proposals import moving_parameters

__all__ = ["MOST_PAGES", "Sides", "cursor_at", "leads_elsewhere", "with_cursors"]

MOST_PAGES = 20
LINKS = frozenset({"next", "previous"})
OPAQUE = re.compile(r"[A-Za-z0-9+/_=.~-]{4,}")
MEANINGFUL = re.compile(r"[0-9.-]+|[a-z_.~-]+")
"""Numbers and names, such as those of pages and fields."""


@dataclass(frozen=True, slots=True)
class Sides:
    """How to ask the monolith and the service."""

    control: Callable[[Call], Observation]
    candidate: Callable[[Call], Observation]


def cursor_at(difference: Difference, noise: Noise) -> Cursor | None:
    """The rule for a difference that is one of cursors: declared, or in a page's links and opaque."""
    one, other = difference.control, difference.candidate
    if difference.kind is not Kind.VALUE or not (isinstance(one, str) and isinstance(other, str)):
        return None
    for rule in noise.matchers.get(difference.pattern, ()):
        if isinstance(rule, Cursor) and rule.accepts(one, other):
            return rule
    if not difference.pattern.startswith("$") or (steps_of(difference.pattern) or ("",))[-1] not in LINKS:
        return None
    rule = Cursor(moving_parameters(one, other))
    is_opaque = len(rule.parameters) == 1 and rule.accepts(one, other)
    return rule if is_opaque and all(_is_opaque(text, *rule.parameters) for text in (one, other)) else None


def with_cursors(noise: Noise, differences: list[Difference]) -> tuple[Noise, list[Difference]]:
    """The noise with rules for the cursors among these differences, and those differences."""
    found = [(difference, cursor_at(difference, noise)) for difference in differences]
    rules = {difference.pattern: (rule,) for difference, rule in found if rule is not None}
    return noise | Noise(matchers=rules), [difference for difference, rule in found if rule is not None]


def leads_elsewhere(call: Call, link: Difference, noise: Noise, sides: Sides, *, pages: int) -> bool:
    """Whether the pages behind both cursors differ, or cannot be reached from the call's own path.

    What differs is asked for again, the monolith before and after the service: a write meanwhile is no difference.
    """
    steps, one, other = steps_of(link.pattern), link.control, link.candidate
    if EVERY in steps:
        return True
    for _ in range(pages):
        left_call, right_call = _behind(call, one), _behind(call, other)
        if left_call is None or right_call is None:
            return True
        left, right = sides.control(left_call), sides.candidate(right_call)
        if _differ(noise, left, right):
            before, right, after = sides.control(left_call), sides.candidate(right_call), sides.control(left_call)
            if _differ(noise | noise_between(before, after), before, right):
                return True
            left = after
        one, other = _link(left, steps), _link(right, steps)
        if one is None or other is None:
            return one is not other
    return False


def _differ(noise: Noise, left: Observation, right: Observation) -> bool:
    found = differences_beyond(noise, left, right)
    return any(cursor_at(difference, noise) is None for difference in found)


def _is_opaque(url: str, parameter: str) -> bool:
    values = parse_qs(urlsplit(url).query).get(parameter, [])
    return len(values) == 1 and bool(OPAQUE.fullmatch(values[0])) and not MEANINGFUL.fullmatch(values[0])


def _behind(call: Call, url: Any) -> Call | None:
    """The same call for another page, where the link leads to the call's own path."""
    parts = urlsplit(url) if isinstance(url, str) else None
    if parts is None or unquote(parts.path) != unquote(call.path):
        return None
    return replace(call, query=parts.query)


def _link(page: Observation, steps: tuple[str | None, ...]) -> Any:
    try:
        return next(values_at(document_of(page), steps), None)
    except (ValueError, RecursionError):
        return None
