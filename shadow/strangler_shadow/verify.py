"""Make calls of an endpoint, ask both sides, and shrink a difference to the smallest call that shows it.

Generated calls are no sample of traffic: the result says what was found and what was covered, never how often it
would happen.
"""

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain

import hypothesis
from hypothesis import HealthCheck, Phase, Verbosity
from hypothesis.errors import FlakyFailure, FlakyReplay, Unsatisfiable

from strangler_router.pin import Entry
from strangler_router.types import Call
from strangler_shadow.callers import KindOfCaller, kinds_of_caller
from strangler_shadow.compare import compare
from strangler_shadow.content import has_content
from strangler_shadow.corpus import CorpusError, keep, kept_calls
from strangler_shadow.curl import curl_line
from strangler_shadow.judging import INFRASTRUCTURE, Group, group_of, missing_kinds, words
from strangler_shadow.noise import NO_NOISE, Noise, noise_between, settled
from strangler_shadow.observation import Difference, Observation
from strangler_shadow.quantiles import curve_ms, quantiles_ms
from strangler_shadow.reach import Reach
from strangler_shadow.replay import NOT_ASKED, ReplayError, replay_candidate, replay_control
from strangler_shadow.report import EndpointReport, Finding
from strangler_shadow.samples import Samples, samples_of
from strangler_shadow.seeded import Pair, self_test
from strangler_shadow.strategies import calls, plain_calls, single_calls
from strangler_shadow.verdict import Verdict

__all__ = ["verify_endpoint"]

logger = logging.getLogger("strangler_shadow")

MOST_FINDINGS = 5
MOST_PAIRS = 24


class _Diverged(Exception):
    pass


class _Unreachable(Exception):
    pass


@dataclass(slots=True)
class _Run:
    """One endpoint's verification under way."""

    entry: Entry
    rung: str
    on_call: Callable[[], None]
    reach: Reach
    calls: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    callers: Counter[str] = field(default_factory=Counter)
    control_seconds: list[float] = field(default_factory=list)
    candidate_seconds: list[float] = field(default_factory=list)
    known: set[Group] = field(default_factory=set)
    noise: Noise = NO_NOISE
    last: Finding | None = None
    saw_content: bool = False
    equal: dict[object, tuple[Call, Observation]] = field(default_factory=dict)

    def check(self, kind_of_caller: str, call: Call) -> None:
        """Ask both sides; raises `_Diverged` on a difference that is not known yet."""
        control = replay_control(call)
        if control.wrote:
            self.skipped["writes"] += 1
            return
        candidate = replay_candidate(call, self.rung)
        if control.status >= 500 and candidate.error:
            # The router falls back there, and a client gets the monolith's own 500.
            self.skipped["both sides fail"] += 1
            return
        if candidate.error.startswith(NOT_ASKED):
            self.skipped["the monolith keeps it"] += 1
            return
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
            raise _Diverged
        if not differences and len(self.equal) < MOST_PAIRS:
            # One of each sort, so that the self-test meets many and stays quick.
            language = next((value for name, value in control.headers if name == "Content-Language"), "")
            sort = (control.status, control.content_type, language, kind_of_caller, has_content(control.body))
            self.equal.setdefault((*sort, bool(call.query)), (call, control))

    def pairs(self) -> list[Pair]:
        """Answers that both sides gave, with what the control does not repeat of them."""
        found = []
        for call, control in self.equal.values():
            # A user may be gone by now.
            with suppress(ReplayError):
                found.append(Pair(control=control, noise=noise_between(control, replay_control(call))))
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
            raise _Unreachable(candidate.error)
        if self.known.issuperset(map(group_of, differences)):
            return differences
        # What the control does not repeat either is no difference between the sides.
        found, self.noise = settled(control, candidate, lambda: replay_control(call), self.noise)
        if not found:
            self.skipped["varies by itself"] += 1
        return found


