"""Bodies that are not JSON: undone from their coding, text by lines, anything else by hash."""

import zlib
from hashlib import sha256
from typing import Any

from strangler_shadow.documents import decoded
from strangler_shadow.observation import Difference, Kind, Observation
from strangler_shadow.prefix import shared_prefix

__all__ = ["CodingError", "document_of", "opaque_difference", "plain", "text_difference", "uncoded_difference"]

EXCERPT = 2000
LARGEST = 64_000_000
"""Bytes that a compressed body may have without its compression; a kilobyte can stand for a gigabyte."""
WINDOWS = {"gzip": (31,), "x-gzip": (31,), "deflate": (15, -15)}
"""By coding, how zlib is told to read it; deflate comes without its header too (RFC 9110, 8.4.1.2)."""


class CodingError(ValueError):
    """A body cannot be undone from its content coding."""


def plain(observation: Observation) -> bytes:
    """The body without its compression. Raises CodingError where that is unknown, broken or too large."""
    codings = [
        coding.strip().lower()
        for name, value in observation.headers
        if name.lower() == "content-encoding"
        for coding in value.split(",")
    ]
    body = observation.body
    for coding in reversed([coding for coding in codings if coding not in {"", "identity"}]):
        body = _undone(body, coding)
    return body


def document_of(observation: Observation) -> Any:
    """The JSON document of an answer. Raises ValueError where it has none, RecursionError where it is too deep."""
    return decoded(plain(observation))


def uncoded_difference(control: Observation, candidate: Observation) -> Difference:
    """That two bodies differ of which one cannot be read."""
    return Difference(kind=Kind.CODING, path="$", control=_refused(control), candidate=_refused(candidate))


def opaque_difference(content_type: str, control: bytes, candidate: bytes) -> Difference:
    """Text by the first line that differs, anything else by its hash and the first byte that differs."""
    is_text = content_type.startswith("text/") or content_type.endswith(("json", "xml", "javascript", "urlencoded"))
    if not content_type or is_text:
        return text_difference(Kind.BODY, control, candidate)
    place = shared_prefix(control, candidate)
    left, right = (
        f"{len(body)} bytes, sha256 {sha256(body).hexdigest()}, equal up to byte {place}"
        for body in (control, candidate)
    )
    return Difference(kind=Kind.BODY, path="$", control=left, candidate=right)


def text_difference(kind: Kind, control: bytes, candidate: bytes) -> Difference:
    """Both texts from the first line that differs, or from shortly before the place where that is far into it."""
    place = shared_prefix(control, candidate)
    line = control.rfind(b"\n", 0, place) + 1
    start = max(line, place - EXCERPT // 10)
    number = control.count(b"\n", 0, place) + 1
    left, right = (
        f"line {number}: " + body[start : start + EXCERPT].decode(errors="replace") for body in (control, candidate)
    )
    return Difference(kind=kind, path="$", control=left, candidate=right)


def _undone(body: bytes, coding: str) -> bytes:
    if coding not in WINDOWS:
        raise CodingError(f"in the coding {coding}, which cannot be undone here")
    for window in WINDOWS[coding]:
        try:
            return _inflated(body, window)
        except zlib.error:
            continue
    raise CodingError(f"called {coding}, and broken")


def _inflated(body: bytes, window: int) -> bytes:
    parts, room = [], LARGEST
    while body:
        stream = zlib.decompressobj(window)
        parts.append(stream.decompress(body, room))
        room -= len(parts[-1])
        if stream.unconsumed_tail or room <= 0:
            raise CodingError(f"of more than {LARGEST:,} bytes without its compression")
        if not stream.eof:
            raise zlib.error
        body = stream.unused_data
    return b"".join(parts)


def _refused(observation: Observation) -> str:
    about = f"{len(observation.body)} bytes, sha256 {sha256(observation.body).hexdigest()}"
    try:
        plain(observation)
    except CodingError as error:
        return f"{about}, {error}"
    return about
