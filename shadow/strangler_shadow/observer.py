"""Ask the side that did not answer, compare, and count: what the mirror does with one exchange."""

from strangler_protos.bindings import SAFE_METHODS
from strangler_router.types import Exchange, Side
from strangler_shadow.compare import compare
from strangler_shadow.cookies import apart
from strangler_shadow.observation import Difference, Kind, Observation
from strangler_shadow.replay import ReplayError, replay_candidate, replay_control
from strangler_shadow.tally import Outcome, Tally

__all__ = ["observe"]

RECHECKS = 3


def observe(exchange: Exchange, tally: Tally) -> Outcome:
    """Ask the side that did not answer, compare, and count; returns what was counted."""
    outcome, reason = _outcome(exchange, tally)
    tally.count(exchange, outcome, reason=reason)
    return outcome


def _outcome(exchange: Exchange, tally: Tally) -> tuple[Outcome, str]:
    if exchange.call.method not in SAFE_METHODS:
        return Outcome.SKIPPED, "unsafe"
    if exchange.served.fell_back:
        return Outcome.ERRORED, "fell back"
    served = _served(exchange)
    try:
        other = _other_side(exchange)
        if other.wrote:
            return Outcome.SKIPPED, "writes"
        if other.error and served.status >= 500:
            # The router would fall back, and the client gets what was served.
            return Outcome.SKIPPED, "both sides fail"
        if other.error:
            return Outcome.ERRORED, other.error.partition(":")[0]
        asked_service = exchange.decision.side is Side.MONOLITH
        control, candidate = (served, other) if asked_service else (other, served)
        differences = compare(control, candidate)
        if not differences:
            return Outcome.MATCHED, ""
        if not _holds(exchange, differences):
            return Outcome.TRANSIENT, ""
    except ReplayError as error:
        return Outcome.SKIPPED, str(error)
    tally.found(exchange, control, differences)
    return Outcome.MISMATCHED, ""


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


def _other_side(exchange: Exchange) -> Observation:
    accessed = exchange.served.session_accessed
    if exchange.decision.side is Side.SERVICE:
        return replay_control(exchange.call, session_accessed=accessed)
    return replay_candidate(exchange.call, exchange.decision.rung, session_accessed=accessed)


def _holds(exchange: Exchange, differences: list[Difference]) -> bool:
    """Ask both sides again, the monolith before and after the service: what a write changes meanwhile is no difference.

    The first time that the monolith repeats itself settles it.
    """
    accessed = exchange.served.session_accessed
    held = set(map(_group, differences))
    for _ in range(RECHECKS):
        before = replay_control(exchange.call, session_accessed=accessed)
        candidate = replay_candidate(exchange.call, exchange.decision.rung, session_accessed=accessed)
        after = replay_control(exchange.call, session_accessed=accessed)
        moving = {_place(pattern) for _, pattern in map(_group, compare(before, after))}
        again = set(map(_group, compare(before, candidate)))
        held = {group for group in held & again if _place(group[1]) not in moving}
        if not held or not moving:
            break
    return bool(held)


def _group(difference: Difference) -> tuple[Kind, str]:
    return difference.kind, difference.pattern


def _place(pattern: str) -> str:
    # Rows shift when one is added, so a list moves as a whole.
    return pattern.partition("[*]")[0]
