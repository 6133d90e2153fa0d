"""Compare two answers: typed values by path over status, headers, cookies and body.

Equal bytes are equal at once. An int is not a float, null is not absent, 401 is not 403.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from strangler_shadow.observation import Difference, Kind, Observation
from strangler_shadow.prefix import shared_prefix

__all__ = ["compare"]

# Of the connection and the moment, not of the answer; the body's length follows from the body.
IGNORED_HEADERS = frozenset({"connection", "content-length", "date", "server", "set-cookie", "x-request-id"})
# Lists whose order means nothing (RFC 9110, 12.5.5 and 10.2.1); only field names are free in case, methods are not.
SETS = frozenset({"vary", "allow"})
FIELD_NAMES = frozenset({"vary"})
# No answer is written this deep; below it, walking and printing values cannot exhaust the stack.
DEEPEST = 100
EXCERPT = 2000
IDENTIFIER_START = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_")


def compare(control: Observation, candidate: Observation) -> list[Difference]:
    """Every difference between the two answers; empty where a client cannot tell them apart."""
    if control.error or candidate.error:
        if control.error == candidate.error:
            return []
        return [Difference(kind=Kind.ERROR, path="$", control=control.error, candidate=candidate.error)]
    found: list[Difference] = []
    if control.status != candidate.status:
        found.append(Difference(kind=Kind.STATUS, path="status", control=control.status, candidate=candidate.status))
    found += _headers(control, candidate)
    found += _cookies(control, candidate)
    if control.body != candidate.body:
        found += _bodies(control, candidate)
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


def _bodies(control: Observation, candidate: Observation) -> list[Difference]:
    try:
        left, right = _document(control.body), _document(candidate.body)
    except (ValueError, RecursionError):
        return [_texts(Kind.BODY, control.body, candidate.body)]
    return list(_values("$", left, right)) or [_texts(Kind.SPELLING, control.body, candidate.body)]


def _document(body: bytes) -> Any:
    document = json.loads(body)
    level, depth = [document], 0
    while level:
        level = [child for value in level for child in _children(value)]
        depth += 1
        if depth > DEEPEST:
            raise RecursionError
    return document


def _children(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _texts(kind: Kind, control: bytes, candidate: bytes) -> Difference:
    # Excerpts start shortly before the first byte that differs, or long bodies would look the same.
    start = max(0, shared_prefix(control, candidate) - EXCERPT // 10)
    left, right = (body[start : start + EXCERPT].decode(errors="replace") for body in (control, candidate))
    return Difference(kind=kind, path="$", control=left, candidate=right)


def _values(path: str, left: Any, right: Any) -> Iterator[Difference]:
    if type(left) is not type(right):
        kind = Kind.NULL if left is None or right is None else Kind.TYPE
        yield Difference(kind=kind, path=path, control=left, candidate=right)
    elif isinstance(left, dict):
        yield from _objects(path, left, right)
    elif isinstance(left, list):
        if len(left) != len(right):
            yield Difference(kind=Kind.LENGTH, path=path, control=len(left), candidate=len(right))
        for index, (one, other) in enumerate(zip(left, right, strict=False)):
            yield from _values(f"{path}[{index}]", one, other)
    elif not _same(left, right):
        yield Difference(kind=Kind.VALUE, path=path, control=left, candidate=right)


def _objects(path: str, left: dict[str, Any], right: dict[str, Any]) -> Iterator[Difference]:
    for key, value in left.items():
        if key in right:
            yield from _values(_member(path, key), value, right[key])
        else:
            yield Difference(kind=Kind.MISSING, path=_member(path, key), control=value)
    for key, value in right.items():
        if key not in left:
            yield Difference(kind=Kind.EXTRA, path=_member(path, key), candidate=value)
    if [key for key in left if key in right] != [key for key in right if key in left]:
        yield Difference(kind=Kind.ORDER, path=path, control=list(left), candidate=list(right))


def _member(path: str, key: str) -> str:
    plain = key[:1] in IDENTIFIER_START and key.replace("_", "a").isalnum()
    return f"{path}.{key}" if plain else f"{path}[{json.dumps(key, ensure_ascii=False)}]"


def _same(left: Any, right: Any) -> bool:
    # NaN equals NaN here; 0.0 and -0.0 are written differently.
    return repr(left) == repr(right) if isinstance(left, float) else bool(left == right)
