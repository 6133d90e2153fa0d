"""One endpoint's calls that write, made on both copies: replies, rows and what would be sent compared after each.

A difference is looked at again on fresh copies, where the monolith answers on both first: what it does not repeat by
itself is no difference.
"""

import math
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from strangler_router.effects import Effect
from strangler_router.types import Call
from strangler_shadow.effect_differences import PREFIX, effect_differences, effect_noise, is_hidden
from strangler_shadow.judging import INFRASTRUCTURE, Group, group_of
from strangler_shadow.noise import NO_NOISE, Noise, differences_beyond, noise_between
from strangler_shadow.observation import Difference, Observation
from strangler_shadow.replay import NOT_ASKED, write_candidate, write_control
from strangler_shadow.row_differences import (
    RowNoise,
    as_difference,
    compare_rows,
    row_noise_of,
    without_row_noise,
)
from strangler_shadow.row_restore import Sequences, read_sequences, restore
from strangler_shadow.rows import RowReader, Rows
from strangler_shadow.search import Diverged, Unreachable
from strangler_shadow.twin_effects import LATE_SECONDS
from strangler_shadow.twin_service import TwinService
from strangler_shadow.twins import Twins, connected
from strangler_shadow.write_calls import Sequence, Step
from strangler_shadow.write_outcome import Outcome, Sides, created_by

__all__ = ["WriteRun"]

MOST_PAIRS = 24
# Sequences that may be asked to make a finding smaller.
MOST_SHRINKS = 60
NOT_BOUND = "not bound"


