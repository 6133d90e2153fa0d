"""How a profile's values are spelled in text and HTML."""

import re
from collections.abc import Mapping, Sequence

from strangler_django.profiling.report import Cacheable, EndpointProfile, FieldShare, Share, Sized

__all__ = [
    "PARTS",
    "counted",
    "growth_words",
    "request_name",
    "share_words",
    "short_statement",
    "split_words",
    "unshared",
]

SELECTED = re.compile(r"^(SELECT (?:DISTINCT )?).{60,}?( FROM )", re.IGNORECASE)
LONGEST = 300
# The parts of a request's time, as people say it.
PARTS = {"sql": "SQL", "serialisation": "serialisation", "rendering": "rendering", "rest": "the rest"}


def counted(number: int, noun: str, plural: str = "") -> str:
    """`1 query`, `2,000 queries`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def growth_words(growth: Sequence[Sized]) -> str:
    """`1: 4, 10: 22, 37: 76`; without a list the number alone."""
    if len(growth) == 1 and not growth[0].size:
        return str(growth[0].queries)
    return ", ".join(f"{point.size}: {point.queries}" for point in growth)


def split_words(split: Mapping[str, float]) -> str:
    """`61 / 20 / 4 / 15 %`, in the order of the parts."""
    return " / ".join(f"{share:.0%}".removesuffix("%") for share in split.values()) + " %" if split else "-"


def share_words(found: Cacheable | None) -> str:
    """`18 of 22`, or a dash without a serializer."""
    return "-" if found is None else f"{found.shared} of {len(found.fields)}"


def unshared(found: Cacheable | None) -> list[FieldShare]:
    """The fields that may not be shared, or of which nothing is known."""
    return [] if found is None else [field for field in found.fields if field.share is not Share.YES]


def request_name(found: EndpointProfile) -> str:
    """The endpoint's id, with the names of the query's parameters and how often it was asked."""
    query = f" ?{'&'.join(found.query)}" if found.query else ""
    return f"{found.endpoint}{query}" + (f" x{found.weight:,}" if found.weight > 1 else "")


def short_statement(text: str) -> str:
    """A statement with a long list of columns left out, for people."""
    shorter = SELECTED.sub(r"\1…\2", text)
    return shorter if len(shorter) <= LONGEST else shorter[:LONGEST] + "…"
