"""Read our options off descriptors, typed; the stubs of extensions do not say what they extend."""

from typing import Any, cast

from google.protobuf.message import Message

from strangler_protos.v1 import options_pb2

__all__ = ["endpoint_of", "is_path_field", "slot_of"]


def endpoint_of(method_options: Message) -> options_pb2.Endpoint | None:
    """The endpoint that an RPC answers for, if it names one."""
    options: Any = method_options
    if not options.HasExtension(options_pb2.endpoint):
        return None
    return cast("options_pb2.Endpoint", options.Extensions[options_pb2.endpoint])


def slot_of(field_options: Message) -> int:
    """How a response field stands for JSON that protobuf has no type for."""
    options: Any = field_options
    return int(options.Extensions[options_pb2.slot])


def is_path_field(field_options: Message) -> bool:
    """True for a request field that is a named group of the route."""
    options: Any = field_options
    return bool(options.Extensions[options_pb2.source] == options_pb2.SOURCE_PATH)
