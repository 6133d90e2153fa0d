"""What may be asked of both sides about one exchange: its own call again, or another one in its place."""

from collections.abc import Callable
from dataclasses import dataclass

from strangler_router.types import Call, Exchange
from strangler_shadow.cursors import Sides
from strangler_shadow.observation import Observation
from strangler_shadow.replay import replay_candidate, replay_control

__all__ = ["Questions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Questions:
    """`pace` is called before each question to the candidate."""

    exchange: Exchange
    pace: Callable[[], object]

    def control(self, call: Call | None = None) -> Observation:
        """The monolith's answer."""
        return replay_control(call or self.exchange.call, session_accessed=self.exchange.served.session_accessed)

    def candidate(self, call: Call | None = None) -> Observation:
        """The service's answer."""
        self.pace()
        accessed = self.exchange.served.session_accessed
        return replay_candidate(call or self.exchange.call, self.exchange.decision.rung, session_accessed=accessed)

    @property
    def sides(self) -> Sides:
        """Both, for the pages behind cursors."""
        return Sides(self.control, self.candidate)
