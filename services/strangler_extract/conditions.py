"""Find the decorators for conditional requests around a view."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from django.middleware.http import ConditionalGetMiddleware

from strangler_django.endpoints import Endpoint

__all__ = ["conditions"]


def conditions(endpoint: Endpoint) -> list[str]:
    """Decorators for conditional requests around the view or its `dispatch()`."""
    around = (endpoint.callback, getattr(endpoint.view_class, "dispatch", None))
    found = (name for function in around for step in _steps(function) for name in _condition(step))
    return list(dict.fromkeys(found))


def _steps(function: Any) -> Iterator[Any]:
    """A function, what it wraps, and the functions that these close over, as method_decorator() does."""
    while function is not None:
        yield function
        yield from (content for content in _enclosed(function) if callable(content))
        function = getattr(function, "__wrapped__", None)


def _condition(function: Any) -> Iterator[str]:
    # @etag and @last_modified are @condition with one argument.
    if getattr(getattr(function, "__code__", None), "co_qualname", "").startswith("condition.<locals>"):
        yield "condition"
    if any(
        found is ConditionalGetMiddleware or isinstance(found, ConditionalGetMiddleware)
        for found in _enclosed(function)
    ):
        yield "conditional_page"


def _enclosed(function: Any) -> Iterator[Any]:
    for cell in getattr(function, "__closure__", None) or ():
        with suppress(ValueError):  # an empty cell
            content = cell.cell_contents
            yield from content if isinstance(content, list | tuple) else (content,)
