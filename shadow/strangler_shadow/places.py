"""Patterns of places in a document, such as `$.results[*].token`: their steps, and the values that stand there."""

import json
import re
from collections.abc import Iterator
from typing import Any

__all__ = ["EVERY", "steps_of", "values_at"]

EVERY = None
"""The step into each row of a list."""
STEP = re.compile(r'\.([A-Za-z_]\w*)|\[("(?:[^"\\]|\\.)*")\]|\[\*\]')


def steps_of(pattern: str) -> tuple[str | None, ...]:
    """Names of members, and EVERY; ValueError where it is no pattern of a place in a document."""
    steps: list[str | None] = []
    at = 1
    while at < len(pattern):
        found = STEP.match(pattern, at)
        if found is None:
            break
        steps.append(found[1] or (json.loads(found[2]) if found[2] else EVERY))
        at = found.end()
    if not pattern.startswith("$") or at < len(pattern):
        raise ValueError(f"{pattern!r} is no place such as '$.results[*].token'")
    return tuple(steps)


def values_at(document: Any, steps: tuple[str | None, ...]) -> Iterator[Any]:
    """Every value there."""
    if not steps:
        yield document
    elif steps[0] is EVERY:
        for row in document if isinstance(document, list) else ():
            yield from values_at(row, steps[1:])
    elif isinstance(document, dict) and steps[0] in document:
        yield from values_at(document[steps[0]], steps[1:])
