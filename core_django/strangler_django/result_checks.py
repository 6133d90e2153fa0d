"""System checks of functions whose results are kept, and of the cacheops settings that they rest on."""

from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.checks import Warning as Caution
from django.utils.module_loading import import_string

from strangler_django.serializers.json_serializer import JSONSerializer
from strangler_django.serializers.keeping import Results, pickles
from strangler_django.serializers.results import declared
from strangler_django.serializers.vary import HOST, UnknownVary, allowed_by, known

_SERIALIZER = f"{JSONSerializer.__module__}.{JSONSerializer.__qualname__}"
_TIMEOUTS = ("socket_timeout", "socket_connect_timeout")
_LONGEST_TIMEOUT = 1.0
_ROWS = {"get", "fetch", "all"}


@register
def check_results(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    functions = declared()
    messages = [message for results in functions for message in _messages(results)]
    return [*(_cacheops_messages() if functions else ()), *messages]


@register
def check_cacheops_settings(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    return [*_row_messages(), *_timeout_messages()] if apps.is_installed("cacheops") else []


def _cacheops_messages() -> Iterator[CheckMessage]:
    if pickles():
        yield Error(
            "CACHEOPS_SERIALIZER is pickle: who can write to Redis can run code here. cached_result keeps nothing.",
            hint=f"Set CACHEOPS_SERIALIZER = {_SERIALIZER!r}.",
            id="strangler_django.E110",
        )
    if find_spec("cacheops") is None:
        yield Caution(
            "cached_result is used, but cacheops is not installed: the functions are just called.",
            hint="Install django-strangler[cache].",
            id="strangler_django.W110",
        )


def _messages(results: Results) -> Iterator[CheckMessage]:
    path = results.callee.path
    for problem in results.unresolved:
        yield Error(
            f"{path} depends on what names no model: {problem}.",
            hint="Give model classes or 'app.Model'. Nothing is kept until then.",
            id="strangler_django.E111",
        )
    try:
        hidden = results.hidden
    except UnknownVary as error:
        yield Error(f"{path}: {error}", hint="Name one of these, or call register_vary.", id="strangler_django.E113")
        return
    for variable in hidden:
        yield Error(
            f"{path} reads {variable}, which differs between requests. Nothing is kept.",
            hint=f"Pass it as an argument, or register_vary with allows=[{variable!r}] and name it in vary.",
            id="strangler_django.E112",
        )
    blind = [] if results.callee.takes_request else [name for name in results.vary if _needs_request(name)]
    if blind:
        yield Error(
            f"{path} varies by {', '.join(blind)}, but has no parameter named 'request' to take it from.",
            hint=f"Add the parameter, or vary by something else: {', '.join(known())}.",
            id="strangler_django.E113",
        )


def _needs_request(name: str) -> bool:
    allowed = allowed_by([name])
    return bool(allowed) and all(path == HOST or path.startswith("request.") for path in allowed)


def _row_messages() -> Iterator[CheckMessage]:
    serializer = getattr(settings, "CACHEOPS_SERIALIZER", None)
    if isinstance(serializer, str) and "." in serializer:
        serializer = import_string(serializer)
    if serializer is not JSONSerializer:
        return
    shared: Mapping[str, Any] = getattr(settings, "CACHEOPS_DEFAULTS", {})
    for name, profile in getattr(settings, "CACHEOPS", {}).items():
        merged = {**shared, **(profile or {})}
        ops = merged.get("ops", ())
        rows = sorted(_ROWS & ({ops} if isinstance(ops, str) else set(ops)))
        rows += ["cache_on_save"] if merged.get("cache_on_save") else []
        if profile is not None and rows:
            yield Error(
                f"CACHEOPS[{name!r}] keeps rows ({', '.join(rows)}), but CACHEOPS_SERIALIZER refuses rows.",
                hint="Leave these out; 'count', 'exists' and 'aggregate' work.",
                id="strangler_django.E114",
            )


def _timeout_messages() -> Iterator[CheckMessage]:
    location = getattr(settings, "CACHEOPS_REDIS", None)
    if not location:
        return
    options = dict(parse_qsl(urlsplit(location).query)) if isinstance(location, str) else location
    long = [name for name in _TIMEOUTS if not 0 < float(options.get(name) or 0) <= _LONGEST_TIMEOUT]
    if long:
        yield Caution(
            f"CACHEOPS_REDIS has no short {' and '.join(long)}: cacheops' own client waits for a hung server for ever, "
            "and tries again.",
            hint="Set CACHEOPS_REDIS = {..., 'socket_timeout': 0.25, 'socket_connect_timeout': 0.25, "
            "'retry': Retry(NoBackoff(), 0)}. Results and bodies need none of it.",
            id="strangler_django.W111",
        )
