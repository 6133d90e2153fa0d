"""Verify an endpoint that writes: the monolith answers on one copy of the database, the service on the other."""

import logging
import math
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import chain

from strangler_router.pin import Entry
from strangler_router.policy import Rung
from strangler_router.table import build_table
from strangler_router.types import Call
from strangler_shadow.callers import KindOfCaller, kinds_of_caller
from strangler_shadow.compare import compare
from strangler_shadow.corpus import CorpusError, keep_sequence, kept_sequences
from strangler_shadow.effect_differences import PREFIX, effect_hides
from strangler_shadow.judging import group_of, missing_kinds, words
from strangler_shadow.observation import Kind
from strangler_shadow.quantiles import curve_ms, quantiles_ms
from strangler_shadow.recorded_writes import without_values
from strangler_shadow.replay import ReplayError
from strangler_shadow.report import EndpointReport, Finding
from strangler_shadow.rules import declared_noise
from strangler_shadow.search import Diverged, Unreachable, finds, take_last
from strangler_shadow.seeded import Pair, SelfTest, self_test, sending_self_test
from strangler_shadow.twin_service import TwinService
from strangler_shadow.twin_stamps import are_used
from strangler_shadow.twins import Twins
from strangler_shadow.verdict import Verdict
from strangler_shadow.write_calls import (
    Sequence,
    Step,
    Target,
    life_cycles,
    plain_sequences,
    sequences,
    target_of,
    with_promising,
)
from strangler_shadow.write_outcome import Outcome
from strangler_shadow.write_run import WriteRun

__all__ = ["WriteVerification"]

logger = logging.getLogger("strangler_shadow")

MOST_FINDINGS = 5
MOST_NAMES = 5


@dataclass(slots=True, kw_only=True)
class WriteVerification:
    """One endpoint's verification on copies: `begin`, `search` as often as there is time, `report`.

    `service` runs on its copy, and the router's settings name it (`twin_service.serving`); `fresh` copies are as they
    were made.
    """

    entry: Entry
    rung: str
    twins: Twins
    service: TwinService
    on_call: Callable[[], None] = lambda: None
    given: Iterable[tuple[str, Call]] = ()
    fresh: bool = False
    until: float = math.inf
    run: WriteRun = field(init=False)
    kinds: list[KindOfCaller] = field(init=False)
    target: Target = field(init=False)
    siblings: list[Target] = field(init=False)
    outcomes: list[Outcome] = field(default_factory=list)
    recorded: list[Outcome] = field(default_factory=list)
    unreachable: str = ""
    ready: bool = False
    started: float = field(init=False)

    def begin(self) -> None:
        """Make the kept sequences, and the plain ones, which are as small as they get."""
        self.started = time.perf_counter()
        self.kinds = kinds_of_caller()
        self.run = WriteRun(
            rung=self.rung,
            twins=self.twins,
            service=self.service,
            on_call=self.on_call,
            until=self.until,
            dirty=not self.fresh,
            reply_noise=declared_noise(self.entry.binding.id),
        )
        self.ready = True
        labels = {caller.subject: label for label, caller in self.kinds}
        with self._reaching():
            for calls in kept_sequences(self.entry.binding.id):
                self._check(tuple(Step(label=labels.get(call.caller.subject, "kept"), call=call) for call in calls))
            self.target = with_promising(target_of(self.entry, self.kinds), self.run.succeeds)
            self.siblings = [target_of(sibling, self.kinds) for sibling in _siblings(self.entry)]
            writers = [with_promising(one, self.run.succeeds) for one in self.siblings if _creates(one)]
            others = [*writers, *(one for one in self.siblings if not _creates(one))]
            self._check_given()
            for sequence in chain(plain_sequences(self.target), life_cycles(self.target, others)):
                self._check(sequence)

    def ends(self, until: float) -> None:
        """Ask nothing after this moment, by the monotonic clock."""
        self.until = until
        if self.ready:
            self.run.until = until

    def search(self, *, examples: int, seed: int) -> None:
        """Let Hypothesis draw sequences until it finds nothing more."""
        if self.unreachable:
            return
        drawn = sequences(self.target, self.siblings)
        with self._reaching():
            for _ in range(MOST_FINDINGS):
                self.run.forget_failures()
                if not finds(self.run, drawn, self.run.check, examples=examples, seed=seed):
                    return
                self._add(take_last(self.run))

    def report(self, *, seed: int) -> EndpointReport:
        """The verdict and what it rests on; keeps the sequences of the findings. `seed` draws the self-test."""
        run = self.run
        if run.last is not None:
            self._add(take_last(run))
        with self._reaching():
            run.linger()
        findings = [outcome.finding() for outcome in self.outcomes]
        findings += [without_values(outcome.finding()) for outcome in self.recorded]
        _keep(self.entry.binding.id, self.outcomes)
        verdict, reason = _judge(run, self.entry, self.kinds, findings, self.unreachable)
        return EndpointReport(
            endpoint=self.entry.binding.id,
            rpc=self.entry.binding.rpc,
            rung=self.rung,
            verdict=verdict,
            reason=reason,
            calls=run.calls,
            skipped=dict(run.skipped),
            statuses=dict(sorted(run.statuses.items())),
            callers=dict(run.callers),
            control_ms=quantiles_ms(run.control_seconds),
            candidate_ms=quantiles_ms(run.candidate_seconds),
            curve=curve_ms(run.control_seconds, run.candidate_seconds),
            findings=tuple(findings),
            self_test=_self_test(run, seed),
            hides={**run.reply_noise.hides, **run.row_noise.hides, **effect_hides(run.effect_noise)},
            seconds=time.perf_counter() - self.started,
        )

    @contextmanager
    def _reaching(self) -> Iterator[None]:
        try:
            yield
        except Unreachable as error:
            self.unreachable = str(error)

    def _add(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)
        self.run.known.update(map(group_of, outcome.differences))

    def _check_given(self) -> None:
        """Each alone; one that nobody signed also by those for whom the monolith writes. None of it is kept."""
        kept, self.outcomes = self.outcomes, []
        try:
            for label, call in self.given:
                self._check((Step(label=label, call=call),))
                for label_of, caller in dict(place[0] for place in self.target.promising).items():
                    if not call.caller.subject:
                        self._check((Step(label=label_of, call=replace(call, caller=caller)),))
        finally:
            self.recorded, self.outcomes = self.outcomes, kept

    def _check(self, sequence: Sequence) -> None:
        self.run.failed.clear()
        try:
            self.run.check(sequence)
        except Diverged:
            self._add(take_last(self.run))
        except ReplayError as error:
            self.run.skipped[str(error)] += 1


