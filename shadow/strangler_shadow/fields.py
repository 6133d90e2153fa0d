"""The names of fields that an endpoint declares; any other key of an answer may be data, such as a person's name."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from django.conf import settings as django_settings

from strangler_protos.bindings import Binding
from strangler_router.conf import Settings, settings
from strangler_router.table import bind

__all__ = ["declared_names"]

# Field numbers from here on are the framework's.
ENVELOPE = 1000
MOST_ENDPOINTS = 1000
# Keys of DRF's own paginators and errors.
OWN_NAMES = frozenset({"code", "count", "detail", "message", "next", "non_field_errors", "previous", "results"})


_cache: tuple[Settings, str, dict[str, frozenset[str]]] | None = None


def declared_names(endpoint: str) -> frozenset[str]:
    """Field names of the endpoint's contract, or of its serializer where it has none."""
    global _cache
    urlconf = django_settings.ROOT_URLCONF
    if _cache is None or _cache[0] is not settings() or _cache[1] != urlconf or len(_cache[2]) > MOST_ENDPOINTS:
        _cache = (settings(), urlconf, {})
    known = _cache[2]
    names = known.get(endpoint)
    if names is None:
        names = known[endpoint] = _names(endpoint)
    return names


def _names(endpoint: str) -> frozenset[str]:
    for binding, found in bind().pairs:
        if binding.id == endpoint:
            names = (
                _of_contract(binding) if not binding.is_generic else _of_serializer(found.attribute("serializer_class"))
            )
            return OWN_NAMES.union(names)
    return OWN_NAMES


def _of_contract(binding: Binding) -> Iterator[str]:
    waiting: list[Any] = [binding.response.DESCRIPTOR]
    for message in waiting:
        for field in message.fields:
            if field.number >= ENVELOPE:
                continue
            yield field.json_name
            if field.message_type is not None and field.message_type not in waiting:
                waiting.append(field.message_type)


def _of_serializer(serializer_class: Any) -> Iterator[str]:
    # A serializer may want a context to say its fields; then its keys are taken for data.
    with suppress(Exception):
        waiting = [serializer_class()]
        for serializer in waiting:
            for name, field in serializer.fields.items():
                yield name
                nested = getattr(field, "child", field)
                if hasattr(nested, "fields"):
                    waiting.append(nested)
