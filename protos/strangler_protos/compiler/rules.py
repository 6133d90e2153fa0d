"""The rules that make a contract exact; each violation names its file, line and column.

Rule by rule, for messages that are part of a response: every singular scalar is `optional` (unset is JSON null);
integers are int64 and numbers double; no enums, maps, groups, oneofs or well-known types; json_name is written out;
field 1002 is `repeated strangler.v1.Overflow`. Fields of requests are text, as the client sent it. Requests carry
`strangler.v1.HttpRequest` as field 1000, responses `strangler.v1.HttpResult` as field 1001; other numbers from 1000 on
are not used. Endpoint ids are unique and end in the endpoint's HTTP method.
"""

import keyword
import re
from collections.abc import Iterator
from dataclasses import dataclass

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    MethodDescriptorProto,
)

from strangler_protos.bindings import snake_case
from strangler_protos.options import endpoint_of, is_path_field, slot_of
from strangler_protos.v1 import options_pb2

__all__ = ["Violation", "violations"]

SCALARS = {
    FieldDescriptorProto.TYPE_STRING,
    FieldDescriptorProto.TYPE_INT64,
    FieldDescriptorProto.TYPE_DOUBLE,
    FieldDescriptorProto.TYPE_BOOL,
}
HTTP_METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}
ENVELOPES = {
    1000: (".strangler.v1.HttpRequest", False),
    1001: (".strangler.v1.HttpResult", False),
    1002: (".strangler.v1.Overflow", True),
}


@dataclass(frozen=True, slots=True)
class Violation:
    """A broken rule and where it stands; line and column count from 1."""

    file: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


class _Reader:
    """One file with its positions and the messages that its responses reach."""

    def __init__(self, file: FileDescriptorProto) -> None:
        self.file = file
        self.lines = {
            tuple(location.path): (location.span[0] + 1, location.span[1] + 1)
            for location in file.source_code_info.location
        }
        self.messages = {f".{file.package}.{message.name}": (i, message) for i, message in enumerate(file.message_type)}

    def at(self, *path: int, message: str) -> Violation:
        line, column = self.lines.get(path, (1, 1))
        return Violation(self.file.name, line, column, message)


def violations(files: list[FileDescriptorProto]) -> Iterator[Violation]:
    """Every broken rule in these files, in the order of the files."""
    seen: dict[str, str] = {}
    for file in files:
        reader = _Reader(file)
        yield from _functions(reader)
        responses: dict[str, None] = {}
        for number, service in enumerate(file.service):
            for index, method in enumerate(service.method):
                endpoint = endpoint_of(method.options)
                if endpoint is None:
                    continue
                yield from _method(reader, (6, number, 2, index), method, endpoint, seen)
                responses[method.output_type] = None
        yield from _reached(reader, responses)


def _method(
    reader: _Reader,
    path: tuple[int, ...],
    method: MethodDescriptorProto,
    endpoint: options_pb2.Endpoint,
    seen: dict[str, str],
) -> Iterator[Violation]:
    name = f"rpc {method.name}"
    if endpoint.http_method not in HTTP_METHODS:
        yield reader.at(
            *path, message=f"{name}: http_method {endpoint.http_method!r} is none of {_words(HTTP_METHODS)}"
        )
    if not endpoint.id.endswith("." + endpoint.http_method.lower()):
        yield reader.at(
            *path, message=f"{name}: endpoint id {endpoint.id!r} must end in .{endpoint.http_method.lower()}"
        )
    if endpoint.id in seen:
        yield reader.at(*path, message=f"{name}: endpoint id {endpoint.id!r} is bound by {seen[endpoint.id]} already")
    seen.setdefault(endpoint.id, name)
    if not endpoint.route:
        yield reader.at(*path, message=f"{name}: the endpoint's route is missing")
    if method.client_streaming or method.server_streaming:
        yield reader.at(*path, message=f"{name}: streaming RPCs cannot answer for an HTTP endpoint")
    for kind, number in ((method.input_type, 1000), (method.output_type, 1001)):
        if kind not in reader.messages:
            yield reader.at(*path, message=f"{name}: {kind[1:]} must be declared in the same file")
            continue
        index, message = reader.messages[kind]
        yield from _envelope(reader, index, message, number)
    if method.input_type in reader.messages:
        yield from _request(reader, *reader.messages[method.input_type], endpoint.route)
    if endpoint.shape == options_pb2.SHAPE_ARRAY and method.output_type in reader.messages:
        index, message = reader.messages[method.output_type]
        first = next((field for field in message.field if field.number == 1), None)
        if first is None or first.label != FieldDescriptorProto.LABEL_REPEATED:
            yield reader.at(4, index, message=f"{message.name}: field 1 of a SHAPE_ARRAY response must be repeated")


def _functions(reader: _Reader) -> Iterator[Violation]:
    seen: dict[str, str] = {}
    for index, message in reader.messages.values():
        other = seen.setdefault(snake_case(message.name), message.name)
        if other != message.name:
            yield reader.at(4, index, message=f"{message.name}: its codec would have the name of that of {other}")


