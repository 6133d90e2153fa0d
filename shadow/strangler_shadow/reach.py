"""How far the calls of a verification went: query parameters that were used, and fields that had a value."""

import json
from collections import Counter
from collections.abc import Container, Iterable
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import parse_qsl

from strangler_router.pin import Entry
from strangler_router.types import Call
from strangler_shadow.fields import OWN_NAMES, declared_names
from strangler_shadow.observation import Observation
from strangler_shadow.samples import samples_of

__all__ = ["Reach"]


@dataclass(slots=True, kw_only=True)
class Reach:
    """Counts of calls by declared query parameter, and of answers by declared field that was not null; 0 is never."""

    parameters: Counter[str] = field(default_factory=Counter)
    fields: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, entry: Entry) -> Self:
        """Nothing reached yet of what the endpoint declares; without names that paginators and errors have."""
        parameters = sorted(samples_of(entry.endpoint).parameters)
        fields = sorted(declared_names(entry.binding.id) - OWN_NAMES)
        return cls(parameters=Counter(dict.fromkeys(parameters, 0)), fields=Counter(dict.fromkeys(fields, 0)))

    def add(self, call: Call, control: Observation) -> None:
        """Add one call and the control's answer to it."""
        used = {name for name, _ in parse_qsl(call.query, keep_blank_values=True)}
        self.parameters.update(used & self.parameters.keys())
        self.fields.update(_with_values(control.body, self.fields))


def _with_values(body: bytes, names: Container[str]) -> set[str]:
    try:
        waiting: list[Any] = [json.loads(body)]
    except (ValueError, RecursionError):
        return set()
    found: set[str] = set()
    while waiting:
        value = waiting.pop()
        inner: Iterable[Any] = ()
        if isinstance(value, dict):
            found.update(name for name, held in value.items() if held is not None and name in names)
            inner = value.values()
        elif isinstance(value, list):
            inner = value
        waiting += [held for held in inner if isinstance(held, (dict, list))]
    return found
