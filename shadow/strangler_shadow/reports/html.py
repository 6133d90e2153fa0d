"""The report as one HTML file that needs nothing else: no network, no script, no other file."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from strangler_shadow.observation import Difference, Kind, Observation
from strangler_shadow.report import EndpointReport, Finding, Report
from strangler_shadow.reports.side_by_side import SideBySide, align
from strangler_shadow.reports.words import (
    KINDS,
    PERCENTILES,
    VERDICTS,
    counted,
    differences_in,
    milliseconds,
    request,
    sides,
    visible,
)
from strangler_shadow.verdict import Verdict

__all__ = ["render"]

TEMPLATE = "report.html.j2"
# What a browser opens at once; the JSON report has everything.
BODIES_SHOWN = 4_000_000
FINDINGS_SHOWN = 300
GROUPS_SHOWN = 60
HEADERS_SHOWN = 100
TEXT_SHOWN = 4000

SIGNS = {
    Verdict.EQUIVALENT: "=",
    Verdict.DIVERGED: "≠",
    Verdict.INCONCLUSIVE: "?",
    Verdict.STALE: "↻",
    Verdict.INFRA: "!",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Differences of one kind at one pattern; the first of them is the example."""

    kind: Kind
    pattern: str
    count: int
    path: str
    control: str
    candidate: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A status, header or cookie on both sides; None is absent."""

    name: str
    control: str | None
    candidate: str | None
    differs: bool

    @property
    def mark(self) -> str:
        """`differs`, `same`, or `ignored` where the values differ and are not compared."""
        if self.differs:
            return "differs"
        return "same" if self.control == self.candidate else "ignored"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A finding as the page shows it; without `bodies` where the file is full."""

    finding: Finding
    anchor: str
    groups: tuple[Group, ...]
    groups_left_out: int
    parts: tuple[Part, ...]
    bodies: SideBySide | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """An endpoint with those of its findings that the page has room for."""

    endpoint: EndpointReport
    anchor: str
    findings: tuple[Shown, ...]


def render(report: Report) -> str:
    """The report as an HTML page."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
    )
    environment.globals |= {
        "KINDS": KINDS,
        "PERCENTILES": PERCENTILES,
        "SIGNS": SIGNS,
        "VERDICTS": VERDICTS,
        "TEXT_SHOWN": TEXT_SHOWN,
        "counted": counted,
        "differences_in": differences_in,
        "milliseconds": milliseconds,
        "request": request,
    }
    diverged = sum(endpoint.verdict is Verdict.DIVERGED for endpoint in report.endpoints)
    page = environment.get_template(TEMPLATE).render(
        report=report,
        sections=list(_sections(report)),
        calls=sum(endpoint.calls for endpoint in report.endpoints),
        seconds=sum(endpoint.seconds for endpoint in report.endpoints),
        diverged=diverged,
    )
    return page.lstrip()


def _finalize(value: Any) -> Any:
    # Whatever is printed passes here, so nothing unprintable reaches the file. Markup is not plain `str`.
    return visible(value) if type(value) is str else value


def _sections(report: Report) -> Iterator[Section]:
    room, left = BODIES_SHOWN, FINDINGS_SHOWN
    for number, endpoint in enumerate(report.endpoints, start=1):
        findings = []
        for index, finding in enumerate(endpoint.findings[:left], start=1):
            bodies = align(finding.control.body, finding.candidate.body) if room > 0 else None
            room -= bodies.size if bodies else 0
            findings.append(_shown(finding, f"finding-{number}-{index}", bodies))
        left -= len(findings)
        yield Section(endpoint=endpoint, anchor=f"endpoint-{number}", findings=tuple(findings))


def _shown(finding: Finding, anchor: str, bodies: SideBySide | None) -> Shown:
    groups = list(_groups(finding.differences))
    return Shown(
        finding=finding,
        anchor=anchor,
        groups=tuple(groups[:GROUPS_SHOWN]),
        groups_left_out=max(0, len(groups) - GROUPS_SHOWN),
        parts=tuple(_parts(finding)),
        bodies=bodies,
    )


def _groups(differences: tuple[Difference, ...]) -> Iterator[Group]:
    grouped: dict[tuple[str, Kind], list[Difference]] = {}
    for difference in differences:
        grouped.setdefault((difference.pattern, difference.kind), []).append(difference)
    for (pattern, kind), members in grouped.items():
        control, candidate = sides(members[0], limit=300)
        yield Group(
            kind=kind, pattern=pattern, count=len(members), path=members[0].path, control=control, candidate=candidate
        )


def _parts(finding: Finding) -> Iterator[Part]:
    control, candidate = finding.control, finding.candidate
    kinds = {(difference.kind, difference.path) for difference in finding.differences}
    if control.error or candidate.error:
        yield Part(name="answer", control=_outcome(control), candidate=_outcome(candidate), differs=True)
    yield Part(
        name="status",
        control=None if control.error else str(control.status),
        candidate=None if candidate.error else str(candidate.status),
        differs=any(kind is Kind.STATUS for kind, _ in kinds),
    )
    left, right = _named(control), _named(candidate)
    for name in [*left, *(name for name in right if name not in left)][:HEADERS_SHOWN]:
        differs = bool(kinds & {(Kind.HEADER, name), (Kind.COOKIE, name.removeprefix(COOKIE))})
        yield Part(name=name, control=left.get(name), candidate=right.get(name), differs=differs)


def _outcome(observation: Observation) -> str:
    return observation.error or "answered"


COOKIE = "set-cookie: "


def _named(observation: Observation) -> dict[str, str]:
    """Headers and cookies by name, repeated ones joined."""
    named: dict[str, list[str]] = {}
    for name, value in observation.headers:
        if name.lower() != "set-cookie":
            named.setdefault(name.lower(), []).append(value)
    for cookie in observation.cookies:
        named.setdefault(COOKIE + cookie.partition(";")[0].partition("=")[0].strip(), []).append(cookie)
    return {name: "\n".join(value[:TEXT_SHOWN] for value in values) for name, values in named.items()}
