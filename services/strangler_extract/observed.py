"""What sampled JSON documents look like, and what they say of a declaration."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from strangler_extract.containers import array_of, mapping_of
from strangler_extract.merging import merged
from strangler_extract.naming import camel, distinct
from strangler_extract.shapes import Array, Field, Json, Kind, Object, Scalar, Shape
from strangler_extract.sightings import DEEPEST, TOO_DEEP, Listed, Mixed, Varied

__all__ = ["merged", "shape_of"]

MOST_KEYS = 50
MOST_TOLD_APART = 500
DATA = re.compile(
    r"[+-]?\d+(\.\d+)?"
    r"|\d{4}-\d{2}(-\d{2})?([T ].*)?"
    r"|[0-9a-fA-F]{8}-?([0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}"
)
INT64 = range(-(2**63), 2**63)
BEYOND = "integer beyond 64 bits"

# The number of the document that a value was seen in, and the value.
Sample = tuple[int, Any]


def shape_of(documents: Sequence[Any], *, name: str) -> Shape:
    """The shape that these decoded JSON documents have in common; `name` is that of the outermost message.

    Keys come in the order in which they were seen.
    Objects whose keys differ or look like data are a `Mapping`; values of several kinds are `Json` with the reason.
    """
    return distinct(_seen(list(enumerate(documents)), name, 0))


def _seen(samples: Sequence[Sample], name: str, depth: int) -> Shape:
    present = [(document, value) for document, value in samples if value is not None]
    if not present:
        return Json("only null was seen")
    if depth > DEEPEST:
        return Json(TOO_DEEP)
    kinds = Counter(_kind(value) for _, value in present)
    if len(kinds) > 1:
        counts = ", ".join(f"{kind} in {count}" for kind, count in kinds.items())
        return Mixed(f"{counts} of {len(present)}", tuple(kinds.items()))
    (kind,) = kinds
    if kind == "array":
        return _array(present, name, depth)
    if kind == "object":
        return _object(present, name, depth)
    return Json(kind) if kind == BEYOND else Scalar(Kind(kind))


def _kind(value: Any) -> str:
    match value:
        case bool():
            return Kind.BOOLEAN.value
        case int():
            return Kind.INTEGER.value if value in INT64 else BEYOND
        case float():
            return Kind.NUMBER.value
        case str():
            return Kind.TEXT.value
        case dict():
            return "object"
        case _:
            return "array"


def _array(samples: Sequence[Sample], name: str, depth: int) -> Shape:
    items = [(document, item) for document, value in samples for item in value]
    if not items:
        return Json("only empty lists were seen")
    shape = _seen(items, name, depth + 1)
    array = array_of(shape)
    return array if isinstance(array, Array) else Listed(array.reason if isinstance(array, Json) else "", shape)


def _object(samples: Sequence[Sample], name: str, depth: int) -> Shape:
    keys = _order(value for _, value in samples)
    if not keys:
        return Json("only empty objects were seen")
    told_apart = keys if len(keys) <= MOST_TOLD_APART else []
    fields = tuple(_field(key, samples, name, depth) for key in told_apart)
    alike = all(len(value) == len(keys) for _, value in samples)
    if alike and len(keys) <= MOST_KEYS and not any(DATA.fullmatch(key) for key in keys):
        return Object(name, fields)
    values = [(document, part) for document, value in samples for part in value.values()]
    # The same documents are looked at a second time here: half as deep, or each level would double the work.
    half = depth + 1 + (DEEPEST - depth) // 2
    return Varied(mapping_of(_seen(values, f"{name}Value", half)).values, fields)


def _field(key: str, samples: Sequence[Sample], name: str, depth: int) -> Field:
    holding = [(document, value[key]) for document, value in samples if key in value]
    count, total = len({document for document, _ in holding}), len({document for document, _ in samples})
    shape = _seen(holding, name + camel(key), depth + 1)
    # Without numbers, which would change the contract's comments with each run.
    return Field(key=key, shape=shape, why=f"observed in {'every response' if count == total else 'some responses'}")


def _order(documents: Iterable[dict[str, Any]]) -> list[str]:
    """All keys; one that is new in a later document stands behind the key that it follows there."""
    keys: list[str] = []
    for document in documents:
        if len(document) == len(keys) and all(key in document for key in keys):
            continue
        known, place = set(keys), 0
        for key in document:
            if key in known:
                place = keys.index(key) + 1
            else:
                keys.insert(place if keys else 0, key)
                place += 1
    return keys
