"""Ask a service's health service whether it serves, and whether its contract has all that this side's has."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf import descriptor_pool
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse

from strangler_protos.fingerprint import DIGEST_KEY, FINGERPRINT_KEY, digest, named_hashes_of_service
from strangler_router.attached import details_of, refused_hashes
from strangler_router.channels import transport_words, unary
from strangler_router.conf import Target
from strangler_router.errors import ConfigurationError

__all__ = ["Handshake", "shake_hands"]

CHECK = "/grpc.health.v1.Health/Check"
# Of a fingerprint, in one check: metadata is limited to 8 KiB over all.
HASHES = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Handshake:
    """What one process behind a target says of a service."""

    health: str
    """`SERVING`, `NOT_SERVING`, or why there is none."""
    contract: str = ""
    """Its contract's digest; empty where it tells none."""
    own_contract: str = ""
    """This side's."""
    lacks: tuple[str, ...] = ()
    """Fields and RPCs of this side that it does not know."""

    @property
    def is_good(self) -> bool:
        """Whether calls of this side are answered there."""
        return self.health == "SERVING" and not self.lacks


def shake_hands(service: str, target: Target, *, timeout: float) -> Handshake:
    """Ask the process that the target's channel leads to; `timeout` is in seconds, for each of a few checks."""
    hashes = _hashes(service)
    own_contract = digest(hashes) if hashes else ""
    try:
        health, contract = _check(service, target, b"", timeout)
        lacks = set() if contract == own_contract else _lacking(service, target, hashes, timeout)
    except grpc.RpcError as error:
        return Handshake(health=_why(error, service, target), own_contract=own_contract)
    except ConfigurationError as error:
        return Handshake(health=str(error), own_contract=own_contract)
    return Handshake(health=health, contract=contract, own_contract=own_contract, lacks=tuple(sorted(lacks)))


def _lacking(service: str, target: Target, hashes: Mapping[bytes, str], timeout: float) -> set[str]:
    """The names of what the service refuses to know; nothing where it only tells its health."""
    found, own = set[str](), sorted(hashes)
    for at in range(0, len(own), HASHES):
        try:
            _check(service, target, b"".join(own[at : at + HASHES]), timeout)
        except grpc.RpcError as error:
            refused = [part for detail in details_of(error) for part in refused_hashes(detail).values()]
            if not refused:
                raise
            found |= {hashes.get(each, each.hex()) for part in refused for each in part}
    return found


def _check(service: str, target: Target, fingerprint: bytes, timeout: float) -> tuple[str, str]:
    check: Any = unary(target, CHECK)
    metadata = ((FINGERPRINT_KEY, fingerprint),) if fingerprint else ()
    request = HealthCheckRequest(service=service).SerializeToString()
    raw, call = check.with_call(request, timeout=timeout, metadata=metadata)
    status = HealthCheckResponse.FromString(raw).status
    return HealthCheckResponse.ServingStatus.Name(status), dict(call.trailing_metadata() or ()).get(DIGEST_KEY, "")


def _why(error: Any, service: str, target: Target) -> str:
    match error.code():
        case grpc.StatusCode.NOT_FOUND:
            return f"there is no {service} at {target.address}"
        case grpc.StatusCode.UNIMPLEMENTED:
            return f"{target.address} has no health service"
        case code:
            return f"{code.name}: {transport_words(error.details() or '', target)}"


def _hashes(service: str) -> dict[bytes, str]:
    try:
        return named_hashes_of_service(descriptor_pool.Default().FindServiceByName(service))
    except KeyError:
        return {}
