"""What one verification sees of an endpoint that does not repeat itself, and what it takes for no difference."""

import json
import time
from dataclasses import dataclass, field

from strangler_router.types import Call
from strangler_shadow.cursors import MOST_PAGES, Sides, leads_elsewhere, with_cursors
from strangler_shadow.judging import INFRASTRUCTURE
from strangler_shadow.learning import CLOCK_SECONDS
from strangler_shadow.matchers import Anything, Cursor, Matcher, Number, Time, Token, Url
from strangler_shadow.noise import NO_NOISE, Noise, differences_beyond, is_clock, noise_between, settled, sifted
from strangler_shadow.observation import Difference, Observation
from strangler_shadow.rules import declared_noise
from strangler_shadow.search import Unreachable

__all__ = ["Variation"]

MOST_FOLLOWED = 30
MOST_WAITS = 3
OPEN = {"owner": "OWNER", "reason": "REASON", "until": "YYYY-MM-DD"}


@dataclass(slots=True)
class Variation:
    """`noise` is what was declared and what was seen, `seen` the latter alone."""

    endpoint: str
    noise: Noise = field(init=False)
    seen: Noise = NO_NOISE
    followed: dict[tuple[str, ...], bool] = field(default_factory=dict)
    waits: int = 0

    def __post_init__(self) -> None:
        self.noise = declared_noise(self.endpoint)

    def unexplained(self, call: Call, control: Observation, candidate: Observation, sides: Sides) -> list[Difference]:
        """The differences that stay when both are asked again, and cursors are followed.

        Raises `Unreachable` where the service is away when it is asked again.
        """

        def repeat() -> Observation:
            again = sides.control(call)
            self.seen |= noise_between(control, again)
            return again

        def repeat_candidate() -> Observation:
            again = sides.candidate(call)
            if again.error.startswith(INFRASTRUCTURE):
                raise Unreachable(again.error)
            return again

        unknown, explained = sifted(self.noise, control, candidate)
        known, links = with_cursors(self.noise, [*unknown, *explained])
        found, self.noise = settled(control, candidate, repeat, known, repeat_candidate)
        if found and all(map(is_clock, found)) and self.waits < MOST_WAITS:
            # A clock that shows whole seconds has stood still between answers that were asked for at once.
            self.waits += 1
            time.sleep(CLOCK_SECONDS)
            self.noise |= noise_between(control, repeat())
            found = differences_beyond(self.noise, control, candidate)
        return found + [link for link in links if self._leads_elsewhere(call, link, sides)]

    def between(self, control: Observation, again: Observation) -> Noise:
        """What two answers of the monolith show, and what was declared."""
        found = noise_between(control, again)
        self.seen |= found
        return declared_noise(self.endpoint) | found

    @property
    def hides(self) -> dict[str, str]:
        """By pattern what was not seen, whether that was declared, and how to declare it."""
        words = dict(self.noise.hides)
        declared = declared_noise(self.endpoint).hides
        for pattern in words:
            if pattern in declared:
                is_proven = pattern in self.seen.hides
                words[pattern] += " (declared)" if is_proven else " (declared, not proven in this run: it did not vary)"
            elif line := _declaration(self.endpoint, pattern, self.noise):
                words[pattern] += f"; to declare it: {line}"
        return words

    def _leads_elsewhere(self, call: Call, link: Difference, sides: Sides) -> bool:
        key = (call.path, call.query, call.caller.subject, link.path)
        if key not in self.followed:
            if sum(not elsewhere for elsewhere in self.followed.values()) >= MOST_FOLLOWED:
                return False
            self.followed[key] = leads_elsewhere(call, link, self.noise, sides, pages=MOST_PAGES)
        return self.followed[key]


def _declaration(endpoint: str, pattern: str, noise: Noise) -> str:
    """A line for `STRANGLER["SHADOW"]["RULES"]`; empty where there is no such rule."""
    if pattern in noise.shuffled:
        found: list[dict[str, object]] = [{"matcher": "rows"}]
    else:
        found = [_options(rule) for rule in noise.matchers.get(pattern, ())]
    at = pattern if pattern.startswith("$") else f"header {pattern}"
    return " ".join(json.dumps({"endpoint": endpoint, "at": at, **options, **OPEN}) for options in found)


def _options(rule: Matcher) -> dict[str, object]:
    match rule:
        case Time(_, tolerance):
            return {"matcher": "time", "within": tolerance.total_seconds()}
        case Number(_, tolerance):
            return {"matcher": "number", "within": tolerance}
        case Token():
            return {"matcher": "token"}
        case Url(parameters):
            return {"matcher": "cursor" if isinstance(rule, Cursor) else "url", "parameters": sorted(parameters)}
        case Anything(kind):
            return {"matcher": "any", "type": kind.__name__}
    raise TypeError(rule)
