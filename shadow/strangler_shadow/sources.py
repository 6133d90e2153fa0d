"""The project's own modules that a view's answer can depend on, what they import from elsewhere, and their digest.

Imports are followed as they are written, below the folders of `sys.path` that hold neither the standard library nor
installed packages, so that every process of one deployment finds the same modules whatever it has loaded.
"""

import hashlib
import inspect
import re
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from strangler_django.endpoints import Endpoint

__all__ = ["code_digest", "outside_names", "own_modules", "roots_of"]

IMPORT = re.compile(r"^[ \t]*(?:from[ \t]+(\.*[\w.]*)[ \t]+import[ \t]+(\([^)]*\)|.+)|import[ \t]+(.+))", re.MULTILINE)
NAME = re.compile(r"([\w.]+)(?:[ \t]+as[ \t]+\w+)?")
STANDARD = tuple(sysconfig.get_path(name) for name in ("stdlib", "platstdlib"))
INSTALLED = {"site-packages", "dist-packages"}
# Of the framework only the version counts, and what compares.
FRAMEWORK = "strangler_"


def code_digest(endpoint: Endpoint) -> str:
    """16 hexadecimal digits over the source of the endpoint's view and of all own modules that it imports."""
    return _digest(frozenset(roots_of(endpoint)), tuple(sys.path))


def own_modules(roots: Iterable[str]) -> dict[str, Path]:
    """Files of these modules and of all that they import, by module name; installed ones are left out."""
    found: dict[str, Path] = {}
    waiting = list(roots)
    while waiting:
        name = waiting.pop()
        if name in found or name.startswith(FRAMEWORK):
            continue
        file = _file(name)
        if file is None:
            continue
        found[name] = file
        waiting += [name.rpartition(".")[0], *_imported(name, file)]
    return found


def outside_names(roots: Iterable[str]) -> set[str]:
    """What these modules, and the own ones that they import, import from elsewhere; as it is written."""
    own = own_modules(roots)
    return {name for module, file in own.items() for name in _imported(module, file) if name and name not in own}


@lru_cache(maxsize=1024)
def _digest(roots: frozenset[str], _path: tuple[str, ...]) -> str:
    digest = hashlib.sha256()
    for name, file in sorted(own_modules(roots).items()):
        digest.update(f"{name}\0{hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()[:16]


def roots_of(endpoint: Endpoint) -> Iterator[str]:
    """Modules of the view with all its bases, and of what the route hands to it."""
    for cls in inspect.getmro(endpoint.view_class) if endpoint.view_class else ():
        yield cls.__module__
    yield inspect.unwrap(endpoint.callback).__module__
    for value in endpoint.initkwargs.values():
        for part in value if isinstance(value, (list, tuple)) else [value]:
            named: Any = getattr(part, "model", part)
            yield getattr(named, "__module__", "") or ""


def _imported(name: str, file: Path) -> Iterator[str]:
    package = name if file.name == "__init__.py" else name.rpartition(".")[0]
    for found in IMPORT.finditer(file.read_text(errors="replace")):
        source, names, modules = found.groups()
        if modules:
            yield from NAME.findall(modules)
            continue
        level = len(source) - len(source.lstrip("."))
        parts = package.split(".")[: len(package.split(".")) - level + 1] if level else []
        base = ".".join([*parts, source.lstrip(".")]).strip(".")
        yield base
        # What is imported from a package may be one of its modules.
        yield from (f"{base}.{item}" for item in NAME.findall(names))


@lru_cache(maxsize=65536)
def _file(name: str) -> Path | None:
    parts = name.split(".")
    if not all(parts):
        return None
    for folder in _own_folders(tuple(sys.path)):
        package = folder.joinpath(*parts)
        for file in (package / "__init__.py", package.with_suffix(".py")):
            if file.is_file():
                return file
    return None


@lru_cache(maxsize=16)
def _own_folders(path: tuple[str, ...]) -> tuple[Path, ...]:
    folders = (Path(entry).resolve() for entry in path)
    return tuple(
        folder
        for folder in folders
        if folder.is_dir() and not str(folder).startswith(STANDARD) and INSTALLED.isdisjoint(folder.parts)
    )
