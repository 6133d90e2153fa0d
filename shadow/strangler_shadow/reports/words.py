"""How values, differences and verdicts are put into words, alike in every report."""

import json
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from strangler_shadow.observation import Difference, Kind
from strangler_shadow.prefix import shared_prefix
from strangler_shadow.report import EndpointReport, Finding
from strangler_shadow.verdict import Verdict

__all__ = [
    "GATE_VERDICTS",
    "KINDS",
    "PERCENTILES",
    "VERDICTS",
    "counted",
    "described",
    "differences_in",
    "milliseconds",
    "request",
    "sides",
    "visible",
    "worst_first",
]

ABSENT = "absent"
LEAD = 40
PERCENTILES = ("p50", "p90", "p99")

KINDS = {
    Kind.STATUS: "another status",
    Kind.HEADER: "another header",
    Kind.COOKIE: "another cookie",
    Kind.MISSING: "missing from the candidate",
    Kind.EXTRA: "only in the candidate",
    Kind.TYPE: "another type",
    Kind.NULL: "null on one side",
    Kind.VALUE: "another value",
    Kind.PRECISION: "the number differs in its last digits, or in how many there are",
    Kind.ORDER: "keys in another order",
    Kind.LENGTH: "another number of elements",
    Kind.SPELLING: "equal values, written differently",
    Kind.BODY: "bodies that are not both JSON",
    Kind.CODING: "bodies in a coding that cannot be undone here",
    Kind.ERROR_SHAPE: "errors of another structure",
    Kind.ERROR: "no answer on one side",
}

VERDICTS = {
    Verdict.EQUIVALENT: "The candidate answered every compared call as the control did.",
    Verdict.DIVERGED: "At least one call got different answers.",
    Verdict.INCONCLUSIVE: "What was compared is too little to rest a decision on.",
    Verdict.STALE: "What was compared is out of date.",
    Verdict.INFRA: "A side could not be asked, so nothing is said about its answers.",
}


GATE_VERDICTS = {
    Verdict.EQUIVALENT: "Nothing that is known speaks against what was asked about.",
    Verdict.DIVERGED: "More pairs of an endpoint differ than further ones can make good.",
    Verdict.INCONCLUSIVE: "There are too few pairs, or they stand for something else than the traffic.",
    Verdict.STALE: "Everything was counted before a change, or too long ago.",
    Verdict.INFRA: "Too many pairs have no answer of the service.",
}


def visible(text: str) -> str:
    """The text with each character that cannot be seen or stored written as an escape; line breaks stay."""
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() or char == "\n" else char.encode("unicode_escape").decode() for char in text
    )


def sides(difference: Difference, *, limit: int = 200) -> tuple[str, str]:
    """Control's and candidate's value as text of at most about `limit` characters, cut so that the difference shows.

    Values are spelled as JSON; what is not there is the bare word `absent`.
    """
    control = ABSENT if difference.kind is Kind.EXTRA else _shown(difference.kind, difference.control)
    candidate = ABSENT if difference.kind is Kind.MISSING else _shown(difference.kind, difference.candidate)
    if unicodedata.normalize("NFC", control) == unicodedata.normalize("NFC", candidate):
        control, candidate = (text.encode("ascii", "backslashreplace").decode() for text in (control, candidate))
    start = 0
    if max(len(control), len(candidate)) > limit:
        start = max(0, shared_prefix(control, candidate) - LEAD)
    return _cut(control, start, limit), _cut(candidate, start, limit)


def worst_first(differences: Iterable[Difference]) -> list[Difference]:
    """By what they risk, the greatest first; what risks as much keeps its order."""
    return sorted(differences, key=lambda difference: -difference.risk)


def described(difference: Difference, *, limit: int = 200) -> str:
    """One difference: `value $.price: 12.5 -> 13.5 (high risk)`."""
    control, candidate = sides(difference, limit=limit)
    risk = f"({difference.risk.word} risk)"
    return f"{difference.kind} {visible(difference.path)}: {control} -> {candidate} {risk}"


def request(finding: Finding) -> str:
    """The call on one line: `GET /courses/?page=2 as anonymous`."""
    call = finding.call
    query = f"?{call.query}" if call.query else ""
    line = f"{call.method} {call.path}{query} as {finding.caller}"
    return visible(line).replace("\n", "\\n")


def counted(number: int, noun: str) -> str:
    """`1 call`, `2,000 calls`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def differences_in(endpoint: EndpointReport) -> int:
    """Differences in all findings of the endpoint."""
    return sum(len(finding.differences) for finding in endpoint.findings)


def milliseconds(latencies: Mapping[str, float]) -> list[str]:
    """Latencies as text, with a dash for each that was not measured."""
    return [f"{latencies[key]:.1f}" if key in latencies else "-" for key in PERCENTILES]


def _shown(kind: Kind, value: Any) -> str:
    match kind:
        case Kind.HEADER | Kind.COOKIE:
            only = value[0] if isinstance(value, list) and len(value) == 1 else value
            return ABSENT if value is None else _spelled(only)
        case Kind.LENGTH:
            return counted(value, "element")
        case Kind.ERROR:
            return _one_line(value) if value else "an answer"
        case Kind.BODY | Kind.SPELLING:
            return _one_line(value)
        case _:
            return _spelled(value)


def _spelled(value: Any) -> str:
    return visible(json.dumps(value, ensure_ascii=False))


def _one_line(text: str) -> str:
    return visible(text).replace("\n", "\\n")


def _cut(text: str, start: int, limit: int) -> str:
    return f"{'…' if start else ''}{text[start : start + limit]}{'…' if len(text) > start + limit else ''}"
