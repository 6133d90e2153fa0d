"""Stand-ins for recorded values: type, length and a keyed token, unless the field is allow-listed."""

import hmac
import json
from typing import Any

from django.conf import settings as django_settings

from strangler_router.conf import settings
from strangler_shadow.observation import Difference, Kind

__all__ = ["redacted", "stand_in"]

# Kinds whose values say nothing about a person: a status, a number of elements, names of keys.
PLAIN_KINDS = frozenset({Kind.STATUS, Kind.LENGTH, Kind.ORDER})


def redacted(difference: Difference) -> tuple[str, str]:
    """What may be kept of a recorded difference's two values."""
    allowed = difference.kind in PLAIN_KINDS or difference.pattern in settings().shadow.get("SHOW", ())
    if allowed:
        return json.dumps(difference.control), json.dumps(difference.candidate)
    return stand_in(difference.control), stand_in(difference.candidate)


def stand_in(value: Any) -> str:
    """`str(12) #a1b2c3`: equal values have equal tokens, and nobody without the key can tell which value it was."""
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    text = json.dumps(value, sort_keys=True)
    length = f"({len(value)})" if isinstance(value, (str, list, dict)) else ""
    token = hmac.digest(django_settings.SECRET_KEY.encode(), b"strangler_shadow.redact\0" + text.encode(), "sha256")
    return f"{type(value).__name__}{length} #{token.hex()[:8]}"
