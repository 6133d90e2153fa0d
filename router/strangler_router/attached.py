"""What a failed RPC has attached as a `google.rpc.Status`."""

from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from google.protobuf.message import DecodeError
from google.rpc.error_details_pb2 import PreconditionFailure
from grpc_status import rpc_status

from strangler_protos.fingerprint import VIOLATION, hashes_in

__all__ = ["details_of", "refused_hashes"]


def details_of(error: Any) -> Iterable[Any]:
    """Its details, each an `Any`; none where what is attached is no status, or is for another code."""
    try:
        status = rpc_status.from_call(error)
    except (DecodeError, ValueError):
        return ()
    return status.details if status else ()


def refused_hashes(detail: Any) -> dict[str, list[bytes]]:
    """The hashes of our contract that a service lacks, by what it has without them; empty for any other detail."""
    precondition, found = PreconditionFailure(), dict[str, list[bytes]]()
    if not detail.Is(precondition.DESCRIPTOR) or not detail.Unpack(precondition):
        return found
    for violation in precondition.violations:
        if violation.type == VIOLATION:
            with suppress(ValueError):
                found[violation.subject] = hashes_in(bytes.fromhex(violation.description))
    return found
