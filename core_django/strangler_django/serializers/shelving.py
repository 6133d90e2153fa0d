"""Where a serializer's values lie: the keys of its bodies and parts, and the stamps that they stand under."""

from base64 import urlsafe_b64encode
from functools import lru_cache
from hashlib import blake2s
from typing import Any

from strangler_django.serializers.databases import database
from strangler_django.serializers.dependencies import label_of
from strangler_django.serializers.entries import Shelf
from strangler_django.serializers.plan import FieldPlan
from strangler_django.serializers.vary import vary_digest
from strangler_protos import stamps as protocol

__all__ = ["shelves_of"]


def shelves_of(serializer: Any, plan: FieldPlan, alias: str) -> tuple[Shelf, ...]:
    cache, context, place = serializer.Meta.cache, serializer.context, database(alias)
    root = label_of(plan.model)
    where = f"{place}:{root}:{plan.digest}"
    row = protocol.stem(place, root)
    shelves = [
        Shelf(
            stem=_stem(f"{where}:{vary_digest(context, plan.vary)}"),
            stamps=(row,),
            timeout=cache.timeout,
            max_bytes=cache.max_bytes,
        )
    ]
    for index, part in enumerate(plan.parts):
        facet = (protocol.stem(place, label_of(plan.model, part.facet)),) if part.facet else ()
        shelves.append(
            Shelf(
                stem=_stem(f"{where}.{index}:{vary_digest(context, part.vary)}"),
                stamps=(row, *facet),
                timeout=part.timeout or cache.timeout,
                max_bytes=cache.max_bytes,
            )
        )
    return tuple(shelves)


@lru_cache(maxsize=4096)
def _stem(where: str) -> bytes:
    # Keys are most of what a warm read sends.
    return b"body:%b:" % urlsafe_b64encode(blake2s(where.encode(), digest_size=15).digest())
