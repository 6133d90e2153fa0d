"""What two sides of an RPC must agree on, small enough to travel with each call.

Of everything that a wire format and a codec rest on there is one hash: four bytes of the SHA-256 of a line of text.
The RPC itself is `/package.Service/Method shape status`; a field of a message of its request or response, however deep,
is `package.Message.NUMBER json_name type label slot message`, each as the descriptor has it: the numbers of enums, and
the message's full name or nothing. Messages of `strangler.v1` are left out.
A fingerprint is all hashes of one side, each once, sorted and joined. A service keeps to a router's contract if it has
each of the router's hashes; more of its own do no harm.
"""

import hashlib
from collections.abc import Iterable, Iterator

from google.protobuf.descriptor import Descriptor, FieldDescriptor, MethodDescriptor, ServiceDescriptor

from strangler_protos.options import endpoint_of, slot_of

__all__ = [
    "DIGEST_KEY",
    "FINGERPRINT_KEY",
    "LENGTH",
    "VIOLATION",
    "digest",
    "fingerprint",
    "hashes_in",
    "missing_of",
    "named_hashes",
    "named_hashes_of_service",
]

FINGERPRINT_KEY = "strangler-contract-bin"
"""Metadata of a call, or of a health check for a service; a part of the fingerprint will do."""
DIGEST_KEY = "strangler-contract-digest"
"""Trailing metadata with which the health service answers a check for a service: the digest of its contract."""
VIOLATION = "strangler.v1.CONTRACT"
"""Type of the `google.rpc.PreconditionFailure.Violation` that refuses it; its description has the hashes in hex."""
LENGTH = 4
OURS = "strangler.v1."


def fingerprint(hashes: Iterable[bytes]) -> bytes:
    """The fingerprint that has these hashes."""
    return b"".join(sorted(set(hashes)))


def named_hashes(method: MethodDescriptor) -> dict[bytes, str]:
    """What each hash stands for: `package.Message.json_name`, or the RPC."""
    return {hashlib.sha256(line.encode()).digest()[:LENGTH]: name for name, line in _lines(method)}


def named_hashes_of_service(service: ServiceDescriptor) -> dict[bytes, str]:
    """What each hash of any RPC of a service stands for."""
    return {each: name for method in service.methods for each, name in named_hashes(method).items()}


def digest(hashes: Iterable[bytes]) -> str:
    """One text for a contract: SHA-256 of its fingerprint; 64 hexadecimal digits."""
    return hashlib.sha256(fingerprint(hashes)).hexdigest()


def hashes_in(fingerprint: bytes) -> list[bytes]:
    """The hashes that are joined in a fingerprint. Raises ValueError where it is none."""
    if len(fingerprint) % LENGTH:
        raise ValueError(f"{len(fingerprint)} bytes are no fingerprint")
    return [fingerprint[at : at + LENGTH] for at in range(0, len(fingerprint), LENGTH)]


def missing_of(theirs: bytes, ours: bytes) -> list[bytes]:
    """Hashes of their fingerprint that ours lacks. Raises ValueError where it is none."""
    own = set(hashes_in(ours))
    return [each for each in hashes_in(theirs) if each not in own]


def _lines(method: MethodDescriptor) -> Iterator[tuple[str, str]]:
    endpoint = endpoint_of(method.GetOptions())
    shape, status = (endpoint.shape, endpoint.success_status) if endpoint else (0, 0)
    name = f"/{method.containing_service.full_name}/{method.name}"
    yield name, f"{name} {shape} {status}"
    pending, seen = [method.input_type, method.output_type], set[str]()
    while pending:
        message: Descriptor = pending.pop()
        if message.full_name in seen or message.full_name.startswith(OURS):
            continue
        seen.add(message.full_name)
        for field in message.fields:
            yield f"{message.full_name}.{field.json_name}", _line(message, field)
            if field.message_type is not None:
                pending.append(field.message_type)


def _line(message: Descriptor, field: FieldDescriptor) -> str:
    label = field.LABEL_REPEATED if field.is_repeated else field.LABEL_OPTIONAL
    inner = field.message_type.full_name if field.message_type is not None else ""
    slot = slot_of(field.GetOptions())
    return f"{message.full_name}.{field.number} {field.json_name} {field.type} {label} {slot} {inner}"
