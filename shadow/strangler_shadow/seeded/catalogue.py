"""What can be seeded, in words."""

from inspect import getdoc

from strangler_shadow.seeded.operator import Operator
from strangler_shadow.seeded.registry import OPERATORS
from strangler_shadow.seeded.sending import SENDING, SendingOperator

__all__ = ["listing"]


def listing() -> str:
    """One line for each operator, as the package's docstring has them."""
    operators: list[Operator | SendingOperator] = [*OPERATORS.values(), *SENDING.values()]
    lines: dict[str, list[str]] = {}
    for operator in sorted(operators, key=lambda found: (found.family, found.name)):
        line = f"    {operator.name}: {(getdoc(operator) or '').splitlines()[0]}"
        lines.setdefault(operator.family.value, []).append(line)
    return "\n\n".join("\n".join((family, *found)) for family, found in lines.items())
