"""Descriptors as `.proto` text, laid out by `buf format`."""

import shutil
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from google.api import annotations_pb2
from google.protobuf import text_format
from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto
from google.protobuf.text_encoding import CEscape

from strangler_protos.errors import ContractError
from strangler_protos.options import is_path_field, slot_of
from strangler_protos.v1 import options_pb2

__all__ = ["proto_text"]

HEADER = "// Written by `strangler extract`; what it says of a field's type is what decided."
_WIDTH = 110
_KEYWORDS = {
    FieldDescriptorProto.TYPE_STRING: "string",
    FieldDescriptorProto.TYPE_INT64: "int64",
    FieldDescriptorProto.TYPE_DOUBLE: "double",
    FieldDescriptorProto.TYPE_BOOL: "bool",
}


def proto_text(file: FileDescriptorProto, comments: Mapping[tuple[int, ...], str]) -> str:
    """The source of a contract. Raises ContractError where `buf`, which lays it out, is missing or refuses."""
    return _formatted("\n".join(_file(file, comments)) + "\n")


def _file(file: FileDescriptorProto, comments: Mapping[tuple[int, ...], str]) -> Iterator[str]:
    yield from ('syntax = "proto3";', "")
    yield HEADER
    if comment := comments.get((2,)):
        yield from ("//", *_comment(comment))
    yield from (f"package {file.package};", "")
    yield from (f'import "{path}";' for path in file.dependency)
    for at, service in enumerate(file.service):
        yield from ("", f"service {service.name} {{")
        for place, method in enumerate(service.method):
            yield from _comment(comments.get((6, at, 2, place), ""))
            yield from _method(file.package, method)
        yield "}"
    for at, message in enumerate(file.message_type):
        yield ""
        yield from _comment(comments.get((4, at), ""))
        why = {path[3]: text for path, text in comments.items() if path[:3] == (4, at, 2)}
        yield from _message(file.package, message, why)


def _method(package: str, method: Any) -> Iterator[str]:
    yield f"rpc {method.name}({_short(package, method.input_type)}) returns ({_short(package, method.output_type)}) {{"
    if method.options.HasExtension(annotations_pb2.http):
        rule = text_format.MessageToString(method.options.Extensions[annotations_pb2.http], as_one_line=True)
        yield f"option (google.api.http) = {{{rule}}};"
    yield "option (strangler.v1.endpoint) = {"
    yield text_format.MessageToString(method.options.Extensions[options_pb2.endpoint]).rstrip()
    yield from ("};", "}", "")


def _message(package: str, message: DescriptorProto, why: Mapping[int, str]) -> Iterator[str]:
    yield f"message {message.name} {{"
    if message.reserved_range:
        yield f"reserved {', '.join(str(reserved.start) for reserved in message.reserved_range)};"
    for at, field in enumerate(message.field):
        yield from _comment(why.get(at, ""))
        yield _field(package, field)
    yield "}"


def _field(package: str, field: FieldDescriptorProto) -> str:
    repeated = field.label == FieldDescriptorProto.LABEL_REPEATED
    label = "repeated " if repeated else "optional " if field.proto3_optional else ""
    kind = _KEYWORDS[field.type] if field.type in _KEYWORDS else _short(package, field.type_name)
    options = [f'json_name = "{CEscape(field.json_name.encode(), as_utf8=True)}"']
    if slot := slot_of(field.options):
        options.append(f"(strangler.v1.slot) = {options_pb2.Slot.Name(slot)}")
    if is_path_field(field.options):
        options.append("(strangler.v1.source) = SOURCE_PATH")
    return f"{label}{kind} {field.name} = {field.number} [{', '.join(options)}];"


def _short(package: str, name: str) -> str:
    return name.removeprefix(f".{package}.").removeprefix(".")


def _comment(text: str) -> Iterator[str]:
    for line in text.splitlines():
        yield from (f"// {part}" for part in textwrap.wrap(line, _WIDTH) or [""])


def _formatted(text: str) -> str:
    buf = shutil.which("buf", path=str(Path(sys.executable).parent)) or shutil.which("buf")
    if buf is None:
        raise ContractError("buf is not installed; `pip install django-strangler[extract]`")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "contract.proto"
        path.write_text(text, encoding="utf-8")
        # Without a module of its own, buf looks through all that lies beside the folder.
        path.with_name("buf.yaml").write_text("version: v2\n")
        finished = subprocess.run([buf, "format", path], capture_output=True, text=True, check=False)  # noqa: S603
    if finished.returncode:
        raise ContractError(f"buf format refuses the contract: {finished.stderr.strip()}")
    return finished.stdout
