"""Ask the side that did not answer, and compare: what the mirror does with one exchange, in whichever process."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from django.db import close_old_connections

from strangler_protos.bindings import SAFE_METHODS
from strangler_router.types import Exchange, Side
from strangler_shadow.cookies import apart
from strangler_shadow.cursors import leads_elsewhere, with_cursors
from strangler_shadow.learning import learning
from strangler_shadow.noise import Noise, differences_beyond, sifted
from strangler_shadow.observation import Difference, Observation
from strangler_shadow.pauses import Pauses
from strangler_shadow.questions import Questions
from strangler_shadow.rechecks import ask_control, outlasts_lag, recheck
from strangler_shadow.replay import ReplayError
from strangler_shadow.rules import declared_noise
from strangler_shadow.tally import Outcome, Tally
from strangler_shadow.varying import reason_of

__all__ = ["Finding", "carefully", "judge", "observe", "record"]

PAGES = 3
"""How far a live pair's cursors are followed."""
CACHED = "cached"
LAGGING = "lagging"

logger = logging.getLogger("strangler_shadow")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What became of one exchange, why, and what both sides answered where both did."""

    outcome: Outcome
    reason: str = ""
    control: Observation | None = None
    candidate: Observation | None = None
    differences: tuple[Difference, ...] = ()


def observe(exchange: Exchange, tally: Tally) -> Outcome:
    """Ask the side that did not answer, compare, and count; returns what was counted."""
    finding = judge(exchange)
    record(exchange, finding, tally)
    return finding.outcome


def record(exchange: Exchange, finding: Finding, tally: Tally, *, weight: int = 1) -> None:
    """Count a finding."""
    took = (finding.control.seconds, finding.candidate.seconds) if finding.control and finding.candidate else None
    tally.count(exchange, finding.outcome, reason=finding.reason, weight=weight, took=took)
    if finding.differences and finding.control is not None:
        tally.found(exchange, finding.control, list(finding.differences))


def carefully(exchange: Exchange, judge: Callable[[Exchange], Finding], pauses: Pauses) -> Finding:
    """The finding, whatever goes wrong; a service that gave no answer is left alone for a while."""
    key = exchange.call.endpoint, exchange.decision.rung
    asks_service = exchange.decision.side is Side.MONOLITH
    if asks_service and pauses.is_on(*key):
        return Finding(outcome=Outcome.ERRORED, reason="no answer shortly before")
    try:
        finding = judge(exchange)
    except Exception as error:  # noqa: BLE001  whatever goes wrong here stays here
        logger.warning("a copy of %s could not be compared: %s", exchange.call.endpoint, type(error).__name__)
        # A connection that was lost costs this copy and not the next one.
        close_old_connections()
        return Finding(outcome=Outcome.ERRORED, reason=type(error).__name__)
    if finding.outcome is not Outcome.ERRORED:
        pauses.end(*key)
    elif asks_service:
        pauses.start(*key)
    return finding


def judge(exchange: Exchange, *, pace: Callable[[], object] = lambda: None) -> Finding:
    """Ask the side that did not answer, and compare; `pace` is called before each question to the candidate."""
    if exchange.call.method not in SAFE_METHODS:
        return Finding(outcome=Outcome.SKIPPED, reason="unsafe")
    if exchange.served.fell_back:
        return Finding(outcome=Outcome.ERRORED, reason="fell back")
    served, questions = _served(exchange), Questions(exchange=exchange, pace=pace)
    try:
        asked_service = exchange.decision.side is Side.MONOLITH
        other = questions.candidate() if asked_service else questions.control()
        if other.wrote:
            return Finding(outcome=Outcome.SKIPPED, reason="writes")
        if other.error and served.status >= 500:
            # The router would fall back, and the client gets what was served.
            return Finding(outcome=Outcome.SKIPPED, reason="both sides fail")
        if other.error:
            return Finding(outcome=Outcome.ERRORED, reason=other.error.partition(":")[0])
        if not asked_service and served.status < 500 <= other.status:
            # What a failing monolith says is no measure of the service.
            return Finding(outcome=Outcome.ERRORED, reason=f"status {other.status}")
        control, candidate = (served, other) if asked_service else (other, served)
        return _compared(questions, control, candidate)
    except ReplayError as error:
        return Finding(outcome=Outcome.SKIPPED, reason=str(error))


def _compared(questions: Questions, control: Observation, candidate: Observation) -> Finding:
    endpoint = questions.exchange.call.endpoint
    noise = declared_noise(endpoint) | learning.noise(endpoint)
    differences, explained = sifted(noise, control, candidate)
    noise, links = with_cursors(noise, [*differences, *explained])
    differences = [difference for difference in differences if difference not in links]
    explained = [difference for difference in explained if difference not in links]
    outcome, reason = Outcome.MATCHED, ""
    if differences:
        outcome, reason, differences = _asked_again(questions, noise, control, candidate, differences)
        explained += differences if outcome is Outcome.MATCHED else []
    elif links and learning.follows(endpoint):
        differences = [
            link
            for link in links
            if leads_elsewhere(questions.exchange.call, link, noise, questions.sides, pages=PAGES)
        ]
        outcome = Outcome.MISMATCHED if differences else Outcome.MATCHED
    elif explained and (pause := learning.due(endpoint)) is not None:
        ask_control(questions, pause)
    if not reason and _is_cached(questions.exchange):
        reason = CACHED
    elif outcome is Outcome.MATCHED and (explained or links):
        reason = reason_of(endpoint, noise, [*explained, *links])
    return Finding(
        outcome=outcome,
        reason=reason,
        control=control,
        candidate=candidate,
        differences=tuple(differences) if outcome is Outcome.MISMATCHED else (),
    )


def _asked_again(
    questions: Questions, noise: Noise, control: Observation, candidate: Observation, differences: list[Difference]
) -> tuple[Outcome, str, list[Difference]]:
    """What becomes of differences when both sides are asked again: outcome, reason, and which of them."""
    again = recheck(questions, noise, differences)
    if not again.held and _is_later(noise, control, candidate, again.now):
        return Outcome.MATCHED, "", differences
    if not again.held:
        return Outcome.TRANSIENT, "", []
    held = list(outlasts_lag(questions, noise, again.held))
    return (Outcome.MISMATCHED, "", held) if held else (Outcome.TRANSIENT, LAGGING, [])


def _is_later(known: Noise, control: Observation, candidate: Observation, now: Observation) -> bool:
    """Whether the candidate is what the monolith says now, and that is other than before where it varies only."""
    return not differences_beyond(known.unbounded, control, candidate) and not differences_beyond(known, now, candidate)


def _served(exchange: Exchange) -> Observation:
    served = exchange.served
    headers, cookies = apart(served.headers, served.cookies)
    return Observation(
        status=served.status,
        headers=headers,
        cookies=cookies,
        body=served.body,
        seconds=served.seconds,
    )


def _is_cached(exchange: Exchange) -> bool:
    """Whether the answer says of itself that it was kept: RFC 9111, 5.1, and what most caches add."""
    headers = {name.lower(): value.strip().lower() for name, value in exchange.served.headers}
    return headers.get("age", "0") != "0" or "hit" in headers.get("x-cache", "")
