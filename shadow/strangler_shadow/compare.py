"""Compare two answers: typed values by path over status, headers, cookies and body.

Equal bytes are equal at once. An int is not a float, null is not absent, 401 is not 403.
"""

import json
from collections.abc import Iterator
from typing import Any

from strangler_shadow.observation import Difference, Kind, Observation

__all__ = ["compare"]

# Of the connection and the moment, not of the answer; the body's length follows from the body.
IGNORED_HEADERS = frozenset({"connection", "content-length", "date", "server", "set-cookie", "x-request-id"})
SETS = frozenset({"vary", "allow"})
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
    if control.cookies != candidate.cookies:
        found.append(
            Difference(
                kind=Kind.COOKIE, path="set-cookie", control=list(control.cookies), candidate=list(candidate.cookies)
            )
        )
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
        parts = sorted(part.strip().lower() for part in value.split(",")) if lowered in SETS else [value]
        headers.setdefault(lowered, []).extend(parts)
    return headers


def _bodies(control: Observation, candidate: Observation) -> list[Difference]:
    try:
        left, right = json.loads(control.body), json.loads(candidate.body)
    except ValueError:
        return [Difference(kind=Kind.BODY, path="$", control=_excerpt(control), candidate=_excerpt(candidate))]
    found = list(_values("$", left, right))
    if not found:
        found.append(Difference(kind=Kind.SPELLING, path="$", control=_excerpt(control), candidate=_excerpt(candidate)))
    return found


def _excerpt(observation: Observation) -> str:
    return observation.body[:2000].decode(errors="replace")


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
    if left.keys() == right.keys() and list(left) != list(right):
        yield Difference(kind=Kind.ORDER, path=path, control=list(left), candidate=list(right))


def _member(path: str, key: str) -> str:
    plain = key[:1] in IDENTIFIER_START and key.replace("_", "a").isalnum()
    return f"{path}.{key}" if plain else f"{path}[{json.dumps(key, ensure_ascii=False)}]"


def _same(left: Any, right: Any) -> bool:
    # NaN equals NaN here; 0.0 and -0.0 are written differently.
    return repr(left) == repr(right) if isinstance(left, float) else bool(left == right)
