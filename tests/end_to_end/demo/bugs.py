"""A build of the catalog service with one real bug: in one field, for one kind of course.

`python -m tests.end_to_end.demo.bugs` reads DEMO_BUG, `FIELD:KIND=VALUE`.
"""

import json
import os
import random
import sys
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from catalog_service import __main__ as catalog
from catalog_service import courses

__all__ = ["Bug", "draw"]


def _with_fee(price: str) -> str:
    return f"{Decimal(price) + 1:.2f}"


# Field -> a mistake that an honest port makes.
MISTAKES: dict[str, Callable[[Any], Any]] = {
    "price": _with_fee,  # added what the checkout adds
    "lesson_count": lambda count: count + 1,  # counted the draft lesson
    "review_count": lambda count: count * 2 + 1,  # joined twice
    "updated_at": lambda text: text[:10] + "T00:00:00Z",  # kept as a date
    "external_id": lambda text: text.replace("-", ""),  # hex instead of canonical
    "level_label": lambda text: text.lower(),  # value instead of label
}
KINDS = {"level": ["beginner", "intermediate", "advanced"]}


@dataclass(frozen=True, slots=True)
class Bug:
    """The field that is wrong, and the courses it is wrong for."""

    field: str
    kind: str
    value: Any

    def __str__(self) -> str:
        return f"{self.field}, for courses with {self.kind}={json.dumps(self.value)}"

    @property
    def variable(self) -> str:
        """As DEMO_BUG spells it."""
        return f"{self.field}:{self.kind}={json.dumps(self.value)}"


def draw(seed: int) -> Bug:
    """The bug of a seed."""
    source = random.Random(seed)
    kind = source.choice(sorted(KINDS))
    return Bug(source.choice(sorted(MISTAKES)), kind, source.choice(KINDS[kind]))


def plant(bug: Bug) -> None:
    """Make this process's catalog service a build with the bug."""
    right = courses._documents

    def wrong(*arguments: Any) -> list[dict[str, Any]]:
        documents = right(*arguments)
        for document in documents:
            if document[bug.kind] == bug.value:
                document[bug.field] = MISTAKES[bug.field](document[bug.field])
        return documents

    courses._documents = wrong


if __name__ == "__main__":
    name, _, rest = os.environ["DEMO_BUG"].partition(":")
    kind, _, value = rest.partition("=")
    plant(Bug(name, kind, json.loads(value)))
    sys.exit(catalog.main())
