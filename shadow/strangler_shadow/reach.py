"""How far the calls of a verification went: query parameters that were used, and fields and choices that were met."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import parse_qsl

from strangler_router.pin import Entry
from strangler_router.types import Call
from strangler_shadow.declared import declared_of
from strangler_shadow.observation import Observation

__all__ = ["Reach"]


@dataclass(slots=True, kw_only=True)
class Reach:
    """Counts of calls by declared query parameter, of answers by declared field that was not null and by choice.

    0 is never; other names may be data, and are not kept.
    """

    parameters: Counter[str] = field(default_factory=Counter)
    fields: Counter[str] = field(default_factory=Counter)
    values: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, entry: Entry) -> Self:
        """Nothing reached yet of what the endpoint declares."""
        declared = declared_of(entry)
        values = (f"{name}={value}" for name, choices in declared.choices.items() for value in choices)
        return cls(parameters=_none(declared.parameters), fields=_none(declared.fields), values=_none(values))

    def add(self, call: Call, control: Observation) -> None:
        """Add one call and the control's answer to it."""
        used = {name for name, _ in parse_qsl(call.query, keep_blank_values=True)}
        self.parameters.update(used & self.parameters.keys())
        fields, values = set[str](), set[str]()
        chosen = {entry.partition("=")[0] for entry in self.values}
        for name, value in _members(control.body):
            if value is not None:
                fields.add(name)
            if name in chosen:
                values.update(f"{name}={each}" for each in (value if isinstance(value, list) else [value]))
        self.fields.update(fields & self.fields.keys())
        self.values.update(values & self.values.keys())


def _none(names: Iterable[str]) -> Counter[str]:
    return Counter(dict.fromkeys(sorted(names), 0))


def _members(body: bytes) -> Iterator[tuple[str, Any]]:
    """Keys and values of all objects of a JSON document."""
    try:
        waiting = _nested([json.loads(body)])
    except (ValueError, RecursionError):
        return
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            yield from value.items()
        waiting += _nested(value.values() if isinstance(value, dict) else value)


def _nested(values: Iterable[Any]) -> list[Any]:
    return [value for value in values if isinstance(value, (dict, list))]
