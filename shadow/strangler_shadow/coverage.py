"""What compared pairs were like: evidence of nothing but empty answers, or of one user, is little evidence."""

import json
from collections import Counter
from collections.abc import Container
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Self

from strangler_router.types import Exchange
from strangler_shadow.content import has_content
from strangler_shadow.fields import declared_names
from strangler_shadow.redact import stand_in

__all__ = ["Coverage"]

# A body of this size is taken to hold something, and is not read.
LONGEST_BODY = 100_000
# That there is a second one is all that counts.
MOST_SUBJECTS = 2


@dataclass(slots=True, kw_only=True)
class Coverage:
    """Counts over compared pairs by status and by kind of caller, and which declared fields were not null.

    `vacuous` pairs are errors and answers with nothing in them. `subjects` and `tenants` are keyed tokens, two at most.
    """

    vacuous: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    callers: Counter[str] = field(default_factory=Counter)
    fields: set[str] = field(default_factory=set)
    subjects: set[str] = field(default_factory=set)
    tenants: set[str] = field(default_factory=set)

    @property
    def compared(self) -> int:
        """How many pairs these are."""
        return self.statuses.total()

    def add(self, exchange: Exchange) -> None:
        """Add one compared pair, by the answer that was served; only names of declared fields are kept."""
        served, caller = exchange.served, exchange.call.caller
        self.statuses[str(served.status)] += 1
        self.callers["staff" if caller.is_staff else "user" if caller.subject else "anonymous"] += 1
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
                _find_fields(document, declared_names(exchange.call.endpoint), self.fields)

    def merge(self, other: Self) -> None:
        """Add what the other has counted."""
        self.vacuous += other.vacuous
        self.statuses += other.statuses
        self.callers += other.callers
        self.fields |= other.fields
        for own, added in ((self.subjects, other.subjects), (self.tenants, other.tenants)):
            for token in sorted(added)[: MOST_SUBJECTS - len(own - added)]:
                own.add(token)

    def to_json(self) -> dict[str, Any]:
        """A document for the database."""
        found = {"vacuous": self.vacuous, "statuses": dict(self.statuses), "callers": dict(self.callers)}
        sets = {"fields": self.fields, "subjects": self.subjects, "tenants": self.tenants}
        return found | {name: sorted(values) for name, values in sets.items()}

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Self:
        """Read the document back; an empty one is of no pairs."""
        return cls(
            vacuous=document.get("vacuous", 0),
            statuses=Counter(document.get("statuses", {})),
            callers=Counter(document.get("callers", {})),
            **{name: set(document.get(name, ())) for name in ("fields", "subjects", "tenants")},
        )


def _keep(tokens: set[str], value: str) -> None:
    if len(tokens) < MOST_SUBJECTS:
        tokens.add(stand_in(value).rpartition("#")[2])


def _document(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


def _find_fields(value: Any, names: Container[str], found: set[str]) -> None:
    if isinstance(value, dict):
        found.update(name for name, inner in value.items() if inner is not None and name in names)
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _find_fields(inner, names, found)
