"""What one request carries from routing to its answer, and the decision that it can make once."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest

from strangler_django.endpoints import Endpoint
from strangler_protos.bindings import Authority, Binding
from strangler_router.conf import settings
from strangler_router.policy import Policy, Stage
from strangler_router.switch import choose
from strangler_router.types import Backend, Call, Decision, Side

__all__ = ["OVERRIDE_HEADER", "OVERRIDE_PERMISSION", "Entry", "Pin", "Replay", "decide", "take"]

OVERRIDE_HEADER = "X-Strangler-Side"
# As WSGI spells it: request.headers would read all headers.
OVERRIDE_META = "HTTP_" + OVERRIDE_HEADER.upper().replace("-", "_")
OVERRIDE_PERMISSION = "strangler.override"


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """A call that is made again by the shadow: who answers is settled, nobody falls back, nothing is observed."""

    side: Side
    rung: str
    authenticator: str = ""
    session_accessed: bool = False


@dataclass(slots=True, kw_only=True)
class Entry:
    """A row of the table: the binding, the endpoint it stands for, and the backends of its rungs.

    `owner` is the derived view class, or the peeled function, that may take the request's pin.
    """

    binding: Binding
    endpoint: Endpoint
    owner: Any
    make_backend: Callable[[Binding, str], Backend]
    backends: dict[str, Backend] = field(default_factory=dict)

    def backend(self, rung: str) -> Backend:
        """The backend of a rung, made at its first use; `ConfigurationError` where it cannot be."""
        found = self.backends.get(rung)
        if found is None:
            found = self.backends[rung] = self.make_backend(self.binding, rung)
        return found

    def authority(self, rung: str) -> Authority:
        """Who decides about single objects: settings first, then the contract."""
        declared = settings().authority.get(self.binding.id)
        if isinstance(declared, str):
            return Authority[declared]
        if declared and rung in declared:
            return Authority[declared[rung]]
        return self.binding.authority


@dataclass(slots=True, kw_only=True)
class Pin:
    """One request's entry and policy; `started` and `deadline` are `time.monotonic()` seconds."""

    entry: Entry
    policy: Policy
    started: float
    deadline: float
    body: bytes = b""
    replay: Replay | None = None
    taken: bool = False
    decision: Decision | None = None
    call: Call | None = None
    fell_back: bool = False
    failure: Exception | None = None


def take(request: HttpRequest, owner: Any) -> Pin | None:
    """The request's pin, once, and only for the view that it was made for."""
    pin: Pin | None = getattr(request, "strangler_pin", None)
    if pin is None or pin.taken or pin.entry.owner is not owner:
        return None
    pin.taken = True
    return pin


def decide(pin: Pin, request: Any, subject_of: Callable[[Any], str | None]) -> Decision:
    """Who answers this request; kept on the pin.

    The subject is asked for in stage CANARY only: looking at a session's user marks the answer as varying by cookie.
    """
    if pin.replay is not None:
        decision = Decision(side=pin.replay.side, rung=pin.replay.rung, reason="replay")
    else:
        flag = pin.policy.flag(pin.entry.binding.id)
        subject = subject_of(request) if flag.stage is Stage.CANARY else None
        draw = random.random()  # noqa: S311  sampling, no secret
        decision = choose(pin.policy, flag.endpoint, subject, draw=draw)
        if OVERRIDE_META in getattr(request, "_request", request).META and flag.stage is not Stage.RETIRED:
            decision = _overridden(pin, decision, request)
    pin.decision = decision
    return decision


def _overridden(pin: Pin, decision: Decision, request: Any) -> Decision:
    wanted = request.headers[OVERRIDE_HEADER].lower()
    if pin.policy.killed or wanted not in {side.value for side in Side}:
        return decision
    if not (request.user and request.user.is_authenticated and request.user.has_perm(OVERRIDE_PERMISSION)):
        return decision
    reason = f"{OVERRIDE_HEADER} of a user with {OVERRIDE_PERMISSION}"
    return Decision(side=Side(wanted), rung=decision.rung, reason=reason)
