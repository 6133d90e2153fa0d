"""Sign and verify who calls: HMAC-SHA256 (RFC 2104) over the identity's own bytes.

A token is good for one audience, one RPC and one message: the digest of the message's bytes is part of it and is
checked before those bytes are parsed. Each audience has its own keys, so a service cannot mint for another.
"""

import hashlib
import hmac
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass

from google.protobuf.message import DecodeError

from strangler_protos.errors import IdentityError
from strangler_protos.v1.identity_pb2 import Identity, SignedIdentity

__all__ = ["LIFETIME_MS", "METADATA_KEY", "Caller", "Keyring", "sign", "verify"]

METADATA_KEY = "strangler-identity-bin"
LIFETIME_MS = 30_000
CLOCK_SKEW_MS = 5_000
SHORTEST_KEY = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who calls, as DRF authenticated them; an empty subject is an anonymous caller."""

    subject: str = ""
    authenticator: str = ""
    scopes: tuple[str, ...] = ()
    tenant: str = ""
    is_staff: bool = False


@dataclass(frozen=True, slots=True)
class Keyring:
    """At most two active keys of one audience by `kid`; the first signs, each verifies.

    Raises `IdentityError` where there are no keys, more than two, or one of less than 32 bytes.
    """

    keys: Mapping[str, bytes]

    def __post_init__(self) -> None:
        if not 1 <= len(self.keys) <= 2:
            raise IdentityError(f"{len(self.keys)} identity keys are active; configure one, or two while rotating")
        for kid, key in self.keys.items():
            if len(key) < SHORTEST_KEY:
                raise IdentityError(f"identity key {kid!r} has {len(key)} bytes; {SHORTEST_KEY} are the least")

    @classmethod
    def from_hex(cls, keys: Mapping[str, str]) -> "Keyring":
        """Read keys that are written as hexadecimal text."""
        try:
            return cls({kid: bytes.fromhex(key) for kid, key in keys.items()})
        except ValueError as error:
            raise IdentityError("an identity key is not hexadecimal text") from error


def sign(
    caller: Caller,
    *,
    keyring: Keyring,
    method: str,
    message: bytes,
    safe: bool = True,
    shadow: bool = False,
    hops: int = 0,
    now_ms: int | None = None,
) -> bytes:
    """Bytes of a `SignedIdentity` for one call of `method` (`/package.Service/Method`) with these message bytes."""
    issued = time.time_ns() // 1_000_000 if now_ms is None else now_ms
    identity = Identity(
        subject=caller.subject,
        authenticator=caller.authenticator,
        scopes=caller.scopes,
        tenant=caller.tenant,
        is_staff=caller.is_staff,
        audience=audience_of(method),
        method=method,
        digest=hashlib.sha256(message).digest(),
        shadow=shadow,
        issued_at=issued,
        expires_at=issued + LIFETIME_MS,
        nonce=b"" if safe else os.urandom(16),
        hops=hops,
    ).SerializeToString()
    kid, key = next(iter(keyring.keys.items()))
    return SignedIdentity(kid=kid, identity=identity, mac=_mac(key, kid, identity)).SerializeToString()


def verify(token: bytes, *, keyring: Keyring, method: str, message: bytes, now_ms: int | None = None) -> Identity:
    """The identity behind a token, checked against the call that brought it; `IdentityError` says what is wrong."""
    try:
        signed = SignedIdentity.FromString(token)
    except DecodeError as error:
        raise IdentityError("the identity is malformed") from error
    key = keyring.keys.get(signed.kid)
    if key is None:
        raise IdentityError(f"the identity is signed with key {signed.kid!r}, which is not active here")
    if not hmac.compare_digest(_mac(key, signed.kid, signed.identity), signed.mac):
        raise IdentityError("the identity's signature is wrong")
    identity = Identity.FromString(signed.identity)
    now = time.time_ns() // 1_000_000 if now_ms is None else now_ms
    if identity.method != method or identity.audience != audience_of(method):
        raise IdentityError(f"the identity is for {identity.method}, not for {method}")
    if not hmac.compare_digest(identity.digest, hashlib.sha256(message).digest()):
        raise IdentityError("the identity is for another message")
    if identity.issued_at > now + CLOCK_SKEW_MS:
        raise IdentityError("the identity was issued in the future; check the clocks")
    if identity.expires_at <= now:
        raise IdentityError("the identity has expired")
    return identity


def audience_of(method: str) -> str:
    """Full name of the service in `/package.Service/Method`."""
    return method.split("/")[1]


def _mac(key: bytes, kid: str, identity: bytes) -> bytes:
    return hmac.digest(key, kid.encode() + b"\0" + identity, "sha256")
