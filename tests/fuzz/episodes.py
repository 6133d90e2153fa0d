"""A history: serializers over a small database, written to and read step by step."""

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from django.db import transaction
from django.test.utils import override_settings
from rest_framework.renderers import JSONRenderer

from strangler_django.serializers import pending, registry, signals
from tests.fuzz.blueprints import Blueprint, random_blueprint
from tests.fuzz.callers import random_caller
from tests.fuzz.comparing import Case, Mismatch, Pair, Tally, build, compare, random_case
from tests.fuzz.population import Population, empty, populate
from tests.fuzz.server import Server
from tests.fuzz.writes import Write, random_write

ENDINGS = ["autocommit", "commit", "rollback", "savepoint"]
DRF_SETTINGS: list[dict[str, Any]] = [
    {"COERCE_DECIMAL_TO_STRING": False},
    {"DATETIME_FORMAT": "%Y/%m/%d %H:%M %z"},
    {"DATE_FORMAT": "%d.%m.%Y"},
    {"TIME_FORMAT": "%H.%M"},
    {"UPLOADED_FILES_USE_URL": False},
    {"URL_FIELD_NAME": "self"},
    {"COERCE_BIGINT_TO_STRING": True},
    {"DURATION_FORMAT": "iso-8601"},
]
OTHERS: list[dict[str, Any]] = [
    {"MEDIA_URL": "https://cdn.example/"},
    {"TIME_ZONE": "Asia/Kolkata"},
    {"LANGUAGE_CODE": "de"},
]
NUMBERED = re.compile(r"[Ss]\d[\w]*")
RENDERER: list[dict[str, Any]] = [{"ensure_ascii": True}, {"compact": False}]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """First what befalls the cache or the code, then writes and how their transaction ends, then reads."""

    fault: str = ""
    places: tuple[float, ...] = ()
    redeployed: tuple[int, Blueprint] | None = None
    settings: dict[str, Any] | None = None
    renderer: dict[str, Any] | None = None
    writes: tuple[Write, ...] = ()
    ending: str = "autocommit"
    looks_inside: bool = False
    cases: tuple[Case, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    population: Population
    blueprints: tuple[Blueprint, ...]
    steps: tuple[Step, ...]


def random_episode(seed: str) -> Episode:
    rng = Random(seed)
    blueprints = [random_blueprint(rng, f"S{number}") for number in range(rng.choice([1, 2, 4, 5, 6]))]
    steps = [Step(cases=_cases(rng, blueprints)), *(_step(rng, blueprints) for _ in range(rng.randint(12, 24)))]
    population = Population(seed=rng.randint(0, 10**9), items=rng.randint(1, 4), others=rng.randint(1, 3))
    return Episode(population=population, blueprints=tuple(blueprints), steps=tuple(steps))


def _step(rng: Random, blueprints: list[Blueprint]) -> Step:
    chance = rng.random()
    step = Step(cases=_cases(rng, blueprints))
    if chance < 0.03:
        return replace(step, fault="flush")
    if chance < 0.08:
        step = replace(step, fault="evict", places=tuple(rng.random() for _ in range(rng.randint(1, 6))))
    elif chance < 0.09:
        step = replace(step, fault=rng.choice(["restart", "outage"]))
    elif chance < 0.13:
        number = rng.randrange(len(blueprints))
        return replace(step, redeployed=(number, _mutated(rng, blueprints[number])))
    elif chance < 0.16:
        kind = rng.choice(["settings", "settings", "renderer"])
        if kind == "renderer":
            return replace(step, renderer=rng.choice(RENDERER))
        chosen = rng.choice([*({"REST_FRAMEWORK": one} for one in DRF_SETTINGS), *OTHERS])
        return replace(step, settings=chosen)
    ending = rng.choice(ENDINGS)
    code = "\n".join(blueprint.text(ours=True) for blueprint in blueprints)
    writes = tuple(random_write(rng, code) for _ in range(rng.choice([1, 1, 2, 3])))
    return replace(step, writes=writes, ending=ending, looks_inside=ending != "autocommit" and rng.random() < 0.4)


def _cases(rng: Random, blueprints: list[Blueprint]) -> tuple[Case, ...]:
    callers = [random_caller(rng) for _ in range(2)]
    return tuple(
        random_case(rng, number, caller, blueprint) for number, blueprint in enumerate(blueprints) for caller in callers
    )


def _mutated(rng: Random, blueprint: Blueprint) -> Blueprint:
    """The same class after a deployment: other fields, methods or options under the same name."""
    for _ in range(9):
        other = random_blueprint(rng, f"{blueprint.name}N", model=blueprint.model)
        mixed = {piece.name: piece for piece in [*blueprint.pieces, *other.pieces] if rng.random() < 0.7}
        for piece in blueprint.pieces[:1]:
            mixed[piece.name] = piece
        if blueprint.spelled and other.spelled and other.is_mapping:
            return replace(blueprint, pieces=tuple(mixed.values()), override=other.override, timeout=other.timeout)
    return blueprint


class Play:
    """Plays an episode on an empty database and an empty Redis. Raises Mismatch."""

    def __init__(self, episode: Episode, server: Server, tally: Tally) -> None:
        self.episode, self.server, self.tally = episode, server, tally
        self.blueprints = list(episode.blueprints)
        self.pairs: list[Pair] = []
        self.is_up = True
        self.at = 0

    def __call__(self) -> None:
        empty()
        self.server.client.flushall()
        _forget_classes()
        populate(self.episode.population)
        self.deploy()
        try:
            for at, step in enumerate(self.episode.steps):
                self.at = at
                self.step(step)
        finally:
            if not self.is_up:
                self.recover()

    def deploy(self) -> None:
        """Makes the classes, as a process does that starts with this code and these settings."""
        _forget_classes()
        self.pairs = [self.build(blueprint) for blueprint in self.blueprints]

    def build(self, blueprint: Blueprint) -> Pair:
        pair = build(blueprint)
        self.tally.serializers += 1
        if reason := registry.refusals.get(pair.ours):
            self.tally.refused[NUMBERED.sub("S", reason)] += 1
        return pair

    def step(self, step: Step) -> None:
        with ExitStack() as stack:
            self.befall(step, stack)
            self.write(step)
            self.read(step)
        if step.settings or step.renderer:
            self.deploy()
            self.read(step)
        if not self.is_up:
            self.recover()
            self.read(step)

    def befall(self, step: Step, stack: ExitStack) -> None:
        if step.fault == "flush":
            self.server.client.flushall()
        elif step.fault == "evict":
            self.server.evict(list(step.places))
        elif step.fault:
            self.server.kill()
            self.is_up = False
            if step.fault == "restart":
                self.recover()
        if step.redeployed:
            number, blueprint = step.redeployed
            self.blueprints[number] = blueprint
            self.pairs[number] = self.build(blueprint)
        if step.settings or step.renderer:
            if step.settings:
                stack.enter_context(override_settings(**_with_defaults(step.settings)))
            stack.enter_context(_renderer(step.renderer or {}))
            self.deploy()

    def recover(self) -> None:
        self.server.start()
        self.is_up = True

    def write(self, step: Step) -> None:
        if step.ending == "autocommit":
            for write in step.writes:
                write()
            return
        half = len(step.writes) // 2 if step.ending == "savepoint" else len(step.writes)
        with transaction.atomic():
            for write in step.writes[:half]:
                write()
            with transaction.atomic():
                for write in step.writes[half:]:
                    write()
                if step.looks_inside:
                    self.read(step, counted=False)
                transaction.set_rollback(step.ending == "savepoint")
            transaction.set_rollback(step.ending == "rollback")

    def read(self, step: Step, *, counted: bool = True) -> None:
        for case in step.cases:
            compare(self.pairs[case.serializer], case, self.tally, counted=counted and self.is_up)


def _forget_classes() -> None:
    """Leaves nothing of other classes: what one watches would hide what another forgets."""
    signals._dependencies.clear()
    signals._crossings.clear()
    registry._plans.clear()
    registry.refusals.clear()
    pending._open.clear()


def _with_defaults(changes: dict[str, Any]) -> dict[str, Any]:
    from tests.fuzz import settings

    if "REST_FRAMEWORK" in changes:
        return {"REST_FRAMEWORK": settings.REST_FRAMEWORK | changes["REST_FRAMEWORK"]}
    return changes


@contextmanager
def _renderer(changes: dict[str, Any]) -> Iterator[None]:
    kept = {name: getattr(JSONRenderer, name) for name in changes}
    for name, value in changes.items():
        setattr(JSONRenderer, name, value)
    try:
        yield
    finally:
        for name, value in kept.items():
            setattr(JSONRenderer, name, value)


def play(episode: Episode, server: Server, tally: Tally) -> Mismatch | None:
    """None if all bytes were equal."""
    started = Play(episode, server, tally)
    try:
        started()
    except Mismatch as mismatch:
        mismatch.step = started.at
        return mismatch
    return None
