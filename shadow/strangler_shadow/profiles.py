"""How long verification goes on: `gate` makes the same calls each time, `explore` new ones until its time is over.

Whoever interrupts either has what was found until then, kept and reported.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Protocol

from strangler_router.pin import Entry
from strangler_shadow.report import EndpointReport
from strangler_shadow.verdict import Verdict

__all__ = ["Explore", "Gate", "Profile", "Verifies", "not_reached"]

# Calls of one endpoint before it is the next one's turn.
ROUND = 40


class Verifies(Protocol):
    """One endpoint's verification, which is ready to report once it has begun."""

    entry: Entry
    rung: str
    ready: bool

    def begin(self) -> None:
        """Make the calls that are made whatever the seed."""

    def search(self, *, examples: int, seed: int) -> None:
        """Draw so many calls, and smaller ones of each difference."""

    def report(self, *, seed: int) -> EndpointReport:
        """The verdict so far; keeps what was found."""

    def ends(self, until: float) -> None:
        """Ask nothing after this moment, by the monotonic clock."""


class Profile(Protocol):
    """Verifies endpoints, all of which were made ready; `interrupted` once somebody did."""

    seed: int
    interrupted: bool

    def verify(self, group: Sequence[Verifies]) -> Iterator[EndpointReport]:
        """A report for each, in some order."""


@dataclass(slots=True, kw_only=True)
class Gate:
    """So many drawn calls for each endpoint, one endpoint after the other."""

    seed: int
    examples: int
    interrupted: bool = False

    def verify(self, group: Sequence[Verifies]) -> Iterator[EndpointReport]:
        """A report for each as soon as it is there."""
        for one in group:
            if self.interrupted:
                yield not_reached(one.entry, one.rung)
                continue
            try:
                one.begin()
                one.search(examples=self.examples, seed=self.seed)
            except KeyboardInterrupt:
                self.interrupted = True
            yield _report(one, self.seed, finished=not self.interrupted)


@dataclass(slots=True, kw_only=True)
class Explore:
    """Turns of a few calls with another seed each, until the time is over; `endpoints` share it."""

    seed: int
    seconds: float
    endpoints: int
    interrupted: bool = False

    def verify(self, group: Sequence[Verifies]) -> Iterator[EndpointReport]:
        """Reports for all when their share of the time is over."""
        begun: list[Verifies] = []
        try:
            self._turns(group, begun)
        except KeyboardInterrupt:
            self.interrupted = True
        for one in group:
            yield _report(one, self.seed, finished=any(one is other for other in begun))

    def _turns(self, group: Sequence[Verifies], begun: list[Verifies]) -> None:
        end = time.monotonic() + self.seconds * len(group) / self.endpoints
        for place, one in enumerate(group):
            now = time.monotonic()
            one.ends(now + (end - now) / (len(group) - place))
            one.begin()
            begun.append(one)
            one.ends(end)
        for seed in count(self.seed):
            for one in group:
                if time.monotonic() > end:
                    return
                one.search(examples=ROUND, seed=seed)


def not_reached(entry: Entry, rung: str) -> EndpointReport:
    """The report of an endpoint whose turn never came."""
    return EndpointReport(
        endpoint=entry.binding.id,
        rpc=entry.binding.rpc,
        rung=rung,
        verdict=Verdict.INCONCLUSIVE,
        reason="the run ended before it was this endpoint's turn",
    )


def _report(one: Verifies, seed: int, *, finished: bool) -> EndpointReport:
    if not one.ready:
        return not_reached(one.entry, one.rung)
    found = one.report(seed=seed)
    if finished or found.verdict is not Verdict.EQUIVALENT:
        return found
    reason = f"interrupted after {found.calls} calls without a difference"
    return replace(found, verdict=Verdict.INCONCLUSIVE, reason=reason)
