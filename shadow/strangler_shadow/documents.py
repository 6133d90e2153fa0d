"""Differences between two JSON documents, typed and by path."""

import json
from collections.abc import Set as AbstractSet
from decimal import Decimal, InvalidOperation
from typing import Any

from strangler_shadow.json_text import alike, parsed
from strangler_shadow.nesting import is_deeper
from strangler_shadow.observation import Difference, Kind, pattern_of

__all__ = ["DEEPEST", "Path", "decoded", "document_differences", "row_key", "shuffled_lists", "spelled"]

DEEPEST = 100
"""No answer is written this deep; below it, walking and printing values cannot exhaust the stack."""
IDENTIFIER_START = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_")
ROW_KEYS = ("id", "pk", "uuid", "slug", "url", "key")
PRECISE = 1e-6
"""Numbers that differ by less than this share of the larger one differ in their precision."""
_ABSENT: Any = object()
_EXACT = frozenset({str, int})
"""Types of which equal values are the same."""
Path = tuple[Any, ...]
"""Empty at the root, else the path of the container and the key or index in it; spelled where something differs."""


def decoded(body: bytes) -> Any:
    """The document. Raises ValueError where the body is none, RecursionError where it is deeper than DEEPEST."""
    document = parsed(body)
    if is_deeper(body, document, than=DEEPEST):
        raise RecursionError
    return document


def document_differences(
    left: Any, right: Any, *, key_order: bool = True, shuffled: AbstractSet[str] = frozenset()
) -> list[Difference]:
    """Every difference, in the order of the left document.

    Without `key_order` the order of an object's keys does not matter. Lists whose pattern is in `shuffled` are
    compared row by row as `row_key` tells rows apart, or equal ones first where it does not.
    """
    if alike(left, right, key_order=key_order):
        return []
    walk = _Walk(key_order, shuffled)
    walk.values((), left, right)
    return walk.found


def shuffled_lists(left: Any, right: Any) -> frozenset[str]:
    """Patterns of lists that hold the same rows in another order."""
    found: set[str] = set()
    _shuffled((), left, right, found)
    return frozenset(map(pattern_of, found))


def row_key(left: list[Any], right: list[Any]) -> str:
    """The key that tells the rows of both lists apart, and is the same set in both; empty where there is none."""
    if not all(type(row) is dict for row in (*left, *right)):
        return ""
    for key in ROW_KEYS:
        one, other = ([row.get(key) for row in rows] for rows in (left, right))
        plain = all(type(value) in (str, int) for value in (*one, *other))
        if plain and len(one) == len(other) == len(set(one)) and set(one) == set(other):
            return key
    return ""


class _Walk:
    def __init__(self, key_order: bool, shuffled: AbstractSet[str]) -> None:
        self.found: list[Difference] = []
        self._key_order = key_order
        self._shuffled = shuffled

    def values(self, path: Path, left: Any, right: Any) -> None:
        kind = type(left)
        if kind is not type(right):
            self._add(Kind.NULL if left is None or right is None else Kind.TYPE, path, left, right)
        elif kind is dict:
            self._objects(path, left, right)
        elif kind is list:
            self._lists(path, left, right)
        elif not _same(left, right):
            self._add(Kind.PRECISION if _is_precision(left, right) else Kind.VALUE, path, left, right)

    def _objects(self, path: Path, left: dict[str, Any], right: dict[str, Any]) -> None:
        other_of, missing = right.get, False
        for key, one in left.items():
            other = other_of(key, _ABSENT)
            if one is other:
                continue
            if other is _ABSENT:
                missing = True
                self.found.append(Difference(kind=Kind.MISSING, path=spelled((path, key)), control=one))
            elif type(one) not in _EXACT or type(one) is not type(other) or one != other:
                self.values((path, key), one, other)
        if missing or len(left) != len(right):
            for key, other in right.items():
                if key not in left:
                    self.found.append(Difference(kind=Kind.EXTRA, path=spelled((path, key)), candidate=other))
        if self._key_order and list(left) != list(right):
            common = [key for key in left if key in right]
            if common != [key for key in right if key in left]:
                self._add(Kind.ORDER, path, list(left), list(right))

    def _lists(self, path: Path, left: list[Any], right: list[Any]) -> None:
        length = len(right)
        if self._shuffled and pattern_of(spelled(path)) in self._shuffled:
            right = _aligned(left, right)
        if len(left) != length:
            self._add(Kind.LENGTH, path, len(left), length)
        for index, (one, other) in enumerate(zip(left, right, strict=False)):
            if other is _ABSENT:
                self.found.append(Difference(kind=Kind.MISSING, path=spelled((path, index)), control=one))
            elif one is not other and (type(one) not in _EXACT or type(one) is not type(other) or one != other):
                self.values((path, index), one, other)

    def _add(self, kind: Kind, path: Path, left: Any, right: Any) -> None:
        self.found.append(Difference(kind=kind, path=spelled(path), control=left, candidate=right))


def _aligned(left: list[Any], right: list[Any]) -> list[Any]:
    """The right rows in the order of the left; what has no partner stands at the end."""
    if key := row_key(left, right):
        rows = {row[key]: row for row in right}
        return [rows[row[key]] for row in left]
    waiting: dict[str, list[Any]] = {}
    for row in right:
        waiting.setdefault(_text(row), []).append(row)
    found = [waiting[text].pop(0) if waiting.get(text := _text(row)) else _ABSENT for row in left]
    rest = iter([row for rows in waiting.values() for row in rows])
    return [*(next(rest, _ABSENT) if row is _ABSENT else row for row in found), *rest]


def _shuffled(path: Path, left: Any, right: Any, found: set[str]) -> None:
    if type(left) is not type(right) or not isinstance(left, (dict, list)) or left == right:
        return
    if isinstance(left, dict):
        for key in left.keys() & right.keys():
            _shuffled((path, key), left[key], right[key], found)
        return
    key = row_key(left, right)
    if key and [row[key] for row in left] != [row[key] for row in right]:
        found.add(spelled(path))
        right = _aligned(left, right)
    elif not key and sorted(map(_text, left)) == sorted(map(_text, right)):
        found.add(spelled(path))
        return
    for index, (one, other) in enumerate(zip(left, right, strict=False)):
        _shuffled((path, index), one, other, found)


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def spelled(path: Path) -> str:
    """The place as a JSON path."""
    parts: list[str] = []
    while path:
        path, key = path
        parts.append(_member(key))
    return "$" + "".join(reversed(parts))


def _member(key: str | int) -> str:
    if isinstance(key, int):
        return f"[{key}]"
    plain = key[:1] in IDENTIFIER_START and key.replace("_", "a").isalnum()
    return f".{key}" if plain else f"[{json.dumps(key, ensure_ascii=False)}]"


def _same(left: Any, right: Any) -> bool:
    # NaN equals NaN here; 0.0 and -0.0 are written differently.
    return repr(left) == repr(right) if isinstance(left, float) else bool(left == right)


def _is_precision(left: Any, right: Any) -> bool:
    """Whether two numbers, or two texts of numbers, differ in their last digits only."""
    if type(left) not in (float, str):
        return False
    try:
        one, other = Decimal(str(left)), Decimal(str(right))
        return (
            one.is_finite() and other.is_finite() and abs(one - other) <= Decimal(PRECISE) * max(abs(one), abs(other))
        )
    except (InvalidOperation, ValueError):
        return False
