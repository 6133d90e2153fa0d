"""Bodies as JSON with holes: rendered once without the fresh fields, spliced as bytes on each read."""

import json
import math
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from rest_framework.compat import LONG_SEPARATORS, SHORT_SEPARATORS
from rest_framework.renderers import JSONRenderer

# JSON escapes control characters, so this byte never occurs inside it.
HOLE = b"\0"


class Fresh:
    """Stands for the value of a fresh field while a shared body is rendered."""


FRESH = Fresh()


def render(value: Any) -> bytes:
    """The bytes that DRF's JSONRenderer gives."""
    return b"null" if value is None else bytes(JSONRenderer().render(value))


def body(pairs: Iterable[tuple[str, Any]]) -> bytes:
    """An object's JSON with a hole for each fresh value."""
    comma, colon = separators()
    pieces: list[bytes] = []
    for fresh, run in groupby(pairs, key=lambda pair: pair[1] is FRESH):
        if fresh:
            pieces += [render(name) + colon + HOLE for name, _ in run]
        else:
            pieces.append(render(dict(run))[1:-1])
    return b"{" + comma.join(pieces) + b"}"


def splice(bodies: Sequence[bytes], columns: Sequence[Sequence[bytes]]) -> bytes:
    """The bodies, separated, with their holes filled from one column of values per fresh field."""
    comma, _ = separators()
    joined = comma.join(bodies)
    if not columns:
        return joined
    segments = joined.split(HOLE)
    pieces = [b""] * (2 * len(segments) - 1)
    pieces[::2] = segments
    pieces[1::2] = [value for row in zip(*columns, strict=True) for value in row]
    return b"".join(pieces)


def column(values: Iterable[Any]) -> list[bytes]:
    """Each value as JSON; equal plain values are rendered once."""
    known: dict[tuple[type, Any], bytes] = {}
    rendered = []
    for value in values:
        if type(value) not in (bool, int, str, type(None)):
            rendered.append(render(value))
            continue
        key = (type(value), value)
        if key not in known:
            known[key] = render(value)
        rendered.append(known[key])
    return rendered


def enclose(envelope: dict[str, Any], key: str, content: bytes) -> bytes:
    """The envelope's JSON with ready JSON at `key`."""
    return body((name, FRESH if name == key else value) for name, value in envelope.items()).replace(HOLE, content)


def array(objects: bytes) -> bytes:
    return b"[" + objects + b"]"


def exact(value: Any) -> bool:
    """Whether decoding the rendered value gives the same value and types back."""
    kind = type(value)
    if kind is str or kind is int or kind is bool or value is None:
        return True
    if kind is float:
        return math.isfinite(value)
    if kind is dict:
        return all(type(name) is str and exact(part) for name, part in value.items())
    return kind is list and all(exact(part) for part in value)


def decode(content: bytes) -> Any:
    return json.loads(content)


def separators() -> tuple[bytes, bytes]:
    comma, colon = SHORT_SEPARATORS if JSONRenderer.compact else LONG_SEPARATORS
    return comma.encode(), colon.encode()
