"""What a function's code leads to: the variables that it and the functions it may call look at, and all names.

It reads code and runs none, and rather finds too much: an attribute that is named may belong to anything in sight.
"""

import asyncio
import contextvars
import dis
import inspect
import sys
import threading
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache, partial
from importlib import import_module
from inspect import getattr_static
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from asgiref.local import Local
from django.apps import apps
from django.db.models import Manager, Model
from django.utils.functional import LazyObject

__all__ = ["Reach", "function_of", "is_library", "reach"]

_MOST = 400
"""Functions that are followed from one; more would be a framework of its own."""
_LONGEST = 100
"""Values of a container that are looked at."""
_LIBRARIES = frozenset({"rest_framework", "django", "strangler_django", "asgiref", "redis", "cacheops"})
# What they keep in variables says where a call came from, and no answer depends on it.
_OBSERVERS = frozenset(
    {"ddtrace", "elasticapm", "newrelic", "opentelemetry", "prometheus_client", "sentry_sdk", "structlog"}
)
_SKIPPED = _LIBRARIES | _OBSERVERS | sys.stdlib_module_names
_VARIABLES = (ContextVar, threading.local, Local)
_FUNCTIONS = (FunctionType, BuiltinFunctionType)
_WHEREABOUTS: dict[Any, str] = {
    inspect.stack: "inspect.stack",
    inspect.currentframe: "inspect.currentframe",
    sys._getframe: "sys._getframe",
    threading.get_ident: "threading.get_ident",
    threading.current_thread: "threading.current_thread",
    asyncio.current_task: "asyncio.current_task",
    contextvars.copy_context: "contextvars.copy_context",
}
"""Functions that tell callers apart, by which projects keep a dictionary of users."""
_MODULES = frozenset({"asyncio", "contextvars", "inspect", "sys", "threading", "_thread"})
_ALWAYS = ("__call__", "__get__", "__getattr__", "__getattribute__")
"""What nobody needs to name for it to run."""


@dataclass(frozen=True, slots=True)
class Reach:
    """`variables` by the dotted path at which code names them; `names` of attributes, and strings that may be some."""

    variables: tuple[str, ...]
    names: frozenset[str]


@lru_cache(maxsize=4096)
def reach(function: FunctionType, owners: tuple[Any, ...] = ()) -> Reach:
    """Where a function leads; attributes that it names are looked for on the classes that are `owners`."""
    variables: dict[str, None] = {}
    names: set[str] = set()
    seen: set[CodeType] = set()
    waiting = [function]
    while waiting and len(seen) < _MOST:
        current = waiting.pop()
        if current.__code__ in seen:
            continue
        seen.add(current.__code__)
        named = _names(current.__code__)
        names |= named
        for path, value in _values(current, named, owners):
            if isinstance(value, FunctionType):
                waiting.append(value)
            else:
                variables[path] = None
    return Reach(tuple(variables), frozenset(names))


def function_of(candidate: Any) -> FunctionType | None:
    """The Python function behind a property, a bound method, a partial, a cache."""
    for _ in range(8):
        if isinstance(candidate, FunctionType):
            return candidate
        for name in ("fget", "func", "__func__", "__wrapped__"):
            inner = getattr_static(candidate, name, None)
            if inner is not None:
                candidate = getattr(candidate, name)
                break
        else:
            return None
    return None


def is_library(thing: Any) -> bool:
    """Whether a function or class belongs to Python, Django or what observes them."""
    return (getattr(thing, "__module__", None) or "").partition(".")[0] in _SKIPPED


def _names(code: CodeType) -> set[str]:
    """The names and the strings in a code and in those within it."""
    found = {*code.co_names, *code.co_freevars, *_strings(code.co_consts)}
    if _makes_text(code):
        found |= {"__format__", "__str__"}
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            found |= _names(constant)
    return found


def _makes_text(code: CodeType) -> bool:
    return not {"str", "format"}.isdisjoint(code.co_names) or any(
        instruction.opname.startswith("FORMAT") for instruction in dis.get_instructions(code)
    )


def _strings(constants: Iterable[Any]) -> Iterator[str]:
    for constant in constants:
        if isinstance(constant, str):
            yield constant
        elif isinstance(constant, (tuple, frozenset)):
            yield from _strings(constant)


def _values(function: FunctionType, names: set[str], owners: tuple[Any, ...]) -> Iterator[tuple[str, Any]]:
    """The variables and the project's functions that one function's code may lead to, with dotted paths."""
    module = function.__module__
    for name in sorted(names & function.__globals__.keys()):
        yield from _leads(f"{module}.{name}", function.__globals__[name], names)
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            value = cell.cell_contents
        except ValueError:
            continue
        yield from _leads(f"{module}.{name}", value, names)
    defaults = [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()]
    for value in defaults:
        yield from _leads(f"{module}.{function.__qualname__}", value, names)
    for name in sorted(names):
        imported = _imported(name)
        if imported is not None and imported.__name__ != module:
            yield from _leads(imported.__name__, imported, names)
    for owner in owners:
        yield from _attributes(f"{owner.__module__}.{owner.__qualname__}", owner, names, 1)


