"""A call's metadata: request id, trace context, who ended it; what is malformed counts as absent on both sides."""

import re

__all__ = ["ENDED_BY_RUNTIME_KEY", "REQUEST_ID_KEY", "TRACEPARENT_KEY", "is_request_id", "is_traceparent"]

REQUEST_ID_KEY = "x-request-id"
TRACEPARENT_KEY = "traceparent"
ENDED_BY_RUNTIME_KEY = "strangler-ended-by-runtime"
"""Trailing metadata of a call that the runtime refused or ended in words of its own, which name no value of a user."""
LONGEST_REQUEST_ID = 128
# W3C Trace Context, version 00.
TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


def is_request_id(value: str) -> bool:
    """Printable ASCII of at most 128 characters: metadata is limited, and a client may have sent it."""
    return 0 < len(value) <= LONGEST_REQUEST_ID and value.isascii() and value.isprintable()


def is_traceparent(value: str) -> bool:
    """A `traceparent` of the W3C's Trace Context."""
    return TRACEPARENT.fullmatch(value) is not None
