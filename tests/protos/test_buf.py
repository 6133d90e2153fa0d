"""buf reads descriptor sets, so it needs no registry; `make lint-protos` runs the same commands."""

import subprocess
import sys
from pathlib import Path

import pytest

from strangler_protos.compiler.protoc import describe

PROTOS = Path(__file__).parents[2] / "protos"
CONTRACT = (PROTOS / "banyan" / "catalog" / "v1" / "catalog.proto").read_text()


def buf(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [Path(sys.executable).with_name("buf"), *map(str, arguments), "--config", str(PROTOS / "buf.yaml")]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def image(root: Path, path: Path) -> Path:
    protos = sorted(str(proto.relative_to(root)) for proto in root.rglob("*.proto"))
    path.write_bytes(describe(root, protos).SerializeToString())
    return path


def contract(folder: Path, source: str) -> Path:
    (folder / "banyan/catalog/v1").mkdir(parents=True)
    (folder / "banyan/catalog/v1/catalog.proto").write_text(source)
    return image(folder, folder / "image.binpb")


def test_the_contracts_pass_bufs_standard_rules(tmp_path):
    result = buf("lint", image(PROTOS, tmp_path / "protos.binpb"))
    assert (result.returncode, result.stdout) == (0, "")


def test_a_name_against_the_rules_is_found(tmp_path):
    result = buf("lint", contract(tmp_path / "bad", CONTRACT.replace("optional string slug", "optional string Slug")))
    assert "Slug" in result.stdout
    assert result.returncode == 100


CHANGES = [
    ("optional int64 minutes = 4", "optional int64 minutes = 40"),
    ('optional int64 minutes = 4 [json_name = "minutes"]', 'optional int64 minutes = 4 [json_name = "length"]'),
    ("optional int64 minutes", "optional string minutes"),
    ('  optional int64 minutes = 4 [json_name = "minutes"];\n', ""),
]


@pytest.mark.parametrize(("given", "instead"), CHANGES)
def test_a_change_that_breaks_the_wire_or_the_json_is_found(given, instead, tmp_path):
    assert given in CONTRACT
    before = contract(tmp_path / "before", CONTRACT)
    after = contract(tmp_path / "after", CONTRACT.replace(given, instead))
    assert buf("breaking", after, "--against", before).returncode == 100
    assert buf("breaking", before, "--against", before).returncode == 0