def _imported(name: str) -> ModuleType | None:
    """The module that an import within a function names."""
    known = sys.modules.get(name)
    if known is None and apps.ready and "." in name and name.replace(".", "").isidentifier():
        try:
            known = import_module(name) if name.partition(".")[0] in sys.modules else None
        except Exception:  # noqa: BLE001  a string that looks like a module's name
            return None
    return None if known is None or name.partition(".")[0] in _SKIPPED else known


def _leads(path: str, value: Any, names: set[str], depth: int = 3) -> Iterator[tuple[str, Any]]:
    """What a value is or holds, as far as these names lead."""
    # By type(), for isinstance would wake lazy objects.
    kind = type(value)
    if issubclass(kind, _VARIABLES):
        yield path, value
    elif kind in _FUNCTIONS and value in _WHEREABOUTS:
        yield _WHEREABOUTS[value], value
    elif depth and issubclass(kind, ModuleType):
        yield from _members(value, names, depth)
    elif depth and issubclass(kind, type):
        yield from _attributes(path, value, {*names, "__init__", "__new__"}, depth)
    elif depth and issubclass(kind, (dict, list, tuple, set, frozenset)):
        parts = list(value.values() if issubclass(kind, dict) else value)[:_LONGEST]
        for part in parts:
            if callable(part) or issubclass(type(part), _VARIABLES):
                yield from _leads(path, part, names, depth - 1)
    elif depth:
        yield from _object(path, value, names, depth)


def _object(path: str, value: Any, names: set[str], depth: int) -> Iterator[tuple[str, Any]]:
    function = function_of(value)
    if function is None:
        yield from _instance(path, value, names, depth)
        return
    if not is_library(function):
        yield path, function
    yield from _arguments(path, value, names, depth)


def _members(module: ModuleType, names: set[str], depth: int) -> Iterator[tuple[str, Any]]:
    if module.__name__.partition(".")[0] in _SKIPPED and module.__name__ not in _MODULES:
        return
    for name in sorted(names & vars(module).keys()):
        yield from _leads(f"{module.__name__}.{name}", vars(module)[name], names, depth - 1)


def _arguments(path: str, value: Any, names: set[str], depth: int) -> Iterator[tuple[str, Any]]:
    """What is bound to a callable."""
    bound: list[Any] = []
    if type(value) is partial:
        bound = [*value.args, *value.keywords.values()]
    elif type(value) is MethodType:
        bound = [value.__self__]
    for part in bound:
        yield from _leads(path, part, names, depth - 1)


def _attributes(path: str, cls: Any, names: set[str], depth: int) -> Iterator[tuple[str, Any]]:
    """What a class's attributes lead to, of those that are named or run by themselves."""
    if issubclass(cls, Model):
        yield from _manager(path, cls)
    for name in sorted({*names, *_ALWAYS}):
        found = getattr_static(cls, name, None)
        if found is None or isinstance(found, type):
            continue
        yield from _leads(f"{path}.{name}", found, names, depth)


def _manager(path: str, model: Any) -> Iterator[tuple[str, Any]]:
    """What the managers add to every query."""
    if model._meta.abstract:
        return
    for manager in (model._default_manager, model._base_manager):
        function = function_of(getattr_static(type(manager), "get_queryset", None))
        if function is not None and not is_library(function):
            yield f"{path}.{manager.name}.get_queryset", function


def _instance(path: str, value: Any, names: set[str], depth: int) -> Iterator[tuple[str, Any]]:
    cls = type(value)
    if issubclass(cls, Manager):
        yield from _attributes(path, cls, {*names, "get_queryset"}, depth - 1)
        queryset = getattr(value, "_queryset_class", None)
        if queryset is not None:
            yield from _attributes(path, queryset, names, depth - 1)
        return
    if cls.__name__ == "ManagerDescriptor":
        yield from _leads(path, value.manager, names, depth)
        return
    state: dict[str, Any] = (getattr_static(value, "__dict__", None) and vars(value)) or {}
    if issubclass(cls, LazyObject):
        yield from _leads(path, state.get("_setupfunc"), names, depth - 1)
        return
    if is_library(cls):
        return
    for name, part in list(state.items())[:_LONGEST]:
        if issubclass(type(part), (*_VARIABLES, FunctionType, partial)):
            yield from _leads(f"{path}.{name}", part, names, depth - 1)
    yield from _attributes(path, cls, names, depth - 1)
