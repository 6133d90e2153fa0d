"""What changed between two versions of contracts, and which changes programs of the other version stumble on.

buf judges the wire and the names in JSON; here are the options that it does not look at.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from google.protobuf.descriptor_pb2 import DescriptorProto, FileDescriptorProto, MethodDescriptorProto

from strangler_extract.numbering import kind_of, own_fields
from strangler_protos.options import endpoint_of, is_path_field
from strangler_protos.v1 import options_pb2

__all__ = ["Change", "differences"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change at an RPC or a message; `breaks` where a program of the other version would answer wrongly."""

    where: str
    what: str
    breaks: bool = False

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


def differences(before: Sequence[FileDescriptorProto], after: Sequence[FileDescriptorProto]) -> list[Change]:
    """The changes of RPCs, then those of messages, each in the order of the later version."""
    return [*_rpc_changes(_rpcs(before), _rpcs(after)), *_message_changes(_messages(before), _messages(after))]


def _rpc_changes(before: dict[str, MethodDescriptorProto], after: dict[str, MethodDescriptorProto]) -> Iterator[Change]:
    for name, method in after.items():
        if name not in before:
            yield Change(where=name, what=f"added, for {_endpoint(method)}")
        else:
            yield from _endpoint_changes(name, before[name], method)
    for name, method in before.items():
        if name not in after:
            yield Change(where=name, what=f"removed, was for {_endpoint(method)}", breaks=True)


def _endpoint_changes(name: str, before: MethodDescriptorProto, after: MethodDescriptorProto) -> Iterator[Change]:
    old, new = endpoint_of(before.options), endpoint_of(after.options)
    if old is None or new is None:
        if old is not new:
            what = f"{_endpoint(before)} -> {_endpoint(after)}"
            yield Change(where=name, what=what, breaks=new is None)
        return
    was = _facets(old)
    for facet, value in _facets(new).items():
        if value != was[facet]:
            # An older service never checked what the router stops to ask the monolith for.
            breaks = facet != "authority" or value == "SERVICE"
            yield Change(where=name, what=f"{facet} {was[facet]} -> {value}", breaks=breaks)


def _facets(endpoint: options_pb2.Endpoint) -> dict[str, str]:
    shape = endpoint.shape or options_pb2.SHAPE_OBJECT
    return {
        "endpoint": endpoint.id,
        "route": endpoint.route,
        "method": endpoint.http_method,
        "status": str(endpoint.success_status or 200),
        "shape": options_pb2.Shape.Name(shape).removeprefix("SHAPE_"),
        "authority": options_pb2.Authority.Name(endpoint.authority).removeprefix("AUTHORITY_"),
    }


def _message_changes(before: dict[str, DescriptorProto], after: dict[str, DescriptorProto]) -> Iterator[Change]:
    for name, message in after.items():
        if name not in before:
            yield Change(where=name, what="added")
        else:
            yield from _field_changes(name, before[name], message)
    for name in before:
        if name not in after:
            yield Change(where=name, what="removed")


def _field_changes(where: str, before: DescriptorProto, after: DescriptorProto) -> Iterator[Change]:
    old, new = own_fields(before), own_fields(after)
    for key, field in new.items():
        if key not in old:
            yield Change(where=where, what=f"{key} added as {field.number}, {kind_of(field)}")
            continue
        was = old[key]
        same = was.number == field.number
        if not same:
            yield Change(where=where, what=f"{key} renumbered {was.number} -> {field.number}")
        if kind_of(was) != kind_of(field):
            yield Change(where=where, what=f"{key} retyped {kind_of(was)} -> {kind_of(field)}", breaks=same)
        if is_path_field(was.options) != is_path_field(field.options):
            yield Change(
                where=where, what=f"{key} read {_source(was.options)} -> {_source(field.options)}", breaks=True
            )
        if was.name != field.name:
            yield Change(where=where, what=f"{key} called {was.name} -> {field.name} in the contract")
    for key, was in old.items():
        if key not in new:
            yield Change(where=where, what=f"{key} removed, was {was.number}, {kind_of(was)}")
    if [key for key in old if key in new] != [key for key in new if key in old]:
        yield Change(where=where, what=f"keys are in another order: {', '.join(new)}")


def _source(options: object) -> str:
    return "from the path" if is_path_field(options) else "from the query"  # type: ignore[arg-type]


def _endpoint(method: MethodDescriptorProto) -> str:
    endpoint = endpoint_of(method.options)
    return f"{endpoint.id} ({endpoint.http_method} {endpoint.route})" if endpoint else "no endpoint"


def _rpcs(files: Sequence[FileDescriptorProto]) -> dict[str, MethodDescriptorProto]:
    return {
        f"{file.package}.{service.name}/{method.name}": method
        for file in files
        for service in file.service
        for method in service.method
    }


def _messages(files: Sequence[FileDescriptorProto]) -> dict[str, DescriptorProto]:
    return {f"{file.package}.{message.name}": message for file in files for message in file.message_type}
