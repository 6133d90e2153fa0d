"""Find the lines of a view that read what only the monolith's process has: session, cookies, `request.auth`."""

import ast
import inspect
import textwrap
from collections.abc import Iterator
from typing import Any

from strangler_django.endpoints import Endpoint
from strangler_router.peel import peeled_function
from strangler_router.refusals import permission_classes, written_handler

__all__ = ["borrowed_lines"]

BORROWED = {"session", "COOKIES", "auth", "get_signed_cookie"}


def borrowed_lines(endpoint: Endpoint) -> list[str]:
    """`file:line: expression` for each such line in the view, its permissions, filters and serializer."""
    return sorted({line for source in _sources(endpoint) for line in _lines(source)})


def _sources(endpoint: Endpoint) -> Iterator[Any]:
    if not endpoint.is_drf:
        yield getattr(peeled_function(endpoint.callback), "__wrapped__", endpoint.callback)
        return
    handler = written_handler(endpoint)
    if handler is not endpoint.handler:
        yield inspect.unwrap(handler)  # type: ignore[arg-type]  # below @api_view there is no class to read
    parts = [endpoint.view_class, endpoint.attribute("serializer_class")]
    parts += permission_classes(endpoint)
    parts += endpoint.attribute("filter_backends", ()) or ()
    for part in parts:
        for kind in getattr(part, "__mro__", ()):
            if not kind.__module__.startswith(
                ("rest_framework", "django.", "django_filters", "builtins", "strangler_")
            ):
                yield kind


def _lines(source: Any) -> Iterator[str]:
    try:
        lines, first = inspect.getsourcelines(source)
        file = inspect.getsourcefile(source)
    except (OSError, TypeError):
        return
    for node in ast.walk(ast.parse(textwrap.dedent("".join(lines)))):
        if isinstance(node, ast.Attribute) and node.attr in BORROWED and _is_request(node.value):
            yield f"{file}:{first + node.lineno - 1}: {ast.unparse(node)}"


def _is_request(node: ast.expr) -> bool:
    name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
    return name in {"request", "_request"}
