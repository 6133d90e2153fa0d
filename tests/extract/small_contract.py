"""A contract with every option, written to a folder as a test wants it, and `strangler contract` run on it."""

import subprocess
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

NAME = "shop/catalog/v1/catalog.proto"
SERVICE = "shop.catalog.v1.CatalogService"
BOOK = "shop.catalog.v1.Book"
CONTRACT = """\
syntax = "proto3";

package shop.catalog.v1;

import "strangler_protos/v1/http.proto";
import "strangler_protos/v1/options.proto";

service CatalogService {
  rpc ListBooks(ListBooksRequest) returns (ListBooksResponse) {
    option (strangler.v1.endpoint) = {
      id: "book-list.get" route: "books/" http_method: "GET" shape: SHAPE_ARRAY authority: AUTHORITY_SERVICE
    };
  }
  rpc GetBook(GetBookRequest) returns (Book) {
    option (strangler.v1.endpoint) = {
      id: "book-detail.get" route: "books/<int:pk>/" http_method: "GET" authority: AUTHORITY_SERVICE
    };
  }
  rpc CreateBook(CreateBookRequest) returns (Book) {
    option (strangler.v1.endpoint) = {id: "book-list.post" route: "books/" http_method: "POST" success_status: 201};
  }
}

message ListBooksRequest {
  optional string page = 1 [json_name = "page"];
  strangler.v1.HttpRequest strangler_http = 1000 [json_name = "strangler_http"];
}

message ListBooksResponse {
  repeated Book items = 1 [json_name = "items"];
  strangler.v1.HttpResult strangler_http = 1001 [json_name = "strangler_http"];
  repeated strangler.v1.Overflow strangler_overflow = 1002 [json_name = "strangler_overflow"];
}

message GetBookRequest {
  string pk = 1 [json_name = "pk", (strangler.v1.source) = SOURCE_PATH];
  strangler.v1.HttpRequest strangler_http = 1000 [json_name = "strangler_http"];
}

message CreateBookRequest {
  strangler.v1.HttpRequest strangler_http = 1000 [json_name = "strangler_http"];
}

message Book {
  optional int64 id = 1 [json_name = "id"];
  optional string title = 2 [json_name = "title"];
  optional double rating = 3 [json_name = "rating"];
  optional string extra = 4 [json_name = "extra", (strangler.v1.slot) = SLOT_JSON];
  Author author = 5 [json_name = "author"];
  repeated StockEntry stock = 6 [json_name = "stock", (strangler.v1.slot) = SLOT_OBJECT];
  strangler.v1.HttpResult strangler_http = 1001 [json_name = "strangler_http"];
  repeated strangler.v1.Overflow strangler_overflow = 1002 [json_name = "strangler_overflow"];
}

message Author {
  optional string name = 1 [json_name = "name"];
  repeated strangler.v1.Overflow strangler_overflow = 1002 [json_name = "strangler_overflow"];
}

message StockEntry {
  string key = 1 [json_name = "key"];
  optional int64 value = 2 [json_name = "value"];
  repeated strangler.v1.Overflow strangler_overflow = 1002 [json_name = "strangler_overflow"];
}
"""
RATING = '  optional double rating = 3 [json_name = "rating"];\n'
LAST = '  repeated StockEntry stock = 6 [json_name = "stock", (strangler.v1.slot) = SLOT_OBJECT];\n'


def changed(given: str, instead: str, source: str = CONTRACT) -> str:
    """The contract with one text in place of another, everywhere."""
    assert given in source
    return source.replace(given, instead)


def with_field(line: str, source: str = CONTRACT) -> str:
    """The contract with one more line at the end of Book."""
    return changed(LAST, f"{LAST}  {line}\n", source)


FLAVOUR = with_field('optional string flavour = 7 [json_name = "flavour"];')
COLOUR = with_field('optional string colour = 7 [json_name = "colour"];')
COLOUR_AND_FLAVOUR = with_field(
    'optional string colour = 7 [json_name = "colour"];\n  optional string flavour = 8 [json_name = "flavour"];'
)


def written(folder: Path, source: str) -> Path:
    """The folder, after the contract was put into it."""
    path = folder / NAME
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source)
    return folder


def run(*arguments: object, root: Path) -> str:
    """What the verb prints."""
    out = StringIO()
    call_command("strangler_contract", *map(str, arguments), "--root", str(root), stdout=out)
    return out.getvalue()


def failed(*arguments: object, root: Path) -> tuple[str, str]:
    """What the verb prints before it fails with 65, and why it does."""
    out = StringIO()
    with pytest.raises(CommandError) as error:
        call_command("strangler_contract", *map(str, arguments), "--root", str(root), stdout=out)
    assert error.value.returncode == 65
    return out.getvalue(), str(error.value)


def git(folder: Path, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run git, which never asks for a message."""
    command = ["git", "-c", "core.editor=true", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=check)


def commit(folder: Path, words: str) -> None:
    """Commit all that is there."""
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", words)


def repository(folder: Path) -> Path:
    """A clone whose first commit has the contract and its lock in `protos`."""
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "config", "user.email", "tests@example.org")
    git(folder, "config", "user.name", "Tests")
    run("lock", root=written(folder / "protos", CONTRACT))
    commit(folder, "The contract")
    return folder
