"""The values that an endpoint's fields may have where they declare them; any other value of an answer is data."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import lru_cache
from typing import Any

from rest_framework.fields import ChoiceField, FilePathField

from strangler_router.table import bind

__all__ = ["MOST_CHOICES", "declared_choices"]

# What has more of them is no enumeration, or is made of rows.
MOST_CHOICES = 50
MOST_FIELDS = 40


@lru_cache(maxsize=1024)
def declared_choices(endpoint: str) -> Mapping[str, frozenset[str]]:
    """Values as text by name of field, of the serializer and those within it; empty where it cannot say its fields."""
    for binding, found in bind().pairs:
        if binding.id == endpoint:
            return _of_serializer(found.attribute("serializer_class"))
    return {}


def _of_serializer(serializer_class: Any) -> dict[str, frozenset[str]]:
    declared: dict[str, frozenset[str]] = {}
    # As in `fields`: a serializer may want a context to say its fields.
    with suppress(Exception):
        for name, values in _choices(serializer_class()):
            declared[name] = declared.get(name, frozenset()) | values
    small = [(name, values) for name, values in sorted(declared.items()) if len(values) <= MOST_CHOICES]
    return dict(small[:MOST_FIELDS])


def _choices(serializer: Any) -> Iterator[tuple[str, frozenset[str]]]:
    waiting = [serializer]
    for item in waiting:
        for name, field in item.fields.items():
            # Names of files on the server's disk.
            if isinstance(field, ChoiceField) and not isinstance(field, FilePathField):
                yield name, frozenset(map(str, field.choices))
            nested = getattr(field, "child", field)
            if hasattr(nested, "fields"):
                waiting.append(nested)
