"""The report as one HTML file that needs nothing else: no network, no script, no other file."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from strangler_shadow.observation import Difference, Kind, Observation
from strangler_shadow.report import EndpointReport, Finding, Report
from strangler_shadow.reports.pages import LARGEST, TEXT_SHOWN, templates
from strangler_shadow.reports.room import fitting
from strangler_shadow.reports.seen import seen_by_calls
from strangler_shadow.reports.side_by_side import SideBySide, align
from strangler_shadow.reports.words import sides
from strangler_shadow.risk import Risk
from strangler_shadow.verdict import Verdict

__all__ = ["render"]

GROUPS_SHOWN = 60
HEADERS_SHOWN = 100
LARGEST_ARTICLE = LARGEST // 8
# As many endpoints have what their verdict rests on opened.
OPENED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Differences of one kind at one pattern; the first of them is the example."""

    kind: Kind
    risk: Risk
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
    """A finding as the page shows it, under its number; without `bodies` where they are too large."""

    finding: Finding
    number: int
    anchor: str
    groups: tuple[Group, ...]
    groups_left_out: int
    parts: tuple[Part, ...]
    bodies: SideBySide | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """An endpoint's heading and those of its findings that the page has room for, as markup."""

    anchor: str
    head: str
    articles: tuple[str, ...]
    articles_left_out: int


def render(report: Report) -> str:
    """The report as an HTML page of less than 2 MB; what is left out for that is counted in it."""
    environment = templates()
    parts: Any = environment.get_template("report_parts.html.j2").module
    named = [(endpoint, f"endpoint-{number}") for number, endpoint in enumerate(report.endpoints, start=1)]
    rests = fitting(
        LARGEST // 4,
        (
            parts.rests(endpoint, anchor, list(seen_by_calls(endpoint)), len(named) <= OPENED)
            for endpoint, anchor in named
        ),
    )
    rows = fitting(
        LARGEST // 4,
        (parts.row(endpoint, anchor, number < len(rests)) for number, (endpoint, anchor) in enumerate(named)),
    )
    taken = sum(len(piece.encode()) for piece in (*rows, *rests))
    sections = list(_sections(named, parts, LARGEST - taken))
    page = environment.get_template("report.html.j2").render(
        report=report,
        rows=rows,
        rests=rests,
        sections=sections,
        sections_left_out=sum(bool(endpoint.findings) for endpoint in report.endpoints) - len(sections),
        calls=sum(endpoint.calls for endpoint in report.endpoints),
        seconds=sum(endpoint.seconds for endpoint in report.endpoints),
        diverged=sum(endpoint.verdict is Verdict.DIVERGED for endpoint in report.endpoints),
    )
    return page.lstrip()


def _sections(named: list[tuple[EndpointReport, str]], parts: Any, room: int) -> Iterator[Section]:
    for endpoint, anchor in named:
        if not endpoint.findings:
            continue
        head, *articles = fitting(room, _markup(endpoint, anchor, parts)) or [""]
        if not head:
            return
        room -= sum(len(piece.encode()) for piece in (head, *articles))
        left_out = len(endpoint.findings) - len(articles)
        yield Section(anchor=anchor, head=head, articles=tuple(articles), articles_left_out=left_out)


def _markup(endpoint: EndpointReport, anchor: str, parts: Any) -> Iterator[str]:
    """The endpoint's heading, then its findings; the bodies of a very large one are left out."""
    yield parts.head(endpoint, anchor)
    for number, finding in enumerate(endpoint.findings, start=1):
        shown = _shown(finding, number, anchor)
        article: str = parts.article(shown)
        yield article if len(article) <= LARGEST_ARTICLE else parts.article(replace(shown, bodies=None))


def _shown(finding: Finding, number: int, anchor: str) -> Shown:
    groups = list(_groups(finding.differences))
    return Shown(
        finding=finding,
        number=number,
        anchor=f"{anchor}-{number}",
        groups=tuple(groups[:GROUPS_SHOWN]),
        groups_left_out=max(0, len(groups) - GROUPS_SHOWN),
        parts=tuple(_parts(finding)),
        bodies=align(finding.control.body, finding.candidate.body),
    )


def _groups(differences: tuple[Difference, ...]) -> Iterator[Group]:
    grouped: dict[tuple[str, Kind], list[Difference]] = {}
    for difference in differences:
        grouped.setdefault((difference.pattern, difference.kind), []).append(difference)
    risks = {place: max(difference.risk for difference in members) for place, members in grouped.items()}
    for (pattern, kind), members in sorted(grouped.items(), key=lambda item: -risks[item[0]]):
        control, candidate = sides(members[0], limit=300)
        yield Group(
            kind=kind,
            risk=risks[pattern, kind],
            pattern=pattern,
            count=len(members),
            path=members[0].path,
            control=control,
            candidate=candidate,
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
