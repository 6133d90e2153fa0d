"""Make calls of an endpoint, ask both sides, and shrink a difference to the smallest call that shows it.

Generated calls are no sample of traffic: the result says what was found and what was covered, never how often it
would happen.
"""

import logging
import math
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
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
from strangler_shadow.cursors import Sides
from strangler_shadow.generated_rows import NO_ROWS, GeneratedRows
from strangler_shadow.judging import INFRASTRUCTURE, Group, group_of, missing_kinds, words
from strangler_shadow.masking import masked
from strangler_shadow.observation import Difference, Observation
from strangler_shadow.quantiles import curve_ms, quantiles_ms
from strangler_shadow.reach import Reach
from strangler_shadow.replay import NOT_ASKED, ReplayError, replay_candidate, replay_control, same_users
from strangler_shadow.report import EndpointReport, Finding
from strangler_shadow.row_calls import RowCalls
from strangler_shadow.samples import Samples, samples_of
from strangler_shadow.seeded import Pair, self_test
from strangler_shadow.strategies import call_to, calls, plain_calls, resolves, single_calls
from strangler_shadow.variation import Variation
from strangler_shadow.verdict import Verdict

__all__ = ["Verification", "verify_endpoint"]

logger = logging.getLogger("strangler_shadow")

MOST_FINDINGS = 5
MOST_PAIRS = 24
# How much longer than its time a search may look for a smaller call that shows a difference.
SHRINK_SECONDS = 10.0


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
        """Ask both sides; raises `_Diverged` on a difference that is not known yet. Gives the monolith's status."""
        if not self.asks():
            return 0
        control = replay_control(call)
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
            raise _Diverged
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
            raise _Unreachable(candidate.error)
        if self.known.issuperset(map(group_of, differences)):
            return differences
        # What the control does not repeat either is no difference between the sides.
        sides = Sides(replay_control, partial(replay_candidate, rung=self.rung))
        found = self.variation.unexplained(call, control, candidate, sides)
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
    rows: GeneratedRows = NO_ROWS,
    on_call: Callable[[], None] = lambda: None,
) -> EndpointReport:
    """Verify one endpoint with the kept calls, those `given` with the kinds of their callers, and generated ones.

    The same seed makes the same calls. `rows` were generated in `default`, which is a copy then.
    """
    verification = Verification(entry=entry, rung=rung, given=given, generated=rows, on_call=on_call)
    verification.begin()
    verification.search(examples=examples, seed=seed)
    return verification.report(seed=seed)


