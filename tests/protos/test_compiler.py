"""`python -m strangler_protos generate`, as a user runs it."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from strangler_protos.compiler import check, generate
from strangler_protos.errors import ContractError
from tests.protos.conftest import CONTRACT

ROOT = Path(__file__).parents[2]
CODEC = "shop/items_codec.py"
OUTPUTS = ["shop/items_base.py", CODEC, "shop/items_pb2.py", "shop/items_pb2.pyi", "shop/items_pb2_grpc.py"]


def run(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "strangler_protos", *arguments],
        cwd=cwd, env={**os.environ, **environment}, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository with one contract, not generated yet."""
    (tmp_path / "protos" / "shop").mkdir(parents=True)
    (tmp_path / "protos" / "shop" / "items.proto").write_text(CONTRACT.format(package="shop"))
    return tmp_path


def content(project: Path) -> dict[str, bytes]:
    folder = project / "protos" / "gen"
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_generate_names_what_it_writes_and_writes_the_same_whatever_the_hash_seed(project):
    first = run("generate", cwd=project, PYTHONHASHSEED="1")
    assert first.returncode == 0, first.stderr
    assert first.stdout.splitlines() == [f"protos/gen/{name}" for name in OUTPUTS]
    written = content(project)
    assert list(written) == OUTPUTS
    assert run("generate", cwd=project, PYTHONHASHSEED="4711").returncode == 0
    assert content(project) == written


def test_check_is_silent_on_fresh_output_and_names_what_is_stale_missing_and_left_over(project):
    generate(project / "protos", project / "protos" / "gen")
    fresh = run("generate", "--check", cwd=project)
    assert (fresh.returncode, fresh.stdout, fresh.stderr) == (0, "", "")
    output = project / "protos" / "gen"
    (output / CODEC).write_text("# edited by hand\n")
    (output / "shop" / "items_pb2.pyi").unlink()
    (output / "shop" / "gone_codec.py").write_text("")
    before = content(project)
    result = run("generate", "--check", cwd=project)
    assert result.returncode == 65
    assert [line.partition(":")[0] for line in result.stderr.splitlines()] == [
        "protos/gen/shop/gone_codec.py",
        f"protos/gen/{CODEC}",
        "protos/gen/shop/items_pb2.pyi",
    ]
    assert content(project) == before


def test_a_contract_without_endpoints_has_stubs_and_no_codec(tmp_path):
    (tmp_path / "plain.proto").write_text('syntax = "proto3"; message Plain { int32 any = 1; }')
    assert [item.path for item in generate(tmp_path, tmp_path / "gen")] == ["plain_pb2.py", "plain_pb2.pyi"]


def test_the_committed_stubs_and_codecs_are_what_generate_writes():
    protos = ROOT / "protos"
    assert check(protos, protos / "gen", package="banyan") == []
    assert check(protos, protos, package="strangler_protos") == []


def test_other_files_beside_generated_ones_are_not_left_over(project):
    output = project / "protos" / "gen"
    generate(project / "protos", output)
    (output / "shop" / "__init__.py").write_text("")
    assert check(project / "protos", output) == []


USAGE = [
    ([], "required: verb"),
    (["compile"], "invalid choice: 'compile'"),
    (["generate", "--chekc"], "--chekc"),
    (["generate", "--root", "nowhere"], "--root nowhere: no such folder"),
]


@pytest.mark.parametrize(("arguments", "message"), USAGE)
def test_a_wrong_call_exits_64_and_says_what_is_wrong(arguments, message, tmp_path):
    result = run(*arguments, cwd=tmp_path)
    assert result.returncode == 64
    assert message in result.stderr


def test_a_folder_without_contracts_is_a_failed_check(tmp_path):
    (tmp_path / "protos").mkdir()
    result = run("generate", cwd=tmp_path)
    assert (result.returncode, result.stderr) == (65, "protos: no .proto file below this folder\n")


