"""What an endpoint's pairs could have had, by its own word, and what of that they never had."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from strangler_router.pin import Entry
from strangler_shadow.choices import declared_choices
from strangler_shadow.coverage import CALLERS, Coverage
from strangler_shadow.fields import OWN_NAMES, declared_names
from strangler_shadow.parameters import declared_parameters

__all__ = ["Declared", "NeverSeen", "declared_of", "never_seen"]

# Field numbers from here on are the framework's own.
ENVELOPE = 1000
# The fields of a message that stands for one entry of a mapping, where keys are data.
ENTRY = {"key", "value"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """Names of fields and query parameters, and the values of fields that have choices."""

    fields: frozenset[str] = frozenset()
    choices: Mapping[str, frozenset[str]] = field(default_factory=dict)
    parameters: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class NeverSeen:
    """Fields that were null or absent in every pair, choices that none had, parameters that nobody used, callers."""

    fields: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    callers: tuple[str, ...] = ()


def declared_of(entry: Entry) -> Declared:
    """As the endpoint's contract or serializer, its filters and its paginator declare them."""
    name = entry.binding.id
    return Declared(
        fields=frozenset(_fields(entry)), choices=declared_choices(name), parameters=declared_parameters(name)
    )


def never_seen(coverage: Coverage, declared: Declared) -> NeverSeen:
    """What the pairs leave out."""
    values = {f"{name}={value}" for name, choices in declared.choices.items() for value in choices}
    return NeverSeen(
        fields=tuple(sorted(declared.fields - coverage.fields)),
        values=tuple(sorted(values - coverage.values)),
        parameters=tuple(sorted(declared.parameters - coverage.parameters.keys())),
        callers=tuple(kind for kind in CALLERS if not coverage.callers[kind]),
    )


def _fields(entry: Entry) -> Iterator[str]:
    """Names of the fields that an answer may have, without those of the contract's envelope."""
    if entry.binding.is_generic:
        yield from declared_names(entry.binding.id) - OWN_NAMES
        return
    waiting: list[Any] = [entry.binding.response.DESCRIPTOR]
    for message in waiting:
        fields = [field for field in message.fields if field.number < ENVELOPE]
        names = {field.json_name for field in fields}
        yield from () if names == ENTRY else names
        waiting += [field.message_type for field in fields if field.message_type not in (None, *waiting)]
