"""Every JSON document that Python accepts comes back exact from where a contract has no type; so do deep trees."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from strangler_extract.shapes import Array, Field, Kind, Mapping, Object, Reference, Scalar
from strangler_protos.bindings import Binding
from tests.bench.contracts.compiling import binding_of, one_endpoint, through_bytes
from tests.bench.contracts.documents import PLACES, is_exact, untyped_slots
from tests.extract.documents import DEPTH, DOCUMENTS


@pytest.fixture(scope="module")
def binding() -> Iterator[Binding]:
    with untyped_slots() as binding:
        yield binding


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_without_a_type_comes_back_exact(binding: Binding, name: str, place: str) -> None:
    assert is_exact(binding, place, DOCUMENTS[name])


def test_the_corpus_has_no_document_twice_and_reaches_the_depth_that_it_names() -> None:
    assert len(DOCUMENTS) >= 130
    assert len(set(DOCUMENTS.values())) == len(DOCUMENTS)
    depth, found = 0, json.loads(DOCUMENTS[f"lists {DEPTH} deep"])
    while found:
        depth, found = depth + 1, found[0]
    assert depth == DEPTH - 1


TREE = Object(
    "Tree",
    (
        Field(key="name", shape=Scalar(Kind.TEXT), why=""),
        Field(key="parts", shape=Array(Reference("Tree")), why=""),
        Field(key="named", shape=Mapping(Reference("Tree")), why=""),
    ),
)


@pytest.fixture(scope="module")
def trees(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Binding]:
    with binding_of(one_endpoint("trees", TREE), tmp_path_factory.mktemp("trees")) as binding:
        yield binding


def grown(depth: int) -> dict[str, Any]:
    """A tree of so many levels, whose branches are lists and mappings in turn."""
    tree: dict[str, Any] = {"name": "leaf", "parts": [], "named": {}}
    for level in range(depth):
        inner = {"parts": [tree], "named": {}} if level % 2 else {"parts": [], "named": {"only": tree}}
        tree = {"name": f"level {level}", **inner}
    return tree


@pytest.mark.parametrize("depth", [0, 10, 40, 60, 70, 99, 100, 150, DEPTH // 2])
def test_a_tree_may_be_deeper_than_protobuf_s_messages(trees: Binding, depth: int) -> None:
    assert repr(through_bytes(trees, grown(depth))) == repr(grown(depth))


def overflows(message: Any) -> int:
    """How many values of a tree did not fit."""
    spilled = len(message.strangler_overflow) + sum(len(entry.strangler_overflow) for entry in message.named)
    inner = [*message.parts, *(entry.value for entry in message.named if entry.HasField("value"))]
    return spilled + sum(overflows(part) for part in inner)


@pytest.mark.parametrize(("depth", "expected"), [(40, 0), (100, 1)])
def test_only_what_is_too_deep_overflows(trees: Binding, depth: int, expected: int) -> None:
    assert trees.encode is not None
    assert overflows(trees.encode(grown(depth))) == expected