def _creates(target: Target) -> bool:
    return target.entry.binding.http_method == "POST"


def _siblings(entry: Entry) -> list[Entry]:
    """The other endpoints of the same view that the same service answers."""
    return [
        other
        for other in build_table().values()
        if other is not entry
        and other.endpoint.view_class is entry.endpoint.view_class
        and entry.endpoint.view_class is not None
        and other.binding.service == entry.binding.service
    ]


def _keep(endpoint: str, outcomes: list[Outcome]) -> None:
    try:
        for outcome in outcomes:
            keep_sequence(endpoint, outcome.calls)
    except CorpusError as error:
        logger.warning("the findings are reported, but not kept: %s", error)


def _judge(
    run: WriteRun, entry: Entry, kinds: list[KindOfCaller], findings: list[Finding], unreachable: str
) -> tuple[Verdict, str]:
    if findings:
        return Verdict.DIVERGED, words(findings) + _how_to_report(run, findings)
    if unreachable:
        return Verdict.INFRA, unreachable
    if not any(200 <= status < 300 for status in run.statuses):
        return Verdict.INCONCLUSIVE, "no call succeeded, so nothing but errors was compared" + _how_to_reach(run)
    if not run.wrote:
        return Verdict.INCONCLUSIVE, "no call changed a row, so no write was compared"
    if missing := missing_kinds(entry, run.rung, kinds, run.callers):
        return Verdict.INCONCLUSIVE, f"the service is the authority, and no call was made by: {', '.join(missing)}"
    stamps = run.service.stamps
    if stamps is None and run.rung == Rung.NATIVE and are_used():
        return Verdict.INCONCLUSIVE, (
            "cached serializers show rows that the service writes, and nobody saw whether it makes them void; give it"
            " {redis} and {stamps} in --twin-service"
        )
    if run.late:
        return Verdict.INCONCLUSIVE, (
            f"{run.late.total()} effects of the service came when their calls had been compared:"
            f" {', '.join(name for name, _ in run.late.most_common(MOST_NAMES))}{_how_to_reach(run)}"
        )
    seen = f", and {stamps.expected} stamps" if stamps is not None else ""
    sent = f", and {run.sent} effects" if run.sent else ""
    unseen = "" if stamps is not None else "cache stamps, "
    native = "effects that the service does not report, " if run.rung == Rung.NATIVE else ""
    return Verdict.EQUIVALENT, (
        f"no difference in {run.calls} calls and the rows that {run.wrote} of them wrote{seen}{sent}; not observable:"
        f" {unseen}{native}files, what the database notifies, connections that C code opens"
    )


def _self_test(run: WriteRun, seed: int) -> SelfTest:
    """How many seeded divergences are seen in what both sides answered and would have sent."""
    pairs = [Pair(control=control, noise=run.reply_noise) for control, _ in run.equal.values()]
    sent = [sent for control, sent in run.equal.values() if control.status < 400]
    return self_test(pairs, compare, seed=seed) + sending_self_test(sent, run.effect_noise, seed=seed)


def _how_to_report(run: WriteRun, findings: list[Finding]) -> str:
    missing = any(
        difference.kind is Kind.MISSING and difference.path.startswith(f"{PREFIX} ")
        for finding in findings
        for difference in finding.differences
    )
    if not missing or run.service.effects.lines:
        return ""
    return "; the service reported no effect: one without Django does by strangler_services.effects.report"


def _how_to_reach(run: WriteRun) -> str:
    if not run.refused:
        return ""
    return (
        f"; connections to {', '.join(sorted(run.refused))} were refused, which STRANGLER['SHADOW']['REACHABLE'] allows"
    )
