"""JSON documents through the slots that have no type."""

import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from strangler_extract.shapes import Field, Json, Kind, Mapping, Object, Scalar
from strangler_protos.bindings import Binding
from tests.bench.contracts.compiling import binding_of, one_endpoint, through_bytes
from tests.bench.rows import Row, at_least
from tests.extract.documents import DOCUMENTS

__all__ = ["PLACES", "document_rows", "is_exact", "untyped_slots"]

SHAPE = Object(
    "Holder",
    (
        Field(key="json", shape=Json("anything"), why=""),
        Field(key="named", shape=Mapping(Json("anything")), why=""),
        Field(key="text", shape=Scalar(Kind.TEXT), why=""),
    ),
)
EMPTY: dict[str, Any] = {"json": None, "named": {}, "text": None}

# Where a document without a type may stand: in a slot of JSON, in one of several under keys, where text is declared,
# and in place of the whole answer.
PLACES: dict[str, Callable[[Any], Any]] = {
    "a slot of JSON": lambda document: EMPTY | {"json": document},
    "a mapping's values": lambda document: EMPTY | {"named": {"": document, "again": document}},
    "a slot of another type": lambda document: EMPTY | {"text": document},
    "the whole answer": lambda document: document,
}


@contextmanager
def untyped_slots() -> Iterator[Binding]:
    """The binding of an answer with such slots."""
    with tempfile.TemporaryDirectory() as folder, binding_of(one_endpoint("documents", SHAPE), Path(folder)) as binding:
        yield binding


def is_exact(binding: Binding, place: str, text: str) -> bool:
    """Whether the document comes back with its types, its keys' order and its signs: repr tells all of them apart."""
    sent = PLACES[place](json.loads(text))
    return repr(through_bytes(binding, sent)) == repr(sent)


def document_rows() -> Iterator[Row]:
    """Documents that come back exact from every place."""
    with untyped_slots() as binding:
        spoilt = [
            (name, place) for name, text in DOCUMENTS.items() for place in PLACES if not is_exact(binding, place, text)
        ]
    for name, place in spoilt:
        print(f"not exact: {name[:80]!a} in {place}", file=sys.stderr)
    exact = len(DOCUMENTS) - len({name for name, _ in spoilt})
    yield at_least("JSON documents", len(DOCUMENTS), "documents", must=130)
    against = f"{exact} of {len(DOCUMENTS)}, each in {len(PLACES)} places"
    yield at_least(
        "JSON documents exact through message bytes", 100 * exact / len(DOCUMENTS), "%", must=100, against=against
    )
