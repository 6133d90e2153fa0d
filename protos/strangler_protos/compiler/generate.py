"""Generate stubs, codecs and base classes, or say which of the committed ones are out of date."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from strangler_protos.compiler.base_source import base_source
from strangler_protos.compiler.codec_source import codec_source
from strangler_protos.compiler.protoc import describe, emit_stubs
from strangler_protos.compiler.rules import violations
from strangler_protos.errors import ContractError
from strangler_protos.options import endpoint_of

__all__ = ["Output", "check", "generate"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """A generated file, relative to the output folder."""

    path: str
    content: bytes


def generate(root: Path, output: Path, *, package: str = ".") -> list[Output]:
    """Write what belongs to every `.proto` below `root/package` to `output`; returns the files.

    Raises `ContractError` with one `file:line:column: message` line for each broken rule, and writes nothing then.
    """
    outputs = _outputs(root, package)
    for item in outputs:
        path = output / item.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(item.content)
    return outputs


def check(root: Path, output: Path, *, package: str = ".") -> list[str]:
    """Paths below `output` that differ from what `generate` would write, are missing, or belong to no `.proto`."""
    expected = {item.path: item.content for item in _outputs(root, package)}
    stale = [path for path, content in expected.items() if _content(output / path) != content]
    left_over = [
        str(path.relative_to(output))
        for suffix in ("_pb2.py", "_pb2.pyi", "_pb2_grpc.py", "_codec.py", "_base.py")
        for path in (output / package).rglob(f"*{suffix}")
        if str(path.relative_to(output)) not in expected
    ]
    return sorted([*stale, *left_over])


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


def _outputs(root: Path, package: str) -> list[Output]:
    protos = sorted(str(path.relative_to(root)) for path in (root / package).rglob("*.proto"))
    if not protos:
        raise ContractError(f"{root / package}: no .proto file below this folder")
    described = [file for file in describe(root, protos).file if file.name in set(protos)]
    broken = list(violations(described))
    if broken:
        # As protoc names files in its own messages.
        raise ContractError("\n".join(str(root / str(item)) for item in broken))
    with tempfile.TemporaryDirectory() as folder:
        emit_stubs(root, protos, Path(folder))
        outputs = [
            Output(path=str(path.relative_to(folder)), content=path.read_bytes())
            for path in sorted(Path(folder).rglob("*"))
            if path.is_file() and not _is_empty_grpc(path)
        ]
    written = [
        Output(path=f"{file.name.removesuffix('.proto')}_{kind}.py", content=source(file).encode())
        for file in described
        if _is_contract(file.service)
        for kind, source in (("codec", codec_source), ("base", base_source))
    ]
    return sorted([*outputs, *written], key=lambda item: item.path)


def _is_contract(services: Sequence[object]) -> bool:
    return any(
        endpoint_of(method.options) is not None
        for service in services
        for method in service.method  # type: ignore[attr-defined]
    )


def _is_empty_grpc(path: Path) -> bool:
    return path.name.endswith("_pb2_grpc.py") and "class " not in path.read_text()
