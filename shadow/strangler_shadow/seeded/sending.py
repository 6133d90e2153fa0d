"""Mistakes in what a write sends: mail, tasks, connections."""

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any, ClassVar

from strangler_router.effects import Effect
from strangler_shadow.effect_differences import as_observation, effect_differences, place_of
from strangler_shadow.noise import NO_NOISE, Noise
from strangler_shadow.seeded.draw import spread
from strangler_shadow.seeded.operator import Family, Place
from strangler_shadow.seeded.parts import put
from strangler_shadow.seeded.trials import FIELDS, Miss, SelfTest

__all__ = ["SENDING", "SendingOperator", "sending_self_test"]

# Of one call.
MOST = 30
INDEX = re.compile(r"\[\d+\]")
Sent = Sequence[Effect]


class SendingOperator(ABC):
    """A mistake; a place is an effect's index, then steps into its document."""

    name: ClassVar[str] = ""
    family = Family.EFFECT

    def __init_subclass__(cls, *, name: str = "") -> None:
        cls.name = name

    @abstractmethod
    def changes(self, sent: Sent) -> Iterator[tuple[Place, list[Effect]]]:
        """Each place where the mistake could be made, and what is sent with it."""


class Lost(SendingOperator, name="effect-lost"):
    """One of the effects is not sent."""

    def changes(self, sent: Sent) -> Iterator[tuple[Place, list[Effect]]]:
        for at in range(len(sent)):
            yield (at,), [*sent[:at], *sent[at + 1 :]]


class Doubled(SendingOperator, name="effect-doubled"):
    """A mail or a task is sent twice."""

    def changes(self, sent: Sent) -> Iterator[tuple[Place, list[Effect]]]:
        for at in range(len(sent)):
            yield (at,), [*sent[: at + 1], *sent[at:]]


class Added(SendingOperator, name="effect-added"):
    """A mail is sent that the monolith does not send."""

    def changes(self, sent: Sent) -> Iterator[tuple[Place, list[Effect]]]:
        mail = {"from": "service@example.org", "to": ["somebody@example.org"], "subject": "Done", "body": "It is done."}
        yield (len(sent),), [*sent, Effect(kind="mail", name="", document=mail)]


class Elsewhere(SendingOperator, name="effect-elsewhere"):
    """A task has another name, or a connection goes to another server."""

    def changes(self, sent: Sent) -> Iterator[tuple[Place, list[Effect]]]:
        for at, effect in enumerate(sent):
            if effect.name:
                yield (at,), [*sent[:at], replace(effect, name=f"{effect.name}0"), *sent[at + 1 :]]


class Swapped(SendingOperator, name="effects-swapped"):
    """Two of one kind and name are sent in the opposite order."""

    def changes(self, sent: Sent) -> Iterator[tuple[Place, list[Effect]]]:
        for at, (one, other) in enumerate(pairwise(sent)):
            if (one.kind, one.name) == (other.kind, other.name):
                yield (at,), [*sent[:at], other, one, *sent[at + 2 :]]


class _InDocuments(SendingOperator):
    """Changes one value of a document."""

    @abstractmethod
    def change(self, value: Any) -> Any:
        """The wrong value, or the value itself."""

    def changes(self, sent: Sent) -> Iterator[tuple[Place, list[Effect]]]:
        for at, effect in enumerate(sent):
            for path, value in _leaves(effect.document):
                wrong = self.change(value)
                if wrong is not value:
                    document = put(effect.document, path, wrong)
                    yield (at, *path), [*sent[:at], replace(effect, document=document), *sent[at + 1 :]]


class Text(_InDocuments, name="effect-text-changed"):
    """A text in a mail or a task's arguments has a letter more."""

    def change(self, value: Any) -> Any:
        return f"{value}x" if type(value) is str else value


class Number(_InDocuments, name="effect-number-changed"):
    """A number in a task's arguments is one more, as where another row is meant."""

    def change(self, value: Any) -> Any:
        return value + 1 if type(value) in (int, float) else value


class Flag(_InDocuments, name="effect-flag-changed"):
    """A flag in a task's arguments is the other one."""

    def change(self, value: Any) -> Any:
        return not value if type(value) is bool else value


class Emptied(_InDocuments, name="effect-value-lost"):
    """A value in a mail or a task's arguments is not sent along."""

    def change(self, value: Any) -> Any:
        return None if value not in (None, "") else value


SENDING: dict[str, SendingOperator] = {
    kind.name: kind() for kind in (Added, Doubled, Elsewhere, Flag, Lost, Number, Text, Emptied, Swapped)
}


def sending_self_test(calls: Sequence[Sent], noise: Noise, *, seed: int) -> SelfTest:
    """Make each mistake at some places of what calls sent alike on both sides, and compare as for them."""
    missed: list[Miss] = []
    tried: dict[str, int] = {}
    for operator in SENDING.values():
        found: dict[Place, tuple[Sent, Sent]] = {
            (place,): pair for sent in calls for place, pair in _mistakes(operator, sent[:MOST])
        }
        for place in spread(list(found), seed, FIELDS):
            tried[operator.name] = tried.get(operator.name, 0) + 1
            sent, wrong = found[place]
            if not effect_differences(noise, sent, wrong):
                missed.append(_miss(operator, str(place[0]), sent, wrong))
    return SelfTest.of(SENDING, tried, missed)


def _mistakes(operator: SendingOperator, sent: Sent) -> Iterator[tuple[str, tuple[Sent, Sent]]]:
    """By the place's pattern, which shows no value, those that can be told from what was sent."""
    spelled = as_observation(sent).body
    for place, wrong in operator.changes(sent):
        if as_observation(wrong).body != spelled:
            yield _pattern(sent, wrong, place), (sent, wrong)


def _pattern(sent: Sent, wrong: Sent, place: Place) -> str:
    at, *steps = place
    effect = [*sent, *wrong[-1:]][int(at)]
    path = "".join(f".{step}" if str(step).isidentifier() else f"[{json.dumps(step)}]" for step in steps)
    return INDEX.sub("[*]", place_of(f"$[{json.dumps(f'{effect.kind} {effect.name}'.rstrip())}][0]{path}"))


def _miss(operator: SendingOperator, place: str, sent: Sent, wrong: Sent) -> Miss:
    seen = effect_differences(NO_NOISE, sent, wrong)
    reason = "the control varies there by itself" if seen else "the comparison calls both alike"
    return Miss(operator=operator.name, family=operator.family.value, place=place, reason=reason)


def _leaves(value: Any, path: Place = ()) -> Iterator[tuple[Place, Any]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _leaves(item, (*path, key))
    elif isinstance(value, list):
        for at, item in enumerate(value):
            yield from _leaves(item, (*path, at))
    else:
        yield path, value