@dataclass(slots=True)
class WriteRun:
    """One endpoint's verification under way.

    `sent` counts what the monolith would have sent, `refused` names servers that either was kept from, `late` counts by
    kind and name what a service said when its call had been compared. Where it `lags`, each call is waited for.
    """

    rung: str
    twins: Twins
    service: TwinService
    on_call: Callable[[], None]
    until: float = math.inf
    first: Rows = field(default_factory=dict)
    sequences: Sequences = field(default_factory=dict)
    reader: RowReader = field(default_factory=RowReader)
    dirty: bool = True
    calls: int = 0
    wrote: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    callers: Counter[str] = field(default_factory=Counter)
    control_seconds: list[float] = field(default_factory=list)
    candidate_seconds: list[float] = field(default_factory=list)
    reply_noise: Noise = NO_NOISE
    row_noise: RowNoise = field(default_factory=RowNoise)
    effect_noise: Noise = NO_NOISE
    sent: int = 0
    refused: set[str] = field(default_factory=set)
    late: Counter[str] = field(default_factory=Counter)
    lags: bool = False
    known: set[Group] = field(default_factory=set)
    confirmed: set[Group] = field(default_factory=set)
    failed: dict[str, Outcome] = field(default_factory=dict)
    shrinks: int = 0
    last: Outcome | None = None
    equal: dict[object, tuple[Observation, list[Effect]]] = field(default_factory=dict)

    def check(self, sequence: Sequence) -> None:
        """Make the calls on fresh copies; raises `Diverged` on a difference that is not known yet."""
        if time.monotonic() > self.until and not self.failed:
            return
        if (outcome := self.failed.get(repr(sequence))) is None:
            if self.failed:
                self.shrinks += 1
                if self.shrinks > MOST_SHRINKS:
                    return
            outcome, learnt = self._pass(sequence), 0
            first = outcome
            # What varies in a later call of the sequence shows once the earlier ones differ no more.
            while outcome is not None and len(outcome.calls) > learnt and not self._is_confirmed(outcome):
                learnt = len(outcome.calls)
                self._learn(outcome.calls)
                outcome = self._pass(sequence)
            if outcome is None and first is not None:
                self._settle(first)
        if outcome is None:
            return
        groups = set(map(group_of, outcome.differences))
        self.confirmed |= groups
        if groups - self.known:
            self.failed[repr(sequence)] = self.last = outcome
            raise Diverged

    def _settle(self, outcome: Outcome) -> None:
        """What differed once and does not vary by itself came late, of the call before."""
        groups = {
            difference.pattern.removeprefix(f"{PREFIX} ").partition("[")[0]
            for difference in outcome.effects
            if not is_hidden(self.effect_noise, difference)
        }
        self._came_late(groups)

    def _hear_late(self, effects: list[Effect]) -> None:
        self._came_late(f"{effect.kind} {effect.name}".rstrip() for effect in effects)

    def _came_late(self, groups: Iterable[str]) -> None:
        for group in groups:
            kind, _, name = group.partition(" ")
            self.late[group] += 1
            self.lags = True
            if kind == "connection":
                self.refused.add(name)

    def forget_failures(self) -> None:
        """Begin to make smaller anew."""
        self.failed.clear()
        self.shrinks = 0

    def _is_confirmed(self, outcome: Outcome) -> bool:
        return self.confirmed.issuperset(map(group_of, outcome.differences))

    def succeeds(self, call: Call) -> bool:
        """Whether the monolith takes the call; rows that it leaves are forgotten."""
        if not self.first:
            self._renew()
        self.dirty = True
        return 200 <= self._controls(self.twins.monolith, (call,))[0][0].status < 300

    def linger(self) -> None:
        """Wait for what a service says after its last answer."""
        time.sleep(LATE_SECONDS)
        self.service.effects.tell_late()

    def _pass(self, sequence: Sequence) -> Outcome | None:
        self._renew()
        created: Mapping[str, Any] | None = None
        calls: list[Call] = []
        before = self.first
        if self.service.stamps is not None:
            self.service.stamps.seen()
        # Endpoints take turns: what comes now is of the one whose turn it was.
        self.service.effects.tell_late()
        self.service.effects.late_to = self._hear_late
        for step in sequence:
            calls.append(step.after(created))
            sides = self._both(calls[-1])
            control, candidate, left, right = sides.control, sides.candidate, sides.left, sides.right
            if control.error.startswith(NOT_BOUND) or candidate.error.startswith(NOT_ASKED):
                self.skipped["the monolith keeps it"] += 1
                return None
            if candidate.error.startswith(INFRASTRUCTURE):
                raise Unreachable(candidate.error)
            replies = self._replies(control, candidate)
            rows = without_row_noise(compare_rows(left, right), self.row_noise)
            if not self.confirmed.issuperset(map(group_of, map(as_difference, rows))):
                time.sleep(LATE_SECONDS)
                right = self._rows(self.twins.service)
                rows = without_row_noise(compare_rows(left, right), self.row_noise)
            stamps, before = self._stamps(before, right), right
            effects = self._effects(sides)
            self._count(step, control, candidate, changed=left != self.first)
            if replies or rows or stamps or effects:
                return Outcome(
                    label=step.label,
                    calls=tuple(calls),
                    control=control,
                    candidate=candidate,
                    replies=tuple(replies),
                    rows=tuple(rows),
                    stamps=tuple(stamps),
                    effects=tuple(effects),
                )
            self._remember(step, sides)
            created = created_by(calls[-1], control) or created
        return None

    def _stamps(self, before: Rows, after: Rows) -> list[Difference]:
        """Rows that the service wrote and did not make void in the monolith's caches."""
        stamps = self.service.stamps
        if stamps is None or before == after:
            return []
        with connected(self.twins.service) as copy:
            found = stamps.missing(copy, before, after)
            if any(group_of(difference) not in self.confirmed for difference in found):
                time.sleep(LATE_SECONDS)
                found = stamps.missing(copy, before, after)
        stamps.seen()
        return found

    def _effects(self, sides: Sides) -> list[Difference]:
        """What the service would not send as the monolith would; it may say so after its answer."""
        self.sent += len(sides.sent)
        self.refused.update(effect.name for effect in sides.sent if effect.kind == "connection")
        if not (sides.sent or sides.would_send or self.lags):
            return []
        found = effect_differences(self.effect_noise, sides.sent, sides.would_send)
        if self.lags or any(group_of(difference) not in self.confirmed for difference in found):
            time.sleep(LATE_SECONDS)
            more = self.service.effects.late()
            self.lags = self.lags or bool(more)
            found = effect_differences(self.effect_noise, sides.sent, [*sides.would_send, *more])
        return found

    def _both(self, call: Call) -> Sides:
        with connected(self.twins.monolith) as copy:
            control, sent = self._control(call)
            left = self.reader.read(copy)
        with connected(self.twins.service) as copy:
            candidate, right = write_candidate(call, self.rung), self.reader.read(copy)
        self.dirty = self.dirty or left != self.first or right != self.first
        would_send = self.service.effects.of_service()
        return Sides(control=control, candidate=candidate, left=left, right=right, sent=sent, would_send=would_send)

    def _learn(self, calls: tuple[Call, ...]) -> None:
        """Let the monolith make the calls on both copies: what differs varies by itself."""
        self._renew()
        self.dirty = True
        ones = self._controls(self.twins.monolith, calls)
        others = self._controls(self.twins.service, calls)
        replies, effects = NO_NOISE, NO_NOISE
        for (one, sent), (other, sent_too) in zip(ones, others, strict=True):
            replies |= noise_between(one, other)
            effects |= effect_noise(sent, sent_too)
        rows = row_noise_of(compare_rows(self._rows(self.twins.monolith), self._rows(self.twins.service)))
        self.reply_noise |= replies
        self.row_noise |= rows
        self.effect_noise |= effects

    def _controls(self, name: str, calls: tuple[Call, ...]) -> list[tuple[Observation, list[Effect]]]:
        with connected(name):
            return [self._control(call) for call in calls]

    def _control(self, call: Call) -> tuple[Observation, list[Effect]]:
        with self.service.effects.awaited():
            control = write_control(call)
        return control, self.service.effects.of_monolith()

    def _rows(self, name: str) -> Rows:
        with connected(name) as copy:
            return self.reader.read(copy)

    def _renew(self) -> None:
        if self.dirty and not (self.first and self._restored()):
            self.twins.renew()
            self.service.renewed()
        if not self.first:
            with connected(self.twins.monolith) as copy:
                self.first = self.reader.read(copy)
                self.sequences = read_sequences(copy) if copy.vendor == "postgresql" else {}
        self.dirty = False

    def _restored(self) -> bool:
        """Whether both copies have their first rows again; files are copied sooner than rows are compared."""
        for name in (self.twins.monolith, self.twins.service):
            with connected(name) as copy:
                if copy.vendor != "postgresql" or not restore(copy, self.reader, self.first, self.sequences):
                    return False
                self.reader.restored(copy, self.first)
        return True

    def _replies(self, control: Observation, candidate: Observation) -> list[Difference]:
        if control.status >= 500 and candidate.error:
            # The service fails as the monolith does; a client gets 503 for 500.
            self.skipped["both sides fail"] += 1
            return []
        return differences_beyond(self.reply_noise, control, candidate)

    def _count(self, step: Step, control: Observation, candidate: Observation, *, changed: bool) -> None:
        self.calls += 1
        self.wrote += changed
        self.statuses[control.status] += 1
        self.callers[step.label] += 1
        self.control_seconds.append(control.seconds)
        self.candidate_seconds.append(candidate.seconds)
        self.on_call()

    def _remember(self, step: Step, sides: Sides) -> None:
        # One of each sort, so that the self-test meets many and stays quick.
        if len(self.equal) < MOST_PAIRS:
            sort = (sides.control.status, sides.control.content_type, step.label, step.call.endpoint)
            self.equal.setdefault(sort, (sides.control, sides.sent))
