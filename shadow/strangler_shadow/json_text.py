"""Read and compare JSON as `json` does, several times as fast where msgspec is installed.

What msgspec accepts it reads as `json.loads` does: integers of any size, -0, the last digit of floats, which of two
equal keys wins. What it refuses and `json.loads` reads (NaN, 1E400, lone surrogates, UTF-16, a byte order mark) is
read by `json.loads`. orjson is as fast, but reads integers beyond 64 bits as floats.
"""

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

__all__ = ["alike", "parsed"]

_Encode = Callable[[Any], bytes]
_decode: Callable[[bytes], Any] | None = None
_encoders: tuple[_Encode, _Encode] | None = None
"""One that sorts keys and one that does not."""

with suppress(ImportError):
    from msgspec.json import Decoder, Encoder

    _decode, _encoders = Decoder().decode, (Encoder(order="sorted").encode, Encoder().encode)


def parsed(body: bytes) -> Any:
    """The document. Raises ValueError where the body is none, RecursionError where it is too deep to be read."""
    if _decode is not None:
        with suppress(ValueError, RecursionError):
            return _decode(body)
    return json.loads(body)


def alike(left: Any, right: Any, *, key_order: bool) -> bool:
    """Whether two documents are surely the same in value and type; False also where that would take a walk to tell."""
    if _encoders is None:
        return False
    encode = _encoders[key_order]
    # Equal values may still be 1, 1.0 and True, which are written differently; NaN is written as null, but equals none.
    with suppress(ValueError, TypeError, OverflowError, RecursionError):
        return bool(left == right) and encode(left) == encode(right)
    return False
