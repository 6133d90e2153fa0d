"""How deep a JSON text is nested, told from its brackets."""

from collections.abc import Iterable
from typing import Any

__all__ = ["is_deeper"]

REST = bytes(set(range(256)) - set(b'[]{}"'))
ALIKE = bytes.maketrans(b"{}", b"[]")


def is_deeper(body: bytes, document: Any, *, than: int) -> bool:
    """Whether the document of this text has more levels of objects and lists than that; a scalar has none."""
    if body.count(b"[") + body.count(b"{") <= than:
        return False
    # Without escapes and all else, strings are pairs of quotes; one that holds a bracket leaves a quote over, since an
    # odd number of quotes stands before it. A NUL says UTF-16 or UTF-32.
    brackets = body.replace(b"\\\\", b"").replace(b'\\"', b"").translate(ALIKE, REST).replace(b'""', b"")
    if b'"' in brackets or b"\0" in body:
        return _has_more_levels(document, than)
    for _ in range(than):
        # The innermost of each branch.
        brackets = brackets.replace(b"[]", b"")
        if not brackets:
            return False
    return True


def _has_more_levels(document: Any, than: int) -> bool:
    level: list[Any] = [document]
    for _ in range(than):
        level = [child for value in level for child in _children(value)]
    return any(isinstance(value, (dict, list)) for value in level)


def _children(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()
