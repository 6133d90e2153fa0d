"""Verify an endpoint that writes: the monolith answers on one copy of the database, the service on the other."""

import logging
import time
from collections.abc import Callable, Iterator

import hypothesis
from hypothesis import HealthCheck, Phase, Verbosity
from hypothesis.errors import FlakyFailure, FlakyReplay, Unsatisfiable

from strangler_router.pin import Entry
from strangler_router.table import build_table
from strangler_shadow.callers import KindOfCaller, kinds_of_caller
from strangler_shadow.compare import compare
from strangler_shadow.corpus import CorpusError, keep_sequence, kept_sequences
from strangler_shadow.judging import group_of, missing_kinds, words
from strangler_shadow.quantiles import quantiles_ms
from strangler_shadow.replay import ReplayError
from strangler_shadow.report import EndpointReport, Finding
from strangler_shadow.seeded import self_test
from strangler_shadow.twin_service import TwinService
from strangler_shadow.twins import Twins
from strangler_shadow.verdict import Verdict
from strangler_shadow.write_calls import Sequence, Step, Target, plain_sequences, sequences, target_of, with_promising
from strangler_shadow.write_run import Diverged, Outcome, Unreachable, WriteRun

__all__ = ["verify_writes"]

logger = logging.getLogger("strangler_shadow")

MOST_FINDINGS = 5


def verify_writes(
    entry: Entry,
    twins: Twins,
    service: TwinService,
    *,
    rung: str,
    examples: int,
    seed: int,
    on_call: Callable[[], None] = lambda: None,
) -> EndpointReport:
    """Verify one endpoint that writes, with so many drawn sequences after the kept and the plain ones.

    `service` runs on its copy, and the router's settings name it (`twin_service.serving`).
    """
    started = time.perf_counter()
    kinds = kinds_of_caller()
    run = WriteRun(rung=rung, twins=twins, service=service, on_call=on_call)
    outcomes: list[Outcome] = []
    unreachable = ""
    try:
        for outcome in _outcomes(run, entry, kinds, examples=examples, seed=seed):
            outcomes.append(outcome)
            run.known.update(map(group_of, outcome.differences))
    except Unreachable as error:
        unreachable = str(error)
    findings = [outcome.finding() for outcome in outcomes]
    _keep(entry.binding.id, outcomes)
    verdict, reason = _judge(run, entry, kinds, findings, unreachable)
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
        findings=tuple(findings),
        self_test=self_test(run.pairs(), compare, seed=seed),
        hides={**run.reply_noise.hides, **run.row_noise.hides},
        seconds=time.perf_counter() - started,
    )


def _outcomes(run: WriteRun, entry: Entry, kinds: list[KindOfCaller], *, examples: int, seed: int) -> Iterator[Outcome]:
    labels = {caller.subject: label for label, caller in kinds}
    for calls in kept_sequences(entry.binding.id):
        steps = (Step(label=labels.get(call.caller.subject, "kept"), call=call) for call in calls)
        yield from _checked(run, tuple(steps))
    target = with_promising(target_of(entry, kinds), run.succeeds)
    siblings = [target_of(sibling, kinds) for sibling in _siblings(entry)]
    # These are as small as calls get, so that the search has only to look for what they do not show.
    for sequence in plain_sequences(target):
        yield from _checked(run, sequence)
    for _ in range(MOST_FINDINGS):
        if not _search(run, target, siblings, examples=examples, seed=seed):
            break
        yield _last(run)


def _checked(run: WriteRun, sequence: Sequence) -> Iterator[Outcome]:
    run.failed.clear()
    try:
        run.check(sequence)
    except Diverged:
        yield _last(run)
    except ReplayError as error:
        run.skipped[str(error)] += 1


def _search(run: WriteRun, target: Target, siblings: list[Target], *, examples: int, seed: int) -> bool:
    run.failed.clear()
    run.shrinks = 0

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
    @hypothesis.given(sequences(target, siblings))
    def search(sequence: Sequence) -> None:
        run.check(sequence)

    try:
        search()
    except Diverged:
        return True
    except (FlakyFailure, FlakyReplay):
        return run.last is not None
    except Unsatisfiable:
        run.skipped["no call fits the route"] += 1
    return False


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


def _last(run: WriteRun) -> Outcome:
    found, run.last = run.last, None
    assert found is not None  # noqa: S101  a divergence always leaves one
    return found


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
        return Verdict.DIVERGED, words(findings)
    if unreachable:
        return Verdict.INFRA, unreachable
    if not any(200 <= status < 300 for status in run.statuses):
        return Verdict.INCONCLUSIVE, "no call succeeded, so nothing but errors was compared"
    if not run.wrote:
        return Verdict.INCONCLUSIVE, "no call changed a row, so no write was compared"
    if missing := missing_kinds(entry, run.rung, kinds, run.callers):
        return Verdict.INCONCLUSIVE, f"the service is the authority, and no call was made by: {', '.join(missing)}"
    return Verdict.EQUIVALENT, f"no difference in {run.calls} calls and the rows that {run.wrote} of them wrote"
