"""Stand-ins for recorded values: type, length and a keyed token, unless the field is allow-listed."""

import hmac
import json
import re
from collections.abc import Container
from typing import Any

from django.conf import settings as django_settings

from strangler_router.conf import settings
from strangler_shadow.observation import Difference, Kind

__all__ = ["QUOTED_STAND_IN", "redacted", "redacted_pattern", "stand_in"]

LONGEST_PATTERN = 500
# A key that is no plain name may be data: an address, a phone number.
QUOTED = re.compile(r'\["((?:[^"\\]|\\.)*)"\]')
MEMBER = re.compile(r"\.([^\W\d]\w*)")
QUOTED_STAND_IN = re.compile(r"\[(str\(\d+\) #[0-9a-f]{8})\]")
"""A stand-in for a key, within a place."""

# Kinds whose values say nothing about a person: a status, a number of elements.
PLAIN_KINDS = frozenset({Kind.STATUS, Kind.LENGTH})


def redacted(difference: Difference, names: Container[str]) -> tuple[str, str]:
    """What may be kept of a recorded difference's two values; `names` are those of declared fields."""
    allowed = difference.kind in PLAIN_KINDS or difference.pattern in settings().shadow.get("SHOW", ())
    if allowed:
        return json.dumps(difference.control), json.dumps(difference.candidate)
    if difference.kind is Kind.ORDER:
        return json.dumps(_keys(difference.control, names)), json.dumps(_keys(difference.candidate, names))
    return stand_in(difference.control), stand_in(difference.candidate)


def redacted_pattern(difference: Difference, names: Container[str]) -> str:
    """The difference's place; keys that are no declared names have stand-ins."""
    pattern = difference.pattern
    if pattern.startswith("$") and pattern not in settings().shadow.get("SHOW", ()):
        pattern = QUOTED.sub(lambda found: f"[{stand_in(found[1])}]", pattern)
        pattern = MEMBER.sub(lambda found: found[0] if found[1] in names else f"[{stand_in(found[1])}]", pattern)
    # A lone surrogate is no text to a database.
    return pattern.encode(errors="backslashreplace").decode()[:LONGEST_PATTERN]


def _keys(keys: list[str], names: Container[str]) -> list[str]:
    return [key if key in names else stand_in(key) for key in keys]


def stand_in(value: Any) -> str:
    """`str(12) #a1b2c3`: equal values have equal tokens, and nobody without the key can tell which value it was."""
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    text = json.dumps(value, sort_keys=True)
    length = f"({len(value)})" if isinstance(value, (str, list, dict)) else ""
    token = hmac.digest(django_settings.SECRET_KEY.encode(), b"strangler_shadow.redact\0" + text.encode(), "sha256")
    return f"{type(value).__name__}{length} #{token.hex()[:8]}"
