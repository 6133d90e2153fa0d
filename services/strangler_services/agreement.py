"""Whether a router's contract is one that this service keeps to, asked with each call and in health checks."""

from functools import cached_property

import grpc
from google.protobuf import any_pb2, descriptor_pool
from google.rpc.error_details_pb2 import PreconditionFailure
from google.rpc.status_pb2 import Status

from strangler_protos.fingerprint import (
    VIOLATION,
    digest,
    fingerprint,
    missing_of,
    named_hashes,
    named_hashes_of_service,
)
from strangler_services.failure import Failure

__all__ = ["OwnContract"]

# Fingerprints that were found good; routers of that many versions are not there at once.
KNOWN = 16


class OwnContract:
    """The contract of one RPC, `/package.Service/Method`, or of a whole service, `package.Service`, as it is here."""

    def __init__(self, name: str) -> None:
        self._name = name
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
    def digest(self) -> str:
        """One text for all of it."""
        return digest(self._hashes)

    @cached_property
    def _own(self) -> bytes:
        return fingerprint(self._hashes)

    @cached_property
    def _hashes(self) -> dict[bytes, str]:
        pool = descriptor_pool.Default()
        if self._name.startswith("/"):
            return named_hashes(pool.FindMethodByName(self._name[1:].replace("/", ".")))
        return named_hashes_of_service(pool.FindServiceByName(self._name))

    def _refusal(self, missing: list[bytes]) -> Failure:
        message = f"{self._name}: the caller's contract is newer than this service's"
        violation = PreconditionFailure.Violation(
            type=VIOLATION, subject=self._name, description=b"".join(missing[:64]).hex()
        )
        detail = any_pb2.Any()
        detail.Pack(PreconditionFailure(violations=[violation]))
        status = Status(code=grpc.StatusCode.FAILED_PRECONDITION.value[0], message=message, details=[detail])
        return Failure(grpc.StatusCode.FAILED_PRECONDITION, message, status.SerializeToString())
