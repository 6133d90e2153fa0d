"""Actors that run one step at a time, in an order that somebody chooses."""

from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from greenlet import GreenletExit, getcurrent, greenlet

__all__ = ["STAYS", "Actor", "Choose", "Endless", "order_of", "pause", "replay", "run", "wait", "walk"]

Choose = Callable[["Actor | None", Sequence["Actor"]], "Actor"]
"""Picks the actor of the next step, of those that can go on; the first argument had the last step."""

LONGEST = 3000
STAYS = (0.0, 0.5, 0.8, 0.9, 0.95)
"""How likely an actor goes on; each history has one of them."""


class Endless(AssertionError):
    """Actors that wait for each other, or never end."""


class Actor(greenlet):
    """A reader, a writer, or the weather."""

    def __init__(self, index: int, name: str, place: Any, body: Callable[[], None]) -> None:
        super().__init__()
        self.index, self.name, self.place, self.body = index, name, place, body
        self.is_dead = False
        self.blocked: Callable[[], bool] | None = None
        self.error: BaseException | None = None
        self.step: Any = "starts"

    def run(self) -> None:
        try:
            self.body()
        except GreenletExit:
            pass
        except BaseException as error:
            self.error = error

    def die(self) -> None:
        """Ends the actor where it is, as a process that is killed; nothing that it still tries has an effect."""
        self.is_dead = True
        if not self.dead:
            self.throw()


def pause(step: Any) -> None:
    """Lets others go on before the current actor does this step."""
    actor = getcurrent()
    if actor.is_dead:
        raise GreenletExit
    actor.step = step
    actor.parent.switch()


def wait(until: Callable[[], bool]) -> None:
    """Lets others go on until something holds."""
    actor = getcurrent()
    actor.blocked = until
    try:
        actor.parent.switch()
    finally:
        actor.blocked = None


def run(actors: Sequence[Actor], choose: Choose, on_step: Callable[[Actor], None] | None = None) -> list[int]:
    """Runs the actors to their ends; gives the indices of the actors in the order of their steps.

    Raises what an actor raised, or Endless.
    """
    trace: list[int] = []
    current: Actor | None = None
    # A killed actor is gone without a step of its own.
    alive = list(actors)
    while ready := [actor for actor in alive if not actor.is_dead and (actor.blocked is None or actor.blocked())]:
        current = choose(current, ready)
        trace.append(current.index)
        if on_step is not None:
            on_step(current)
        current.switch()
        if current.dead:
            alive = [actor for actor in alive if not actor.dead]
            if current.error is not None:
                raise current.error
        if len(trace) > LONGEST:
            raise Endless(f"More than {LONGEST} steps.")
    if any(not actor.dead for actor in alive):
        raise Endless("All wait for each other.")
    return trace


def walk(random: Random, stay: float) -> Choose:
    """Goes on with the same actor with this probability, otherwise with any."""
    draw, pick = random.random, random.choice

    def choose(current: Actor | None, ready: Sequence[Actor]) -> Actor:
        if len(ready) == 1:
            return ready[0]
        if current in ready and draw() < stay:
            return current  # type: ignore[return-value]
        return pick(ready)

    return choose


def order_of(seed: int) -> Choose:
    """The order of a seed."""
    random = Random(f"order {seed}")
    return walk(random, random.choice(STAYS))


def replay(trace: Sequence[int]) -> Choose:
    """The order of an earlier run; where it does not fit, the same actor as before, or the first."""
    left = iter(trace)

    def choose(current: Actor | None, ready: Sequence[Actor]) -> Actor:
        wanted = next(left, None)
        for actor in ready:
            if actor.index == wanted:
                return actor
        return current if current in ready else ready[0]  # type: ignore[return-value]

    return choose
