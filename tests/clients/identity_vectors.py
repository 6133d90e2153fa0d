"""Identities that another language must sign as Python does.

`python -m tests.clients.identity_vectors` writes identity_vectors.json again.
"""

import json
from pathlib import Path
from typing import Any

from strangler_protos.identity import Caller, Keyring, sign

__all__ = ["NOW", "VECTORS", "identities"]

VECTORS = Path(__file__).with_suffix(".json")
NOW = 1_700_000_000_000
METHOD = "/banyan.catalog.v1.CatalogService/GetCourse"
CALLERS: list[dict[str, Any]] = [
    {},
    {"subject": "7", "authenticator": "rest_framework.authentication.TokenAuthentication"},
    {"subject": "ü", "scopes": ["read", "write"], "tenant": "north", "isStaff": True},
]


def identities() -> list[dict[str, Any]]:
    """What is signed, and the token as hexadecimal text; a caller's keys are spelled as in JavaScript's stubs."""
    messages = ["", "0a0131", "00" * 100]
    return [_signed(caller, message) for caller, message in zip(CALLERS, messages, strict=True)]


def _signed(caller: dict[str, Any], message: str) -> dict[str, Any]:
    who = Caller(
        subject=caller.get("subject", ""),
        authenticator=caller.get("authenticator", ""),
        scopes=tuple(caller.get("scopes", ())),
        tenant=caller.get("tenant", ""),
        is_staff=caller.get("isStaff", False),
    )
    key = "0f" * 32
    keyring = Keyring.from_hex({"k1": key})
    token = sign(who, keyring=keyring, method=METHOD, message=bytes.fromhex(message), now_ms=NOW)
    facts = {"caller": caller, "kid": "k1", "key": key, "method": METHOD, "message": message}
    return {**facts, "now_ms": NOW, "token": token.hex()}


if __name__ == "__main__":
    VECTORS.write_text(json.dumps(identities(), indent=2, ensure_ascii=False) + "\n")
