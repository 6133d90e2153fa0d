"""What the control does not repeat by itself, and which differences that explains.

Between two answers of the monolith to one call, each place that differs gets a rule that is no wider than what was
seen there (`strangler_shadow.matchers`); lists whose rows came in another order are compared row by row. A difference
of the candidate is explained only where the monolith itself varies, and only if the rule accepts it: a field that
changes on each read may still be null, of another type, an hour off, or without its offset.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from strangler_shadow.bodies import document_of
from strangler_shadow.compare import compare
from strangler_shadow.documents import shuffled_lists
from strangler_shadow.keyed_rows import aligned
from strangler_shadow.matchers import Matcher, Time, Token, unbounded, widened
from strangler_shadow.observation import Difference, Kind, Observation
from strangler_shadow.proposals import proposed

__all__ = [
    "NO_NOISE",
    "Noise",
    "changes_between",
    "differences_beyond",
    "is_clock",
    "noise_between",
    "settled",
    "sifted",
]

FEW, REPEATS = 2, 8
"""A place that varies in half of the answers is met by the second with a probability above 99 %."""
LONGEST_WAIT = timedelta(minutes=10)
"""Tolerance of a time that is up to a minute from another."""
VALUES = frozenset({Kind.VALUE, Kind.PRECISION})
PART = re.compile(r"[\w-]{8,}")
Place = tuple[Kind, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """Rules by pattern for values; kinds and patterns at which anything else varied; lists in any order.

    Rows of those in `keyed` are told apart by the field named there. A header's pattern is its name. Where a rule is
    `fixed` nothing that was learnt widens it.
    """

    matchers: Mapping[str, tuple[Matcher, ...]] = field(default_factory=dict)
    places: frozenset[Place] = frozenset()
    shuffled: frozenset[str] = frozenset()
    keyed: Mapping[str, str] = field(default_factory=dict)
    fixed: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.matchers or self.places or self.shuffled or self.keyed)

    def __or__(self, other: "Noise") -> "Noise":
        if not self or not other:
            return self or other
        one, more = self._beside(other.fixed), other._beside(self.fixed)
        matchers = dict(one.matchers)
        for pattern, rules in more.matchers.items():
            matchers[pattern] = widened((*matchers.get(pattern, ()), *rules))
        return Noise(
            matchers=matchers,
            places=one.places | more.places,
            shuffled=one.shuffled | more.shuffled,
            keyed={**one.keyed, **more.keyed},
            fixed=one.fixed | more.fixed,
        )

    def _beside(self, fixed: frozenset[str]) -> "Noise":
        """Without what was learnt at places where a rule is fixed."""
        if not (taken := fixed - self.fixed):
            return self
        matchers = {pattern: rules for pattern, rules in self.matchers.items() if pattern not in taken}
        places = frozenset((kind, pattern) for kind, pattern in self.places if pattern not in taken)
        return replace(self, matchers=matchers, places=places)

    def touches(self, difference: Difference) -> bool:
        """Whether it varies at this place, or a list around it does."""
        pattern = difference.pattern
        varies = pattern in self.matchers or any(place == pattern for _, place in self.places)
        return varies or any(pattern.startswith(rows) for rows in self.shuffled)

    @property
    def unbounded(self) -> "Noise":
        """The same, for values however far apart."""
        matchers = {pattern: tuple(map(unbounded, rules)) for pattern, rules in self.matchers.items()}
        return replace(self, matchers=matchers)

    @property
    def hides(self) -> dict[str, str]:
        """What it makes invisible, by pattern."""
        words = {pattern: " or ".join(rule.hides for rule in rules) for pattern, rules in self.matchers.items()}
        words |= {pattern: f"differences of kind {kind}" for kind, pattern in sorted(self.places)}
        return words | dict.fromkeys(sorted(self.shuffled), "the order of the rows")


NO_NOISE = Noise()


def noise_between(first: Observation, again: Observation) -> Noise:
    """What two answers of the control to one call show."""
    differences, shuffled = changes_between(first, again)
    matchers: dict[str, tuple[Matcher, ...]] = {}
    places: set[Place] = set()
    for difference in differences:
        pattern = difference.pattern
        rule = _proposed(difference)
        if rule is None:
            places.add((difference.kind, pattern))
        else:
            matchers[pattern] = widened((*matchers.get(pattern, ()), rule))
    return Noise(matchers=matchers, places=frozenset(places), shuffled=shuffled)


def changes_between(first: Observation, again: Observation) -> tuple[list[Difference], frozenset[str]]:
    """The differences but for the order of rows, and the patterns of the lists whose rows have another order."""
    shuffled = _shuffled(first, again)
    return compare(first, again, shuffled=shuffled), shuffled


def differences_beyond(
    noise: Noise, control: Observation, candidate: Observation, compare: Callable[..., list[Difference]] = compare
) -> list[Difference]:
    """The differences that noise does not explain."""
    return sifted(noise, control, candidate, compare)[0]


def sifted(
    noise: Noise, control: Observation, candidate: Observation, compare: Callable[..., list[Difference]] = compare
) -> tuple[list[Difference], list[Difference]]:
    """The differences that noise does not explain, and those that it does."""
    if not noise:
        return compare(control, candidate), []
    candidate = aligned(control, candidate, noise.keyed) if noise.keyed else candidate
    differences = compare(control, candidate, shuffled=noise.shuffled)
    found: list[Difference] = []
    explained: list[Difference] = []
    for difference in differences:
        (explained if _explains(noise, difference) else found).append(difference)
    return found or list(_inconsistent(noise, explained)), explained


def is_clock(difference: Difference) -> bool:
    """Whether two times differ, which are not far from each other."""
    rule = _proposed(difference)
    return isinstance(rule, Time) and rule.tolerance <= LONGEST_WAIT


def settled(
    control: Observation,
    candidate: Observation,
    repeat: Callable[[], Observation],
    known: Noise = NO_NOISE,
    repeat_candidate: Callable[[], Observation] | None = None,
) -> tuple[list[Difference], Noise]:
    """The differences that stay when both are asked again, and all noise, that which was `known` before too.

    The control is asked FEW times, and up to REPEATS where something that is left lies where it was seen to vary. The
    candidate is asked again where all that is left lies there: what neither repeats, such as a time that falls on a
    whole second and is written without a fraction, is no difference.
    """
    noise, found = known, differences_beyond(known, control, candidate)
    for asked in range(REPEATS):
        if not found or (asked >= FEW and not any(map(noise.touches, found))):
            break
        noise |= noise_between(control, repeat())
        found = differences_beyond(noise, control, candidate)
    if found and repeat_candidate is not None and all(map(noise.touches, found)):
        is_repeated = any(differences_beyond(noise, control, repeat_candidate()) for _ in range(FEW))
        found = found if is_repeated else []
    return found, noise


def _proposed(difference: Difference) -> Matcher | None:
    pairs = _pairs(difference)
    return proposed(*pairs[0]) if len(pairs) == 1 else None


def _pairs(difference: Difference) -> list[tuple[Any, Any]]:
    """The values that differ; none where it is more than values."""
    one, other = difference.control, difference.candidate
    if difference.kind is Kind.HEADER and isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return list(zip(one, other, strict=True))
    return [(one, other)] if difference.kind in VALUES else []


def _explains(noise: Noise, difference: Difference) -> bool:
    pattern = difference.pattern
    if (difference.kind, pattern) in noise.places:
        return True
    rules = noise.matchers.get(pattern)
    if not rules:
        return False
    if difference.kind in VALUES:
        return any(rule.accepts(difference.control, difference.candidate) for rule in rules)
    pairs = _pairs(difference)
    return bool(pairs) and all(any(rule.accepts(*pair) for rule in rules) for pair in pairs)


def _inconsistent(noise: Noise, differences: list[Difference]) -> Iterator[Difference]:
    """Tokens that stand for one thing in the control and for two in the candidate, or the other way."""
    there: dict[str, str] = {}
    back: dict[str, str] = {}
    for difference in differences:
        if any(isinstance(rule, Token) for rule in noise.matchers.get(difference.pattern, ())):
            for one, other in _renamed(str(difference.control), str(difference.candidate)):
                if there.setdefault(one, other) != other or back.setdefault(other, one) != one:
                    yield difference
                    break


def _renamed(control: str, candidate: str) -> list[tuple[str, str]]:
    """The token that stands for another one, and what of it may stand elsewhere alone, as the end of a path does."""
    if PART.fullmatch(control):
        return [(control, candidate)]
    one, other = PART.findall(control), PART.findall(candidate)
    return [(control, candidate), *(zip(one, other, strict=True) if len(one) == len(other) else ())]


def _shuffled(first: Observation, again: Observation) -> frozenset[str]:
    if first.body == again.body:
        return frozenset()
    try:
        return shuffled_lists(document_of(first), document_of(again))
    except (ValueError, RecursionError):
        return frozenset()
