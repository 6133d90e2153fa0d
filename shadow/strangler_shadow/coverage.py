"""What compared pairs were like: evidence of nothing but empty answers, or of one user, is little evidence."""

import json
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import parse_qsl

from strangler_router.types import Exchange
from strangler_shadow.choices import declared_choices
from strangler_shadow.content import has_content
from strangler_shadow.fields import declared_names
from strangler_shadow.parameters import declared_parameters
from strangler_shadow.redact import stand_in

__all__ = ["CALLERS", "Coverage"]

# A body of this size is taken to hold something, and is not read.
LONGEST_BODY = 100_000
# That there is a second one is all that counts.
MOST_SUBJECTS = 2
COUNTS = ("statuses", "callers", "parameters")
CALLERS = ("anonymous", "user", "staff")
SETS = ("fields", "values", "subjects", "tenants")


@dataclass(slots=True, kw_only=True)
class Coverage:
    """Counts over compared pairs by status, by kind of caller and by declared query parameter that was used.

    `fields` are declared ones that were not null, `values` declared choices that a field had, as `level=beginner`.
    `vacuous` pairs are errors and answers with nothing in them. `subjects` and `tenants` are keyed tokens, two at most.
    """

    vacuous: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    callers: Counter[str] = field(default_factory=Counter)
    parameters: Counter[str] = field(default_factory=Counter)
    fields: set[str] = field(default_factory=set)
    values: set[str] = field(default_factory=set)
    subjects: set[str] = field(default_factory=set)
    tenants: set[str] = field(default_factory=set)

    @property
    def compared(self) -> int:
        """How many pairs these are."""
        return self.statuses.total()

    def add(self, exchange: Exchange) -> None:
        """Add one compared pair, by the answer that was served; only what is declared is named."""
        served, caller, endpoint = exchange.served, exchange.call.caller, exchange.call.endpoint
        self.statuses[str(served.status)] += 1
        self.callers["staff" if caller.is_staff else "user" if caller.subject else "anonymous"] += 1
        self.parameters.update(_names(exchange.call.query) & declared_parameters(endpoint))
        if caller.subject and not caller.is_staff:
            _keep(self.subjects, caller.subject)
        if caller.tenant:
            _keep(self.tenants, caller.tenant)
        if len(served.body) > LONGEST_BODY:
            return
        # A body that is nested too deeply for json holds something.
        with suppress(RecursionError):
            if served.status >= 400 or not has_content(served.body):
                self.vacuous += 1
            elif document := _document(served.body):
                self._find(document, declared_names(endpoint), declared_choices(endpoint))

    def merge(self, other: Self) -> None:
        """Add what the other has counted."""
        self.vacuous += other.vacuous
        self.statuses += other.statuses
        self.callers += other.callers
        self.parameters += other.parameters
        self.fields |= other.fields
        self.values |= other.values
        for own, added in ((self.subjects, other.subjects), (self.tenants, other.tenants)):
            for token in sorted(added)[: MOST_SUBJECTS - len(own - added)]:
                own.add(token)

    def to_json(self) -> dict[str, Any]:
        """A document for the database."""
        counts = {name: dict(getattr(self, name)) for name in COUNTS}
        return {"vacuous": self.vacuous} | counts | {name: sorted(getattr(self, name)) for name in SETS}

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Self:
        """Read the document back; an empty one is of no pairs."""
        counts: dict[str, Any] = {name: Counter(document.get(name, {})) for name in COUNTS}
        sets: dict[str, Any] = {name: set(document.get(name, ())) for name in SETS}
        return cls(vacuous=document.get("vacuous", 0), **counts, **sets)

    def _find(self, value: Any, names: frozenset[str], choices: Mapping[str, frozenset[str]]) -> None:
        if isinstance(value, dict):
            self.fields.update(name for name, inner in value.items() if inner is not None and name in names)
            for name in choices.keys() & value.keys():
                self.values.update(f"{name}={chosen}" for chosen in _texts(value[name]) & choices[name])
        for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            self._find(inner, names, choices)


def _keep(tokens: set[str], value: str) -> None:
    if len(tokens) < MOST_SUBJECTS:
        tokens.add(stand_in(value).rpartition("#")[2])


def _document(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


def _texts(value: Any) -> set[str]:
    return {str(item) for item in (value if isinstance(value, list) else [value]) if not isinstance(item, (dict, list))}


def _names(query: str) -> set[str]:
    return {name for name, _ in parse_qsl(query, keep_blank_values=True)}
