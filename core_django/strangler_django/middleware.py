"""Shows in a response's header what its cached reads cost."""

import re
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.functional import LazyObject, empty

from strangler_django.serializers import reads
from strangler_django.serializers.reads import Read

__all__ = ["ServerTimingMiddleware"]

HEADER = "Server-Timing"
_LONGEST = 400
_NO_TOKEN = re.compile(r"[^!#$%&'*+.^_`|~0-9A-Za-z-]")
_seen: ContextVar[list[Read] | None] = ContextVar("strangler_server_timing", default=None)


class ServerTimingMiddleware:
    """Adds a `Server-Timing` header with an entry for each serializer and function that was read from the cache.

    Hits and misses tell an outsider what others have read, and times tell how much there is. So the header is for
    staff (`is_staff`, as the view has seen the user), and for everybody under DEBUG.
    Place it first, so that no cache in front of the view keeps what was shown to staff.
    The format is that of https://www.w3.org/TR/server-timing/; browsers show it beside the request's other times.
    At most 400 bytes are added, the slowest entries first. A response without cached reads is left alone.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)
        if _note not in reads.listeners:
            reads.listeners.append(_note)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if self._is_async:
            return self._acall(request)
        seen: list[Read] = []
        token = _seen.set(seen)
        try:
            response: HttpResponseBase = self.get_response(request)
        finally:
            _seen.reset(token)
        return _timed(request, response, seen)

    async def _acall(self, request: HttpRequest) -> HttpResponseBase:
        seen: list[Read] = []
        token = _seen.set(seen)
        try:
            response: HttpResponseBase = await self.get_response(request)
        finally:
            _seen.reset(token)
        return _timed(request, response, seen)


def _note(read: Read) -> None:
    seen = _seen.get()
    if seen is not None:
        seen.append(read)


def _timed(request: HttpRequest, response: HttpResponseBase, seen: list[Read]) -> HttpResponseBase:
    if seen and _may_see(request):
        known = response.get(HEADER)
        response[HEADER] = f"{known}, {_header(seen)}" if known else _header(seen)
    return response


def _may_see(request: HttpRequest) -> bool:
    if settings.DEBUG:
        return True
    user: Any = getattr(request, "user", None)
    if isinstance(user, LazyObject) and user._wrapped is empty:
        # Nobody asked who it is; loading the session now would make the response vary by cookie.
        return False
    return bool(getattr(user, "is_staff", False) and getattr(user, "is_active", False))


def _header(seen: list[Read]) -> str:
    """The entries of as many serializers as there is room for."""
    by_name: dict[str, list[Read]] = {}
    for read in seen:
        by_name.setdefault(read.serializer, []).append(read)
    slowest = sorted(by_name.items(), key=lambda item: -sum(read.seconds for read in item[1]))
    entries = [_entry(name, some) for name, some in slowest]
    shown, size = 0, len(_rest(len(entries)))
    while shown < len(entries) and size + len(entries[shown]) + 2 <= _LONGEST:
        size += len(entries[shown]) + 2
        shown += 1
    left = len(entries) - shown
    return ", ".join(entries[:shown] + ([_rest(left)] if left else []))


def _entry(name: str, some: list[Read]) -> str:
    short = name.rpartition(".")[2]
    token = _NO_TOKEN.sub("_", short.removesuffix("Serializer") or short)[:60]
    milliseconds = 1000 * sum(read.seconds for read in some)
    # The time of what was read within another read is that one's.
    duration = f";dur={milliseconds:.1f}" if milliseconds else ""
    return f'strangler-{token};desc="{_quoted(_words(some))}"{duration}'


def _words(some: list[Read]) -> str:
    words = [f"{len(some)} reads"] if len(some) > 1 else []
    for attribute, text in _WORDS.items():
        if count := sum(getattr(read, attribute) for read in some):
            words.append(f"{count} {text}")
    words += dict.fromkeys(f"bypass {read.bypass}" for read in some if read.bypass)
    return ", ".join(words)


_WORDS = {
    "objects": "objects",
    "hits": "hits",
    "misses": "misses",
    "stale": "stale",
    "waits": "waits",
    "queries": "SQL",
    "round_trips": "Redis",
}


def _quoted(text: str) -> str:
    """What may stand between quotes: printable ASCII, quotes and backslashes escaped (RFC 9110, 5.6.4)."""
    plain = "".join(part if part.isprintable() else " " for part in text[:160]).encode("ascii", "replace").decode()
    return re.sub(r'(["\\])', r"\\\1", plain)


def _rest(count: int) -> str:
    return f'strangler-more;desc="{count} more"'
