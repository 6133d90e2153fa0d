"""Python values as JSON and back, exactly: what comes out has the value and the type that went in, or nothing goes in.

Strings, integers, finite floats, booleans, None, lists and dicts with string keys are plain JSON. The types in `_TAGS`
travel as `{"$": [NAME, ...]}`; so does a dict with other keys, or with the key `$`. Everything else is refused,
subclasses included, since nothing would tell them apart on the way back: model instances, enum members, named tuples.
"""

import json
import math
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from typing import IO, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.safestring import SafeString

__all__ = ["Inexact", "JSONSerializer", "dumps", "loads"]

_TAG = "$"
_MARK = b'{"$":'


class Inexact(TypeError):
    """A value that would not come back from JSON as it was; `place` is its path in what was given (`[3]['total']`)."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.place = ""

    def __str__(self) -> str:
        return f"{'At ' + self.place + ' there' if self.place else 'There'} is {self.problem}"


def dumps(value: Any) -> bytes:
    """JSON text of a value. Raises Inexact."""
    try:
        return json.dumps(_encoded(value), separators=(",", ":"), allow_nan=False).encode()
    except RecursionError:
        raise Inexact("a value that holds itself, or is nested too deeply for JSON.") from None
    except ValueError as error:
        raise Inexact(f"a value that does not fit JSON: {error}") from error


def loads(text: bytes) -> Any:
    """The value that `dumps` was given."""
    return json.loads(text, object_hook=_decoded) if _MARK in text else json.loads(text)


class JSONSerializer:
    """For `CACHEOPS_SERIALIZER`: counts, aggregates, template fragments and function results; rows are refused.

    cacheops hands it whole model instances for the operations `get` and `fetch` and for `cache_on_save`; it raises
    Inexact (a TypeError) for them, and check E114 finds the profiles that ask for it.
    """

    dumps = staticmethod(dumps)
    loads = staticmethod(loads)

    @staticmethod
    def load(file: IO[bytes]) -> Any:
        """The value in a file of cacheops' file cache."""
        return loads(file.read())


def _encoded(value: Any) -> Any:
    kind = type(value)
    if value is None or kind is str or kind is int or kind is bool:
        return value
    if kind is float:
        return value if math.isfinite(value) else {_TAG: ["float", repr(value)]}
    if kind is list:
        return _each(enumerate(value))
    if kind is dict:
        parts = _each(value.items())
        if all(type(name) is str for name in value) and _TAG not in value:
            return dict(zip(value, parts, strict=True))
        return {_TAG: ["dict", list(zip(map(_encoded, value), parts, strict=True))]}
    if kind in _TAGS:
        name, encode, _ = _TAGS[kind]
        return {_TAG: [name, *encode(value)]}
    raise Inexact(f"a {kind.__module__}.{kind.__qualname__}, which JSON cannot give back; use plain values.")


def _each(parts: Iterable[tuple[Any, Any]]) -> list[Any]:
    encoded = []
    for name, part in parts:
        try:
            encoded.append(_encoded(part))
        except Inexact as error:
            error.place = f"[{name!r}]{error.place}"
            raise
    return encoded


def _decoded(found: dict[str, Any]) -> Any:
    if _TAG not in found:
        return found
    name, *parts = found[_TAG]
    return _DECODERS[name](*parts)


def _members(value: Iterable[Any]) -> list[Any]:
    # The same set has the same text in every process.
    return [sorted(map(_encoded, value), key=json.dumps)]


def _moment(value: datetime | time) -> list[Any]:
    return [value.replace(tzinfo=None, fold=0).isoformat(), value.fold, _zone(value.tzinfo)]


def _moment_of(kind: Any) -> Callable[[str, int, Any], Any]:
    return lambda text, fold, zone: kind.fromisoformat(text).replace(fold=fold, tzinfo=_zone_of(zone))


def _zone(zone: tzinfo | None) -> Any:
    """Null, the key of a ZoneInfo, or the parts of a fixed offset."""
    if zone is None:
        return None
    if type(zone) is ZoneInfo and zone.key is not None:
        return zone.key
    if type(zone) is timezone and str(zone) == str(timezone(offset := zone.utcoffset(None))):
        return _duration(offset)
    raise Inexact(f"the time zone {zone!r}, which JSON cannot give back; use a ZoneInfo or UTC.")


def _zone_of(found: Any) -> tzinfo | None:
    if found is None or isinstance(found, str):
        return ZoneInfo(found) if found else None
    return timezone(timedelta(*found)) if any(found) else UTC


def _duration(value: timedelta) -> list[Any]:
    return [value.days, value.seconds, value.microseconds]


_TAGS: dict[type, tuple[str, Callable[[Any], list[Any]], Callable[..., Any]]] = {
    tuple: ("tuple", lambda value: [_each(enumerate(value))], tuple),
    set: ("set", _members, set),
    frozenset: ("frozenset", _members, frozenset),
    bytes: ("bytes", lambda value: [value.hex()], bytes.fromhex),
    Decimal: ("decimal", lambda value: [str(value)], Decimal),
    UUID: ("uuid", lambda value: [str(value)], UUID),
    SafeString: ("safe", lambda value: [value], SafeString),
    datetime: ("datetime", _moment, _moment_of(datetime)),
    date: ("date", lambda value: [value.isoformat()], date.fromisoformat),
    time: ("time", _moment, _moment_of(time)),
    timedelta: ("timedelta", _duration, timedelta),
}
_DECODERS = {name: decode for name, _, decode in _TAGS.values()} | {"dict": dict, "float": float}
