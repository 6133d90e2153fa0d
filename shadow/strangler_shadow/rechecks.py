"""Ask both sides again for what differs, and learn from the monolith's answers what varies by itself."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from strangler_router.conf import settings
from strangler_shadow.learning import CLOCK_SECONDS, learning
from strangler_shadow.noise import Noise, differences_beyond, is_clock
from strangler_shadow.observation import Difference, Kind, Observation
from strangler_shadow.questions import Questions

__all__ = ["Recheck", "ask_control", "outlasts_lag", "recheck"]

RECHECKS = 3
LESSON = 3
"""Answers to one call from which something can be learnt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recheck:
    """The differences that are still there, and the monolith's first answer."""

    held: tuple[Difference, ...]
    now: Observation


def recheck(questions: Questions, known: Noise, differences: Sequence[Difference]) -> Recheck:
    """Ask both sides again, the monolith before and after the service: what a write changes meanwhile is no difference.

    The first time that the monolith repeats itself, but for what is known to vary, settles it.
    """
    held = set(map(_group, differences))
    answers: list[Observation] = []
    between: list[Observation] = []
    for _ in range(RECHECKS):
        before, candidate, after = questions.control(), questions.candidate(), questions.control()
        answers += [before, after]
        between.append(candidate)
        moving = {_place(difference) for difference in differences_beyond(known, before, after)}
        again = set(map(_group, differences_beyond(known, before, candidate)))
        # Rows shift when one is added, so a list moves as a whole.
        held = {group for group in held & again if group[1].partition("[*]")[0] not in moving}
        if not held or not moving:
            break
    endpoint = questions.exchange.call.endpoint
    stood_still = not held and not moving and all(map(is_clock, differences))
    if stood_still and learning.may_wait(endpoint):
        ask_control(questions, CLOCK_SECONDS)
    else:
        if moving and len(answers) < LESSON and learning.is_curious(endpoint):
            answers.append(questions.control())
        learning.teach(endpoint, answers, between)
    return Recheck(held=tuple(item for item in differences if _group(item) in held), now=answers[0])


def ask_control(questions: Questions, pause: float) -> None:
    """Learn from the monolith's answers with so many seconds between them."""
    answers = [questions.control()]
    for _ in range(LESSON - 1):
        if pause:
            time.sleep(pause)
        answers.append(questions.control())
    teach = learning.teach_clocks if pause else learning.teach
    teach(questions.exchange.call.endpoint, answers)


def outlasts_lag(questions: Questions, known: Noise, differences: Sequence[Difference]) -> tuple[Difference, ...]:
    """What is still there once the service's own store, fed from the monolith's, had time to follow."""
    lag = settings().shadow.get("LAG", {}).get(questions.exchange.call.endpoint, 0)
    if not lag:
        return tuple(differences)
    time.sleep(lag)
    return recheck(questions, known, differences).held


def _group(difference: Difference) -> tuple[Kind, str]:
    return difference.kind, difference.pattern


def _place(difference: Difference) -> str:
    return difference.pattern.partition("[*]")[0]
