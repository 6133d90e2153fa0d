"""What this process has learnt of endpoints whose monolith does not repeat itself, from the monolith's own answers.

A write changes a value once; what varies by itself varies again. So a place counts once it was seen to vary twice in
a row, between three answers to one call that were asked for one after the other, in `PROVEN` runs and in a fair share
of them; and it is forgotten when it did not vary in `STEADY` runs, one after the other. Only values, nulls that the
monolith gives itself, and the order of rows are learnt: a row, a field or a status that comes and goes is no noise.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from strangler_shadow.bodies import document_of
from strangler_shadow.matchers import Matcher, Time, widened
from strangler_shadow.noise import NO_NOISE, Noise, changes_between, noise_between
from strangler_shadow.observation import Kind, Observation
from strangler_shadow.places import steps_of, values_at

__all__ = ["CLOCK_SECONDS", "Learning", "learning"]

PROVEN, SHARE, STEADY = 4, 0.2, 8
MOST_ENDPOINTS, MOST_PLACES, MOST_RULES, MOST_REASONS = 1000, 100, 6, 20
CHECKED = 50
"""One in so many pairs that are explained by what was learnt is asked for again."""
EAGER, PATIENT = 100, 10
"""So many runs of an endpoint may ask for a third answer, and one in so many after them."""
FOLLOWED = 10
"""The first so many pairs' cursors are followed, and one in so many after them."""
CLOCK_SECONDS = 1.1
"""After which a clock that shows whole seconds shows another time."""
WAITS, SELDOM = 12, 20
"""So often an endpoint may be waited for to find such a clock; and one check in so many waits for a known one."""

# What varies: values, nulls or the order of rows; and its pattern.
Key = tuple[str, str]
Varied = dict[Key, tuple[Matcher, ...]]
VALUE, NULL, ORDER = "value", "null", "order"


@dataclass(slots=True)
class _Place:
    rules: tuple[Matcher, ...] = ()
    runs: int = 0
    twice: int = 0
    steady: int = 0
    is_slow: bool = False

    @property
    def is_proven(self) -> bool:
        return self.twice >= PROVEN and self.twice >= SHARE * self.runs


@dataclass(slots=True)
class _Endpoint:
    places: dict[Key, _Place] = field(default_factory=dict)
    noise: Noise = NO_NOISE
    runs: int = 0
    explained: int = 0
    waits: int = 0
    linked: int = 0
    reasons: set[str] = field(default_factory=set)


