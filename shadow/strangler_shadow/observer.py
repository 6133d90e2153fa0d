"""Ask the side that did not answer, compare, and count: what the mirror does with one exchange."""

from strangler_protos.bindings import SAFE_METHODS
from strangler_router.types import Exchange, Side
from strangler_shadow.compare import compare
from strangler_shadow.observation import Difference, Kind, Observation
from strangler_shadow.replay import ReplayError, replay_candidate, replay_control
from strangler_shadow.tally import Outcome, Tally

__all__ = ["observe"]

RECHECKS = 3


def observe(exchange: Exchange, tally: Tally) -> None:
    """Ask the side that did not answer, compare, and count."""
    if exchange.call.method not in SAFE_METHODS:
        tally.count(exchange, Outcome.SKIPPED, reason="unsafe")
        return
    if exchange.served.fell_back:
        tally.count(exchange, Outcome.ERRORED, reason="fell back")
        return
    served = _served(exchange)
    try:
        other = _other_side(exchange)
    except ReplayError as error:
        tally.count(exchange, Outcome.SKIPPED, reason=str(error))
        return
    if other.wrote:
        tally.count(exchange, Outcome.SKIPPED, reason="writes")
        return
    service_answered = exchange.decision.side is Side.SERVICE
    control, candidate = (other, served) if service_answered else (served, other)
    if other.error and served.status >= 500:
        # Both sides fail; the router would fall back, and the client gets what was served.
        tally.count(exchange, Outcome.SKIPPED, reason="both sides fail")
        return
    if other.error:
        tally.count(exchange, Outcome.ERRORED, reason=other.error.partition(":")[0])
        return
    differences = compare(control, candidate)
    if differences and not _holds(exchange, differences):
        tally.count(exchange, Outcome.TRANSIENT)
        return
    tally.count(exchange, Outcome.MISMATCHED if differences else Outcome.MATCHED)
    tally.found(exchange, control, differences)


def _served(exchange: Exchange) -> Observation:
    served = exchange.served
    return Observation(
        status=served.status,
        headers=served.headers,
        cookies=served.cookies,
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

    The first time that the monolith repeats itself settles it; under steady writes, what it never repeats is left out.
    """
    accessed = exchange.served.session_accessed
    wanted = set(map(_group, differences))
    for _ in range(RECHECKS):
        before = replay_control(exchange.call, session_accessed=accessed)
        candidate = replay_candidate(exchange.call, exchange.decision.rung, session_accessed=accessed)
        after = replay_control(exchange.call, session_accessed=accessed)
        moving = set(map(_group, compare(before, after)))
        seen = wanted.intersection(map(_group, compare(before, candidate))) - moving
        if not moving:
            break
    return bool(seen)


def _group(difference: Difference) -> tuple[Kind, str]:
    return difference.kind, difference.pattern
