"""Where a serializer's values lie: the keys of its bodies and parts, and the stamps that they stand under."""

from base64 import urlsafe_b64encode
from collections.abc import Iterator, Sequence
from hashlib import blake2s
from typing import Any

from strangler_django.serializers.cache import Cache
from strangler_django.serializers.databases import database
from strangler_django.serializers.dependencies import label_of
from strangler_django.serializers.entries import Shelf
from strangler_django.serializers.plan import FieldPlan
from strangler_django.serializers.vary import Variant, variant
from strangler_protos import stamps as protocol

__all__ = ["shelves_of"]

LAYOUT = 3
"""Of what lies under a key: segments, a flag, stamps."""

_MOST = 4096
_known: dict[tuple[Any, ...], tuple[Shelf, ...]] = {}


def shelves_of(serializer: Any, plan: FieldPlan, alias: str) -> tuple[Shelf, ...]:
    """The shelf of the bodies, then one for each part, as this serializer's context varies them."""
    cache, context, place = serializer.Meta.cache, serializer.context, database(alias)
    variants = [variant(context, plan.vary), *(variant(context, part.vary) for part in plan.parts)]
    key = (plan.digest, plan.model, place, cache.timeout, cache.max_bytes, *variants)
    shelves = _known.get(key)
    if shelves is None:
        if len(_known) >= _MOST:
            _known.clear()
        shelves = _known[key] = tuple(_made(cache, plan, place, variants))
    return shelves


def _made(cache: Cache, plan: FieldPlan, place: str, variants: Sequence[Variant]) -> Iterator[Shelf]:
    root = label_of(plan.model)
    row = protocol.stem(place, root)
    where = f"{place}:{root}:{plan.digest}"
    yield Shelf(stem=_stem(where, variants[0]), stamps=(row,), timeout=cache.timeout, max_bytes=cache.max_bytes)
    for index, part in enumerate(plan.parts):
        facet = (protocol.stem(place, label_of(plan.model, part.facet)),) if part.facet else ()
        yield Shelf(
            stem=_stem(f"{where}.{index}", variants[index + 1]),
            stamps=(row, *facet),
            timeout=part.timeout or cache.timeout,
            max_bytes=cache.max_bytes,
        )


def _stem(where: str, variant: Variant) -> bytes:
    # Keys are most of what a warm read sends; long enough that no two users may ever meet.
    text = f"{LAYOUT}:{where}:{variant}"
    return b"body:%b:" % urlsafe_b64encode(blake2s(text.encode(), digest_size=15).digest())
