"""Ask both sides for one call after the other, and keep count of what came of it."""

import math
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from strangler_router.pin import Entry
from strangler_router.types import Call
from strangler_shadow.compare import compare
from strangler_shadow.content import has_content
from strangler_shadow.curl import curl_line
from strangler_shadow.cursors import Sides
from strangler_shadow.judging import INFRASTRUCTURE, Group, group_of
from strangler_shadow.observation import Difference, Observation
from strangler_shadow.reach import Reach
from strangler_shadow.replay import NOT_ASKED, ReplayError, replay_candidate, replay_control
from strangler_shadow.report import Finding
from strangler_shadow.search import Diverged, Unreachable
from strangler_shadow.seeded import Pair
from strangler_shadow.variation import Variation

__all__ = ["VerifyRun"]

MOST_PAIRS = 24
TURN = 32
# How much longer than its time a search may look for a smaller call that shows a difference.
SHRINK_SECONDS = 10.0


@dataclass(slots=True)
class VerifyRun:
    """One endpoint's verification under way."""

    entry: Entry
    rung: str
    on_call: Callable[[], None]
    reach: Reach
    until: float = math.inf
    calls: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    callers: Counter[str] = field(default_factory=Counter)
    control_seconds: list[float] = field(default_factory=list)
    candidate_seconds: list[float] = field(default_factory=list)
    known: set[Group] = field(default_factory=set)
    variation: Variation = field(init=False)
    last: Finding | None = None
    saw_content: bool = False
    equal: dict[object, tuple[Call, Observation]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.variation = Variation(self.entry.binding.id)

    def check(self, kind_of_caller: str, call: Call) -> int:
        """Ask both sides; raises `Diverged` on a difference that is not known yet. Gives the monolith's status."""
        return self.check_against(replay_control(call), kind_of_caller, call) if self.asks() else 0

    def in_turns(self, asked: Sequence[tuple[str, Call]]) -> Iterator[tuple[Observation, str, Call]]:
        """The monolith's answer to each call, for `check_against`, as long as there is time.

        The monolith is asked for many and then the service, since in turns of one each finds the processor's caches
        full of the other's.
        """
        for first in range(0, len(asked), TURN):
            turn = asked[first : first + TURN]
            yield from [(replay_control(call), kind_of_caller, call) for kind_of_caller, call in turn if self.asks()]

    def check_against(self, control: Observation, kind_of_caller: str, call: Call) -> int:
        """`check` where the monolith has answered already."""
        if not self.asks():
            return 0
        if control.wrote:
            self.skipped["writes"] += 1
            return control.status
        candidate = replay_candidate(call, self.rung)
        if control.status >= 500 and candidate.error:
            # The router falls back there, and a client gets the monolith's own 500.
            self.skipped["both sides fail"] += 1
            return control.status
        if candidate.error.startswith(NOT_ASKED):
            self.skipped["the monolith keeps it"] += 1
            return control.status
        self._count(kind_of_caller, control, candidate)
        self.reach.add(call, control)
        differences = self._confirmed(call, control, candidate)
        if any(group_of(difference) not in self.known for difference in differences):
            self.last = Finding(
                call=call,
                caller=kind_of_caller,
                curl=curl_line(call),
                control=control,
                candidate=candidate,
                differences=tuple(differences),
            )
            raise Diverged
        if not differences and len(self.equal) < MOST_PAIRS:
            # One of each sort, so that the self-test meets many and stays quick.
            language = next((value for name, value in control.headers if name == "Content-Language"), "")
            sort = (control.status, control.content_type, language, kind_of_caller, has_content(control.body))
            self.equal.setdefault((*sort, bool(call.query)), (call, control))
        return control.status

    def asks(self) -> bool:
        """Whether there is time for a call; a difference that was seen is made smaller for a while yet."""
        return time.monotonic() < self.until + (SHRINK_SECONDS if self.last else 0.0)

    def pairs(self) -> list[Pair]:
        """Answers that both sides gave, with what the control does not repeat of them or was declared to vary."""
        found = []
        for call, control in self.equal.values():
            # A user may be gone by now.
            with suppress(ReplayError):
                found.append(Pair(control=control, noise=self.variation.between(control, replay_control(call))))
        return found

    def _count(self, kind_of_caller: str, control: Observation, candidate: Observation) -> None:
        self.calls += 1
        self.statuses[control.status] += 1
        self.saw_content = self.saw_content or (200 <= control.status < 300 and has_content(control.body))
        self.callers[kind_of_caller] += 1
        self.control_seconds.append(control.seconds)
        self.candidate_seconds.append(candidate.seconds)
        self.on_call()

    def _confirmed(self, call: Call, control: Observation, candidate: Observation) -> list[Difference]:
        differences = compare(control, candidate)
        if not differences:
            return []
        if candidate.error.startswith(INFRASTRUCTURE):
            raise Unreachable(candidate.error)
        if self.known.issuperset(map(group_of, differences)):
            return differences
        # What the control does not repeat either is no difference between the sides.
        sides = Sides(replay_control, partial(replay_candidate, rung=self.rung))
        found = self.variation.unexplained(call, control, candidate, sides)
        if not found:
            self.skipped["varies by itself"] += 1
        return found
