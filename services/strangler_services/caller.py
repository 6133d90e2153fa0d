"""What a servicer method may ask about the call that it answers."""

import time
import uuid
from collections.abc import Iterable
from contextvars import ContextVar
from dataclasses import dataclass, field

import grpc

from strangler_protos.errors import StranglerError
from strangler_protos.fingerprint import FINGERPRINT_KEY
from strangler_protos.identity import METADATA_KEY
from strangler_protos.trace import REQUEST_ID_KEY, TRACEPARENT_KEY, is_request_id, is_traceparent
from strangler_protos.v1.identity_pb2 import Identity

__all__ = ["caller", "remaining", "request_id"]

# W3C Trace Context, 3.2: version, trace-id, parent-id, flags.


@dataclass(slots=True, kw_only=True)
class CurrentCall:
    """The call that this task answers."""

    method: str
    request_id: str
    traceparent: str
    token: bytes | None
    contract: bytes | None = None
    began: float = field(default_factory=time.monotonic)
    deadline: float = 0.0
    identity: Identity | None = None
    # Let in by the gate.
    admitted: bool = False
    # How it ended, and the HTTP status of an application's error.
    code: grpc.StatusCode | None = None
    status: int | None = None


current_call: ContextVar[CurrentCall] = ContextVar("strangler_current_call")


def caller() -> Identity:
    """Who calls, as the router vouched for it; `StranglerError` outside of a call."""
    identity = _current().identity
    if identity is None:
        raise StranglerError("the caller is not verified yet")
    return identity


def remaining() -> float:
    """Seconds until the call's deadline, never below zero."""
    return max(0.0, _current().deadline - time.monotonic())


def request_id() -> str:
    """The id that this call has in every log."""
    return _current().request_id


def received_call(method: str, metadata: Iterable[tuple[str, str | bytes]]) -> CurrentCall:
    """Read a call's metadata; what is malformed counts as absent."""
    request_id = traceparent = ""
    token: bytes | None = None
    contract: bytes | None = None
    for key, value in metadata:
        if key == METADATA_KEY and isinstance(value, bytes):
            token = value
        elif key == FINGERPRINT_KEY and isinstance(value, bytes):
            contract = value
        elif key == REQUEST_ID_KEY and isinstance(value, str) and is_request_id(value):
            request_id = value
        elif key == TRACEPARENT_KEY and isinstance(value, str) and is_traceparent(value):
            traceparent = value
    return CurrentCall(
        method=method,
        request_id=request_id or uuid.uuid4().hex,
        traceparent=traceparent,
        token=token,
        contract=contract,
    )


def _current() -> CurrentCall:
    try:
        return current_call.get()
    except LookupError:
        raise StranglerError("no call is being answered here; ask inside a servicer method") from None
