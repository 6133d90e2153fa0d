"""The source of a view as its project wrote it, as syntax trees."""

import ast
import inspect
import textwrap
from collections.abc import Iterator
from typing import Any

__all__ = ["FRAMEWORKS", "class_nodes", "is_request", "source_nodes"]

FRAMEWORKS = ("rest_framework", "django.", "django_filters", "builtins", "strangler_")
"""What the names of modules begin with that no project wrote."""


def class_nodes(kind: Any) -> Iterator[tuple[Any, ast.AST, str]]:
    """`source_nodes` of a class and of those that it inherits from, without the frameworks' own."""
    for base in getattr(kind, "__mro__", ()):
        if not base.__module__.startswith(FRAMEWORKS):
            yield from source_nodes(base)


def source_nodes(source: Any) -> Iterator[tuple[Any, ast.AST, str]]:
    """Every node of a function or class, with the object itself and `file:line`; none where there is no source."""
    try:
        lines, first = inspect.getsourcelines(source)
        file = inspect.getsourcefile(source)
    except (OSError, TypeError):
        return
    for node in ast.walk(ast.parse(textwrap.dedent("".join(lines)))):
        yield source, node, f"{file}:{first + getattr(node, 'lineno', 1) - 1}"


def is_request(node: ast.expr) -> bool:
    """Whether an expression is named as a request is."""
    name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
    return name in {"request", "_request"}
