"""Which share of each kind of call to compare where there are more than the candidate is to be asked for.

A call is drawn with probability 2^-k, where k was settled from calls before it, so that each drawn one stands for 2^k:
with these weights a rate is estimated without bias (Horvitz and Thompson, JASA 47, 1952). Powers of two keep the number
of different weights, and with it of counts, small.
"""

import math
from collections.abc import Mapping

from strangler_router.types import Exchange

__all__ = ["halvings", "stratum_of"]

MOST_HALVINGS = 20
SMALLEST_FLOOR = 1e-6


def stratum_of(exchange: Exchange) -> str:
    """Endpoint, method, class of the status, and role of the caller, in one line."""
    caller = exchange.call.caller
    role = "staff" if caller.is_staff else "user" if caller.subject else "anonymous"
    return f"{exchange.call.endpoint} {exchange.call.method} {exchange.served.status // 100}xx {role}"


def halvings(offered: Mapping[str, float], *, rate: float, floor: float) -> dict[str, int]:
    """k of each stratum that is thinned, so that at most about `rate` calls a second are drawn.

    `offered` is calls a second by stratum. Of each stratum `floor` calls a second are drawn, or all where it has fewer;
    floors that are together more than the rate shrink. What is left is shared in proportion.
    """
    seen = {stratum: count for stratum, count in offered.items() if count > 0}
    if sum(seen.values()) <= rate:
        return {}
    floor = max(min(floor, rate / len(seen)), SMALLEST_FLOOR)
    small: set[str] = set()
    while True:
        rest = {stratum: count for stratum, count in seen.items() if stratum not in small}
        left = rate - sum(min(floor, seen[stratum]) for stratum in small)
        share = left / sum(rest.values()) if rest else 1.0
        fewer = {stratum for stratum, count in rest.items() if share * count < min(floor, count)}
        if not fewer:
            break
        small |= fewer
    found = {}
    for stratum, count in seen.items():
        most = MOST_HALVINGS if stratum in small or share <= 0 else math.ceil(-math.log2(min(1.0, share)))
        # Rounded to more than the floor: rare kinds are what the floor is there for.
        found[stratum] = min(most, MOST_HALVINGS, math.floor(math.log2(max(1.0, count / floor))))
    return {stratum: halved for stratum, halved in found.items() if halved}
