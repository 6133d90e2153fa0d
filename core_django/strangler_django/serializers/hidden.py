"""Finds what code reads that no argument shows: context variables and thread locals, which may hold a user."""

import dis
import threading
from collections.abc import Collection, Iterator
from contextvars import ContextVar
from functools import cached_property, lru_cache, partial
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from asgiref.local import Local
from rest_framework.serializers import BaseSerializer, ListSerializer

from strangler_django.serializers.batched import BatchedField

__all__ = ["hidden_inputs", "variables_of"]

_DEPTH = 4
_LIBRARIES = ("rest_framework", "django", "strangler_django", "asgiref", "redis", "cacheops")


def hidden_inputs(serializer: Any, *, skip: Collection[str] = ()) -> Iterator[tuple[str, str]]:
    """Where and which variable, for each context variable or thread local that a shared field's code names.

    Follows calls of the project's own functions a few steps; what it cannot see (a callable picked at run time) it
    does not report.
    """
    for name, field in getattr(serializer, "fields", {}).items():
        if name in skip:
            continue
        for function in _code_of(serializer, field):
            for variable in variables_of(function):
                yield f"{type(serializer).__name__}.{name} ({function.__qualname__})", variable
        inner = field.child if isinstance(field, ListSerializer) else field
        if isinstance(inner, BaseSerializer) and not getattr(inner, "shares_bodies", None):
            yield from hidden_inputs(inner)
    own = _function(type(serializer).to_representation)
    if own is not None and not _is_library(own):
        yield from ((f"{type(serializer).__name__}.to_representation", name) for name in variables_of(own))


def _code_of(serializer: Any, field: Any) -> Iterator[FunctionType]:
    """The project's own functions that make a field's value."""
    candidates: list[Any] = [type(field).to_representation, type(field).get_attribute]
    if isinstance(field, BatchedField):
        candidates += [field.method, type(field.field).to_representation]
    if getattr(field, "method_name", None):
        candidates.append(getattr(type(serializer), field.method_name, None))
    model = getattr(getattr(serializer, "Meta", None), "model", None)
    if model is not None and getattr(field, "source_attrs", None):
        candidates.append(getattr(model, field.source_attrs[0], None))
        candidates.append(vars(model).get(field.source_attrs[0]))
    for candidate in candidates:
        function = _function(candidate)
        if function is not None and not _is_library(function):
            yield function


def _function(candidate: Any) -> FunctionType | None:
    if isinstance(candidate, property):
        candidate = candidate.fget
    elif isinstance(candidate, cached_property) or type(candidate).__name__ == "cached_property":
        candidate = candidate.func
    elif isinstance(candidate, (staticmethod, classmethod, MethodType)):
        candidate = candidate.__func__
    elif isinstance(candidate, partial):
        candidate = candidate.func
    candidate = getattr(candidate, "__wrapped__", candidate)
    return candidate if isinstance(candidate, FunctionType) else None


def _is_library(function: FunctionType) -> bool:
    return (function.__module__ or "").partition(".")[0] in _LIBRARIES


@lru_cache(maxsize=1024)
def variables_of(function: FunctionType) -> tuple[str, ...]:
    """The context variables and thread locals that a function and those of the project that it calls name."""
    return tuple(_variables(function, _DEPTH, set()))


def _variables(function: FunctionType, depth: int, seen: set[CodeType]) -> Iterator[str]:
    if depth == 0 or function.__code__ in seen:
        return
    seen.add(function.__code__)
    for name, value in _named(function):
        if isinstance(value, (ContextVar, threading.local, Local)):
            yield name
        callee = _function(value)
        if callee is not None and not _is_library(callee):
            yield from _variables(callee, depth - 1, seen)


def _named(function: FunctionType) -> Iterator[tuple[str, Any]]:
    """The globals, the attributes of modules and the closure's values that a function names, with dotted paths."""
    for code in _codes(function.__code__):
        loaded: list[tuple[str, Any]] = []
        for instruction in dis.get_instructions(code):
            if instruction.opname == "LOAD_GLOBAL" and instruction.argval in function.__globals__:
                value = function.__globals__[instruction.argval]
                loaded = [(instruction.argval, value)]
                yield f"{function.__module__}.{instruction.argval}", value
            elif instruction.opname in ("LOAD_ATTR", "LOAD_METHOD") and loaded and isinstance(loaded[0][1], ModuleType):
                module = loaded[0][1]
                value = getattr(module, instruction.argval, None)
                loaded = [(instruction.argval, value)]
                yield f"{module.__name__}.{instruction.argval}", value
            elif instruction.opname not in ("CACHE", "PUSH_NULL"):
                loaded = []
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            yield f"{function.__module__}.{name}", cell.cell_contents
        except ValueError:
            continue


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)
