"""What generated codecs call: overflow, JSON text and field checks."""

import json
from collections.abc import Mapping
from typing import Any

from google.protobuf.message import Message

__all__ = ["INT64_MAX", "INT64_MIN", "dump_json", "load_json", "overflow", "restore"]

INT64_MIN = -(2**63)
INT64_MAX = 2**63 - 1

load_json = json.loads


def dump_json(value: Any) -> str:
    """ASCII JSON text: lone surrogates and huge integers survive it."""
    return json.dumps(value, separators=(",", ":"))


def overflow(message: Message, number: int, value: Any) -> None:
    """Keep a value that does not fit its slot; number 0 keeps the whole message."""
    message.strangler_overflow.add(number=number, json=dump_json(value))  # type: ignore[attr-defined]


def restore(value: dict[str, Any], overflows: Any, keys: Mapping[int, str]) -> Any:
    """Put values back that did not fit their slots."""
    for item in overflows:
        if item.number == 0:
            return load_json(item.json)
        value[keys[item.number]] = load_json(item.json)
    return value
