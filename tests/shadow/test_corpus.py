import json
from dataclasses import replace

import pytest

from strangler_protos.identity import Caller
from strangler_router.types import Call
from strangler_shadow.corpus import LARGEST, CorpusError, keep, kept_calls

CALL = Call(
    endpoint="v1:x.get", route="x/<pk>/", method="HEAD", path="/x/%C3%BC/", query="a=1&a=2", kwargs={"pk": "ü"},
    caller=Caller(subject="7", authenticator="a.B", is_staff=True), headers=(("Accept", "*/*"), ("Time-Zone", "UTC")),
)  # fmt: skip


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.STRANGLER = {"SHADOW": {"CORPUS": str(tmp_path / "corpus")}}
    return tmp_path / "corpus"


def test_calls_come_back_as_they_were_newest_first():
    newer = replace(CALL, path="/x/2/")
    keep("v1:x.get", [CALL])
    keep("v1:x.get", [newer])
    assert kept_calls("v1:x.get") == [newer, CALL]


def test_a_call_is_kept_once_and_the_oldest_make_room():
    keep("v1:x.get", [CALL, CALL])
    assert kept_calls("v1:x.get") == [CALL]
    keep("v1:x.get", [replace(CALL, path=f"/x/{number}/") for number in range(LARGEST)])
    assert len(kept_calls("v1:x.get")) == LARGEST
    assert CALL not in kept_calls("v1:x.get")


def test_endpoints_have_files_of_their_own_whatever_their_names(folder):
    for name in ("a/b.get", "../c.get", "v1:x.get"):
        keep(name, [CALL])
    assert kept_calls("nothing.get") == []
    assert sorted(path.name for path in folder.iterdir()) == ["..%2Fc.get.json", "a%2Fb.get.json", "v1%3Ax.get.json"]


@pytest.mark.parametrize("text", ["{", '[{"endpoint": 1}]', "[1]", '{"a": 1}', '[{"caller": {"no": 1}}]', "\udcff"])
def test_a_file_that_cannot_be_read_is_named(folder, text):
    keep("x.get", [CALL])
    (folder / "x.get.json").write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(CorpusError, match=r"x\.get\.json cannot be read .* mend or remove it"):
        kept_calls("x.get")


def test_a_folder_that_cannot_be_written_is_named(folder):
    folder.write_text("a file")
    with pytest.raises(CorpusError, match=r"x\.get\.json cannot be (written|read)"):
        keep("x.get", [CALL])


def test_no_credential_is_kept(folder):
    keep("x.get", [CALL])
    [document] = json.loads((folder / "x.get.json").read_text())
    assert set(document["caller"]) == {"subject", "authenticator", "scopes", "tenant", "is_staff"}
    assert "body" not in document
