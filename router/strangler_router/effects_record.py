"""What code would send out of the process, as plain values, and who is told of it."""

import json
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.db.models import Model
from django.utils.functional import Promise

__all__ = ["Effect", "Sink", "is_held", "plain", "record", "told_everywhere", "told_here"]

DEEPEST = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """One mail, task or connection that did not leave.

    `kind` is one of `strangler_services.effects.KINDS`; `name` is the task's or `host:port`, and empty for mail.
    `document` holds what JSON can carry.
    """

    kind: str
    name: str
    document: Mapping[str, Any]


Sink = Callable[[Effect], None]
_here: ContextVar[Sink | None] = ContextVar("strangler_effects", default=None)
_everywhere: Sink | None = None


def is_held() -> bool:
    """Whether nothing may leave now."""
    return _everywhere is not None or _here.get() is not None


def record(effect: Effect) -> None:
    """Tell of an effect that was held."""
    sink = _everywhere or _here.get()
    if sink is not None:
        sink(effect)


@contextmanager
def told_here(sink: Sink) -> Iterator[None]:
    """Tell `sink` what this context would send, unless somebody is told of the whole process."""
    token = _here.set(sink)
    try:
        yield
    finally:
        _here.reset(token)


@contextmanager
def told_everywhere(sink: Sink) -> Iterator[None]:
    """Tell `sink` what any thread would send."""
    global _everywhere
    kept, _everywhere = _everywhere, sink
    try:
        yield
    finally:
        _everywhere = kept


def plain(value: Any, depth: int = 0) -> Any:
    """The value as JSON carries it; of a type that it does not know the name, never the value.

    Times are ISO 8601, decimals and UUIDs text, a model's row its label and primary key, bytes a hash.
    """
    if depth > DEEPEST:
        return "<deeper>"
    if isinstance(value, Mapping):
        return {_text(key): plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item, depth + 1) for item in value]
    if isinstance(value, (set, frozenset)):
        return sorted((plain(item, depth + 1) for item in value), key=json.dumps)
    return _scalar(value)


def _scalar(value: Any) -> Any:
    match value:
        case None | bool() | int():
            return value
        case float():
            return value if math.isfinite(value) else str(value)
        case str() | Decimal() | UUID() | timedelta() | Promise():
            return _text(value)
        case datetime() | date() | time():
            return value.isoformat()
        case bytes() | bytearray() | memoryview():
            return f"<{len(bytes(value))} bytes, sha256 {sha256(value).hexdigest()}>"
        case Model():
            return {"model": value._meta.label, "pk": _scalar(value.pk)}
        case _:
            return f"<{type(value).__module__}.{type(value).__qualname__}>"


def _text(value: object) -> str:
    # A member of an enumeration that is a text would say its name.
    return str.__str__(value) if isinstance(value, str) else str(value)