def test_without_grpcio_tools_the_message_names_the_extra(project, tmp_path):
    (tmp_path / "path" / "grpc_tools").mkdir(parents=True)
    (tmp_path / "path" / "grpc_tools" / "__init__.py").write_text(
        "raise ModuleNotFoundError(\"No module named 'grpc_tools'\", name='grpc_tools')"
    )
    result = run("generate", cwd=project, PYTHONPATH=str(tmp_path / "path"))
    assert (result.returncode, result.stderr) == (
        65,
        "grpcio-tools is not installed; `pip install django-strangler[compile]`\n",
    )


THING = "message Thing {"
OPTIONAL = '  optional string text = 1 [json_name = "te xt\'s"];'
ID = 'id: "thing-detail.get"'
GET = ID + ' route: "things/<pk>/" http_method: "GET"'
RULES = [
    (GET, GET.replace('"GET"', '"FETCH"'),
     "rpc GetThing: http_method 'FETCH' is none of DELETE, GET, PATCH, POST, PUT"),
    (ID, 'id: "thing-detail"', "rpc GetThing: endpoint id 'thing-detail' must end in .get"),
    ('"number-list.get"', '"thing-detail.get"', "endpoint id 'thing-detail.get' is bound by rpc GetThing already"),
    (' route: "things/<pk>/"', "", "rpc GetThing: the endpoint's route is missing"),
    ("returns (Thing)", "returns (stream Thing)", "streaming RPCs cannot answer for an HTTP endpoint"),
    ("GetThing(GetThingRequest)", "GetThing(stream GetThingRequest)", "streaming RPCs cannot answer"),
    ("returns (Thing)", "returns (strangler.v1.HttpError)",
     "strangler.v1.HttpError must be declared in the same file"),
    ("strangler.v1.HttpRequest strangler_http = 1000", "string strangler_http = 1000",
     "GetThingRequest: needs `strangler.v1.HttpRequest strangler_http = 1000`"),
    ("strangler.v1.HttpResult strangler_http = 1001", "strangler.v1.HttpResult http = 1001",
     "Thing: needs `strangler.v1.HttpResult strangler_http = 1001`"),
    ("repeated strangler.v1.Overflow strangler_overflow", "strangler.v1.Overflow strangler_overflow",
     "Thing: needs `repeated strangler.v1.Overflow strangler_overflow = 1002`"),
    ("repeated int64 items = 1", "repeated int64 items = 2", "field 1 of a SHAPE_ARRAY response must be repeated"),
    ("repeated int64 items = 1", "optional int64 items = 1", "field 1 of a SHAPE_ARRAY response must be repeated"),
    (OPTIONAL, "  optional string text = 1;", "Thing.text: write json_name out; it is the JSON key"),
    (OPTIONAL, OPTIONAL.replace("optional ", ""), "Thing.text: must be optional, since unset stands for JSON null"),
    (OPTIONAL, OPTIONAL.replace("string", "int32"),
     "Thing.text: type int32 is not exact; use string, int64, double or"),
    (OPTIONAL, OPTIONAL.replace("string", "float"), "Thing.text: type float is not exact"),
    (OPTIONAL, OPTIONAL.replace("string", "bytes"), "Thing.text: type bytes is not exact"),
    (OPTIONAL, OPTIONAL.replace("string", "strangler.v1.Slot"), "Thing.text: type enum is not exact"),
    (OPTIONAL, OPTIONAL.replace("optional string", "map<string, string>"),
     "Thing.text: a map loses the order of keys"),
    (OPTIONAL, OPTIONAL.replace("optional string", "strangler.v1.Header"),
     "Thing.text: strangler.v1.Header must be declared at the top of this file"),
    (OPTIONAL, '  oneof either { string text = 1 [json_name = "text"]; }',
     "Thing.text: a oneof has no JSON counterpart"),
    (OPTIONAL, OPTIONAL.replace("]", ", (strangler.v1.slot) = SLOT_OBJECT]"),
     "Thing.text: SLOT_OBJECT needs a repeated"),
    (OPTIONAL, OPTIONAL.replace("text =", "from ="),
     "Thing.from: is a word of Python; name it from_ and keep json_name"),
    ("optional string json", "repeated string json", "Thing.json: SLOT_JSON needs an optional string"),
    ("optional string json", "optional int64 json", "Thing.json: SLOT_JSON needs an optional string"),
    ("repeated PartEntry named", "PartEntry named",
     "Thing.named: SLOT_OBJECT needs a repeated message with key = 1"),
    ("repeated PartEntry named", "repeated Part named",
     "Thing.named: SLOT_OBJECT needs a repeated message with key = 1"),
    (OPTIONAL, OPTIONAL.replace("= 1", "= 4000"), "Thing.text: numbers from 1000 on are the framework's"),
    ('"page-size"]', '"page-size"]; optional string q = 1003 [json_name = "q"]',
     "GetThingRequest.q: numbers from 1000 on"),
    ("optional string page_size", "optional int64 page_size", "GetThingRequest.page_size: must be a string"),
    ("optional string page_size", "repeated string page_size", "GetThingRequest.page_size: must be a string"),
    (' [json_name = "page-size"]', "",
     "GetThingRequest.page_size: write json_name out; it is the name of the query"),
    ("things/<pk>/", "things/<int:id>/",
     "GetThingRequest.pk: the route 'things/<int:id>/' has no argument of that name"),
    (THING, "message P_Art {} message PArt {} " + THING, "PArt: its codec would have the name of that of P_Art"),
]  # fmt: skip


