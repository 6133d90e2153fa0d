"""Make calls of an endpoint, ask both sides, and shrink a difference to the smallest call that shows it.

Generated calls are no sample of traffic: the result says what was found and what was covered, never how often it
would happen.
"""

import logging
import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain

from strangler_router.pin import Entry
from strangler_router.types import Call
from strangler_shadow.callers import KindOfCaller, kinds_of_caller
from strangler_shadow.compare import compare
from strangler_shadow.corpus import CorpusError, keep, kept_calls
from strangler_shadow.generated_rows import NO_ROWS, GeneratedRows
from strangler_shadow.inert import staying_read_only
from strangler_shadow.judging import group_of, missing_kinds, words
from strangler_shadow.masking import masked
from strangler_shadow.quantiles import curve_ms, quantiles_ms
from strangler_shadow.reach import Reach
from strangler_shadow.replay import ReplayError, same_users
from strangler_shadow.report import EndpointReport, Finding
from strangler_shadow.row_calls import RowCalls
from strangler_shadow.samples import Samples, samples_of
from strangler_shadow.search import Diverged, Unreachable, finds, take_last
from strangler_shadow.seeded import self_test
from strangler_shadow.strategies import call_to, calls, plain_calls, resolves, single_calls
from strangler_shadow.verdict import Verdict
from strangler_shadow.verify_run import VerifyRun

__all__ = ["Verification", "verify_endpoint"]

logger = logging.getLogger("strangler_shadow")

MOST_FINDINGS = 5


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
    run: VerifyRun = field(init=False)
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
        self.run = VerifyRun(
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
                drawn: list[tuple[str, Call]] = []
                finds(self.run, strategy, drawn.append, examples=examples, seed=seed)
                if not self._differs(drawn):
                    return
                # Draws the same again, and smaller ones of what differs. What is gone by then is reported as it was.
                finds(self.run, strategy, self._check, examples=examples, seed=seed)
                self._add(take_last(self.run))

    def report(self, *, seed: int) -> EndpointReport:
        """The verdict and what it rests on; keeps the calls of the findings. `seed` draws the self-test."""
        run = self.run
        if run.last is not None:
            self._add(take_last(run))
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

    def _differs(self, drawn: Sequence[tuple[str, Call]]) -> bool:
        """Whether one of these calls shows a difference that is not known; it is the run's last then."""
        try:
            for asked in self.run.in_turns(drawn):
                self.run.check_against(*asked)
        except Diverged:
            return True
        return False

    def _check(self, asked: tuple[str, Call]) -> None:
        self.run.check(*asked)

    @contextmanager
    def _reaching(self) -> Iterator[None]:
        try:
            with same_users(), staying_read_only():
                yield
        except Unreachable as error:
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
            except Diverged:
                yield take_last(self.run)
            except ReplayError as error:
                self.run.skipped[str(error)] += 1

    def _plain(self) -> Iterator[Finding]:
        made = (plain_calls, single_calls)
        each = [*chain(*(make(self.run.entry, self.samples, self.kinds) for make in made))]
        for asked in self.run.in_turns(each):
            _, found = self._one(partial(self.run.check_against, *asked))
            yield from found

    def _of_rows(self) -> Iterator[Finding]:
        """Each place by the kinds of caller until one of them is shown it, who is asked first from then on."""
        kinds = list(self.rows.kinds)
        for arguments, query in self.rows.places(self.samples):
            for who in kinds:
                call = call_to(self.run.entry, who, arguments, query, ())
                if not resolves(call, self.run.entry.binding.route):
                    break
                status, found = self._one(partial(self.run.check, who[0], call))
                yield from found
                if 200 <= status < 300:
                    kinds = [who, *(kind for kind in kinds if kind is not who)]
                    break

    def _one(self, ask: Callable[[], int]) -> tuple[int, list[Finding]]:
        try:
            return ask(), []
        except Diverged:
            found = take_last(self.run)
            self.run.known.update(map(group_of, found.differences))
            return found.control.status, [found]

    def _with_rows(self, finding: Finding) -> Finding:
        """With the generated rows that it is in, as a comment behind the line that repeats the call."""
        scenes = self.rows.scenes_in(finding)
        if not scenes:
            return finding
        words = " and ".join(map(str, scenes.values()))
        return replace(finding, curl=f"{finding.curl}  # shown by the generated {words}", rows=scenes)


def _keep(endpoint: str, findings: list[Finding]) -> None:
    if findings:
        try:
            keep(endpoint, [finding.call for finding in findings])
        except CorpusError as error:
            logger.warning("the findings are reported, but not kept: %s", error)


def _judge(run: VerifyRun, kinds: list[KindOfCaller], findings: list[Finding], unreachable: str) -> tuple[Verdict, str]:
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
