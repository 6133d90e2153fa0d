"""Run buf, whose rules say which changes break the wire; it reads descriptors, so it needs no registry."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from google.protobuf.descriptor_pb2 import FileDescriptorSet

from strangler_extract.differences import Change
from strangler_protos.errors import ContractError

__all__ = ["breaking"]

RULES = {
    "version": "v2",
    "breaking": {
        "use": ["WIRE_JSON"],
        # A field may change its name while its key stays, and a key that comes back has its name under another number;
        # nobody reads these names, since JSON is written by keys.
        "except": ["FIELD_NO_DELETE_UNLESS_NAME_RESERVED", "FIELD_SAME_NAME"],
    },
}
FOUND = 100


def breaking(before: FileDescriptorSet, after: FileDescriptorSet) -> list[Change]:
    """The changes that break the wire by buf's category WIRE_JSON; `ContractError` where buf cannot be run."""
    if not before.file or not after.file:
        return []
    with tempfile.TemporaryDirectory() as folder:
        old, new = Path(folder, "before.binpb"), Path(folder, "after.binpb")
        old.write_bytes(before.SerializeToString())
        new.write_bytes(after.SerializeToString())
        options = ["--against", str(old), "--config", json.dumps(RULES), "--error-format", "json"]
        command = [_program(), "breaking", str(new), *options]
        finished = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if finished.returncode not in (0, FOUND):
        raise ContractError(f"buf breaking: {finished.stderr.strip() or finished.stdout.strip()}")
    return [_change(json.loads(line)) for line in finished.stdout.splitlines()]


def _program() -> str:
    beside = str(Path(sys.executable).parent)
    found = shutil.which("buf", path=os.pathsep.join([beside, os.environ.get("PATH", os.defpath)]))
    if found is None:
        raise ContractError("buf is not installed; `pip install buf-bin`")
    return found


def _change(said: dict[str, str]) -> Change:
    where = f"{said.get('path', 'buf')}:{said.get('start_line', 1)}"
    return Change(where=where, what=f"{said['message']} ({said['type']})", breaks=True)