@dataclass(slots=True, kw_only=True)
class Verification:
    """One endpoint's verification: `begin`, `search` as often as there is time, `report`.

    `generated` rows are in `default`, which is a copy then.
    """

    entry: Entry
    rung: str
    given: Sequence[tuple[str, Call]] = ()
    generated: GeneratedRows = NO_ROWS
    on_call: Callable[[], None] = lambda: None
    until: float = math.inf
    run: _Run = field(init=False)
    kinds: list[KindOfCaller] = field(init=False)
    samples: Samples = field(init=False)
    rows: RowCalls = field(init=False)
    findings: list[Finding] = field(default_factory=list)
    plain: list[Finding] = field(default_factory=list)
    unreachable: str = ""
    ready: bool = False
    started: float = field(init=False)

    def prepare(self) -> None:
        """Read what calls are made of."""
        self.started = time.perf_counter()
        self.run = _Run(
            entry=self.entry, rung=self.rung, on_call=self.on_call, reach=Reach.of(self.entry), until=self.until
        )
        self.kinds = list(self.generated.kinds) or kinds_of_caller()
        self.samples = samples_of(self.entry.endpoint)
        self.rows = RowCalls.of(self.entry, self.generated)
        self.ready = True

    def begin(self) -> None:
        """Make the kept calls, those given, and calls with at most one thing in them."""
        self.prepare()
        with self._reaching():
            for finding in self._asked_first():
                self._add(finding)
            known = set(self.run.known)
            # A search looks for smaller calls, so what these show is not known to it yet.
            try:
                self.plain.extend(chain(self._plain(), self._of_rows()))
            finally:
                self.run.known = known

    def ends(self, until: float) -> None:
        """Ask nothing after this moment, by the monotonic clock."""
        self.until = until
        if self.ready:
            self.run.until = until

    def search(self, *, examples: int, seed: int) -> None:
        """Let Hypothesis draw calls until it finds nothing more."""
        if self.unreachable:
            return
        keys = dict.fromkeys([*self.samples.keys, *self.rows.by_key])
        strategy = calls(self.run.entry, replace(self.samples, keys=tuple(keys)), self.kinds)
        with self._reaching():
            for _ in range(MOST_FINDINGS):
                if not _search(self.run, strategy, examples=examples, seed=seed):
                    return
                self._add(_last(self.run))

    def report(self, *, seed: int) -> EndpointReport:
        """The verdict and what it rests on; keeps the calls of the findings. `seed` draws the self-test."""
        run = self.run
        if run.last is not None:
            self._add(_last(run))
        for finding in self.plain:
            if not run.known.issuperset(map(group_of, finding.differences)):
                self._add(finding)
        # Calls that were given are real ones: nothing of them is kept or shown.
        given = [call for _, call in self.given]
        _keep(run.entry.binding.id, [finding for finding in self.findings if finding.call not in given])
        findings = [masked(finding) if finding.call in given else self._with_rows(finding) for finding in self.findings]
        verdict, reason = _judge(run, self.kinds, findings, self.unreachable)
        if self.rows.by_key:
            reason += f"; {len(self.rows.by_key):,} of the rows were generated"
            run.skipped["generated rows that the model or the database refused"] = self.generated.refused_of(self.entry)
        pairs = run.pairs()
        return EndpointReport(
            endpoint=run.entry.binding.id,
            rpc=run.entry.binding.rpc,
            rung=run.rung,
            verdict=verdict,
            reason=reason,
            calls=run.calls,
            skipped=dict(+run.skipped),
            statuses=dict(sorted(run.statuses.items())),
            callers=dict(run.callers),
            control_ms=quantiles_ms(run.control_seconds),
            candidate_ms=quantiles_ms(run.candidate_seconds),
            curve=curve_ms(run.control_seconds, run.candidate_seconds),
            parameters=run.reach.parameters,
            fields=run.reach.fields,
            values=run.reach.values,
            findings=tuple(findings),
            self_test=self_test(pairs, compare, seed=seed),
            hides=run.variation.hides,
            seconds=time.perf_counter() - self.started,
        )

    @contextmanager
    def _reaching(self) -> Iterator[None]:
        try:
            with same_users():
                yield
        except _Unreachable as error:
            self.unreachable = str(error)

    def _add(self, finding: Finding) -> None:
        self.findings.append(finding)
        self.run.known.update(map(group_of, finding.differences))

    def _asked_first(self) -> Iterator[Finding]:
        labels = {caller.subject: label for label, caller in self.kinds}
        kept = ((labels.get(call.caller.subject, "kept"), call) for call in kept_calls(self.run.entry.binding.id))
        for kind_of_caller, call in chain(kept, self.given):
            try:
                self.run.check(kind_of_caller, call)
            except _Diverged:
                yield _last(self.run)
            except ReplayError as error:
                self.run.skipped[str(error)] += 1

    def _plain(self) -> Iterator[Finding]:
        asked = (plain_calls, single_calls)
        for kind_of_caller, call in chain(*(made(self.run.entry, self.samples, self.kinds) for made in asked)):
            _, found = self._one(kind_of_caller, call)
            yield from found

    def _of_rows(self) -> Iterator[Finding]:
        """Each place by the kinds of caller until one of them is shown it, who is asked first from then on."""
        kinds = list(self.rows.kinds)
        for arguments, query in self.rows.places(self.samples):
            for who in kinds:
                call = call_to(self.run.entry, who, arguments, query, ())
                if not resolves(call, self.run.entry.binding.route):
                    break
                status, found = self._one(who[0], call)
                yield from found
                if 200 <= status < 300:
                    kinds = [who, *(kind for kind in kinds if kind is not who)]
                    break

    def _one(self, kind_of_caller: str, call: Call) -> tuple[int, list[Finding]]:
        try:
            return self.run.check(kind_of_caller, call), []
        except _Diverged:
            found = _last(self.run)
            self.run.known.update(map(group_of, found.differences))
            return found.control.status, [found]

    def _with_rows(self, finding: Finding) -> Finding:
        """With the generated rows that it is in, as a comment behind the line that repeats the call."""
        scenes = self.rows.scenes_in(finding)
        if not scenes:
            return finding
        return replace(finding, curl=f"{finding.curl}  # shown by the generated {' and '.join(map(str, scenes))}")


def _keep(endpoint: str, findings: list[Finding]) -> None:
    if findings:
        try:
            keep(endpoint, [finding.call for finding in findings])
        except CorpusError as error:
            logger.warning("the findings are reported, but not kept: %s", error)


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