@pytest.mark.parametrize(("given", "instead", "message"), RULES)
def test_each_broken_rule_is_named_with_its_file_line_and_column(given, instead, message, tmp_path):
    source = CONTRACT.format(package="shop")
    assert given in source
    (tmp_path / "bad.proto").write_text(source.replace(given, instead, 1))
    with pytest.raises(ContractError) as refused:
        generate(tmp_path, tmp_path / "gen")
    assert not (tmp_path / "gen").exists()
    lines = str(refused.value).splitlines()
    assert all(re.fullmatch(rf"{tmp_path}/bad\.proto:\d+:\d+: .+", line) for line in lines)
    assert any(message in line for line in lines)


def test_a_violation_stands_where_it_is_written(tmp_path):
    source = CONTRACT.format(package="shop").replace(OPTIONAL, '  optional int32 text = 1 [json_name = "text"];')
    (tmp_path / "bad.proto").write_text(source)
    line = source.splitlines().index('  optional int32 text = 1 [json_name = "text"];') + 1
    with pytest.raises(ContractError, match=rf"^{tmp_path}/bad\.proto:{line}:3: Thing\.text: type int32"):
        generate(tmp_path, tmp_path / "gen")


def test_bad_contracts_exit_65_and_write_nothing(project):
    path = project / "protos" / "shop" / "items.proto"
    path.write_text(path.read_text().replace(OPTIONAL, OPTIONAL.replace("string", "int32")))
    result = run("generate", cwd=project)
    assert result.returncode == 65
    assert result.stderr.startswith("protos/shop/items.proto:")
    assert content(project) == {}


def test_a_syntax_error_is_protocs_with_file_line_and_column(project):
    (project / "protos" / "shop" / "items.proto").write_text('syntax = "proto3";\nmessage Broken {\n')
    result = run("generate", cwd=project)
    assert result.returncode == 65
    assert re.search(r"^protos/shop/items\.proto:\d+:\d+: .+", result.stderr, re.MULTILINE)
    assert "Traceback" not in result.stderr


def test_a_message_without_fields_stands_for_an_empty_object(tmp_path):
    empty = "message Thing {\n" + CONTRACT[CONTRACT.index("  strangler.v1.HttpResult") :].partition("}}")[0] + "}\n"
    source = CONTRACT.format(package="hollow")
    start, end = source.index("message Thing {"), source.index("message Part {")
    (tmp_path / "hollow.proto").write_text(source[:start] + empty + source[end:])
    generate(tmp_path, tmp_path / "gen")
    names: dict[str, Any] = {}
    exec((tmp_path / "gen" / "hollow_codec.py").read_text(), names)
    assert names["THING_KEYS"] == ()