def verify_endpoint(
    entry: Entry,
    *,
    rung: str,
    examples: int,
    seed: int,
    given: Sequence[tuple[str, Call]] = (),
    on_call: Callable[[], None] = lambda: None,
) -> EndpointReport:
    """Verify one endpoint with the kept calls, those `given` with the kinds of their callers, and generated ones.

    The same seed makes the same calls.
    """
    started = time.perf_counter()
    kinds = kinds_of_caller()
    run = _Run(entry=entry, rung=rung, on_call=on_call, reach=Reach.of(entry))
    findings: list[Finding] = []
    unreachable = ""
    try:
        for finding in _findings(run, kinds, given, examples=examples, seed=seed):
            findings.append(finding)
            run.known.update(map(group_of, finding.differences))
    except _Unreachable as error:
        unreachable = str(error)
    if findings:
        try:
            keep(entry.binding.id, [finding.call for finding in findings])
        except CorpusError as error:
            logger.warning("the findings are reported, but not kept: %s", error)
    verdict, reason = _judge(run, kinds, findings, unreachable)
    trials = self_test(run.pairs(), compare, seed=seed)
    return EndpointReport(
        endpoint=entry.binding.id,
        rpc=entry.binding.rpc,
        rung=rung,
        verdict=verdict,
        reason=reason,
        calls=run.calls,
        skipped=dict(run.skipped),
        statuses=dict(sorted(run.statuses.items())),
        callers=dict(run.callers),
        control_ms=quantiles_ms(run.control_seconds),
        candidate_ms=quantiles_ms(run.candidate_seconds),
        curve=curve_ms(run.control_seconds, run.candidate_seconds),
        parameters=run.reach.parameters,
        fields=run.reach.fields,
        findings=tuple(findings),
        self_test=trials,
        hides=run.noise.hides,
        seconds=time.perf_counter() - started,
    )


def _findings(
    run: _Run, kinds: list[KindOfCaller], given: Sequence[tuple[str, Call]], *, examples: int, seed: int
) -> Iterator[Finding]:
    labels = {caller.subject: label for label, caller in kinds}
    kept = ((labels.get(call.caller.subject, "kept"), call) for call in kept_calls(run.entry.binding.id))
    for kind_of_caller, call in chain(kept, given):
        try:
            run.check(kind_of_caller, call)
        except _Diverged:
            yield _last(run)
        except ReplayError as error:
            run.skipped[str(error)] += 1
    samples = samples_of(run.entry.endpoint)
    plain = _plain_findings(run, samples, kinds)
    strategy = calls(run.entry, samples, kinds)
    for _ in range(MOST_FINDINGS):
        if not _search(run, strategy, examples=examples, seed=seed):
            break
        yield _last(run)
    for finding in plain:
        # The search looks for smaller calls and may not have met this difference again.
        if not run.known.issuperset(map(group_of, finding.differences)):
            yield finding


def _plain_findings(run: _Run, samples: Samples, kinds: list[KindOfCaller]) -> list[Finding]:
    """What calls with at most one thing in them show; it is not known yet to the search behind them."""
    known, found = set(run.known), []
    asked = chain(plain_calls(run.entry, samples, kinds), single_calls(run.entry, samples, kinds))
    for kind_of_caller, call in asked:
        try:
            run.check(kind_of_caller, call)
        except _Diverged:
            found.append(_last(run))
            run.known.update(map(group_of, found[-1].differences))
    run.known = known
    return found


def _search(
    run: _Run, strategy: hypothesis.strategies.SearchStrategy[tuple[str, Call]], *, examples: int, seed: int
) -> bool:
    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink],
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet,
        print_blob=False,
    )
    @hypothesis.given(strategy)
    def search(found: tuple[str, Call]) -> None:
        run.check(*found)

    try:
        search()
    except _Diverged:
        return True
    except (FlakyFailure, FlakyReplay):
        # It was there and is gone: the last one seen is reported as it was.
        return run.last is not None
    except Unsatisfiable:
        run.skipped["no call fits the route"] += 1
    return False


def _last(run: _Run) -> Finding:
    found, run.last = run.last, None
    assert found is not None  # noqa: S101  a divergence always leaves one
    return found


def _judge(run: _Run, kinds: list[KindOfCaller], findings: list[Finding], unreachable: str) -> tuple[Verdict, str]:
    if findings:
        return Verdict.DIVERGED, words(findings)
    if unreachable:
        return Verdict.INFRA, unreachable
    if not any(200 <= status < 300 for status in run.statuses):
        return Verdict.INCONCLUSIVE, "no call succeeded, so nothing but errors was compared"
    if not run.saw_content:
        return Verdict.INCONCLUSIVE, "every success was empty, so no object was compared"
    if missing := missing_kinds(run.entry, run.rung, kinds, run.callers):
        return Verdict.INCONCLUSIVE, f"the service is the authority, and no call was made by: {', '.join(missing)}"
    return Verdict.EQUIVALENT, f"no difference in {run.calls} calls"
