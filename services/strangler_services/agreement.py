"""Whether a router's contract is one that this service keeps to."""

from functools import cached_property

import grpc
from google.protobuf import any_pb2, descriptor_pool
from google.rpc.error_details_pb2 import PreconditionFailure
from google.rpc.status_pb2 import Status

from strangler_protos.fingerprint import VIOLATION, fingerprint, missing_of
from strangler_services.failure import Failure

__all__ = ["OwnContract"]

# Fingerprints that were found good; routers of that many versions are not there at once.
KNOWN = 16


class OwnContract:
    """The contract of one RPC as this service has it."""

    def __init__(self, rpc: str) -> None:
        self._rpc = rpc
        self._good: set[bytes] = set()

    def accept(self, theirs: bytes | None) -> None:
        """Passes a call whose fingerprint this service covers, or that has none; else raises Failure.

        Nothing of the call has run by then, and the router may answer it otherwise.
        """
        if theirs is None or theirs in self._good:
            return
        try:
            missing = missing_of(theirs, self._own)
        except ValueError as error:
            raise Failure(grpc.StatusCode.INVALID_ARGUMENT, str(error)) from None
        if missing:
            raise self._refusal(missing)
        if len(self._good) < KNOWN:
            self._good.add(theirs)

    @cached_property
    def _own(self) -> bytes:
        return fingerprint(descriptor_pool.Default().FindMethodByName(self._rpc[1:].replace("/", ".")))

    def _refusal(self, missing: list[bytes]) -> Failure:
        message = f"{self._rpc}: the caller's contract is newer than this service's"
        violation = PreconditionFailure.Violation(
            type=VIOLATION, subject=self._rpc, description=b"".join(missing[:64]).hex()
        )
        detail = any_pb2.Any()
        detail.Pack(PreconditionFailure(violations=[violation]))
        status = Status(code=grpc.StatusCode.FAILED_PRECONDITION.value[0], message=message, details=[detail])
        return Failure(grpc.StatusCode.FAILED_PRECONDITION, message, status.SerializeToString())
