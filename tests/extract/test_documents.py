"""Every JSON document that Python accepts comes back exact from wherever a contract has no type for it."""

import json
from collections.abc import Iterator

import pytest

from strangler_protos.bindings import Binding
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
