"""What each of DRF's fields writes, through a contract made of the slots that are declared for it."""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.db import transaction
from django.test.utils import setup_test_environment, teardown_test_environment

from strangler_extract.naming import camel, distinct
from strangler_extract.shapes import Array, Field, Json, Mapping, Object, Shape
from tests.bench.contracts.compiling import binding_of, one_endpoint, through_bytes
from tests.bench.rows import Row, at_least
from tests.extract.test_declared import CASES, shown, slot

__all__ = ["output_rows"]


def output_rows() -> Iterator[Row]:
    """Cases, the share that has a slot with a type, and the share that comes back exact.

    Needs Django with a migrated default database.
    """
    setup_test_environment()
    try:
        found = {name: _played(name) for name in CASES}
    finally:
        teardown_test_environment()
    shapes = {name: shape for name, (shape, _) in found.items()}
    yield at_least("DRF field outputs", len(found), "cases", must=120)
    typed = sum(not isinstance(shape, Json) for shape in shapes.values())
    against = f"{typed} of {len(found)}"
    yield at_least("DRF field outputs in typed slots", 100 * typed / len(found), "%", must=90, aim=97, against=against)
    whole = sum(not _holds_json(shape) for shape in shapes.values())
    against = f"{whole} of {len(found)}: no JSON text within a mapping either"
    yield Row(metric="DRF field outputs typed to the leaves", value=100 * whole / len(found), unit="%", against=against)
    spoilt = _spoilt(shapes, {name: value for name, (_, value) in found.items()})
    for name, value, back in spoilt:
        print(f"not exact: {name}: {value!r} came back as {back!r}", file=sys.stderr)
    exact = len(found) - len(spoilt)
    against = f"{exact} of {len(found)}"
    yield at_least(
        "DRF field outputs exact through message bytes", 100 * exact / len(found), "%", must=100, against=against
    )


def _played(name: str) -> tuple[Shape, Any]:
    """The slot that is declared for a case, and what a client gets; its rows are not kept."""
    case, _ = CASES[name]
    with transaction.atomic():
        serializer, instance = case()
        played = slot(serializer), shown(serializer, instance)
        transaction.set_rollback(True)
    return played


def _spoilt(shapes: dict[str, Shape], values: dict[str, Any]) -> list[tuple[str, Any, Any]]:
    """Cases whose value comes back as another: name, value and what came."""
    # Cases call their parts alike, and mean other fields by it.
    fields = tuple(Field(key=name, shape=shape, why="") for name, shape in shapes.items())
    shape = distinct(Object(camel("all cases"), fields))
    with tempfile.TemporaryDirectory() as folder, binding_of(one_endpoint("outputs", shape), Path(folder)) as binding:
        back = through_bytes(binding, values)
    assert list(back) == list(values)
    return [(name, value, back[name]) for name, value in values.items() if repr(back[name]) != repr(value)]


def _holds_json(shape: Shape) -> bool:
    match shape:
        case Json():
            return True
        case Array(inner) | Mapping(inner):
            return _holds_json(inner)
        case Object(_, fields):
            return any(_holds_json(field.shape) for field in fields)
        case _:
            return False
