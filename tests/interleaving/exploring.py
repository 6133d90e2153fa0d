"""Many histories from one seed, and the shortest that still shows what went wrong."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from random import Random
from typing import Any

from strangler_protos import stamps as protocol
from tests.interleaving.programs import Program
from tests.interleaving.scheduling import STAYS, Actor, Choose, order_of, replay, walk
from tests.interleaving.scripts import Op, Script
from tests.interleaving.simulation import Simulation

__all__ = ["Failure", "attempt", "exhaust", "explain", "search"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A program, an order of steps, and what is wrong with it."""

    program: Program
    trace: tuple[int, ...]
    error: AssertionError


def attempt(simulation: Simulation, program: Program, choose: Choose) -> Failure | None:
    """Runs one history."""
    trace: list[int] = []
    try:
        simulation.play(program, choose, lambda actor: trace.append(actor.index))
    except AssertionError as error:
        return Failure(program=program, trace=tuple(trace), error=error)
    return None


def search(
    simulation: Simulation, programs: Iterable[tuple[int, Program]], wanted: type[AssertionError]
) -> tuple[int, int, Failure] | None:
    """The first failure of a kind among programs in the orders of their seeds: how many it took, its seed, itself."""
    for number, (seed, program) in enumerate(programs, 1):
        failure = attempt(simulation, program, order_of(seed))
        if failure is not None and isinstance(failure.error, wanted):
            return number, seed, failure
    return None


def exhaust(simulation: Simulation, program: Program, interruptions: int) -> Iterator[Failure | None]:
    """All orders of a program in which actors that could go on are interrupted at most so many times."""
    left: deque[tuple[tuple[int, ...], int]] = deque([((), 0)])
    while left:
        prefix, spent = left.popleft()
        order = _Prefix(prefix)
        yield attempt(simulation, program, order)
        for at in range(len(prefix), len(order.made)):
            current, ready = order.made[at - 1] if at else None, order.ready[at]
            # The actor of the step before is interrupted only if it could have gone on.
            cost = 1 if current in ready else 0
            if spent + cost <= interruptions:
                left += [((*order.made[:at], other), spent + cost) for other in ready if other != order.made[at]]


class _Prefix:
    """Follows the beginning of an order, then goes on with the same actor for as long as it can."""

    def __init__(self, prefix: Sequence[int]) -> None:
        self.prefix = prefix
        self.made: list[int] = []
        self.ready: list[list[int]] = []

    def __call__(self, current: Actor | None, ready: Sequence[Actor]) -> Actor:
        at = len(self.made)
        if at < len(self.prefix):
            chosen = next(actor for actor in ready if actor.index == self.prefix[at])
        else:
            chosen = current if current in ready else ready[0]
        self.made.append(chosen.index)
        self.ready.append([actor.index for actor in ready])
        return chosen


def shrunk(simulation: Simulation, failure: Failure, *, tries: int = 300) -> Failure:
    """A failure of a smaller program and with fewer switches, found by trying."""
    random = Random(0)
    while True:
        for program in _smaller(failure.program):
            found = _any(simulation, program, random, tries, type(failure.error))
            if found is not None:
                failure = found
                break
        else:
            break
    for _ in range(3 * tries):
        found = _any(simulation, failure.program, random, 1, type(failure.error))
        if found is not None and _switches(found.trace) < _switches(failure.trace):
            failure = found
    return failure


def explain(simulation: Simulation, failure: Failure) -> str:
    """The failure in few lines: its program, and the steps of its shortest order."""
    failure = shrunk(simulation, failure)
    steps: list[tuple[str, str]] = []

    def note(actor: Actor) -> None:
        said = _said(actor.step)
        if steps and steps[-1][0] == actor.name:
            steps[-1] = actor.name, f"{steps[-1][1]} | {said}"
        else:
            steps.append((actor.name, said))

    try:
        simulation.play(failure.program, replay(failure.trace), note)
    except AssertionError as error:
        lines = [f"  {name:>7}: {said}" for name, said in steps]
        return "\n".join([str(error), str(failure.program), *lines])
    return f"{failure.error}\n{failure.program}\n  order {failure.trace}"


def _any(
    simulation: Simulation, program: Program, random: Random, tries: int, kind: type[AssertionError]
) -> Failure | None:
    for _ in range(tries):
        found = attempt(simulation, program, walk(random, random.choice(STAYS)))
        if found is not None and type(found.error) is kind:
            return found
    return None


def _smaller(program: Program) -> Iterator[Program]:
    for name in ("weather", "writers", "readers"):
        held = getattr(program, name)
        for at in range(len(held)):
            yield replace(program, **{name: held[:at] + held[at + 1 :]})
    for name in ("writers", "readers"):
        held = getattr(program, name)
        for at, script in enumerate(held):
            for less in _less(script):
                if less:
                    yield replace(program, **{name: (*held[:at], less, *held[at + 1 :])})


def _less(script: Script) -> Iterator[Script]:
    for at, each in enumerate(script):
        if len(script) > 1:
            yield script[:at] + script[at + 1 :]
        if each.inner:
            yield (*script[:at], *each.inner, *script[at + 1 :])
            for inner in _less(each.inner):
                yield (*script[:at], Op(each.name, each.arguments, inner), *script[at + 1 :])


def _switches(trace: Sequence[int]) -> tuple[int, int]:
    return sum(1 for one, other in pairwise(trace) if one != other), len(trace)


def _said(step: Any) -> str:
    """A step in words."""
    if isinstance(step, list):
        return ", ".join(map(_command, step))
    if isinstance(step, str):
        return step
    return " ".join(part if isinstance(part, str) else repr(part) for part in step)


def _command(command: Sequence[Any]) -> str:
    name, *arguments = command
    if name == "EVAL":
        script, number, *rest = arguments
        called = {protocol.MARK: "MARK", protocol.RENEW: "RENEW", protocol.CLAIM: "CLAIM"}.get(script, "EVAL")
        return f"{called} {' '.join(map(_key, rest[:number]))}"
    keys = arguments if name in ("MGET", "UNLINK") else arguments[:1]
    return f"{name} {' '.join(map(_key, keys))}"


def _key(key: bytes) -> str:
    kind, *rest = key.decode().split(":")[3:]
    return f"{kind}:{':'.join(rest[-2:])}" if kind == "stamp" else f"{kind}:{rest[-1]}"
