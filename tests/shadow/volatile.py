"""Documents as a monolith gives them that does not repeat itself: clocks, fresh ids, ties, cursors, ages."""

import json
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from strangler_shadow.observation import Observation

__all__ = ["NOON", "answer", "document"]

NOON = datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC)


def document(data: Random, moment: Random) -> Any:
    """One document: `data` draws what is stored, `moment` what each answer draws anew."""
    rows = [
        {
            "id": 100 + number,
            "title": data.choice(["Soil", "Water", "Light"]) + f" {number}",
            "price": f"{data.randrange(100)}.{data.randrange(100):02d}",
            "stars": data.choice([None, 1, 2.5, 5]),
            "tags": data.sample(["a", "b", "c", "d"], data.randrange(4)),
            "seen_at": _stamp(moment),
            "token": str(UUID(int=moment.getrandbits(128), version=4)),
        }
        for number in range(data.randrange(1, 8))
    ]
    moment.shuffle(rows)
    cursor = urlsafe_b64encode(moment.randbytes(12)).decode()
    trace = f"{moment.getrandbits(64):016x}"
    return {
        "count": len(rows),
        "next": f"http://testserver/rows/?cursor={cursor}&level=2" if data.random() < 0.5 else None,
        "generated_at": _stamp(moment),
        "took_ms": round(moment.uniform(1, 20), 3),
        "lucky": moment.random() < 0.9,
        "trace": trace,
        "links": {"self": f"/traces/{trace}"},
        "results": rows,
    }


def answer(given: Any) -> Observation:
    """The document as an answer."""
    body = json.dumps(given, separators=(",", ":")).encode()
    return Observation(status=200, headers=(("Content-Type", "application/json"),), body=body)


def _stamp(moment: Random) -> str:
    return (NOON + timedelta(microseconds=moment.randrange(5_000_000))).isoformat().replace("+00:00", "Z")
