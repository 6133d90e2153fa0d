"""Functions whose results are kept until a row that they read is written."""

from collections.abc import Callable, Sequence
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any, ParamSpec, Protocol, TypeVar, cast
from weakref import WeakSet

from asgiref.sync import sync_to_async
from django.apps import apps

from strangler_django.serializers.cache import check_timeout
from strangler_django.serializers.keeping import Results, Source

__all__ = ["CachedFunction", "cached_result", "declared", "resolve_waiting"]

Arguments = ParamSpec("Arguments")
Value_co = TypeVar("Value_co", covariant=True)


class CachedFunction(Protocol[Arguments, Value_co]):
    """What `cached_result` makes of a function."""

    results: Results

    def __call__(self, *args: Arguments.args, **kwargs: Arguments.kwargs) -> Value_co:
        """The function's value for these arguments."""

    def key(self, *args: Arguments.args, **kwargs: Arguments.kwargs) -> str:
        """The name of these arguments' result in Redis, without what the server's run puts in front."""

    def invalidate(self, *args: Arguments.args, **kwargs: Arguments.kwargs) -> Any:
        """Makes the results for these arguments void, for every user and language; a coroutine if the function is."""


def cached_result(
    *, timeout: int, depends_on: Source | Sequence[Source] = (), vary: str | Sequence[str] = ()
) -> Callable[[Callable[Arguments, Value_co]], CachedFunction[Arguments, Value_co]]:
    """Keeps a function's results, one for each set of arguments, for `timeout` seconds or until a write ends them.

    `depends_on` names the models that it reads, as classes or `app.Model`, tables of many-to-many relations included;
    every write to one of them ends all results. Without it only the timeout does.
    `vary` keeps results apart by language, time zone and what else is registered. What needs a request takes it from
    the parameter `request`, which is no part of the key.
    Arguments and results are what `json_serializer` gives back exactly; others raise Inexact, a TypeError, in tests
    and under DEBUG, and are not kept in production. So does undeclared use, as UndeclaredUse.
    The function is just called inside a transaction, where Redis or cacheops is missing, and while a write is under
    way. It may be async.
    Of cacheops this uses the settings (CACHEOPS_REDIS, CACHEOPS_ENABLED, CACHEOPS_PREFIX) and the events. Not its
    client, which waits for a hung server for seconds, nor its function cache, which forgets writes while Redis is away.
    Raises ImproperlyConfigured for a timeout out of range.
    """
    check_timeout(timeout, "cached_result")
    sources = (depends_on,) if isinstance(depends_on, (str, type)) else tuple(depends_on)
    names = (vary,) if isinstance(vary, str) else tuple(vary)

    def decorate(function: Callable[Arguments, Value_co]) -> CachedFunction[Arguments, Value_co]:
        results = Results(function, timeout=timeout, depends_on=sources, vary=names)
        _waiting.append(results)
        if apps.models_ready:
            resolve_waiting()
        return cast("CachedFunction[Arguments, Value_co]", _wrapped(function, results))

    return decorate


_waiting: list[Results] = []
# Functions may be made at run time.
_declared: WeakSet[Results] = WeakSet()


def resolve_waiting() -> None:
    """Watches what the functions that were declared meanwhile depend on."""
    while _waiting:
        results = _waiting.pop()
        results.resolve()
        _declared.add(results)


def declared() -> list[Results]:
    """The results of all functions, by path."""
    return sorted(_declared, key=lambda results: results.callee.path)


def _wrapped(function: Any, results: Results) -> Any:
    invalidate: Callable[..., Any] = results.invalidate
    if iscoroutinefunction(function):
        value, invalidate = sync_to_async(results.value), sync_to_async(results.invalidate)

        @wraps(function)
        async def call(*args: Any, **kwargs: Any) -> Any:
            return await value(*args, **kwargs)

    else:

        @wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            return results.value(*args, **kwargs)

    wrapped: Any = call
    wrapped.key, wrapped.invalidate, wrapped.results = results.key, invalidate, results
    return wrapped