def _request(reader: _Reader, index: int, message: DescriptorProto, route: str) -> Iterator[Violation]:
    for number, field in enumerate(message.field):
        if field.number == 1000:
            continue
        path, name = (4, index, 2, number), f"{message.name}.{field.name}"
        yield from _number(reader, path, name, field)
        if (*path, 10) not in reader.lines:
            yield reader.at(*path, message=f"{name}: write json_name out; it is the name of the query parameter")
        if field.type != FieldDescriptorProto.TYPE_STRING or field.label == FieldDescriptorProto.LABEL_REPEATED:
            yield reader.at(*path, message=f"{name}: must be a string, as the client sent it")
        if is_path_field(field.options) and not re.search(rf"<(\w+:)?{field.name}>", route):
            yield reader.at(*path, message=f"{name}: the route {route!r} has no argument of that name")


def _number(reader: _Reader, path: tuple[int, ...], name: str, field: FieldDescriptorProto) -> Iterator[Violation]:
    if field.number >= 1000:
        yield reader.at(*path, message=f"{name}: numbers from 1000 on are the framework's")


def _reached(reader: _Reader, responses: dict[str, None]) -> Iterator[Violation]:
    waiting = list(responses)
    for kind in waiting:
        if kind not in reader.messages:
            continue
        index, message = reader.messages[kind]
        yield from _envelope(reader, index, message, 1002)
        for number, field in enumerate(message.field):
            if field.number in (1001, 1002):
                continue
            yield from _field(reader, (4, index, 2, number), message, field)
            if field.type == FieldDescriptorProto.TYPE_MESSAGE and field.type_name not in waiting:
                waiting.append(field.type_name)


def _field(
    reader: _Reader, path: tuple[int, ...], message: DescriptorProto, field: FieldDescriptorProto
) -> Iterator[Violation]:
    name = f"{message.name}.{field.name}"
    slot = slot_of(field.options)
    repeated = field.label == FieldDescriptorProto.LABEL_REPEATED
    yield from _number(reader, path, name, field)
    if (*path, 10) not in reader.lines:
        yield reader.at(*path, message=f"{name}: write json_name out; it is the JSON key")
    if keyword.iskeyword(field.name):
        yield reader.at(*path, message=f"{name}: is a word of Python; name it {field.name}_ and keep json_name")
    if slot == options_pb2.SLOT_OBJECT and not (repeated and _is_entry(reader, field)):
        yield reader.at(*path, message=f"{name}: SLOT_OBJECT needs a repeated message with key = 1 and value = 2")
    if field.type == FieldDescriptorProto.TYPE_MESSAGE:
        if field.type_name not in reader.messages:
            yield reader.at(*path, message=f"{name}: {_foreign(message, field)}")
    elif field.type not in SCALARS:
        kind = FieldDescriptorProto.Type.Name(field.type).removeprefix("TYPE_").lower()
        yield reader.at(*path, message=f"{name}: type {kind} is not exact; use string, int64, double or bool")
    elif not repeated and not field.proto3_optional and not (field.name == "key" and field.number == 1):
        yield reader.at(*path, message=f"{name}: must be optional, since unset stands for JSON null")
    if slot == options_pb2.SLOT_JSON and (field.type != FieldDescriptorProto.TYPE_STRING or repeated):
        yield reader.at(*path, message=f"{name}: SLOT_JSON needs an optional string")
    if field.HasField("oneof_index") and not field.proto3_optional:
        yield reader.at(*path, message=f"{name}: a oneof has no JSON counterpart")


def _foreign(message: DescriptorProto, field: FieldDescriptorProto) -> str:
    nested = next(
        (item for item in message.nested_type if field.type_name.endswith(f".{message.name}.{item.name}")), None
    )
    if nested is not None and nested.options.map_entry:
        return "a map loses the order of keys; use SLOT_OBJECT on a repeated message with key = 1 and value = 2"
    kind = field.type_name[1:]
    return f"{kind} must be declared at the top of this file; what has no exact JSON is text, or SLOT_JSON on a string"


def _is_entry(reader: _Reader, field: FieldDescriptorProto) -> bool:
    if field.type_name not in reader.messages:
        return False
    entry = reader.messages[field.type_name][1]
    names = {item.number: item.name for item in entry.field}
    return names.get(1) == "key" and names.get(2) == "value"


def _envelope(reader: _Reader, index: int, message: DescriptorProto, number: int) -> Iterator[Violation]:
    kind, repeated = ENVELOPES[number]
    field = next((field for field in message.field if field.number == number), None)
    if (
        field is None
        or field.type_name != kind
        or (field.label == FieldDescriptorProto.LABEL_REPEATED) != repeated
        or field.name != ("strangler_overflow" if repeated else "strangler_http")
    ):
        words = f"{'repeated ' if repeated else ''}{kind[1:]} {'strangler_overflow' if repeated else 'strangler_http'}"
        yield reader.at(4, index, message=f"{message.name}: needs `{words} = {number}`")


def _words(names: set[str]) -> str:
    return ", ".join(sorted(names))
