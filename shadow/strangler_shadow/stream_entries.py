"""A mirrored exchange as it waits in the stream: JSON and two bodies, sealed; never pickle.

Bodies are personal data and a call is made in its user's name, so nobody without the key can read or write an entry:
AES-256-GCM (NIST SP 800-38D) under a key of the entry's own, HMAC-SHA256 of `SECRET_KEY` and a random salt, since
random nonces under one key would wear out within weeks of traffic. While `SECRET_KEY` is rotated,
`SECRET_KEY_FALLBACKS` open older entries.
"""

import hmac
import json
import os
import struct
from contextlib import suppress
from dataclasses import dataclass, fields
from typing import Any

from django.conf import settings as django_settings

from strangler_protos.errors import StranglerError
from strangler_protos.identity import Caller
from strangler_router.types import Call, Decision, Exchange, Served, Side
from strangler_shadow.cookies import apart

try:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
except ImportError:  # pragma: no cover  only who streams needs it, and the stream says so
    AESGCM = None  # type: ignore[assignment,misc]

__all__ = ["Entry", "SealError", "open_sealed", "seal"]

FORMAT = b"\x01"
SALT_BYTES = 16
# The key is used once, so its nonce need not differ.
NONCE = bytes(12)
LENGTHS = struct.Struct("!II")
SEALED_FROM = len(FORMAT) + SALT_BYTES
BODY = "body"


class SealError(StranglerError):
    """The bytes were not sealed by this project, or are damaged."""


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
    plain = b"".join([LENGTHS.pack(len(text), len(body)), text, body, exchange.served.body])
    salt = os.urandom(SALT_BYTES)
    return FORMAT + salt + _cipher(django_settings.SECRET_KEY, salt).encrypt(NONCE, plain, FORMAT)


def open_sealed(data: bytes) -> Entry:
    """The entry of these bytes; raises `SealError`, and reads nothing that it did not seal."""
    plain = _opened(data)
    text_size, body_size = LENGTHS.unpack_from(plain)
    body_at = LENGTHS.size + text_size
    head = json.loads(plain[LENGTHS.size : body_at])
    served_at = body_at + body_size
    return Entry(
        uid=head["uid"],
        at=head["at"],
        weight=head["weight"],
        exchange=Exchange(
            call=_call(head["call"], plain[body_at:served_at]),
            decision=Decision(**_known(Decision, head["decision"]) | {"side": Side(head["decision"]["side"])}),
            served=Served(**_known(Served, head["served"]), body=plain[served_at:]),
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


def _opened(data: bytes) -> bytes:
    salt, sealed = data[len(FORMAT) : SEALED_FROM], data[SEALED_FROM:]
    if data[: len(FORMAT)] == FORMAT:
        for secret in (django_settings.SECRET_KEY, *django_settings.SECRET_KEY_FALLBACKS):
            with suppress(InvalidTag):
                return _cipher(secret, salt).decrypt(NONCE, sealed, FORMAT)
    raise SealError("broken seal")


def _cipher(secret: str | bytes, salt: bytes) -> AESGCM:
    key = secret.encode() if isinstance(secret, str) else secret
    return AESGCM(hmac.digest(key, b"strangler_shadow.stream" + salt, "sha256"))
