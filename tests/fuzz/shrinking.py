"""Makes a failing episode readable: drops whatever it fails without."""

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from tests.fuzz.blueprints import Blueprint
from tests.fuzz.comparing import Mismatch, Tally
from tests.fuzz.episodes import Episode, Step, play
from tests.fuzz.server import Server

SECONDS = 120


def shrunk(episode: Episode, mismatch: Mismatch, server: Server) -> tuple[Episode, Mismatch]:
    """The smallest episode found in some time that fails in the same way."""
    deadline, changed = time.monotonic() + SECONDS, True
    while changed:
        changed = False
        for part in (_less_to_do, _fewer_serializers, _shorter_steps, _simpler_code, _fewer_rows):
            while (found := _first_failing(part(episode, mismatch), mismatch, server, deadline)) is not None:
                (episode, mismatch), changed = found, True
    return episode, mismatch


def _first_failing(
    candidates: Iterator[Episode], mismatch: Mismatch, server: Server, deadline: float
) -> tuple[Episode, Mismatch] | None:
    for candidate in candidates:
        if time.monotonic() > deadline:
            return None
        try:
            found = play(candidate, server, Tally())
        except Exception:
            # Without the part that was dropped, its classes or its writes cannot be.
            continue
        if found is not None and _kind(found) == _kind(mismatch):
            return candidate, found
    return None


def _kind(mismatch: Mismatch) -> str:
    """The same bytes may differ cold or warm."""
    return f"{mismatch.kind.split()[-1]} {type(mismatch.ours).__name__}"


def _less_to_do(episode: Episode, mismatch: Mismatch) -> Iterator[Episode]:
    steps, case = episode.steps, mismatch.case
    if len(steps) > mismatch.step + 1:
        yield replace(episode, steps=steps[: mismatch.step + 1])
    for kept in (lambda one: one.serializer == case.serializer, lambda one: one == case):
        chosen = tuple(replace(step, cases=tuple(filter(kept, step.cases))) for step in steps)
        if chosen != steps:
            yield replace(episode, steps=chosen)
    size = len(steps) // 2
    while size:
        for at in range(0, len(steps), size):
            yield replace(episode, steps=steps[:at] + steps[at + size :])
        size //= 2


def _fewer_serializers(episode: Episode, mismatch: Mismatch) -> Iterator[Episode]:
    for number in range(len(episode.blueprints)):
        if number != mismatch.case.serializer:
            yield _without(episode, number)


def _without(episode: Episode, number: int) -> Episode:
    def step_without(step: Step) -> Step:
        kept = [case for case in step.cases if case.serializer != number]
        cases = tuple(replace(case, serializer=case.serializer - (case.serializer > number)) for case in kept)
        redeployed = step.redeployed
        if redeployed and redeployed[0] >= number:
            redeployed = None if redeployed[0] == number else (redeployed[0] - 1, redeployed[1])
        return replace(step, cases=cases, redeployed=redeployed)

    blueprints = episode.blueprints[:number] + episode.blueprints[number + 1 :]
    return replace(episode, blueprints=blueprints, steps=tuple(map(step_without, episode.steps)))


def _shorter_steps(episode: Episode, mismatch: Mismatch) -> Iterator[Episode]:
    for at, step in enumerate(episode.steps):
        for less in _less(step):
            yield replace(episode, steps=_put(episode.steps, at, less))


def _less(step: Step) -> Iterator[Step]:
    for at in range(len(step.cases)):
        yield replace(step, cases=step.cases[:at] + step.cases[at + 1 :])
    for at in range(len(step.writes)):
        yield replace(step, writes=step.writes[:at] + step.writes[at + 1 :])
    plain: dict[str, Any] = {
        "fault": "", "settings": None, "renderer": None, "redeployed": None, "looks_inside": False,
        "ending": "autocommit",
    }  # fmt: skip
    for name, value in plain.items():
        if getattr(step, name) != value:
            yield replace(step, **{name: value})
    for at, write in enumerate(step.writes):
        if len(write.values) > 1:
            for name in write.values:
                fewer = {key: value for key, value in write.values.items() if key != name}
                yield replace(step, writes=_put(step.writes, at, replace(write, values=fewer)))


def _simpler_code(episode: Episode, mismatch: Mismatch) -> Iterator[Episode]:
    for number, blueprint in enumerate(episode.blueprints):
        for simpler in _simpler(blueprint):
            yield replace(episode, blueprints=_put(episode.blueprints, number, simpler))
    for at, step in enumerate(episode.steps):
        if step.redeployed:
            number, blueprint = step.redeployed
            for simpler in _simpler(blueprint):
                yield replace(episode, steps=_put(episode.steps, at, replace(step, redeployed=(number, simpler))))


def _simpler(blueprint: Blueprint) -> Iterator[Blueprint]:
    for at in range(len(blueprint.pieces)):
        if len(blueprint.pieces) > 1:
            yield replace(blueprint, pieces=blueprint.pieces[:at] + blueprint.pieces[at + 1 :])
    plain: dict[str, Any] = {
        "override": None, "bases": "{base}", "listing": "", "links": False, "depth": 0, "vary": None,
    }  # fmt: skip
    for name, value in plain.items():
        if getattr(blueprint, name) != value:
            yield replace(blueprint, **{name: value})
    for at, piece in enumerate(blueprint.pieces):
        if piece.nested is not None:
            for nested in _simpler(piece.nested):
                yield replace(blueprint, pieces=_put(blueprint.pieces, at, replace(piece, nested=nested)))
        elif piece.fresh and "batched(" not in piece.ours:
            yield replace(blueprint, pieces=_put(blueprint.pieces, at, replace(piece, fresh=False)))


def _fewer_rows(episode: Episode, mismatch: Mismatch) -> Iterator[Episode]:
    population = episode.population
    for name in ("items", "others"):
        if getattr(population, name) > 1:
            yield replace(episode, population=replace(population, **{name: getattr(population, name) - 1}))


def _put(parts: tuple[Any, ...], at: int, part: Any) -> tuple[Any, ...]:
    return (*parts[:at], part, *parts[at + 1 :])
