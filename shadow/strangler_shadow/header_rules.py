"""Which response headers are compared, how, and what a difference risks: one table, which the guide prints."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from strangler_shadow import header_values as values
from strangler_shadow.risk import Risk

__all__ = ["HOW", "IGNORED", "RULES", "UNKNOWN", "WITHIN", "HeaderRule", "differing", "rule_of"]

IGNORED = None
WITHIN = 2
"""Seconds that two moments may lie apart: both sides are asked one after the other."""

How = Callable[[list[str]], Any] | None

HOW: dict[How, str] = {
    values.exact: "as written",
    values.members: "set",
    values.names: "set, no case",
    values.directives: "directives",
    values.parameters: "parameters",
    values.media_type: "media type",
    values.url: "URL",
    values.links: "set of links",
    values.challenges: "challenges",
    values.retry: f"within {WITHIN} s",
    IGNORED: "not",
}
"""How values are compared, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderRule:
    """How one header is compared (`IGNORED`: not), what a difference risks, where it is defined, and the reason."""

    name: str
    how: How
    risk: Risk
    source: str
    reason: str

    @property
    def words(self) -> str:
        """`set, no case`."""
        return HOW[self.how]


def _rule(name: str, how: How, risk: Risk, source: str, reason: str) -> HeaderRule:
    return HeaderRule(name=name, how=how, risk=risk, source=source, reason=reason)


def _ignored(names: str, source: str, reason: str) -> Iterable[HeaderRule]:
    return (_rule(name, IGNORED, Risk.LOW, source, reason) for name in names.split())


