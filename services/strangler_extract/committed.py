"""What a contract on disk says of documents: the shapes that it was written from, read back."""

from collections.abc import Mapping as Comments
from dataclasses import replace
from typing import Any

from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto

from strangler_extract.containers import array_of, mapping_of
from strangler_extract.shapes import Array, Field, Json, Kind, Mapping, Object, Reference, Scalar, Shape
from strangler_protos.options import endpoint_of, slot_of
from strangler_protos.v1 import options_pb2

__all__ = ["committed_responses", "kept"]

REORDERED = ", in the order observed"
UNDECLARED = ", undeclared"
_SCALARS = {
    FieldDescriptorProto.TYPE_STRING: Scalar(Kind.TEXT),
    FieldDescriptorProto.TYPE_INT64: Scalar(Kind.INTEGER),
    FieldDescriptorProto.TYPE_DOUBLE: Scalar(Kind.NUMBER),
    FieldDescriptorProto.TYPE_BOOL: Scalar(Kind.BOOLEAN),
}


def committed_responses(file: FileDescriptorProto) -> dict[str, Shape]:
    """The shape of each endpoint's response, by id; the descriptor has to have its source positions."""
    reader = _Reader(file)
    return {
        endpoint.id: reader.response(method.output_type, is_array=endpoint.shape == options_pb2.SHAPE_ARRAY)
        for service in file.service
        for method in service.method
        if (endpoint := endpoint_of(method.options)) is not None
    }


def kept(declared: Shape, committed: Shape | None) -> Shape:
    """The declared shape, with what only samples once told and nobody has declared since."""
    match declared, committed:
        case _, None:
            return declared
        case Json(), _:
            return committed
        case ((Array() | Object()), Object()) if _was_only_seen(committed) and not _common(declared, committed):
            # A renderer's envelope, which no serializer declares.
            return committed
        case Array(items), Array(others):
            return array_of(kept(items, others))
        case Mapping(values), Mapping(others):
            return mapping_of(kept(values, others))
        case Object(), Object():
            return replace(declared, fields=tuple(_fields(declared, committed)))
        case _:
            return declared


def _was_only_seen(committed: Object) -> bool:
    return bool(committed.fields) and all(field.why.startswith("observed") for field in committed.fields)


def _common(declared: Shape, committed: Object) -> set[str]:
    fields = declared.fields if isinstance(declared, Object) else ()
    return {field.key for field in fields} & {field.key for field in committed.fields}


def _fields(declared: Object, committed: Object) -> list[Field]:
    known = {field.key: field for field in committed.fields}
    fields = {field.key: _field(field, known.get(field.key)) for field in declared.fields}
    seen = {field.key: field for field in committed.fields if field.why.endswith(UNDECLARED)}
    if not seen and not any(field.why.endswith(REORDERED) for field in committed.fields):
        return list(fields.values())
    keys = [key for key in known if key in fields or key in seen]
    for before, key in zip([None, *fields], fields, strict=False):
        if key not in keys:
            keys.insert(keys.index(before) + 1 if before in keys else 0, key)
    return [fields.get(key) or seen[key] for key in keys]


def _field(declared: Field, committed: Field | None) -> Field:
    if committed is None:
        return declared
    if committed.why.startswith("observed"):
        silent = isinstance(declared.shape, Json)
        return committed if silent or committed.why.endswith(f", not {declared.why}") else declared
    why = declared.why + REORDERED if committed.why.endswith(REORDERED) else declared.why
    return Field(key=declared.key, shape=kept(declared.shape, committed.shape), why=why)


class _Reader:
    def __init__(self, file: FileDescriptorProto) -> None:
        self._package = f".{file.package}."
        self._messages = {message.name: (place, message) for place, message in enumerate(file.message_type)}
        self._comments: Comments[tuple[int, ...], str] = {
            tuple(location.path): " ".join(location.leading_comments.split())
            for location in file.source_code_info.location
        }

    def response(self, name: str, *, is_array: bool) -> Shape:
        shape = self._object(name, ())
        if is_array:
            return shape.fields[0].shape
        return shape if shape.fields else Json("")

    def _object(self, full: str, around: tuple[str, ...]) -> Object:
        name = full.removeprefix(self._package)
        place, message = self._messages[name]
        fields = tuple(
            Field(
                key=made.json_name,
                shape=self._shape(made, (*around, name)),
                why=self._comments.get((4, place, 2, at), ""),
            )
            for at, made in enumerate(message.field)
            if made.number < 1000
        )
        return Object(name, fields)

    def _shape(self, made: FieldDescriptorProto, around: tuple[str, ...]) -> Shape:
        slot = slot_of(made.options)
        if slot == options_pb2.SLOT_OBJECT:
            return mapping_of(self._value(made, around))
        one = self._one(made, around)
        return array_of(one) if made.label == FieldDescriptorProto.LABEL_REPEATED else one

    def _value(self, made: FieldDescriptorProto, around: tuple[str, ...]) -> Any:
        _, entry = self._messages[made.type_name.removeprefix(self._package)]
        value = next(field for field in entry.field if field.number == 2)
        return self._shape(value, around)

    def _one(self, made: FieldDescriptorProto, around: tuple[str, ...]) -> Shape:
        if slot_of(made.options) == options_pb2.SLOT_JSON:
            return Json("")
        if made.type != FieldDescriptorProto.TYPE_MESSAGE:
            return _SCALARS[made.type]
        name = made.type_name.removeprefix(self._package)
        return Reference(name) if name in around else self._object(name, around)