class Learning:
    """Bounded: the endpoints that were asked for last, and the first places of each."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._endpoints: OrderedDict[str, _Endpoint] = OrderedDict()

    def noise(self, endpoint: str) -> Noise:
        """What is proven to vary."""
        known = self._endpoints.get(endpoint)
        return known.noise if known else NO_NOISE

    def due(self, endpoint: str) -> float | None:
        """Where an explained pair has to be asked for again, so that proof stays fresh: the seconds between answers."""
        with self._lock:
            known = self._known(endpoint)
            known.explained += 1
            checks, rest = divmod(known.explained, CHECKED)
            if rest:
                return None
            is_slow = any(place.is_slow for place in known.places.values())
            return CLOCK_SECONDS if is_slow and checks % SELDOM == 0 else 0.0

    def is_curious(self, endpoint: str) -> bool:
        """Whether a third answer is worth a call."""
        known = self._endpoints.get(endpoint)
        return known is None or known.runs < EAGER or known.runs % PATIENT == 0

    def follows(self, endpoint: str) -> bool:
        """Whether to follow the cursors of this pair: the first ones, and one in so many after them."""
        with self._lock:
            known = self._known(endpoint)
            known.linked += 1
            return known.linked <= FOLLOWED or known.linked % FOLLOWED == 0

    def may_wait(self, endpoint: str) -> bool:
        """Whether there may be a clock to wait for; asked once for each time."""
        with self._lock:
            known = self._known(endpoint)
            known.waits += 1
            return known.waits <= WAITS

    def teach(self, endpoint: str, answers: Sequence[Observation], between: Sequence[Observation] = ()) -> None:
        """Learn from answers of the monolith to one call, asked for one after the other.

        `between` the first and the second, the third and the fourth and so on the service was asked. What a write
        changed is there what it was before or after; what varies by itself is neither.
        """
        seen = [_varied(one, other) for one, other in pairwise(answers)]
        self._note(endpoint, seen, answers, _written(answers, between))

    def teach_clocks(self, endpoint: str, answers: Sequence[Observation]) -> None:
        """Learn of times only, from answers with CLOCK_SECONDS between them."""
        seen = [_clocks(_varied(one, other)) for one, other in pairwise(answers)]
        self._note(endpoint, seen, answers, set(), is_slow=True)

    def _note(
        self,
        endpoint: str,
        seen: Sequence[Varied],
        answers: Sequence[Observation],
        written: set[Key],
        *,
        is_slow: bool = False,
    ) -> None:
        documents = _documents(answers)
        varied = set().union(*seen)
        with self._lock:
            known = self._known(endpoint)
            known.runs += 1
            _learn(known.places, seen, written, is_slow=is_slow)
            # Between answers that were asked for at once no such clock goes on, and nothing else stands still for long.
            steady = [key for key, place in known.places.items() if key not in varied and place.is_slow == is_slow]
            _forget(known.places, steady, documents)
            known.noise = _proven(known.places)

    def admits(self, endpoint: str, reason: str) -> bool:
        """Whether pairs may be counted under this reason: an endpoint has few."""
        with self._lock:
            reasons = self._known(endpoint).reasons
            if reason not in reasons and len(reasons) >= MOST_REASONS:
                return False
            reasons.add(reason)
            return True

    def forget(self) -> None:
        """Begin anew, as tests do."""
        with self._lock:
            self._endpoints.clear()

    def _known(self, endpoint: str) -> _Endpoint:
        known = self._endpoints.setdefault(endpoint, _Endpoint())
        self._endpoints.move_to_end(endpoint)
        if len(self._endpoints) > MOST_ENDPOINTS:
            self._endpoints.popitem(last=False)
        return known


learning = Learning()


def _learn(places: dict[Key, _Place], seen: Sequence[Varied], written: set[Key], *, is_slow: bool) -> None:
    for key in set().union(*seen):
        if key not in places and len(places) >= MOST_PLACES:
            continue
        place = places.setdefault(key, _Place(is_slow=is_slow))
        place.steady = 0
        # With two answers alone nothing can vary twice.
        place.runs += len(seen) > 1
        if key not in written and any(key in one and key in other for one, other in pairwise(seen)):
            # What varies twice between answers at once needs no waiting.
            place.is_slow = is_slow and (place.is_slow or not place.twice)
            place.twice += 1
            found = (rule for varied in seen for rule in varied.get(key, ()))
            place.rules = widened((*place.rules, *found))[:MOST_RULES]


def _forget(places: dict[Key, _Place], steady: Sequence[Key], documents: Sequence[Any]) -> None:
    for key in steady:
        if all(_is_there(key, document) for document in documents):
            place = places[key]
            place.runs += 1
            place.steady += 1
            if place.steady >= STEADY:
                del places[key]


def _proven(places: dict[Key, _Place]) -> Noise:
    proven = {key: place for key, place in places.items() if place.is_proven}
    return Noise(
        matchers={pattern: place.rules for (what, pattern), place in proven.items() if what == VALUE},
        places=frozenset((Kind.NULL, pattern) for what, pattern in proven if what == NULL),
        shuffled=frozenset(pattern for what, pattern in proven if what == ORDER),
    )


def _clocks(varied: Varied) -> Varied:
    return {key: rules for key, rules in varied.items() if rules and all(isinstance(rule, Time) for rule in rules)}


def _varied(one: Observation, other: Observation) -> Varied:
    """What two answers teach."""
    if one.error or other.error or one.status != other.status:
        return {}
    noise = noise_between(one, other)
    documents = _documents((one, other)) if noise.matchers else []
    found: Varied = {
        (VALUE, pattern): rules for pattern, rules in noise.matchers.items() if not _only_moved(pattern, documents)
    }
    found |= {(NULL, pattern): () for kind, pattern in noise.places if kind is Kind.NULL}
    return found | {(ORDER, pattern): () for pattern in noise.shuffled}


def _written(answers: Sequence[Observation], between: Sequence[Observation]) -> set[Key]:
    """What varied between two answers, and was to the service as it is in one of them."""
    found: set[Key] = set()
    for before, asked, after in zip(answers[::2], between, answers[1::2], strict=False):
        for answer in (before, after):
            differences, shuffled = changes_between(answer, asked)
            patterns = {difference.pattern for difference in differences}
            found |= {
                (what, pattern)
                for what, pattern in _varied(before, after)
                if pattern not in patterns and not (what == ORDER and _is_below(pattern, {*patterns, *shuffled}))
            }
    return found


def _is_below(rows: str, patterns: set[str]) -> bool:
    return any(pattern.startswith(rows) for pattern in patterns)


def _only_moved(pattern: str, documents: Sequence[Any]) -> bool:
    """Whether both documents have the same values there, in another order: then it is rows that vary, not these."""
    if not pattern.startswith("$"):
        return False
    one, other = (sorted(map(repr, values_at(document, steps_of(pattern)))) for document in documents)
    return one == other


def _is_there(key: Key, document: Any) -> bool:
    what, pattern = key
    if not pattern.startswith("$"):
        return True
    values: Iterator[Any] = values_at(document, steps_of(pattern))
    if what == ORDER:
        return any(isinstance(rows, list) and len(rows) > 1 for rows in values)
    return any(value is not None for value in values)


def _documents(answers: Sequence[Observation]) -> list[Any]:
    found = []
    for answer in answers:
        try:
            found.append(document_of(answer))
        except (ValueError, RecursionError):
            found.append(None)
    return found
