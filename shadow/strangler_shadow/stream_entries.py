"""A mirrored exchange as it waits in the stream: JSON and two bodies under a seal, never pickle.

The seal is an HMAC-SHA256 (RFC 2104) under a key that is derived from `SECRET_KEY`; while that is rotated,
`SECRET_KEY_FALLBACKS` open older entries. It keeps anybody who can write to Redis from making calls in a user's name.
It hides nothing: that is left to TLS and to Redis's own access rules.
"""

import hmac
import json
import struct
from dataclasses import dataclass, fields
from typing import Any

from django.conf import settings as django_settings

from strangler_protos.errors import StranglerError
from strangler_protos.identity import Caller
from strangler_router.types import Call, Decision, Exchange, Served, Side
from strangler_shadow.cookies import apart

__all__ = ["Entry", "SealError", "open_sealed", "seal"]

FORMAT = b"\x01"
MAC_BYTES = 32
LENGTHS = struct.Struct("!II")
SEALED_FROM = len(FORMAT) + MAC_BYTES
BODY = "body"


class SealError(StranglerError):
    """The bytes were not sealed by this project, or are cut."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A copy on its way to a worker. `at` is Unix seconds; `weight` is how many calls this one stands for."""

    uid: str
    exchange: Exchange
    at: float
    weight: int = 1


def seal(entry: Entry) -> bytes:
    """The entry's bytes; values of cookies stay behind."""
    exchange = entry.exchange
    headers, cookies = apart(exchange.served.headers, exchange.served.cookies)
    head = {
        "uid": entry.uid,
        "at": entry.at,
        "weight": entry.weight,
        "call": _values(exchange.call)
        | {"kwargs": dict(exchange.call.kwargs), "caller": _values(exchange.call.caller)},
        "decision": _values(exchange.decision) | {"side": exchange.decision.side.value},
        "served": _values(exchange.served) | {"headers": headers, "cookies": cookies},
    }
    text = json.dumps(head, separators=(",", ":")).encode()
    body = exchange.call.body
    sealed = b"".join([LENGTHS.pack(len(text), len(body)), text, body, exchange.served.body])
    return FORMAT + _mac(django_settings.SECRET_KEY, sealed) + sealed


def open_sealed(data: bytes) -> Entry:
    """The entry of these bytes; raises `SealError`, and reads nothing that it did not seal."""
    mac, sealed = data[len(FORMAT) : SEALED_FROM], data[SEALED_FROM:]
    secrets = [django_settings.SECRET_KEY, *django_settings.SECRET_KEY_FALLBACKS]
    if data[: len(FORMAT)] != FORMAT or not any(hmac.compare_digest(_mac(key, sealed), mac) for key in secrets):
        raise SealError("broken seal")
    text_size, body_size = LENGTHS.unpack_from(sealed)
    body_at = LENGTHS.size + text_size
    head = json.loads(sealed[LENGTHS.size : body_at])
    served_at = body_at + body_size
    return Entry(
        uid=head["uid"],
        at=head["at"],
        weight=head["weight"],
        exchange=Exchange(
            call=_call(head["call"], sealed[body_at:served_at]),
            decision=Decision(**_known(Decision, head["decision"]) | {"side": Side(head["decision"]["side"])}),
            served=Served(**_known(Served, head["served"]), body=sealed[served_at:]),
        ),
    )


def _call(values: dict[str, Any], body: bytes) -> Call:
    caller = Caller(**_known(Caller, values["caller"]))
    return Call(**_known(Call, values) | {"caller": caller}, body=body)


def _values(record: Any) -> dict[str, Any]:
    return {field.name: getattr(record, field.name) for field in fields(record) if field.name != BODY}


def _known(kind: Any, values: dict[str, Any]) -> dict[str, Any]:
    # While a new release is rolled out its entries may have more than an older worker knows.
    names = {field.name for field in fields(kind)}
    return {name: _tuples(value) for name, value in values.items() if name in names}


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def _mac(secret: str | bytes, sealed: bytes) -> bytes:
    key = hmac.digest(secret.encode() if isinstance(secret, str) else secret, b"strangler_shadow.stream", "sha256")
    return hmac.digest(key, sealed, "sha256")
