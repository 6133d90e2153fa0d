"""Sees what a function whose results are kept uses without saying so."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar

from strangler_django.models import JournalRow
from strangler_django.serializers.guard import (
    Leak,
    declared_queries,
    without_language,
    without_queries,
    without_time_zone,
)

__all__ = ["Tables", "guarded_function", "tell_outer"]

Tables = frozenset[str] | None
"""The tables that a function may read; None for any."""

_outer: ContextVar[tuple[Tables, Leak] | None] = ContextVar("strangler_function", default=None)


class FunctionLeak(Leak):
    subject = "A cached function"
    advice = "Name it in vary or depends_on of cached_result, or pass it as an argument."


@contextmanager
def guarded_function(allowed: frozenset[str], tables: Tables) -> Iterator[Leak]:
    """Runs a function; raises UndeclaredUse at the end also where the function swallowed it."""
    leak = FunctionLeak(allowed)
    if tables is not None:
        # Read by a function within this one.
        tables |= {JournalRow._meta.db_table}
    token = _outer.set((tables, leak))
    try:
        with ExitStack() as stack:
            stack.enter_context(declared_queries())
            stack.enter_context(without_queries(leak, tables))
            stack.enter_context(without_language(leak))
            stack.enter_context(without_time_zone(leak))
            yield leak
    finally:
        _outer.reset(token)
    if leak:
        raise leak.report(leak[0])


def tell_outer(tables: Tables, path: str) -> None:
    """Lets a result that is being computed know what another one reads, which runs no query where it is a hit.

    Raises UndeclaredUse.
    """
    outer, leak = _outer.get() or (None, None)
    if leak is not None and outer is not None and tables is not None and tables - outer:
        raise leak.report(f"rows of {' and '.join(sorted(tables - outer))} through {path}")
