"""Run protoc, as grpcio-tools carries it."""

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from google.protobuf.descriptor_pb2 import FileDescriptorSet

from strangler_protos.errors import ContractError

__all__ = ["describe", "emit_stubs"]


def describe(root: Path, protos: Sequence[str]) -> FileDescriptorSet:
    """Descriptors of the files and all that they import, with source positions."""
    with tempfile.NamedTemporaryFile(suffix=".binpb") as output:
        _protoc(root, ["--include_imports", "--include_source_info", f"--descriptor_set_out={output.name}", *protos])
        # google.api.http must be a known extension before the set is parsed.
        import google.api.annotations_pb2  # noqa: F401

        import strangler_protos.v1.options_pb2  # noqa: F401

        return FileDescriptorSet.FromString(Path(output.name).read_bytes())


def emit_stubs(root: Path, protos: Sequence[str], output: Path) -> None:
    """Write `_pb2.py`, `_pb2.pyi` and `_pb2_grpc.py` for each file."""
    _protoc(root, [f"--python_out={output}", f"--pyi_out={output}", f"--grpc_python_out={output}", *protos])


def _protoc(root: Path, arguments: Sequence[str]) -> None:
    includes = [root, files("strangler_protos").joinpath(".."), *_bundled_includes()]
    command = [sys.executable, "-m", "grpc_tools.protoc", *(f"-I{path}" for path in includes), *arguments]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if finished.returncode:
        if "No module named 'grpc_tools'" in finished.stderr or "No module named grpc_tools" in finished.stderr:
            raise ContractError("grpcio-tools is not installed; `pip install django-strangler[compile]`")
        raise ContractError(finished.stderr.strip())


def _bundled_includes() -> list[Path]:
    import google.api.annotations_pb2

    annotations = Path(str(google.api.annotations_pb2.__file__)).parents[2]
    return [annotations]
