"""Ask the side that did not answer, and compare: what the mirror does with one exchange, in whichever process."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from django.db import close_old_connections

from strangler_protos.bindings import SAFE_METHODS
from strangler_router.conf import settings
from strangler_router.types import Exchange, Side
from strangler_shadow.cookies import apart
from strangler_shadow.cursors import Sides, leads_elsewhere, with_cursors
from strangler_shadow.learning import CLOCK_SECONDS, learning
from strangler_shadow.noise import Noise, differences_beyond, is_clock, sifted
from strangler_shadow.observation import Difference, Kind, Observation
from strangler_shadow.pauses import Pauses
from strangler_shadow.replay import ReplayError, replay_candidate, replay_control
from strangler_shadow.rules import declared_noise
from strangler_shadow.tally import Outcome, Tally
from strangler_shadow.varying import reason_of

__all__ = ["Finding", "carefully", "judge", "observe", "record"]

RECHECKS = 3
PAGES = 3
"""How far a live pair's cursors are followed."""
LESSON = 3
"""Answers to one call from which something can be learnt."""
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
    tally.count(exchange, finding.outcome, reason=finding.reason, weight=weight)
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
    served = _served(exchange)
    try:
        other = _other_side(exchange, pace)
        if other.wrote:
            return Finding(outcome=Outcome.SKIPPED, reason="writes")
        if other.error and served.status >= 500:
            # The router would fall back, and the client gets what was served.
            return Finding(outcome=Outcome.SKIPPED, reason="both sides fail")
        if other.error:
            return Finding(outcome=Outcome.ERRORED, reason=other.error.partition(":")[0])
        asked_service = exchange.decision.side is Side.MONOLITH
        control, candidate = (served, other) if asked_service else (other, served)
        return _compared(exchange, control, candidate, pace)
    except ReplayError as error:
        return Finding(outcome=Outcome.SKIPPED, reason=str(error))


def _compared(exchange: Exchange, control: Observation, candidate: Observation, pace: Callable[[], object]) -> Finding:
    endpoint = exchange.call.endpoint
    noise = declared_noise(endpoint) | learning.noise(endpoint)
    differences, explained = sifted(noise, control, candidate)
    noise, links = with_cursors(noise, [*differences, *explained])
    differences = [difference for difference in differences if difference not in links]
    reason = CACHED if _is_cached(exchange) else ""
    outcome = Outcome.MATCHED
    if differences:
        held, now = _holds(exchange, noise, differences, pace)
        if not held and _is_later(noise, control, candidate, now):
            explained += differences
        elif not held:
            outcome = Outcome.TRANSIENT
        elif not _outlasts_lag(exchange, noise, differences, pace):
            outcome, reason = Outcome.TRANSIENT, LAGGING
        else:
            outcome = Outcome.MISMATCHED
    elif links and learning.follows(endpoint):
        differences = _elsewhere(exchange, noise, links, pace)
        outcome = Outcome.MISMATCHED if differences else Outcome.MATCHED
    elif explained and (pause := learning.due(endpoint)) is not None:
        _ask_control(exchange, pause)
    if outcome is Outcome.MATCHED and (explained or links):
        reason = reason or reason_of(endpoint, noise, [*explained, *links])
    return Finding(
        outcome=outcome,
        reason=reason,
        control=control,
        candidate=candidate,
        differences=tuple(differences) if outcome is Outcome.MISMATCHED else (),
    )


def _elsewhere(
    exchange: Exchange, noise: Noise, links: list[Difference], pace: Callable[[], object]
) -> list[Difference]:
    sides = Sides(
        lambda call: _control(replace(exchange, call=call)),
        lambda call: _candidate(replace(exchange, call=call), pace),
    )
    return [link for link in links if leads_elsewhere(exchange.call, link, noise, sides, pages=PAGES)]


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


def _other_side(exchange: Exchange, pace: Callable[[], object]) -> Observation:
    if exchange.decision.side is Side.MONOLITH:
        return _candidate(exchange, pace)
    return _control(exchange)


def _control(exchange: Exchange) -> Observation:
    return replay_control(exchange.call, session_accessed=exchange.served.session_accessed)


def _candidate(exchange: Exchange, pace: Callable[[], object]) -> Observation:
    pace()
    accessed = exchange.served.session_accessed
    return replay_candidate(exchange.call, exchange.decision.rung, session_accessed=accessed)


def _is_later(known: Noise, control: Observation, candidate: Observation, now: Observation) -> bool:
    """Whether the candidate is what the monolith says now, and that is other than before where it varies only."""
    return not differences_beyond(known.unbounded, control, candidate) and not differences_beyond(known, now, candidate)


def _holds(
    exchange: Exchange, known: Noise, differences: list[Difference], pace: Callable[[], object]
) -> tuple[bool, Observation]:
    """Ask both sides again, the monolith before and after the service: what a write changes meanwhile is no difference.

    The first time that the monolith repeats itself, but for what is known to vary, settles it. Gives its first answer
    too.
    """
    held = set(map(_group, differences))
    answers: list[Observation] = []
    between: list[Observation] = []
    for _ in range(RECHECKS):
        before, candidate, after = _control(exchange), _candidate(exchange, pace), _control(exchange)
        answers += [before, after]
        between.append(candidate)
        moving = {_place(pattern) for _, pattern in map(_group, differences_beyond(known, before, after))}
        again = set(map(_group, differences_beyond(known, before, candidate)))
        held = {group for group in held & again if _place(group[1]) not in moving}
        if not held or not moving:
            break
    is_moving, is_still_clock = bool(moving), not held and not moving and all(map(is_clock, differences))
    if is_moving and len(answers) < LESSON and learning.is_curious(exchange.call.endpoint):
        answers.append(_control(exchange))
    if is_still_clock and learning.may_wait(exchange.call.endpoint):
        _ask_control(exchange, CLOCK_SECONDS)
    else:
        learning.teach(exchange.call.endpoint, answers, between)
    return bool(held), answers[0]


def _ask_control(exchange: Exchange, pause: float) -> None:
    """Learn from the monolith's answers with so many seconds between them."""
    answers = [_control(exchange)]
    for _ in range(LESSON - 1):
        if pause:
            time.sleep(pause)
        answers.append(_control(exchange))
    teach = learning.teach_clocks if pause else learning.teach
    teach(exchange.call.endpoint, answers)


def _outlasts_lag(exchange: Exchange, known: Noise, differences: list[Difference], pace: Callable[[], object]) -> bool:
    """Whether it is still there once the service's own store, fed from the monolith's, had time to follow."""
    lag = settings().shadow.get("LAG", {}).get(exchange.call.endpoint, 0)
    if not lag:
        return True
    time.sleep(lag)
    return _holds(exchange, known, differences, pace)[0]


def _group(difference: Difference) -> tuple[Kind, str]:
    return difference.kind, difference.pattern


def _place(pattern: str) -> str:
    # Rows shift when one is added, so a list moves as a whole.
    return pattern.partition("[*]")[0]
