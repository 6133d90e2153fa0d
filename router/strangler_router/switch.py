"""Decide who answers: pure functions of policy and subject."""

from dataclasses import replace

import mmh3

from strangler_router.policy import BASIS_POINTS, Flag, Policy, Stage
from strangler_router.types import Decision, Side

__all__ = ["bucket", "choose"]


def bucket(seed: str, subject: str) -> int:
    """Place of a subject in a cohort, 0 to 9,999, uniform and independent between seeds.

    MurmurHash3 (32 bit) scaled by multiplication; a subject moves at the first percentage above its bucket and stays.
    """
    return (mmh3.hash(f"{seed}\0{subject}", signed=False) * BASIS_POINTS) >> 32


def choose(policy: Policy, endpoint: str, subject: str | None, *, draw: float = 1.0) -> Decision:
    """Who answers a call of `endpoint` by `subject` (None: anonymous without a key).

    `draw` is a random number in [0, 1) that decides about mirroring; 1 never mirrors.
    """
    flag = policy.flag(endpoint)
    decision = _choose(policy, flag, subject)
    return replace(decision, mirrored=True) if draw * BASIS_POINTS < flag.mirror else decision


def _choose(policy: Policy, flag: Flag, subject: str | None) -> Decision:
    if flag.stage is Stage.RETIRED:
        return Decision(side=Side.SERVICE, rung=flag.rung, reason="stage retired: no handler is left in the monolith")
    if policy.killed:
        return Decision(side=Side.MONOLITH, rung=flag.rung, reason="the kill switch is on")
    if flag.stage is Stage.SERVICE:
        return Decision(side=Side.SERVICE, rung=flag.rung, reason="stage service")
    if flag.stage is Stage.MONOLITH:
        return Decision(side=Side.MONOLITH, rung=flag.rung, reason="stage monolith")
    if flag.basis_points >= BASIS_POINTS:
        return Decision(side=Side.SERVICE, rung=flag.rung, reason="canary at 100 %")
    if subject is None:
        return Decision(side=Side.MONOLITH, rung=flag.rung, reason="canary below 100 % leaves anonymous callers")
    place = bucket(flag.cohort_seed, subject)
    side = Side.SERVICE if place < flag.basis_points else Side.MONOLITH
    sign = "below" if side is Side.SERVICE else "not below"
    return Decision(side=side, rung=flag.rung, reason=f"canary: bucket {place} is {sign} {flag.basis_points}")
