"""All operators by name."""

from collections.abc import Iterator
from importlib import import_module

from strangler_shadow.seeded.operator import Operator

__all__ = ["OPERATORS"]

MODULES = (
    "caching", "cookies", "headers", "nulls", "numbers", "pages", "permissions", "refusals", "rows", "shapes",
    "spellings", "statuses", "tenants", "texts", "times", "values", "writes",
)  # fmt: skip


def _named() -> Iterator[Operator]:
    for name in MODULES:
        module = import_module(f"strangler_shadow.seeded.{name}")
        for kind in vars(module).values():
            if isinstance(kind, type) and issubclass(kind, Operator) and kind.name:
                yield kind()


OPERATORS: dict[str, Operator] = {
    operator.name: operator for operator in sorted(_named(), key=lambda found: found.name)
}
