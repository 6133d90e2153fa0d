import importlib
import sys
from pathlib import Path

import pytest

from strangler_protos.compiler import generate

CONTRACT = """\
syntax = "proto3";
package {package};

import "strangler_protos/v1/http.proto";
import "strangler_protos/v1/options.proto";

service Things {{
  rpc GetThing(GetThingRequest) returns (Thing) {{
    option (strangler.v1.endpoint) = {{
      id: "thing-detail.get" route: "things/<pk>/" http_method: "GET" success_status: 203 authority: AUTHORITY_MONOLITH
    }};
  }}
  rpc ListNumbers(ListNumbersRequest) returns (ListNumbersResponse) {{
    option (strangler.v1.endpoint) = {{
      id: "number-list.get" route: "numbers/" http_method: "GET" shape: SHAPE_ARRAY
    }};
  }}
  rpc Unbound(ListNumbersRequest) returns (ListNumbersResponse);
}}

message GetThingRequest {{
  string pk = 1 [json_name = "pk", (strangler.v1.source) = SOURCE_PATH];
  optional string page_size = 2 [json_name = "page-size"];
  strangler.v1.HttpRequest strangler_http = 1000 [json_name = "strangler_http"];
}}

message Thing {{
  optional string text = 1 [json_name = "te xt's"];
  optional int64 whole = 2 [json_name = "whole"];
  optional double real = 3 [json_name = "real"];
  optional bool flag = 4 [json_name = "Flag"];
  repeated string texts = 5 [json_name = "texts"];
  repeated int64 wholes = 6 [json_name = "wholes"];
  repeated double reals = 7 [json_name = "reals"];
  repeated bool flags = 8 [json_name = "flags"];
  optional string json = 9 [json_name = "json", (strangler.v1.slot) = SLOT_JSON];
  Part part = 10 [json_name = "part"];
  repeated Part parts = 11 [json_name = "parts"];
  repeated PartEntry named = 12 [json_name = "named", (strangler.v1.slot) = SLOT_OBJECT];
  repeated CountEntry counts = 13 [json_name = "counts", (strangler.v1.slot) = SLOT_OBJECT];
  Thing parent = 14 [json_name = "parent"];
  strangler.v1.HttpResult strangler_http = 1001 [json_name = "strangler_http"];
  repeated strangler.v1.Overflow strangler_overflow = 1002 [json_name = "strangler_overflow"];
}}

message Part {{
  string key = 1 [json_name = "key"];
  optional string value = 3 [json_name = "value"];
  repeated strangler.v1.Overflow strangler_overflow = 1002 [json_name = "strangler_overflow"];
}}

message PartEntry {{
  string key = 1 [json_name = "key"];
  Part value = 2 [json_name = "value"];
  repeated strangler.v1.Overflow strangler_overflow = 1002 [json_name = "strangler_overflow"];
}}

message CountEntry {{
  string key = 1 [json_name = "key"];
  optional int64 value = 2 [json_name = "value"];
  repeated strangler.v1.Overflow strangler_overflow = 1002 [json_name = "strangler_overflow"];
}}

message ListNumbersRequest {{
  strangler.v1.HttpRequest strangler_http = 1000 [json_name = "strangler_http"];
}}

message ListNumbersResponse {{
  repeated int64 items = 1 [json_name = "items"];
  strangler.v1.HttpResult strangler_http = 1001 [json_name = "strangler_http"];
  repeated strangler.v1.Overflow strangler_overflow = 1002 [json_name = "strangler_overflow"];
}}
"""


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Name of the `_pb2` module of a contract that has every kind of slot."""
    root: Path = tmp_path_factory.mktemp("contract")
    folder = root / "every_slot"
    folder.mkdir()
    (folder / "things.proto").write_text(CONTRACT.format(package="every_slot"))
    generate(root, root / "gen")
    sys.path.insert(0, str(root / "gen"))
    importlib.invalidate_caches()
    yield "every_slot.things_pb2"
    sys.path.remove(str(root / "gen"))
