"""Which RPC answers for which endpoint, read from a compiled contract."""

import enum
import importlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from google.protobuf import message_factory
from google.protobuf.descriptor import Descriptor, MethodDescriptor, ServiceDescriptor
from google.protobuf.message import Message

from strangler_protos.errors import ContractError
from strangler_protos.options import endpoint_of, is_path_field
from strangler_protos.v1 import lift_pb2, options_pb2

__all__ = ["GENERIC_RPC", "SAFE_METHODS", "Authority", "Binding", "generic_binding", "read_contract", "snake_case"]

GENERIC_RPC = "/strangler.v1.Lift/Call"
SAFE_METHODS = frozenset({"GET", "HEAD"})


class Authority(enum.Enum):
    """Who decides what a caller may see of one object."""

    UNDECLARED = options_pb2.AUTHORITY_UNSPECIFIED
    MONOLITH = options_pb2.AUTHORITY_MONOLITH
    SERVICE = options_pb2.AUTHORITY_SERVICE


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """An endpoint and the RPC that answers for it.

    `encode` turns DRF's primitives into the response message and `decode` turns it back; the generic binding has
    neither, since its message carries the primitives as JSON text.
    """

    id: str
    route: str
    http_method: str
    rpc: str
    request: type[Message]
    response: type[Message]
    success_status: int = 200
    authority: Authority = Authority.UNDECLARED
    path_fields: tuple[str, ...] = ()
    query_fields: tuple[tuple[str, str], ...] = ()
    encode: Callable[[Any], Message] | None = None
    decode: Callable[[Any], Any] | None = None

    @property
    def service(self) -> str:
        """Full proto name of the service: the audience of its identities and the name of its target."""
        return self.rpc.split("/")[1]

    @property
    def is_safe(self) -> bool:
        """True where a repeated call changes nothing (RFC 9110, 9.2.1)."""
        return self.http_method in SAFE_METHODS

    @property
    def is_generic(self) -> bool:
        """True where the endpoint is lifted before it has a contract."""
        return self.rpc == GENERIC_RPC


def generic_binding(*, id: str, route: str, http_method: str, authority: Authority) -> Binding:  # noqa: A002
    """The binding of an endpoint that has no contract."""
    return Binding(
        id=id,
        route=route,
        http_method=http_method,
        rpc=GENERIC_RPC,
        request=lift_pb2.CallRequest,
        response=lift_pb2.CallResponse,
        authority=authority,
    )


def read_contract(module_name: str) -> list[Binding]:
    """Bindings of a compiled contract, named by its `_pb2` module; `ContractError` where it cannot be read."""
    try:
        module = importlib.import_module(module_name)
        codec = importlib.import_module(module_name.removesuffix("_pb2") + "_codec")
    except ImportError as error:
        raise ContractError(
            f"contract {module_name!r} cannot be imported ({error}); run `python -m strangler_protos generate`"
        ) from error
    services = module.DESCRIPTOR.services_by_name.values()
    return [
        _binding(service, method, endpoint, codec)
        for service in services
        for method in service.methods
        if (endpoint := endpoint_of(method.GetOptions())) is not None
    ]


def snake_case(name: str) -> str:
    """`ListCoursesResponse` -> `list_courses_response`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def _binding(
    service: ServiceDescriptor, method: MethodDescriptor, endpoint: options_pb2.Endpoint, codec: ModuleType
) -> Binding:
    response = message_factory.GetMessageClass(method.output_type)
    encode, decode = _document_codec(method.output_type, response, endpoint.shape == options_pb2.SHAPE_ARRAY, codec)
    fields = list(_request_fields(method.input_type))
    return Binding(
        id=endpoint.id,
        route=endpoint.route,
        http_method=endpoint.http_method,
        rpc=f"/{service.full_name}/{method.name}",
        request=message_factory.GetMessageClass(method.input_type),
        response=response,
        success_status=endpoint.success_status or 200,
        authority=Authority(endpoint.authority),
        path_fields=tuple(name for name, _, in_path in fields if in_path),
        query_fields=tuple((name, key) for name, key, in_path in fields if not in_path),
        encode=encode,
        decode=decode,
    )


def _request_fields(message: Descriptor) -> Iterator[tuple[str, str, bool]]:
    for field in message.fields:
        if field.number < 1000:
            yield field.name, field.json_name, is_path_field(field.GetOptions())


def _document_codec(
    descriptor: Descriptor, response: type[Message], is_array: bool, codec: ModuleType
) -> tuple[Callable[[Any], Message], Callable[[Any], Any]]:
    encode_message: Callable[[Any, Message], None] = getattr(codec, f"encode_{snake_case(descriptor.name)}")
    decode_message: Callable[[Message], Any] = getattr(codec, f"decode_{snake_case(descriptor.name)}")
    if is_array:
        key = descriptor.fields_by_number[1].json_name

        def encode_array(document: Any) -> Message:
            message = response()
            encode_message({key: document}, message)
            return message

        return encode_array, lambda message: decode_message(message)[key]

    def encode(document: Any) -> Message:
        message = response()
        encode_message(document, message)
        return message

    return encode, decode_message
