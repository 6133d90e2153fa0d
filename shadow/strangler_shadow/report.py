"""What a verification found, as plain values; `strangler_shadow.reports` writes them down."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from strangler_router.types import Call
from strangler_shadow.latency import LatencyPoint
from strangler_shadow.observation import Difference, Observation
from strangler_shadow.scenes import Scene
from strangler_shadow.seeded import SelfTest
from strangler_shadow.verdict import Verdict, worst

__all__ = ["EndpointReport", "Finding", "Report"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The smallest call that shows a difference, with both answers to it.

    `curl` repeats the call by hand; credentials stand as $TOKEN. `rows` are the generated ones that it is in, by the
    key that call or answer has for them.
    """

    call: Call
    caller: str
    curl: str
    control: Observation
    candidate: Observation
    differences: tuple[Difference, ...]
    rows: Mapping[str, Scene] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointReport:
    """One endpoint's verdict and what it rests on.

    `statuses` counts the control's answers by status, `callers` the calls by kind of caller; `control_ms` and
    `candidate_ms` are latencies in milliseconds, keyed p50, p90, p99, and `curve` both sides' at more quantiles.
    `parameters` counts the calls that used each declared query parameter, `fields` the answers in which each declared
    field had a value, `values` those in which one had each of its choices (`level=basic`): 0 is never.

    `self_test` says how many seeded divergences the same comparison sees in the answers that were equal; `hides` by
    pattern what is invisible to it where the monolith does not repeat itself.
    """

    endpoint: str
    rpc: str
    rung: str
    verdict: Verdict
    reason: str
    calls: int = 0
    skipped: Mapping[str, int] = field(default_factory=dict)
    statuses: Mapping[int, int] = field(default_factory=dict)
    callers: Mapping[str, int] = field(default_factory=dict)
    control_ms: Mapping[str, float] = field(default_factory=dict)
    candidate_ms: Mapping[str, float] = field(default_factory=dict)
    curve: tuple[LatencyPoint, ...] = ()
    parameters: Mapping[str, int] = field(default_factory=dict)
    fields: Mapping[str, int] = field(default_factory=dict)
    values: Mapping[str, int] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    self_test: SelfTest = field(default_factory=SelfTest)
    hides: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One run of `strangler verify`; `started` is ISO 8601 in UTC, `seed` repeats the run."""

    started: str
    seed: int
    examples: int
    endpoints: tuple[EndpointReport, ...]

    @property
    def verdict(self) -> Verdict:
        """The verdict on all endpoints together."""
        return worst(endpoint.verdict for endpoint in self.endpoints)
