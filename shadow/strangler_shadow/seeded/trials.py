"""How much a comparison sees: mistakes are made in answers that it called equal, and it is asked again."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from strangler_shadow.noise import NO_NOISE, Noise, differences_beyond
from strangler_shadow.observation import Difference, Observation
from strangler_shadow.seeded.draw import Field, field_of, spread
from strangler_shadow.seeded.finished import observation_of, reply_of
from strangler_shadow.seeded.operator import Operator, Place
from strangler_shadow.seeded.registry import OPERATORS

__all__ = ["Draw", "Miss", "Pair", "SelfTest", "draws", "self_test"]

# Fields of an endpoint that each operator is tried at.
FIELDS = 3

Compare = Callable[..., list[Difference]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """An answer of the control that the candidate equalled, and where the control does not repeat itself."""

    control: Observation
    noise: Noise = NO_NOISE


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """One seeded divergence: a mistake of an operator at one place of one answer."""

    operator: Operator
    place: Place
    pair: Pair

    def candidate(self) -> Observation:
        """The answer with the mistake in it."""
        return observation_of(self.operator.damage(reply_of(self.pair.control), self.place), self.pair.control)


@dataclass(frozen=True, slots=True, kw_only=True)
class Miss:
    """A seeded divergence that was not seen, and why."""

    operator: str
    family: str
    place: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfTest:
    """How many seeded divergences were seen; `operators` applied to some answer, `unused` to none."""

    caught: int = 0
    applicable: int = 0
    operators: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()
    missed: tuple[Miss, ...] = field(default=())

    @classmethod
    def of(cls, names: Iterable[str], tried: Mapping[str, int], missed: Sequence[Miss]) -> "SelfTest":
        """Of operators with these names, so many divergences of those that applied, and those that were not seen."""
        total = sum(tried.values())
        return cls(
            caught=total - len(missed),
            applicable=total,
            operators=tuple(tried),
            unused=tuple(name for name in names if name not in tried),
            missed=tuple(missed),
        )

    def __add__(self, other: "SelfTest") -> "SelfTest":
        """Both, of operators that differ."""
        return SelfTest(
            caught=self.caught + other.caught,
            applicable=self.applicable + other.applicable,
            operators=self.operators + other.operators,
            unused=self.unused + other.unused,
            missed=self.missed + other.missed,
        )


def draws(
    pairs: Sequence[Pair], *, seed: int, operators: Iterable[Operator] = OPERATORS.values(), fields: int = FIELDS
) -> Iterator[Draw]:
    """Each operator's divergences: at most so many different fields, from the smallest answers that have them."""
    smallest_first = sorted(pairs, key=lambda pair: len(pair.control.body))
    replies = [(pair, reply_of(pair.control)) for pair in smallest_first]
    for operator in operators:
        seen: set[Field] = set()
        for pair, reply in replies:
            fresh = [place for place in operator.places(reply) if field_of(place) not in seen]
            for place in spread(fresh, seed, fields - len(seen)):
                seen.add(field_of(place))
                yield Draw(operator=operator, place=place, pair=pair)
            if len(seen) >= fields:
                break


def self_test(pairs: Sequence[Pair], compare: Compare, *, seed: int) -> SelfTest:
    """Ask the comparison for every drawn divergence, with what it takes for noise left out."""
    missed: list[Miss] = []
    tried: dict[str, int] = {}
    for draw in draws(pairs, seed=seed):
        tried[draw.operator.name] = tried.get(draw.operator.name, 0) + 1
        if reason := _why_not_seen(draw, compare):
            missed.append(_miss(draw, reason))
    return SelfTest.of(OPERATORS, tried, missed)


def _why_not_seen(draw: Draw, compare: Compare) -> str:
    control, candidate = draw.pair.control, draw.candidate()
    if not compare(control, candidate):
        return "the comparison calls the answers equal"
    if not differences_beyond(draw.pair.noise, control, candidate, compare):
        return "the control varies there by itself"
    return ""


def _miss(draw: Draw, reason: str) -> Miss:
    place = ".".join(map(str, draw.place)) or "the reply"
    return Miss(operator=draw.operator.name, family=draw.operator.family.value, place=place, reason=reason)
