"""Which code is the project's own, and where a frame, a field or a function stands in it."""

import ast
import inspect
import linecache
import os
import sysconfig
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import FrameType
from typing import Any

from django.conf import settings

__all__ = ["Line", "field_line", "is_outside", "is_own", "is_own_file", "line_of", "source_tree"]

LONGEST_SOURCE = 160
FRAMEWORKS = frozenset({"django", "rest_framework", "asgiref"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of source; `file` is relative to where its package is imported from."""

    file: str
    number: int
    text: str


def is_own(module: str, filename: str) -> bool:
    """Whether code is the project's: a package that its settings name, or a file that nobody installed.

    Packages that are named by DJANGO_SETTINGS_MODULE, ROOT_URLCONF and WSGI_APPLICATION count wherever they lie, so
    that a project that is itself installed from a package index has code of its own.
    """
    top = module.partition(".")[0]
    if top.startswith("strangler_") or top in FRAMEWORKS or filename.startswith("<"):
        return False
    return top in _named() or not ("-packages" in filename or filename.startswith(_standard()))


def is_own_file(filename: str) -> bool:
    """As `is_own`, where only the file is known."""
    if any(f"-packages/{top}/" in filename for top in _named()):
        return True
    ours = "/strangler_" in filename or filename.startswith(("<", "~"))
    return not (ours or "-packages" in filename or filename.startswith(_standard()))


def is_outside(module: str, filename: str) -> bool:
    """Whether code is some other package's: neither the project's, nor Django's, nor DRF's, nor Python's."""
    top = module.partition(".")[0]
    if top.startswith("strangler_") or top in FRAMEWORKS or filename.startswith("<"):
        return False
    return "-packages" in filename and not is_own(module, filename)


def line_of(frame: FrameType) -> Line:
    """The line that a frame is at."""
    return _line(frame.f_code.co_filename, frame.f_lineno, frame.f_globals.get("__name__", ""))


@lru_cache(maxsize=4096)
def field_line(serializer: Any, name: str) -> Line | None:
    """Where a serializer's class declares a field: its assignment, else its name in `Meta`, else the class."""
    for owner in serializer.__mro__:
        if owner.__module__.startswith("rest_framework"):
            continue
        if number := _assigned(owner, name):
            return _class_line(owner, number)
    for owner in serializer.__mro__:
        if not owner.__module__.startswith("rest_framework") and (number := _in_meta(owner, name)):
            return _class_line(owner, number)
    return _class_line(serializer, 1)


@lru_cache(maxsize=4096)
def source_tree(code: Any) -> ast.AST | None:
    """A class or function as a syntax tree with line numbers counted from its first line; None without source."""
    try:
        return ast.parse(textwrap.dedent(inspect.getsource(code)))
    except (OSError, TypeError, SyntaxError):
        return None


def _assigned(owner: type, name: str) -> int:
    for statement in _body(owner):
        targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
        if any(isinstance(target, ast.Name) and target.id == name for target in targets):
            return statement.lineno
    return 0


def _in_meta(owner: type, name: str) -> int:
    for statement in _body(owner):
        if isinstance(statement, ast.ClassDef) and statement.name == "Meta":
            names = (n for n in ast.walk(statement) if isinstance(n, ast.Constant) and n.value in (name, "__all__"))
            return next((found.lineno for found in names), statement.lineno)
    return 0


def _body(owner: type) -> Iterator[ast.stmt]:
    tree = source_tree(owner)
    if isinstance(tree, ast.Module) and isinstance(tree.body[0], ast.ClassDef):
        yield from tree.body[0].body


def _class_line(owner: type, number: int) -> Line | None:
    try:
        _, first = inspect.getsourcelines(owner)
        filename = inspect.getsourcefile(owner) or ""
    except (OSError, TypeError):
        return None
    return _line(filename, first + number - 1, owner.__module__)


@lru_cache(maxsize=4096)
def _line(filename: str, number: int, module: str) -> Line:
    text = linecache.getline(filename, number).strip()
    return Line(file=_relative(filename, module), number=number, text=text[:LONGEST_SOURCE])


def _relative(filename: str, module: str) -> str:
    for tail in (f"{module.replace('.', '/')}.py", f"{module.replace('.', '/')}/__init__.py"):
        if Path(filename).as_posix().endswith(f"/{tail}"):
            return tail
    try:
        return Path(filename).relative_to(Path.cwd()).as_posix()
    except ValueError:
        return Path(filename).name


def _named() -> frozenset[str]:
    dotted = (os.environ.get("DJANGO_SETTINGS_MODULE"), settings.ROOT_URLCONF, settings.WSGI_APPLICATION)
    return frozenset(name.partition(".")[0] for name in dotted if name)


@lru_cache(maxsize=1)
def _standard() -> tuple[str, ...]:
    paths = sysconfig.get_paths()
    return paths["stdlib"], paths["platstdlib"]
