"""Contracts as descriptors: messages for shapes, numbers from the lock, and a comment for whatever decided."""

from collections.abc import Mapping as Comments
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from google.api import annotations_pb2
from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto

from strangler_extract.lock import Lock, assign
from strangler_extract.naming import camel
from strangler_extract.shapes import Array, Field, Json, Kind, Mapping, Object, Reference, Scalar, Shape
from strangler_extract.spelling import field_name, http_path, is_json_name
from strangler_protos.v1 import options_pb2

__all__ = ["Contract", "Described", "Rpc", "describe"]

Path = tuple[int, ...]
IMPORTS = ["google/api/annotations.proto", "strangler_protos/v1/http.proto", "strangler_protos/v1/options.proto"]
_TYPES = {
    Kind.TEXT: FieldDescriptorProto.TYPE_STRING,
    Kind.INTEGER: FieldDescriptorProto.TYPE_INT64,
    Kind.NUMBER: FieldDescriptorProto.TYPE_DOUBLE,
    Kind.BOOLEAN: FieldDescriptorProto.TYPE_BOOL,
}
_MESSAGE, _TEXT = FieldDescriptorProto.TYPE_MESSAGE, FieldDescriptorProto.TYPE_STRING


@dataclass(frozen=True, slots=True, kw_only=True)
class Rpc:
    """An endpoint as an RPC; `path` and `query` are the parameters that its request names.

    A response that is no object or array has no fields: the whole document travels as JSON text.
    """

    name: str
    endpoint: str
    route: str
    http_method: str
    response: Shape
    success_status: int = 200
    authority: str = "UNSPECIFIED"
    path: tuple[str, ...] = ()
    query: tuple[str, ...] = ()
    comment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """One `.proto` file with one service; `package` is that of protobuf, `name` that of the file."""

    package: str
    name: str
    service: str
    rpcs: tuple[Rpc, ...]
    comment: str = ""

    @property
    def path(self) -> str:
        """The file, below the folder of all contracts."""
        return f"{self.package.replace('.', '/')}/{self.name}.proto"


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """A contract as a descriptor, comments by path within it, and the lock with the numbers that were given."""

    file: FileDescriptorProto
    comments: Comments[Path, str]
    lock: Lock


def describe(contract: Contract, lock: Lock) -> Described:
    """The contract's descriptor. Raises what the lock raises where a field has changed its kind."""
    return _Builder(contract, lock).build()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Slot:
    """How a field carries a shape; `kind` is the lock's word for it."""

    kind: str
    type: FieldDescriptorProto.Type.ValueType
    message: str = ""
    repeated: bool = False
    option: int = options_pb2.SLOT_UNSPECIFIED


