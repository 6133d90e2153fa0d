"""`strangler contract diff`: what changed, and what of it breaks programs that have the other version."""

import sys

import pytest
from django.core.management import CommandError, call_command
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet

from strangler_django.verb import UsageError
from strangler_extract.buf import breaking
from strangler_extract.lock import lock_path
from strangler_protos.errors import ContractError
from tests.extract.small_contract import (
    BOOK,
    CONTRACT,
    FLAVOUR,
    NAME,
    RATING,
    SERVICE,
    changed,
    commit,
    failed,
    repository,
    run,
    with_field,
    written,
)

PATH_FIELD = '[json_name = "pk", (strangler.v1.source) = SOURCE_PATH]'
ENDPOINT = '(strangler.v1.endpoint) = {id: "book-list.post" route: "books/" http_method: "POST" success_status: 201}'
CREATE = f"  rpc CreateBook(CreateBookRequest) returns (Book) {{\n    option {ENDPOINT};\n  }}\n"
AGAIN = CREATE.replace("CreateBook(", "CreateAgain(").replace("book-list", "again-list")
RATING_AS_TEXT = 'reserved 3;\n  optional string rating = 7 [json_name = "rating"];'

HARMLESS = {
    "a field more": (FLAVOUR, [f"{BOOK}: flavour added as 7, string"]),
    "a field less, reserved": (changed(RATING, "  reserved 3;\n"), [f"{BOOK}: rating removed, was 3, double"]),
    "another kind under a new number": (
        with_field(RATING_AS_TEXT, changed(RATING, "")),
        [
            f"{BOOK}: rating renumbered 3 -> 7",
            f"{BOOK}: rating retyped double -> string",
            f"{BOOK}: keys are in another order: id, title, extra, author, stock, rating",
        ],
    ),
    "another order": (
        with_field(RATING.strip(), changed(RATING, "")),
        [f"{BOOK}: keys are in another order: id, title, extra, author, stock, rating"],
    ),
    "another name in the contract": (
        changed("optional double rating =", "optional double stars ="),
        [f"{BOOK}: rating called rating -> stars in the contract"],
    ),
    "the monolith asked again": (
        changed('"GET" authority: AUTHORITY_SERVICE', '"GET" authority: AUTHORITY_MONOLITH'),
        [f"{SERVICE}/GetBook: authority SERVICE -> MONOLITH"],
    ),
    "a shape that is said": (
        changed("success_status: 201}", "success_status: 201 shape: SHAPE_OBJECT}"),
        ["no change"],
    ),
    "an RPC more": (
        changed(CREATE, CREATE + AGAIN),
        [f"{SERVICE}/CreateAgain: added, for again-list.post (POST books/)"],
    ),
    "a message more": (CONTRACT + "\nmessage Unused {}\n", ["shop.catalog.v1.Unused: added"]),
}

# What is told, and the rule of buf's that it breaks; None where only we look.
BREAKING = {
    "another number": (
        "double rating = 3",
        "double rating = 9",
        f"{BOOK}: rating renumbered 3 -> 9",
        "NUMBER_RESERVED",
    ),
    "a field less": (RATING, "", f"{BOOK}: rating removed, was 3, double", "FIELD_NO_DELETE_UNLESS_NUMBER_RESERVED"),
    "another kind": ("double rating", "string rating", f"{BOOK}: rating retyped double -> string", "COMPATIBLE_TYPE"),
    "another key": ('[json_name = "rating"]', '[json_name = "stars"]', f"{BOOK}: stars added as 3", "SAME_JSON_NAME"),
    "many": ("optional double", "repeated double", "rating retyped double -> repeated double", "CARDINALITY"),
    "another response": ("returns (Book)", "returns (Author)", "GetBook", "RPC_SAME_RESPONSE_TYPE"),
    "text, not JSON text": (", (strangler.v1.slot) = SLOT_JSON", "", f"{BOOK}: extra retyped json -> string", None),
    "a list, not an object": (
        ", (strangler.v1.slot) = SLOT_OBJECT",
        "",
        f"{BOOK}: stock retyped entries StockEntry -> repeated message StockEntry",
        None,
    ),
    "another route": ("books/<int:pk>/", "book/<int:pk>/", "GetBook: route books/<int:pk>/ -> book/<int:pk>/", None),
    "another endpoint": ("book-list.get", "books.get", "ListBooks: endpoint book-list.get -> books.get", None),
    "another method": ('"POST"', '"PUT"', f"{SERVICE}/CreateBook: method POST -> PUT", None),
    "another status": ("success_status: 201", "success_status: 202", "CreateBook: status 201 -> 202", None),
    "the usual status": (" success_status: 201", "", f"{SERVICE}/CreateBook: status 201 -> 200", None),
    "an object, not an array": (" shape: SHAPE_ARRAY", "", f"{SERVICE}/ListBooks: shape ARRAY -> OBJECT", None),
    "no endpoint": (f"    option {ENDPOINT};\n", "", "CreateBook: book-list.post (POST books/) -> no endpoint", None),
    "an RPC less": (CREATE, "", f"{SERVICE}/CreateBook: removed, was for book-list.post (POST books/)", None),
    "a path argument from the query": (
        PATH_FIELD,
        '[json_name = "pk"]',
        "shop.catalog.v1.GetBookRequest: pk read from the path -> from the query",
        None,
    ),
    "nobody but the service to refuse": (
        "success_status: 201",
        "success_status: 201 authority: AUTHORITY_SERVICE",
        f"{SERVICE}/CreateBook: authority UNSPECIFIED -> SERVICE",
        None,
    ),
}


