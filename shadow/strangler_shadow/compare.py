"""Compare two answers: typed values by path over status, headers, cookies and body.

Equal bytes are equal at once. An int is not a float, null is not absent, 401 is not 403.
"""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from strangler_shadow.bodies import CodingError, opaque_difference, plain, text_difference, uncoded_difference
from strangler_shadow.documents import decoded, document_differences
from strangler_shadow.error_shapes import error_differences
from strangler_shadow.header_rules import differing
from strangler_shadow.observation import Difference, Kind, Observation

__all__ = ["compare"]


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
    left, right = _lines(control), _lines(candidate)
    for name in sorted({*left, *right}):
        if (shown := differing(name, left.get(name), right.get(name))) is not None:
            yield Difference(kind=Kind.HEADER, path=name, control=shown[0], candidate=shown[1])


def _lines(observation: Observation) -> dict[str, list[str]]:
    """The lines of each header, under its name in lower case."""
    headers: dict[str, list[str]] = {}
    for name, value in observation.headers:
        headers.setdefault(name.lower(), []).append(value)
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
    try:
        one, other = plain(control), plain(candidate)
    except CodingError:
        return [uncoded_difference(control, candidate)]
    try:
        left, right = decoded(one), decoded(other)
    except (ValueError, RecursionError):
        return [] if one == other else [opaque_difference(control.content_type, one, other)]
    found = document_differences(left, right, key_order=key_order, shuffled=shuffled)
    if found and min(control.status, candidate.status) >= 400:
        return error_differences(left, right, found)
    strict = key_order and not shuffled and one != other
    return found or ([text_difference(Kind.SPELLING, one, other)] if strict else [])