class _Builder:
    def __init__(self, contract: Contract, lock: Lock) -> None:
        self._contract = contract
        self._lock = lock
        self._file = FileDescriptorProto(
            name=contract.path, package=contract.package, dependency=IMPORTS, syntax="proto3"
        )
        self._comments: dict[Path, str] = {}
        self._tops = {rpc.response for rpc in contract.rpcs}
        self._names: dict[str, Object] = {}
        self._waiting: list[tuple[str, Object]] = []

    def build(self) -> Described:
        if self._contract.comment:
            self._comments[(2,)] = self._contract.comment
        service = self._file.service.add(name=self._contract.service)
        for rpc in self._contract.rpcs:
            self._request(rpc)
            response = self._response(rpc)
            self._method(service.method.add(name=rpc.name), rpc, response)
            while self._waiting:
                name, shape = self._waiting.pop(0)
                self._document(name, shape)
        return Described(file=self._file, comments=self._comments, lock=self._lock)

    def _method(self, method: Any, rpc: Rpc, response: str) -> None:
        method.input_type, method.output_type = self._full(f"{rpc.name}Request"), self._full(response)
        path = http_path(rpc.route)
        if path is not None:
            setattr(method.options.Extensions[annotations_pb2.http], rpc.http_method.lower(), path)
        is_array = isinstance(rpc.response, Array)
        method.options.Extensions[options_pb2.endpoint].CopyFrom(
            options_pb2.Endpoint(
                id=rpc.endpoint,
                route=rpc.route,
                http_method=rpc.http_method,
                success_status=0 if rpc.success_status == 200 else rpc.success_status,
                shape=options_pb2.SHAPE_ARRAY if is_array else options_pb2.SHAPE_UNSPECIFIED,
                authority=f"AUTHORITY_{rpc.authority}",
            )
        )
        if rpc.comment:
            self._comments[6, 0, 2, len(self._file.service[0].method) - 1] = rpc.comment

    def _request(self, rpc: Rpc) -> None:
        query = [key for key in rpc.query if key not in rpc.path]
        text = Scalar(Kind.TEXT)
        fields = [Field(key=key, shape=text, why="") for key in (*rpc.path, *query)]
        message = self._fields(f"{rpc.name}Request", fields)
        for made in message.field:
            if made.json_name in rpc.path:
                options: Any = made.options
                options.Extensions[options_pb2.source] = options_pb2.SOURCE_PATH
                made.ClearField("proto3_optional")
        _envelope(message, 1000, "strangler_http", ".strangler.v1.HttpRequest")
        _optional(message)

    def _response(self, rpc: Rpc) -> str:
        match rpc.response:
            case Object() as shape:
                return self._name(shape, rpc.name)
            case Array() as shape:
                items = Field(key="items", shape=shape, why="the array itself")
                wrapped = Object(f"{rpc.name}Response", (items,))
            case shape:
                wrapped = Object(f"{rpc.name}Response", ())
        self._tops.add(wrapped)
        return self._name(wrapped, rpc.name)

    def _name(self, shape: Object, context: str) -> str:
        """The message of an object; if other fields have its name already, one that begins with the context."""
        name = shape.name
        if self._names.get(name, shape) != shape or name.endswith("Request"):
            name = f"{context}{name}"
        if name not in self._names:
            self._names[name] = shape
            self._waiting.append((name, shape))
        return name

    def _document(self, name: str, shape: Object) -> None:
        message = self._fields(name, shape.fields, why=True)
        if isinstance(shape, _Entry):
            message.field[0].ClearField("proto3_optional")
        if shape in self._tops:
            _envelope(message, 1001, "strangler_http", ".strangler.v1.HttpResult")
        _envelope(message, 1002, "strangler_overflow", ".strangler.v1.Overflow", repeated=True)
        _optional(message)

    def _fields(self, name: str, fields: Sequence[Field], *, why: bool = False) -> DescriptorProto:
        message = self._file.message_type.add(name=name)
        place = len(self._file.message_type) - 1
        fields = [part for part in fields if is_json_name(part.key)]
        slots = [self._slot(part.shape, name, part.key) for part in fields]
        own_names: list[str] = []
        keys = {part.key for part in fields}
        for part in fields:
            own_names.append(field_name(part.key, own_names, keys=keys))
        asked = [(part.key, slot.kind, own) for part, slot, own in zip(fields, slots, own_names, strict=True)]
        self._lock, numbers = assign(self._lock, name, asked)
        for at, (part, slot, own) in enumerate(zip(fields, slots, own_names, strict=True)):
            made = message.field.add(
                name=own,
                number=numbers[part.key],
                json_name=part.key,
                type=slot.type,
                type_name=self._full(slot.message) if slot.message else None,
                label=FieldDescriptorProto.LABEL_REPEATED if slot.repeated else FieldDescriptorProto.LABEL_OPTIONAL,
            )
            if slot.type != _MESSAGE and not slot.repeated:
                made.proto3_optional = True
            if slot.option:
                options: Any = made.options
                options.Extensions[options_pb2.slot] = slot.option
            if why and part.why:
                self._comments[4, place, 2, at] = part.why
        for number in sorted(self._lock.messages[name].tombstones):
            message.reserved_range.add(start=number, end=number + 1)
        return message

    def _slot(self, shape: Shape, parent: str, key: str) -> _Slot:
        match shape:
            case Scalar(kind=kind):
                return _Slot(kind=kind.value, type=_TYPES[kind])
            case Json():
                return _Slot(kind="json", type=_TEXT, option=options_pb2.SLOT_JSON)
            case Object():
                name = self._name(shape, parent)
                return _Slot(kind=f"message {name}", type=_MESSAGE, message=name)
            case Reference(name=name):
                return _Slot(kind=f"message {name}", type=_MESSAGE, message=name)
            case Array(items=items):
                slot = self._slot(items, parent, key)
                return _Slot(kind=f"repeated {slot.kind}", type=slot.type, message=slot.message, repeated=True)
            case Mapping(values=values):
                entry = _Entry(
                    f"{camel(key)}Entry",
                    (
                        Field(key="key", shape=Scalar(Kind.TEXT), why=""),
                        Field(key="value", shape=values, why=""),
                    ),
                )
                name = self._name(entry, parent)
                return _Slot(
                    kind=f"entries {name}", type=_MESSAGE, message=name, repeated=True, option=options_pb2.SLOT_OBJECT
                )

    def _full(self, message: str) -> str:
        return f".{self._contract.package}.{message}"


class _Entry(Object):
    """A key of a Mapping and its value."""

    __slots__ = ()


def _envelope(message: DescriptorProto, number: int, name: str, kind: str, *, repeated: bool = False) -> None:
    label = FieldDescriptorProto.LABEL_REPEATED if repeated else FieldDescriptorProto.LABEL_OPTIONAL
    message.field.add(name=name, number=number, json_name=name, type=_MESSAGE, type_name=kind, label=label)


def _optional(message: DescriptorProto) -> None:
    """What protoc makes of `optional`: a oneof of its own."""
    for made in message.field:
        if made.proto3_optional:
            made.oneof_index = len(message.oneof_decl)
            message.oneof_decl.add(name=f"_{made.name}")