@pytest.fixture(scope="module")
def before(tmp_path_factory):
    return written(tmp_path_factory.mktemp("before"), CONTRACT)


@pytest.mark.parametrize("name", HARMLESS)
def test_a_change_that_nobody_stumbles_on_is_told(name, before, tmp_path):
    source, words = HARMLESS[name]
    told = run("diff", "--against", before, root=written(tmp_path, source))
    assert [line.strip() for line in told.splitlines()] == words


@pytest.mark.parametrize("name", BREAKING)
def test_a_change_that_breaks_is_told_and_fails(name, before, tmp_path):
    given, instead, words, rule = BREAKING[name]
    out, why = failed("diff", "--against", before, root=written(tmp_path, changed(given, instead)))
    assert words in out
    breaks = [line for line in out.splitlines() if line.startswith("breaks  ")]
    if rule is None:
        assert any(words in line for line in breaks)
        assert not any(NAME in line for line in breaks)
    else:
        assert any(line.startswith(f"breaks  {NAME}:") and rule in line for line in breaks)
    assert why == f"{len(breaks)} of {len(out.splitlines())} changes break programs that have the other version"


def test_no_change_is_said(before):
    assert run("diff", "--against", before, root=before) == "no change\n"


def test_a_message_that_is_gone_is_told(before, tmp_path):
    old = written(tmp_path, CONTRACT + "\nmessage Unused {}\n")
    assert run("diff", "--against", old, root=before) == "        shop.catalog.v1.Unused: removed\n"


def test_an_rpc_that_gets_an_endpoint_breaks_nothing(before, tmp_path):
    old = written(tmp_path, changed(f"    option {ENDPOINT};\n", ""))
    told = run("diff", "--against", old, root=before)
    assert told == f"        {SERVICE}/CreateBook: no endpoint -> book-list.post (POST books/)\n"


def test_a_lock_that_gives_a_number_to_another_key_breaks(tmp_path):
    old, new = written(tmp_path / "old", CONTRACT), written(tmp_path / "new", CONTRACT)
    run("lock", root=old)
    lock_path(new / NAME).write_text(lock_path(old / NAME).read_text().replace('"rating"', '"stars"'))
    out, _ = failed("diff", "--against", old, root=new)
    words = "Book: number 3 was `rating` (double) and is `stars` (double)"
    assert out == f"breaks  shop/catalog/v1/catalog.lock.json: {words}\n"


def test_a_lock_that_is_gone_fails_unless_its_contract_is_gone_too(tmp_path):
    old, new = written(tmp_path / "old", CONTRACT), written(tmp_path / "new", CONTRACT)
    run("lock", root=old)
    assert "catalog.lock.json:1: is missing" in failed("diff", "--against", old, root=new)[1]
    (new / NAME).unlink()
    out, _ = failed("diff", "--against", old, root=new)
    assert [line for line in out.splitlines() if "lock.json" in line] == []
    assert f"breaks  {SERVICE}/GetBook: removed" in out


def test_the_work_tree_is_compared_with_a_commit(tmp_path):
    clone = repository(tmp_path)
    protos = clone / "protos"
    assert run("diff", root=protos) == "no change\n"
    written(protos, FLAVOUR)
    assert run("diff", root=protos) == f"        {BOOK}: flavour added as 7, string\n"
    commit(clone, "A field more")
    assert run("diff", root=protos) == "no change\n"
    assert run("diff", "--against", "HEAD~1", root=protos) == f"        {BOOK}: flavour added as 7, string\n"


def test_contracts_that_a_commit_did_not_have_are_new(tmp_path):
    clone = repository(tmp_path)
    told = run("diff", "--against", "main", root=written(clone / "others", CONTRACT))
    assert f"        {SERVICE}/GetBook: added, for book-detail.get (GET books/<int:pk>/)\n" in told
    assert "breaks" not in told


@pytest.mark.parametrize("against", ["origin/main", "--output=x"])
def test_a_commit_that_is_not_there_fails(against, tmp_path):
    clone = repository(tmp_path)
    why = failed("diff", f"--against={against}", root=clone / "protos")[1]
    assert repr(against) in why
    assert "git fetch" in why


def test_a_contract_that_does_not_compile_fails(before, tmp_path):
    assert NAME in failed("diff", "--against", before, root=written(tmp_path, CONTRACT + "message"))[1]


def test_buf_must_be_installed(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    described = FileDescriptorSet(file=[FileDescriptorProto(name="a.proto", package="a", syntax="proto3")])
    with pytest.raises(ContractError, match="pip install buf-bin"):
        breaking(described, described)


def test_what_buf_cannot_read_fails():
    broken = FileDescriptorSet(file=[FileDescriptorProto(name="a.proto", dependency=["b.proto"], syntax="proto3")])
    with pytest.raises(ContractError, match=r"buf breaking: .*b\.proto"):
        breaking(broken, broken)


def test_the_root_must_be_there(tmp_path):
    with pytest.raises(UsageError, match="no such folder"):
        run("diff", root=tmp_path / "none")


def test_a_verb_must_be_named():
    with pytest.raises(CommandError) as error:
        call_command("strangler_contract")
    assert error.value.returncode == 64
