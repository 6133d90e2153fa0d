"""What the source of a handler says: which generic action it is, which serializer it answers with, which status."""

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

from django.http import StreamingHttpResponse
from rest_framework import status
from rest_framework.serializers import BaseSerializer

__all__ = ["ACTIONS", "Handler", "read_handler"]

ACTIONS: Mapping[str, int] = {
    "list": 200,
    "retrieve": 200,
    "create": 201,
    "update": 200,
    "partial_update": 200,
    "destroy": 204,
}
"""DRF's generic actions and the status of their success."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Handler:
    """`action` is the generic action that answers, or empty; `serializers` are classes that the code instantiates."""

    action: str = ""
    serializers: tuple[type[BaseSerializer], ...] = ()
    asks_view: bool = False
    """Whether it calls the view's own `get_serializer`."""
    many: bool = False
    paginated: bool = False
    status: int = 200
    streams: bool = False


def read_handler(function: Callable[..., Any] | None) -> Handler:
    """Reads a handler; what is no Python source says nothing."""
    tree = _tree(function)
    if function is None or tree is None:
        return Handler()
    scope = _scope(function)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    action = _action(function, calls)
    if action:
        return Handler(action=action, status=ACTIONS[action], asks_view=True, many=action == "list")
    made = {found: None for call in calls if _is_serializer(found := _value(call.func, scope))}
    makers = [call for call in calls if _is_serializer(_value(call.func, scope)) or _own_name(call) == "get_serializer"]
    return Handler(
        serializers=tuple(made),
        asks_view=any(_own_name(call) == "get_serializer" for call in calls),
        many=any(_keyword(call, "many", scope) is True for call in makers),
        paginated=any(_own_name(call) == "get_paginated_response" for call in calls),
        status=_status(calls, scope),
        streams=any(_streams(call.func, scope) for call in calls),
    )


def _tree(function: Any) -> ast.AST | None:
    try:
        return ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(function))))
    except (OSError, TypeError, SyntaxError):
        return None


def _scope(function: Any) -> Mapping[str, Any]:
    inner = inspect.unwrap(function)
    cells = dict(zip(inner.__code__.co_freevars, inner.__closure__ or (), strict=True))
    return {**inner.__globals__, **{name: cell.cell_contents for name, cell in cells.items()}}


def _action(function: Any, calls: list[ast.Call]) -> str:
    """The generic action: the function is one, or hands on to one (`self.list(...)`, `super().create(...)`)."""
    inner = inspect.unwrap(function)
    if inner.__name__ in ACTIONS and inner.__module__.startswith(("rest_framework.", "strangler_django.")):
        return str(inner.__name__)
    handed = [_own_name(call) for call in calls if _own_name(call) in ACTIONS]
    return handed[0] if len(set(handed)) == 1 else ""


def _own_name(call: ast.Call) -> str:
    """NAME of `self.NAME()` and `super().NAME()`."""
    if not isinstance(call.func, ast.Attribute):
        return ""
    owner = call.func.value
    of_self = isinstance(owner, ast.Name) and owner.id == "self"
    of_super = isinstance(owner, ast.Call) and _name(owner.func) == "super"
    return call.func.attr if of_self or of_super else ""


def _status(calls: list[ast.Call], scope: Mapping[str, Any]) -> int:
    found = [_keyword(call, "status", scope) for call in calls if _name(call.func).endswith("Response")]
    good = [int(code) if isinstance(code, int) else 200 for code in found]
    good = [code for code in good if status.is_success(code)]
    return good[-1] if good else 200


def _keyword(call: ast.Call, name: str, scope: Mapping[str, Any]) -> Any:
    return next((_value(keyword.value, scope) for keyword in call.keywords if keyword.arg == name), None)


def _value(node: ast.expr, scope: Mapping[str, Any]) -> Any:
    """What a constant, a name or a dotted name stands for; None where only running the code would tell."""
    if isinstance(node, ast.Constant):
        return node.value
    names = list(_dotted(node))
    if not names or names[0] not in scope:
        return None
    return reduce(lambda value, name: getattr(value, name, None), names[1:], scope[names[0]])


def _dotted(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Attribute):
        inner = list(_dotted(node.value))
        yield from (*inner, node.attr) if inner else ()
    elif isinstance(node, ast.Name):
        yield node.id


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _streams(node: ast.expr, scope: Mapping[str, Any]) -> bool:
    found = _value(node, scope)
    named = _name(node) in {"StreamingHttpResponse", "FileResponse"}
    return named or (isinstance(found, type) and issubclass(found, StreamingHttpResponse))


def _is_serializer(found: Any) -> bool:
    return isinstance(found, type) and issubclass(found, BaseSerializer)
