"""A view's own classes as a module of their own: their source, and the imports of every name in it."""

import ast
import builtins
import inspect
import sys
import sysconfig
import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from strangler_protos.errors import ContractError

__all__ = ["view_source"]

LIBRARIES = tuple(Path(sysconfig.get_path(name)) for name in ("purelib", "platlib", "stdlib"))


def view_source(view_class: type) -> str:
    """Imports and classes of a module that defines this view anew, with the bases that are the project's own.

    Nothing is taken from the view's module but names that are neither imported there nor one of these classes.
    Raises ContractError where the source does not say it all.
    """
    classes = list(_own_classes(view_class))
    blocks = {cls: _block(cls) for cls in classes}
    if len({cls.__name__ for cls in classes}) < len(classes):
        raise ContractError(f"{view_class.__name__} has bases of its own name; rename one")
    imports: dict[str, str] = {}
    future = False
    for cls, block in blocks.items():
        module = sys.modules[cls.__module__]
        scope = _Scope(module)
        future = future or scope.postponed
        for name in sorted(_names(block) - {own.__name__ for own in classes} - set(dir(builtins))):
            line = scope.line(name)
            if line is not None and imports.setdefault(name, line) != line:
                raise ContractError(f"{name} is one thing for {cls.__name__} and another for its bases; rename one")
    lines = ["from __future__ import annotations\n"] if future else []
    return "\n".join([*lines, *_merged(set(imports.values())), "", "", "\n\n".join(blocks.values())])


def _own_classes(view_class: type) -> Iterator[type]:
    """The view's class and those of its bases that belong to the project, bases first. Raises ContractError."""
    for cls in reversed(view_class.__mro__):
        if cls is view_class or _is_own(cls, view_class):
            if "<locals>" in cls.__qualname__ or "." in cls.__qualname__:
                raise ContractError(f"{cls.__qualname__} is not defined at the top of its module")
            yield cls


def _is_own(cls: type, view_class: type) -> bool:
    root = cls.__module__.partition(".")[0]
    if root == view_class.__module__.partition(".")[0]:
        return True
    file = getattr(sys.modules.get(cls.__module__), "__file__", None)
    return file is not None and not root.startswith("strangler_") and not any(map(Path(file).is_relative_to, LIBRARIES))


def _block(cls: type) -> str:
    try:
        return textwrap.dedent(inspect.getsource(cls))
    except (OSError, TypeError):
        raise ContractError(f"{cls.__module__}.{cls.__qualname__} has no source to read") from None


def _names(source: str) -> set[str]:
    found = {node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)}
    annotations = (node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant))
    return found | {text for text in annotations if isinstance(text, str) and text.isidentifier() and text[0].isupper()}


def _merged(lines: Iterable[str]) -> list[str]:
    """One line for each module, `import a` before `from a import b, c`."""
    names: dict[str, list[str]] = {}
    for line in sorted(lines):
        source, _, name = line.partition(" import ") if line.startswith("from ") else (line, "", "")
        names.setdefault(source, []).append(name)
    found = [f"{source} import {', '.join(given)}" if given != [""] else source for source, given in names.items()]
    return sorted(found, key=lambda line: (line.startswith("from"), line))


class _Scope:
    """What names of a module stand for, and the line that would import each elsewhere."""

    def __init__(self, module: Any) -> None:
        self._module = module
        tree = ast.parse(inspect.getsource(module))
        self._imported = dict(_imported(tree, module))
        self.postponed = any(isinstance(node, ast.ImportFrom) and node.module == "__future__" for node in tree.body)

    def line(self, name: str) -> str | None:
        """The import of a name; None for one that only the class itself knows."""
        if name in self._imported:
            return self._imported[name]
        if name in vars(self._module):
            return f"from {self._module.__name__} import {name}"
        return None


def _imported(tree: ast.Module, module: Any) -> Iterator[tuple[str, str]]:
    package = module.__package__ or ""
    for node in _at_the_top(tree):
        if isinstance(node, ast.ImportFrom) and node.module != "__future__":
            outer = package.rsplit(".", node.level - 1)[0] if node.level else ""
            source = ".".join(filter(None, [outer, node.module]))
            for alias in node.names:
                yield alias.asname or alias.name, f"from {source} import {_aliased(alias)}"
        elif isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.asname or alias.name.partition(".")[0], f"import {_aliased(alias)}"


def _at_the_top(tree: ast.Module) -> Iterator[ast.stmt]:
    """Statements that run at import, also below `if` and `try`."""
    pending: list[ast.AST] = list(tree.body)
    while pending:
        node = pending.pop(0)
        if isinstance(node, (ast.If, ast.Try)):
            pending = [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt)] + pending
        elif isinstance(node, ast.stmt):
            yield node


def _aliased(alias: ast.alias) -> str:
    return f"{alias.name} as {alias.asname}" if alias.asname else alias.name
