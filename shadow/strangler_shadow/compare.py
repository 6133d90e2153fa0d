"""Compare two answers: typed values by path over status, headers, cookies and body.

Equal bytes are equal at once. An int is not a float, null is not absent, 401 is not 403.
"""

import gzip
import zlib
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from contextlib import suppress
from hashlib import sha256
from typing import Any

from strangler_shadow.documents import decoded, document_differences
from strangler_shadow.observation import Difference, Kind, Observation
from strangler_shadow.prefix import shared_prefix

__all__ = ["compare"]

# Of the connection and the moment, not of the answer; the body's length follows from the body.
IGNORED_HEADERS = frozenset({"connection", "content-length", "date", "server", "set-cookie", "x-request-id"})
# Lists whose order means nothing (RFC 9110, 12.5.5 and 10.2.1); only field names are free in case, methods are not.
SETS = frozenset({"vary", "allow"})
FIELD_NAMES = frozenset({"vary"})
EXCERPT = 2000


def compare(
    control: Observation, candidate: Observation, *, key_order: bool = True, shuffled: AbstractSet[str] = frozenset()
) -> list[Difference]:
    """Every difference between the two answers; empty where a client cannot tell them apart.

    `key_order` and `shuffled` as in `document_differences`; without the first, spelling does not matter either.
    """
    if control.error or candidate.error:
        if control.error == candidate.error:
            return []
        return [Difference(kind=Kind.ERROR, path="$", control=control.error, candidate=candidate.error)]
    found: list[Difference] = []
    if control.status != candidate.status:
        found.append(Difference(kind=Kind.STATUS, path="status", control=control.status, candidate=candidate.status))
    if control.headers != candidate.headers:
        found += _headers(control, candidate)
    if control.cookies != candidate.cookies:
        found += _cookies(control, candidate)
    if control.body != candidate.body:
        found += _bodies(control, candidate, key_order=key_order, shuffled=shuffled)
    return found


def _headers(control: Observation, candidate: Observation) -> Iterator[Difference]:
    left, right = _comparable(control), _comparable(candidate)
    for name in sorted({*left, *right}):
        if left.get(name) != right.get(name):
            yield Difference(kind=Kind.HEADER, path=name, control=left.get(name), candidate=right.get(name))


def _comparable(observation: Observation) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    for name, value in observation.headers:
        lowered = name.lower()
        if lowered in IGNORED_HEADERS:
            continue
        if lowered in SETS:
            text = value.lower() if lowered in FIELD_NAMES else value
            members = {part.strip() for part in text.split(",")}
            headers[lowered] = sorted(members.union(headers.get(lowered, ())))
        else:
            headers.setdefault(lowered, []).append(value)
    return headers


def _cookies(control: Observation, candidate: Observation) -> Iterator[Difference]:
    left, right = _by_name(control.cookies), _by_name(candidate.cookies)
    for name in sorted({*left, *right}):
        if left.get(name) != right.get(name):
            yield Difference(kind=Kind.COOKIE, path=name, control=left.get(name), candidate=right.get(name))


def _by_name(cookies: tuple[str, ...]) -> dict[str, list[str]]:
    named: dict[str, list[str]] = {}
    for cookie in cookies:
        named.setdefault(cookie.partition(";")[0].partition("=")[0].strip(), []).append(cookie)
    return named


def _bodies(
    control: Observation, candidate: Observation, *, key_order: bool, shuffled: AbstractSet[str]
) -> list[Difference]:
    one, other = _plain(control), _plain(candidate)
    try:
        left, right = decoded(one), decoded(other)
    except (ValueError, RecursionError):
        return [] if one == other else [_opaque(control, one, other)]
    found = document_differences(left, right, key_order=key_order, shuffled=shuffled)
    strict = key_order and not shuffled and one != other
    return found or ([_texts(Kind.SPELLING, one, other)] if strict else [])


def _plain(observation: Observation) -> bytes:
    """The body without its compression; as it is where that is unknown or broken."""
    coding = next((value.lower() for name, value in observation.headers if name.lower() == "content-encoding"), "")
    with suppress(OSError, EOFError, zlib.error):
        if coding == "gzip":
            return gzip.decompress(observation.body)
        if coding == "deflate":
            return zlib.decompress(observation.body)
    return observation.body


def _opaque(observation: Observation, control: bytes, candidate: bytes) -> Difference:
    """Text by where it begins to differ, anything else by its hash."""
    kind = observation.content_type
    if not kind or kind.startswith("text/") or kind.endswith(("json", "xml", "javascript", "urlencoded")):
        return _texts(Kind.BODY, control, candidate)
    left, right = (f"{len(body)} bytes, sha256 {sha256(body).hexdigest()}" for body in (control, candidate))
    return Difference(kind=Kind.BODY, path="$", control=left, candidate=right)


def _texts(kind: Kind, control: bytes, candidate: bytes) -> Difference:
    # Excerpts start shortly before the first byte that differs, or long bodies would look the same.
    start = max(0, shared_prefix(control, candidate) - EXCERPT // 10)
    left, right = (body[start : start + EXCERPT].decode(errors="replace") for body in (control, candidate))
    return Difference(kind=kind, path="$", control=left, candidate=right)
