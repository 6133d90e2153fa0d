"""What tells one call of a function from another: its arguments as JSON, and what its closure holds."""

from collections.abc import Mapping
from functools import cached_property
from inspect import BoundArguments, Parameter, signature, unwrap
from types import FunctionType, ModuleType
from typing import Any

from strangler_django.serializers.digest import code_digest
from strangler_django.serializers.json_serializer import Inexact, dumps

__all__ = ["REQUEST", "Call", "Callee"]

REQUEST = "request"
"""The parameter that is no part of the key; what of it may be used is what `vary` names."""


class Call:
    """Arguments bound to a function's parameters, however they were spelled."""

    def __init__(self, bound: BoundArguments) -> None:
        self._bound = bound

    @property
    def context(self) -> Mapping[str, Any]:
        """As for a serializer: the request, where the function takes one."""
        arguments = self._bound.arguments
        return {REQUEST: arguments[REQUEST]} if REQUEST in arguments else {}

    @cached_property
    def text(self) -> bytes:
        """The arguments but the request. Raises Inexact, which names the argument."""
        parts = [_argument(name, value) for name, value in self._named() if name != REQUEST]
        return b",".join(parts)

    def run(self, function: Any, request: Any = None) -> Any:
        """Calls the function, with another request if one is given."""
        if request is None:
            return function(*self._bound.args, **self._bound.kwargs)
        others = BoundArguments(self._bound.signature, {**self._bound.arguments, REQUEST: request})
        return function(*others.args, **others.kwargs)

    def _named(self) -> list[tuple[str, Any]]:
        named = []
        for name, value in self._bound.arguments.items():
            spread = self._bound.signature.parameters[name].kind is Parameter.VAR_KEYWORD
            named.append((name, dict(sorted(value.items())) if spread else value))
        return named


class Callee:
    """A function that is called with arguments of which its results are a matter."""

    def __init__(self, function: Any) -> None:
        self.function = function
        self.path = f"{function.__module__}.{function.__qualname__}"
        self._signature = signature(function)

    def call(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Call:
        """Raises TypeError as the call itself would."""
        bound = self._signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return Call(bound)

    @property
    def takes_request(self) -> bool:
        return REQUEST in self._signature.parameters

    @cached_property
    def code(self) -> str:
        """Differs once the function's code does, or that of a function which it wraps."""
        return ",".join(code_digest(part) for part in {self.function, unwrap(self.function)})

    @property
    def closure(self) -> bytes:
        """What the function holds beside its arguments. Raises Inexact."""
        cells = zip(self.function.__code__.co_freevars, self.function.__closure__ or (), strict=True)
        return b",".join(_held(name, cell.cell_contents) for name, cell in cells)


def _argument(name: str, value: Any) -> bytes:
    try:
        return name.encode() + b"=" + dumps(value)
    except Inexact as error:
        advice = "pass its primary key" if hasattr(value, "pk") else "pass what the result depends on"
        raise Inexact(
            f"a {type(value).__module__}.{type(value).__qualname__} for the argument {name!r}, which cannot be part "
            f"of a key ({error}): {advice}."
        ) from error


def _held(name: str, value: Any) -> bytes:
    if isinstance(value, FunctionType):
        return f"{name}={code_digest(value)}".encode()
    if isinstance(value, ModuleType):
        return f"{name}={value.__name__}".encode()
    if isinstance(value, type):
        return f"{name}={value.__module__}.{value.__qualname__}".encode()
    return _argument(name, value)
