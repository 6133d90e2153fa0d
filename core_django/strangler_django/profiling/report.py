"""What a profile found, as plain values; `strangler_django.profiling.reports` writes them down."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

__all__ = [
    "Advice",
    "Cacheable",
    "EndpointProfile",
    "FieldShare",
    "Finding",
    "Remedy",
    "Report",
    "Share",
    "Sized",
    "State",
    "Step",
    "Work",
]


class State(StrEnum):
    """Whether an endpoint was profiled, and if not, why."""

    PROFILED = "profiled"
    LOGIN = "needs login"
    NO_SAMPLE = "no sample"
    FAILED = "failed"
    ANSWERED = "answered otherwise"
    REFUSED = "not asked"


class Remedy(StrEnum):
    """What removes an N+1."""

    SELECT = "select_related"
    PREFETCH = "prefetch_related"
    BATCHED = "batched"
    COLUMNS = "only"
    ONCE = "once"


class Share(StrEnum):
    """Whether a field's value may be shared between callers."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class Work(StrEnum):
    """What a step of the ranking does: change the code, or take the endpoint off the monolith."""

    FIX = "fix"
    PEEL = "peel"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sized:
    """Queries of one request whose list had `size` rows."""

    size: int
    queries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """A remedy as a sentence of code, and the queries of the usual request that it leaves and removes."""

    remedy: Remedy
    text: str
    leaves: int
    removes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """An N+1: queries that one place asks for each row.

    `field` is the serializer's field with its parents (`educator.country`), empty outside of a serializer's fields.
    `owner` is the serializer, or whatever else asked (`Rows.has_object_permission`, a template).
    `declared` is where the field is declared, `file:line`. `statements` are SQL without values.
    `queries` and `milliseconds` count in the request as it was made, `growth` in requests of forced sizes.
    """

    field: str
    owner: str
    file: str
    line: int
    source: str
    declared: str
    statements: tuple[str, ...]
    queries: int
    per_row: float
    growth: tuple[Sized, ...]
    same_values: bool
    milliseconds: float
    advice: tuple[Advice, ...]

    @property
    def place(self) -> str:
        """`file:line`."""
        return f"{self.file}:{self.line}"

    @property
    def removes(self) -> int:
        """Queries of the usual request that all its advice removes."""
        return sum(advice.removes for advice in self.advice)


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldShare:
    """One field's share, and what it rests on."""

    field: str
    share: Share
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cacheable:
    """The fields of an answer's serializer, each with its share."""

    serializer: str
    fields: tuple[FieldShare, ...]

    @property
    def shared(self) -> int:
        """How many fields may be shared."""
        return sum(found.share is Share.YES for found in self.fields)

    @property
    def fraction(self) -> float:
        """Shared fields by all fields, 0 to 1."""
        return self.shared / len(self.fields) if self.fields else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointProfile:
    """One endpoint, asked one kind of request.

    `query` names the query's parameters. `weight` counts the requests of the file that are like this one.
    `size`, `queries`, `milliseconds` and `sql_milliseconds` are the request as it was made.
    `split` is each part's share of the time under cProfile, keyed sql, serialisation, rendering, rest.
    """

    endpoint: str
    route: str
    view: str
    state: State
    reason: str = ""
    status: int = 0
    query: tuple[str, ...] = ()
    weight: int = 1
    size: int = 0
    queries: int = 0
    writes: int = 0
    milliseconds: float = 0.0
    sql_milliseconds: float = 0.0
    growth: tuple[Sized, ...] = ()
    split: Mapping[str, float] = field(default_factory=dict)
    hot: tuple[tuple[str, float], ...] = ()
    cacheable: Cacheable | None = None
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def removes_milliseconds(self) -> float:
        """What removing its N+1s takes off the request, by estimate; never more than the request."""
        return min(self.milliseconds, sum(finding.milliseconds for finding in self.findings))


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One entry of the ranking; `saves` is milliseconds of one request times the endpoint's weight."""

    work: Work
    endpoint: str
    what: str
    where: str
    saves: float
    queries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One run of `strangler profile`; `started` is ISO 8601 in UTC."""

    started: str
    caller: str
    endpoints: tuple[EndpointProfile, ...]
    ranking: tuple[Step, ...]
    skipped: Mapping[str, int] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def profiled(self) -> tuple[EndpointProfile, ...]:
        """The endpoints that were measured."""
        return tuple(found for found in self.endpoints if found.state is State.PROFILED)

    @property
    def findings(self) -> int:
        """N+1s of all endpoints."""
        return sum(len(found.findings) for found in self.endpoints)
