"""Bodies as JSON with holes: rendered once without what is kept elsewhere, spliced as bytes on each read."""

import json
import math
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import repeat
from json.encoder import encode_basestring, encode_basestring_ascii
from operator import itemgetter
from typing import Any

from rest_framework.compat import LONG_SEPARATORS, SHORT_SEPARATORS
from rest_framework.renderers import JSONRenderer

__all__ = [
    "HOLE",
    "column",
    "cut",
    "decode",
    "enclose",
    "exact",
    "fill",
    "finished",
    "render",
    "separators",
    "splice",
    "text_of",
    "text_of_str",
]

# JSON escapes control characters, so this byte never occurs inside it.
HOLE = b"\0"


def render(value: Any) -> bytes:
    """The bytes that DRF's JSONRenderer gives."""
    return finished(text_of(value))


def text_of(value: Any) -> str:
    """A value as DRF's JSONRenderer writes it, before `finished`."""
    kind = type(value)
    if kind is str:
        return text_of_str(value)
    if kind is int:
        return int.__repr__(value)
    if value is None:
        return "null"
    if kind is bool:
        return "true" if value else "false"
    return _encoder()(value)


def text_of_str(value: str) -> str:
    return encode_basestring_ascii(value) if JSONRenderer.ensure_ascii else encode_basestring(value)


def finished(text: str) -> bytes:
    """JSON text as bytes, in the subset of JavaScript that DRF keeps to."""
    if not text.isascii():
        text = text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    return text.encode()


def cut(values: Sequence[bytes], count: int, *, trailer: int) -> list[Sequence[bytes]]:
    """What lies between the holes of values with `count` segments each: one column for each segment.

    The last `trailer` bytes, at least one, belong to none. Raises ValueError where a value has fewer segments.
    """
    if not values:
        return [()] * count
    columns: list[Sequence[bytes]] = []
    for _ in range(count - 1):
        # `split` would look at each byte in turn; `partition` asks memchr.
        column, holes, values = zip(*map(bytes.partition, values, repeat(HOLE)), strict=True)
        if b"" in holes:
            raise ValueError(f"A value has fewer than {count} segments.")
        columns.append(column)
    return [*columns, list(map(itemgetter(slice(None, -trailer)), values))]


def splice(segments: Sequence[Sequence[bytes]], columns: Sequence[Sequence[bytes]]) -> list[bytes]:
    """The pieces of all objects, separated by commas; between each two columns of segments stands one of values."""
    comma, _ = separators()
    width = len(segments) + len(columns) + 1
    pieces = [comma] * (width * len(segments[0]))
    for at, segment in enumerate(segments):
        pieces[2 * at :: width] = segment
    for at, column in enumerate(columns):
        pieces[2 * at + 1 :: width] = column
    del pieces[-1:]
    return pieces


def fill(segments: Sequence[Sequence[bytes]], columns: Sequence[Sequence[bytes]]) -> list[bytes]:
    """Each object's JSON from its segments and the values between them."""
    if not columns:
        return list(segments[0])
    first, *others = segments
    between = (each for pair in zip(columns, others, strict=True) for each in pair)
    return list(map(b"".join, zip(first, *between, strict=True)))


def column(values: Iterable[Any], represent: Callable[[Any], Any] = lambda value: value) -> tuple[list[bytes], bool]:
    """Each represented value as JSON, and whether all decode exactly; equal plain values are rendered once."""
    known: dict[tuple[type, Any], bytes] = {}
    rendered, all_exact = [], True
    for value in values:
        kind = type(value)
        plain = kind is bool or kind is int or kind is str or value is None
        text = known.get((kind, value)) if plain else None
        if text is None:
            represented = represent(value)
            all_exact = all_exact and exact(represented)
            text = render(represented)
            if plain:
                known[kind, value] = text
        rendered.append(text)
    return rendered, all_exact


def enclose(envelope: dict[str, Any], key: str, content: bytes) -> bytes:
    """The envelope's JSON with ready JSON at `key`."""
    comma, colon = separators()
    pairs = (
        finished(text_of_str(name)) + colon + (content if name == key else render(value))
        for name, value in envelope.items()
    )
    return b"{" + comma.join(pairs) + b"}"


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
    comma, colon = _separators()
    return comma.encode(), colon.encode()


def _separators() -> tuple[str, str]:
    return SHORT_SEPARATORS if JSONRenderer.compact else LONG_SEPARATORS


def _encoder() -> Callable[[Any], str]:
    encoder: Any = JSONRenderer.encoder_class
    return _encoder_of(encoder, JSONRenderer.ensure_ascii, JSONRenderer.compact, JSONRenderer.strict)


@lru_cache(maxsize=16)
def _encoder_of(encoder: Any, ensure_ascii: bool, compact: bool, strict: bool) -> Callable[[Any], str]:
    separators = SHORT_SEPARATORS if compact else LONG_SEPARATORS
    made: Callable[[Any], str] = encoder(ensure_ascii=ensure_ascii, allow_nan=not strict, separators=separators).encode
    return made
