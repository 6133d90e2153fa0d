"""The backend that asks a service over gRPC."""

import threading
from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

import grpc
from django.http import HttpResponse
from google.protobuf import descriptor_pool
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import DecodeError

from strangler_protos.bindings import Binding
from strangler_protos.errors import IdentityError
from strangler_protos.fingerprint import FINGERPRINT_KEY, fingerprint, named_hashes
from strangler_protos.identity import METADATA_KEY, Keyring, sign
from strangler_protos.status import http_status
from strangler_protos.trace import ENDED_BY_RUNTIME_KEY, REQUEST_ID_KEY, TRACEPARENT_KEY, is_request_id, is_traceparent
from strangler_protos.v1 import http_pb2
from strangler_router.attached import details_of, refused_hashes
from strangler_router.breaker import Breaker
from strangler_router.channels import transport_words, unary
from strangler_router.conf import Target, settings
from strangler_router.errors import ConfigurationError, NoAnswer
from strangler_router.failures import reply_of
from strangler_router.transcode import reply_from, request_message
from strangler_router.types import Backend, Call, Reply

__all__ = ["service_backend"]

# What gRPC itself ends calls with; nothing in an error tells its words from a service's.
OF_THE_TRANSPORT = frozenset(
    {
        grpc.StatusCode.CANCELLED,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.UNIMPLEMENTED,
    }
)

_breakers: dict[tuple[Target, bool], Breaker] = {}
_lock = threading.Lock()


def service_backend(binding: Binding, rung: str) -> Backend:
    """A backend that signs, sends and reads one RPC; `ConfigurationError` where target or key is missing.

    It raises `NoAnswer` for everything that is no answer of the application.
    """
    target = _target(binding, rung)
    keyring = _keyring(binding)
    hashes = {} if binding.is_generic else named_hashes(_method(binding))
    contract = ((FINGERPRINT_KEY, fingerprint(hashes)),) if hashes else ()
    timeout_cap = settings().rpc_timeout

    def ask(call: Call) -> Reply:
        message = request_message(binding, call)
        token = sign(
            call.caller,
            keyring=keyring,
            method=binding.rpc,
            message=message,
            safe=binding.is_safe,
            shadow=call.shadow,
            hops=call.hops,
        )
        metadata: list[tuple[str, str | bytes]] = [(METADATA_KEY, token), *contract]
        metadata += _trace(call)
        if call.timeout <= 0:
            raise NoAnswer(f"{binding.id}: no time is left to ask {target.address}", kind="out of time", status=504)
        with _breaker(target, shadow=call.shadow).call():
            try:
                answer = unary(target, binding.rpc)(message, timeout=min(call.timeout, timeout_cap), metadata=metadata)
            except grpc.RpcError as error:
                http_error = _application_error(error, target, hashes)
                return _read(lambda: reply_of(http_error), target)
        return _read(lambda: reply_from(binding, binding.response.FromString(answer)), target)

    return ask


def _read(read: Callable[[], Reply], target: Target) -> Reply:
    """The reply, if it can be served at all; whatever a service sent instead is no answer."""
    try:
        reply = read()
        if reply.exception is None:
            HttpResponse(status=reply.status, headers=dict(reply.headers))
    except (DecodeError, LookupError, TypeError, ValueError) as error:
        raise NoAnswer(
            f"{target.address}: the answer cannot be read: {type(error).__name__}", kind="bad answer"
        ) from error
    return reply


def _trace(call: Call) -> list[tuple[str, str | bytes]]:
    """The client's request id and trace context where they are sound; a new id otherwise."""
    given = {name: value for name, value in call.headers if name in {"X-Request-Id", "Traceparent"}}
    request_id, traceparent = given.get("X-Request-Id", ""), given.get("Traceparent", "")
    found: list[tuple[str, str | bytes]] = [(REQUEST_ID_KEY, request_id if is_request_id(request_id) else uuid4().hex)]
    if is_traceparent(traceparent):
        found.append((TRACEPARENT_KEY, traceparent))
    return found


def _application_error(error: Any, target: Target, hashes: Mapping[bytes, str]) -> http_pb2.HttpError:
    for detail in details_of(error):
        http_error = http_pb2.HttpError()
        if detail.Is(http_error.DESCRIPTOR) and detail.Unpack(http_error):
            return http_error
        for subject, unknown in refused_hashes(detail).items():
            raise NoAnswer(
                f"{target.address} has an older contract of {subject}, without "
                f"{', '.join(sorted({hashes.get(each, each.hex()) for each in unknown}))}; "
                "deploy the service before the monolith",
                kind="contract",
                not_run=True,
            )
    code: grpc.StatusCode = error.code()
    raise NoAnswer(
        f"{target.address}: {code.name}: {_words(error, target)}",
        kind=code.name.lower().replace("_", " "),
        status=http_status(code),
        not_run=code is grpc.StatusCode.UNIMPLEMENTED and not _request_id(error),
    )


def _words(error: Any, target: Target) -> str:
    """What the transport or our runtime says; a service's own text may quote values, so it is not repeated."""
    if request_id := _request_id(error):
        if not any(key == ENDED_BY_RUNTIME_KEY for key, _ in error.trailing_metadata() or ()):
            return f"the service ended the call in words of its own; its log has request {request_id}"
    elif error.code() not in OF_THE_TRANSPORT:
        return "the call was ended by the service, or on its way there"
    return transport_words(error.details() or "", target)


def _request_id(error: Any) -> str:
    """As our runtime names it in every call that it saw; a server without the method does not."""
    found = next((value for key, value in error.trailing_metadata() or () if key == REQUEST_ID_KEY), "")
    return found if is_request_id(found) else ""


def _method(binding: Binding) -> MethodDescriptor:
    found: MethodDescriptor = descriptor_pool.Default().FindMethodByName(binding.rpc[1:].replace("/", "."))
    return found


def _target(binding: Binding, rung: str) -> Target:
    rungs = settings().targets.get(binding.service, {})
    try:
        return rungs[rung]
    except KeyError:
        raise ConfigurationError(
            f"STRANGLER['TARGETS'][{binding.service!r}] has no address for rung {rung!r}; it has {sorted(rungs)}"
        ) from None


def _keyring(binding: Binding) -> Keyring:
    try:
        return Keyring.from_hex(settings().keys.get(binding.service, {}))
    except IdentityError as error:
        raise ConfigurationError(f"STRANGLER['KEYS'][{binding.service!r}]: {error}") from error


def _breaker(target: Target, *, shadow: bool) -> Breaker:
    # Copies have a breaker and a cap of their own, so that a mirror can never take a user's place.
    key = (target, shadow)
    found = _breakers.get(key)
    if found is None:
        with _lock:
            found = _breakers.setdefault(key, Breaker(target.address, in_flight=settings().in_flight))
    return found
