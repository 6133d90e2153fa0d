"""Find the lines of a view that need what is around it in the monolith: middleware, server, cookies, renderers."""

import ast
import inspect
import threading
from collections.abc import Iterator
from contextlib import suppress
from contextvars import ContextVar
from functools import reduce
from types import FunctionType
from typing import Any, TypeGuard

from asgiref.local import Local
from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.serializers import BaseSerializer

from strangler_django.endpoints import Endpoint
from strangler_router.refusals import permission_classes, written_handler
from strangler_router.view_source import FRAMEWORKS, class_nodes, is_request, source_nodes

__all__ = ["context_lines", "cookie_lines", "left_lines", "renderer_lines", "request_lines"]

LOCALS = (ContextVar, threading.local, Local)
# What strangler_router.borrowed looks for, and what a hosted view's request is given.
KNOWN = {*dir(HttpRequest()), *dir(Request(HttpRequest())), "user", "auth", "session"}
KNOWN |= {"accepted_renderer", "accepted_media_type", "environ", "version", "versioning_scheme"}
# Of the WSGI environment; others have the service's own values, or none.
TRAVEL = {"REQUEST_METHOD", "SCRIPT_NAME", "PATH_INFO", "QUERY_STRING", "CONTENT_TYPE", "CONTENT_LENGTH", "HTTP_HOST"}
SETTERS = {"set_cookie", "set_signed_cookie", "delete_cookie"}
STAY = {"HTTP_AUTHORIZATION", "HTTP_COOKIE"}


def context_lines(endpoint: Endpoint, serializer: BaseSerializer | None) -> list[str]:
    """`file:line: reads NAME` for context variables and thread locals, also one function away."""
    return _lines(
        f"{place}: reads {name}"
        for source, node, place in _nodes(endpoint, serializer)
        if isinstance(node, ast.Name | ast.Attribute)
        for name in _locals(source, node)
    )


def request_lines(endpoint: Endpoint, serializer: BaseSerializer | None) -> list[str]:
    """`file:line: expression` for attributes that middleware puts on requests, and for what the server says of them."""
    nodes = list(_nodes(endpoint, serializer))
    own = {node.attr for _, node, _ in nodes if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)}
    return _lines(f"{place}: {ast.unparse(node)}" for _, node, place in nodes if _is_foreign(node, own))


def cookie_lines(endpoint: Endpoint, serializer: BaseSerializer | None) -> list[str]:
    """`file:line: function` where cookies are set, which a lifted view may not do."""
    return _lines(
        f"{place}: {node.attr}()"
        for _, node, place in _nodes(endpoint, serializer)
        if isinstance(node, ast.Attribute) and node.attr in SETTERS
    )


def left_lines(endpoint: Endpoint) -> list[str]:
    """`file:line: expression` for what a handler leaves on its view, for `finalize_response()` or as a header."""
    nodes = list(class_nodes(endpoint.view_class))
    left = {node.attr for _, node, _ in nodes if _is_own(node) and isinstance(node.ctx, ast.Store)} | {"paginator"}
    later = {
        id(inner): f"{place}: {ast.unparse(inner)}"
        for _, node, place in nodes
        if isinstance(node, ast.FunctionDef) and node.name == "finalize_response"
        for inner in ast.walk(node)
        if _is_own(inner) and inner.attr in left
    }
    headers = (
        f"{place}: {ast.unparse(node)}"
        for _, node, place in nodes
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store)
        if _is_own(node.value) and node.value.attr == "headers"
    )
    return _lines(iter([*later.values(), *headers]))


def renderer_lines(endpoint: Endpoint) -> list[str]:
    """`file:line: expression` where a renderer asks the view, or the data for its serializer."""
    found = (node for renderer in endpoint.attribute("renderer_classes") or () for node in class_nodes(renderer))
    return _lines(f"{place}: {ast.unparse(node)}" for _, node, place in found if _asks_view(node))


def _lines(found: Iterator[str]) -> list[str]:
    return sorted(set(found))


def _nodes(endpoint: Endpoint, serializer: BaseSerializer | None) -> Iterator[tuple[Any, ast.AST, str]]:
    """Every node of the view's own code, with the object that it is of, and its place."""
    yield from source_nodes(inspect.unwrap(written_handler(endpoint)))  # type: ignore[arg-type]
    classes = [endpoint.view_class, endpoint.attribute("serializer_class"), *permission_classes(endpoint)]
    classes += endpoint.attribute("filter_backends", ()) or ()
    classes += list(_parts(serializer, set())) if serializer is not None else []
    for kind in dict.fromkeys(classes):
        yield from class_nodes(kind)


def _parts(field: Any, seen: set[Any]) -> Iterator[Any]:
    """The classes of a serializer and of all that is in it."""
    kind = (type(field), type(getattr(field, "child", None)))
    if kind in seen:
        return
    seen.add(kind)
    yield type(field)
    inner: list[Any] = [getattr(field, "child", None), getattr(field, "child_relation", None)]
    with suppress(Exception):  # fields are the project's code, which may need a real request
        inner += field.fields.values()
    for part in inner:
        if part is not None:
            yield from _parts(part, seen)


def _locals(source: Any, node: ast.Name | ast.Attribute) -> Iterator[str]:
    names = _dotted(node)
    scope = vars(inspect.getmodule(source))
    if not names or names[0] not in scope:
        return
    found = reduce(lambda value, name: getattr(value, name, None), names[1:], scope[names[0]])
    if isinstance(found, LOCALS):
        yield ".".join(names)
    elif isinstance(found, FunctionType) and not found.__module__.startswith(FRAMEWORKS):
        for name in found.__code__.co_names:
            if isinstance(found.__globals__.get(name), LOCALS):
                yield f"{name} through {'.'.join(names)}()"


def _dotted(node: ast.expr) -> list[str]:
    if isinstance(node, ast.Name):
        return [node.id]
    inner = _dotted(node.value) if isinstance(node, ast.Attribute) else []
    return [*inner, node.attr] if inner and isinstance(node, ast.Attribute) else []


def _is_foreign(node: ast.AST, own: set[str]) -> bool:
    if isinstance(node, ast.Attribute) and _is_request(node.value):
        return node.attr not in KNOWN and node.attr not in own and not node.attr.startswith("__")
    key = _key(node, "META")
    return key is not None and (key in STAY or (key not in TRAVEL and not key.startswith("HTTP_")))


def _is_own(node: ast.AST) -> TypeGuard[ast.Attribute]:
    return isinstance(node, ast.Attribute) and _name(node.value) == "self"


def _asks_view(node: ast.AST) -> bool:
    of_data = isinstance(node, ast.Attribute) and node.attr == "serializer" and _name(node.value) == "data"
    return of_data or _key(node, "renderer_context") == "view"


def _key(node: ast.AST, owner: str) -> str | None:
    """KEY of `owner["KEY"]` and `owner.get("KEY")`."""
    match node:
        case ast.Subscript(value=value, slice=ast.Constant(value=str(key))) if _name(value) == owner:
            return key
        case ast.Call(func=ast.Attribute(value=value, attr="get"), args=[ast.Constant(value=str(key)), *_]) if (
            _name(value) == owner
        ):
            return key
    return None


def _is_request(node: ast.expr) -> bool:
    return is_request(node) or _key(node, "context") == "request"


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
