"""Find the lines of a view that read what only the monolith's process has: session, cookies, `request.auth`."""

import ast
import inspect
from collections.abc import Iterator
from typing import Any

from strangler_django.endpoints import Endpoint
from strangler_router.peel import peeled_function
from strangler_router.refusals import permission_classes, written_handler
from strangler_router.view_source import class_nodes, is_request, source_nodes

__all__ = ["borrowed_lines"]

BORROWED = {"session", "COOKIES", "auth", "get_signed_cookie"}


def borrowed_lines(endpoint: Endpoint) -> list[str]:
    """`file:line: expression` for each such line in the view, its permissions, filters and serializer."""
    return sorted(
        {
            f"{place}: {ast.unparse(node)}"
            for _, node, place in _nodes(endpoint)
            if isinstance(node, ast.Attribute) and node.attr in BORROWED and is_request(node.value)
        }
    )


def _nodes(endpoint: Endpoint) -> Iterator[tuple[Any, ast.AST, str]]:
    if not endpoint.is_drf:
        yield from source_nodes(getattr(peeled_function(endpoint.callback), "__wrapped__", endpoint.callback))
        return
    handler = written_handler(endpoint)
    if handler is not endpoint.handler:
        # Below @api_view there is no class to read.
        yield from source_nodes(inspect.unwrap(handler))  # type: ignore[arg-type]
    parts = [endpoint.view_class, endpoint.attribute("serializer_class")]
    parts += permission_classes(endpoint)
    parts += endpoint.attribute("filter_backends", ()) or ()
    for part in parts:
        yield from class_nodes(part)
