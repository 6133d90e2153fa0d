"""Verdicts with their exit codes, and the type of the callable in `STRANGLER["GATE"]`."""

import enum
from dataclasses import dataclass
from typing import Protocol

from strangler_protos.exit_codes import CHECK_FAILED, CRASH, USAGE

__all__ = ["CHECK_FAILED", "CRASH", "USAGE", "Gate", "Judgement", "Verdict"]


class Verdict(enum.IntEnum):
    """Whether old and new answer the same; the value is the exit code of the command that says so."""

    EQUIVALENT = 0
    DIVERGED = 1
    INCONCLUSIVE = 2
    STALE = 3
    INFRA = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A gate's word on one step of a cutover; `evidence` names what it rests on and goes into the history."""

    verdict: Verdict
    reason: str
    evidence: str = ""


class Gate(Protocol):
    """Asked before an endpoint moves towards the service, or users of the service to a higher rung."""

    def __call__(self, endpoint: str, *, stage: str, basis_points: int, rung: str) -> Judgement: ...