_ROWS = (
    # What the body is.
    _rule("Content-Type", values.media_type, Risk.HIGH, "RFC 9110 8.3", "parsers are chosen by it"),
    _rule("Content-Encoding", values.exact, Risk.MEDIUM, "RFC 9110 8.4", "bodies are compared without it"),
    _rule("Content-Language", values.names, Risk.MEDIUM, "RFC 9110 8.5", "tags have no case, and all of them count"),
    _rule("Content-Location", values.url, Risk.MEDIUM, "RFC 9110 8.7", "may name the service's own host"),
    _rule("Content-Disposition", values.media_type, Risk.MEDIUM, "RFC 6266", "names the file; whether it is shown"),
    _rule("Content-Range", values.exact, Risk.HIGH, "RFC 9110 14.4", "says which part of the whole it is"),
    _rule("Accept-Ranges", values.names, Risk.LOW, "RFC 9110 14.3", "whether parts may be asked for"),
    # Where to go on.
    _rule("Location", values.url, Risk.HIGH, "RFC 9110 10.2.2", "clients follow it, so its host has to be the same"),
    _rule("Link", values.links, Risk.HIGH, "RFC 8288 3", "clients turn pages by it; nothing has an order"),
    _rule("Allow", values.members, Risk.MEDIUM, "RFC 9110 10.2.1", "methods have no order, but a case"),
    _rule("Retry-After", values.retry, Risk.MEDIUM, "RFC 9110 10.2.3", "a wait shrinks while the other side is asked"),
    # Caches.
    _rule("Cache-Control", values.directives, Risk.HIGHEST, "RFC 9111 5.2", "a lost private shows one user's data"),
    _rule("Vary", values.names, Risk.HIGHEST, "RFC 9110 12.5.5", "a lost name mixes users' answers in caches"),
    _rule("ETag", values.exact, Risk.MEDIUM, "RFC 9110 8.8.3", "weak is not strong, and bytes are compared"),
    _rule("Last-Modified", values.exact, Risk.MEDIUM, "RFC 9110 8.8.2", "of the object, not of the answer"),
    _rule("Expires", values.retry, Risk.MEDIUM, "RFC 9111 5.3", "a moment that is counted from the answer's"),
    _rule("Pragma", values.directives, Risk.LOW, "RFC 9111 5.4", "for caches that are older than Cache-Control"),
    # Who may.
    _rule("WWW-Authenticate", values.challenges, Risk.HIGHEST, "RFC 9110 11.6.1", "decides whether a 401 is one"),
    _rule("Access-Control-Allow-Origin", values.exact, Risk.HIGHEST, "Fetch, CORS", "who may read it in a browser"),
    _rule("Access-Control-Allow-Credentials", values.exact, Risk.HIGHEST, "Fetch, CORS", "whether with cookies"),
    _rule("Access-Control-Allow-Methods", values.members, Risk.HIGH, "Fetch, CORS", "methods have a case, no order"),
    _rule("Access-Control-Allow-Headers", values.names, Risk.HIGH, "Fetch, CORS", "field names have no case"),
    _rule("Access-Control-Expose-Headers", values.names, Risk.MEDIUM, "Fetch, CORS", "what scripts may read"),
    _rule("Access-Control-Max-Age", values.exact, Risk.LOW, "Fetch, CORS", "how often browsers ask first"),
    _rule("Strict-Transport-Security", values.parameters, Risk.HIGHEST, "RFC 6797 6.1", "guards later requests too"),
    _rule("Content-Security-Policy", values.exact, Risk.HIGHEST, "CSP 3.1", "what a page may load"),
    _rule("X-Content-Type-Options", values.names, Risk.HIGHEST, "Fetch, nosniff", "whether browsers guess the type"),
    _rule("X-Frame-Options", values.names, Risk.HIGHEST, "RFC 7034 2.1", "who may frame it; it has no case"),
    _rule("Referrer-Policy", values.exact, Risk.HIGH, "Referrer Policy", "where URLs are told"),
    _rule("Cross-Origin-Opener-Policy", values.exact, Risk.HIGH, "HTML, opener policies", "who may reach the window"),
    _rule("Clear-Site-Data", values.members, Risk.HIGH, "Clear Site Data 3.1", "what a sign-out forgets"),
    # Not of the answer.
    *_ignored("Connection Keep-Alive Proxy-Connection TE Trailer Transfer-Encoding Upgrade", "RFC 9110 7.6.1",
              "of one connection"),
    *_ignored("Date Age", "RFC 9110 6.6.1, RFC 9111 5.1", "of the moment"),
    *_ignored("Server Via", "RFC 9110 10.2.4, 7.6.3", "of the program and the way, not of the answer"),
    *_ignored("Traceparent Tracestate", "Trace Context 3", "of one request"),
    *_ignored("Server-Timing", "Server Timing 3", "of one request"),
    *_ignored("X-Request-ID X-Runtime", "none; widely used", "of one request"),
    *_ignored("Content-Length", "RFC 9110 8.6", "follows from the body, which is compared"),
    *_ignored("Set-Cookie", "RFC 6265 4.1", "compared as cookies"),
)  # fmt: skip

RULES = {rule.name.lower(): rule for rule in _ROWS}
UNKNOWN = _rule("any other", values.exact, Risk.MEDIUM, "RFC 9110 5.3", "lines of one name keep their order")


def rule_of(name: str) -> HeaderRule:
    """The header's rule; `UNKNOWN` where the table has none."""
    return RULES.get(name.lower(), UNKNOWN)


def differing(name: str, control: list[str] | None, candidate: list[str] | None) -> tuple[Any, Any] | None:
    """Both values as they are shown where they differ, None where they do not; a header that is missing is None."""
    how = rule_of(name).how
    if how is IGNORED or control == candidate:
        return None
    left, right = (None if lines is None else how(lines) for lines in (control, candidate))
    if left == right or (how is values.retry and _near(left, right)):
        return None
    return (left, right) if how in (values.members, values.names) else (control, candidate)


def _near(left: Any, right: Any) -> bool:
    """Whether both are seconds, or both are moments, and lie close together."""
    return type(left) is tuple and type(right) is tuple and left[0] == right[0] and abs(left[1] - right[1]) <= WITHIN
