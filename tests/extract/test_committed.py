import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strangler_extract import observed
from strangler_extract.committed import committed_responses, kept
from strangler_extract.contract import Contract, Rpc, describe
from strangler_extract.lock import Lock
from strangler_extract.proto_text import proto_text
from strangler_extract.shapes import Array, Field, Json, Kind, Object, Scalar
from strangler_protos.compiler.protoc import describe as compiled

TEXT, INTEGER = Scalar(Kind.TEXT), Scalar(Kind.INTEGER)
KEYS = st.sampled_from(["id", "name", "tags", "2024", "class", "a b", "nested"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(0, 1) | st.text("ab", max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


def contract_of(shape):
    rpc = Rpc(name="GetThing", endpoint="thing.get", route="thing/", http_method="GET", response=shape)
    return Contract(package="shop.things.v1", name="things", service="ThingsService", rpcs=(rpc,))


def on_disk(described):
    """The contract as it would be read from disk, with its comments."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, described.file.name)
        path.parent.mkdir(parents=True)
        path.write_text(proto_text(described.file, described.comments))
        return next(
            file for file in compiled(Path(folder), [described.file.name]).file if file.name == described.file.name
        )


@settings(max_examples=15, deadline=None)
@given(st.lists(st.dictionaries(KEYS, VALUES, max_size=5), min_size=1, max_size=3))
def test_what_is_read_back_makes_the_same_contract(documents):
    shape = observed.merged(Json("undeclared"), observed.shape_of(documents, name="Thing"))
    first = describe(contract_of(shape), Lock())
    again = describe(
        contract_of(kept(Json("undeclared"), committed_responses(on_disk(first))["thing.get"])), first.lock
    )
    assert again.file == first.file
    assert again.comments == first.comments
    assert again.lock == first.lock


def thing(*fields):
    return Object("Thing", tuple(Field(key=key, shape=shape, why=why) for key, shape, why in fields))


KNOWN = thing(
    ("id", INTEGER, "IntegerField"),
    ("extra", TEXT, "observed in every response"),
    ("seen", TEXT, "observed in every response, undeclared"),
    ("code", TEXT, "observed in every response, not IntegerField"),
)


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        pytest.param(
            ("extra", Json("undeclared"), "no type"), ("extra", TEXT, "observed in every response"), id="no type"
        ),
        pytest.param(("extra", INTEGER, "IntegerField"), ("extra", INTEGER, "IntegerField"), id="a type since then"),
        pytest.param(("code", INTEGER, "IntegerField"), KNOWN.fields[3], id="contradicted"),
        pytest.param(("code", INTEGER, "annotation"), ("code", INTEGER, "annotation"), id="another declaration"),
        pytest.param(("id", TEXT, "CharField"), ("id", TEXT, "CharField"), id="another field"),
        pytest.param(("fresh", TEXT, "CharField"), ("fresh", TEXT, "CharField"), id="a new field"),
    ],
)
def test_what_only_samples_told_stays_until_somebody_declares_it(declared, expected):
    expected = expected if isinstance(expected, Field) else thing(expected).fields[0]
    found = {field.key: field for field in kept(thing(declared), KNOWN).fields}
    assert found[declared[0]] == expected
    assert found["seen"] == KNOWN.fields[2]
    assert len(found) == 2


def test_keys_keep_the_order_in_which_they_were_seen_and_a_new_one_stands_where_it_is_declared():
    seen = thing(("b", TEXT, "CharField, in the order observed"), ("a", TEXT, "CharField, in the order observed"))
    declared = thing(("a", TEXT, "CharField"), ("new", TEXT, "CharField"), ("b", TEXT, "CharField"))
    assert [field.key for field in kept(declared, seen).fields] == ["b", "a", "new"]


def test_a_key_that_is_declared_no_more_is_gone():
    assert [
        field.key
        for field in kept(thing(("id", INTEGER, "IntegerField")), replace(KNOWN, fields=KNOWN.fields[:2])).fields
    ] == ["id"]


def test_lists_are_kept_through():
    assert kept(Array(thing(("extra", Json("x"), ""))), Array(KNOWN)).items.fields[0].shape == TEXT
    assert kept(TEXT, KNOWN) == TEXT
    assert kept(TEXT, None) == TEXT


def test_an_envelope_that_no_serializer_declares_stays():
    envelope = thing(("ok", TEXT, "observed in every response"), ("data", Array(KNOWN), "observed in every response"))
    assert kept(Array(KNOWN), envelope) == envelope
    assert kept(thing(("ok", INTEGER, "IntegerField")), envelope) == thing(("ok", INTEGER, "IntegerField"))
