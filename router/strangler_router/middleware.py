"""Pin the table's entry and the policy to each request of a bound endpoint."""

import logging
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from django.conf import settings as django_settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.module_loading import import_string

from strangler_router.conf import settings
from strangler_router.pin import Pin, Replay
from strangler_router.snapshot import Snapshot
from strangler_router.table import build_table
from strangler_router.types import Exchange, Observer, Served

__all__ = ["REPLAY_ATTRIBUTE", "RouterMiddleware"]

REPLAY_ATTRIBUTE = "strangler_replay"

logger = logging.getLogger("strangler_router")


class RouterMiddleware:
    """Place it last, so that `process_view` runs when all other middleware had its say."""

    snapshot = Snapshot()

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self.table = build_table()
        self.observers: list[Observer] = [import_string(name) for name in settings().observers]

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        pin: Pin | None = getattr(request, "strangler_pin", None)
        if pin is not None and pin.decision is not None and pin.decision.mirrored and pin.call is not None:
            # Closers run after the server has sent the body.
            response._resource_closers.append(  # type: ignore[attr-defined]
                partial(self._observe, request, response, pin)
            )
        return response

    def process_view(self, request: HttpRequest, _view: Any, _args: Any, _kwargs: Any) -> HttpResponse | None:
        """Bind the request where the table has its route and method; never answer it here."""
        match = request.resolver_match
        method = "GET" if request.method == "HEAD" else request.method or ""
        entry = self.table.get((match.route, method)) if match else None
        if entry is None:
            return None
        body = b""
        # Some projects read the body of a GET.
        if not entry.binding.is_safe or request.META.get("CONTENT_LENGTH") not in (None, "", "0"):
            read = _body(request)
            if read is None:
                return None
            body = read
        started = time.monotonic()
        replay: Replay | None = getattr(request, REPLAY_ATTRIBUTE, None)
        if replay is not None and replay.session_accessed and hasattr(request, "session"):
            request.session.accessed = True
        request.strangler_pin = Pin(  # type: ignore[attr-defined]
            entry=entry,
            policy=self.snapshot.current(),
            started=started,
            deadline=started + settings().budget,
            body=body,
            replay=replay,
        )
        return None

    def _observe(self, request: HttpRequest, response: HttpResponseBase, pin: Pin) -> None:
        if pin.call is None or pin.decision is None or response.streaming:
            return
        session = getattr(request, "session", None)
        exchange = Exchange(
            call=pin.call,
            decision=pin.decision,
            served=Served(
                status=response.status_code,
                headers=tuple(response.items()),
                cookies=cookies_of(response),
                body=response.content,  # type: ignore[attr-defined]
                seconds=time.monotonic() - pin.started,
                fell_back=pin.fell_back,
                session_accessed=bool(session is not None and session.accessed),
            ),
        )
        for observer in self.observers:
            try:
                observer(exchange)
            except Exception:
                logger.exception("an observer failed; the answer is not affected")


def cookies_of(response: HttpResponseBase) -> tuple[str, ...]:
    """Names and attributes of the cookies that a response sets, without values, and without `expires`: it is a time."""
    return tuple(
        "; ".join([name, *(f"{key}={value}" for key, value in sorted(morsel.items()) if value and key != "expires")])
        for name, morsel in sorted(response.cookies.items())
    )


def _body(request: HttpRequest) -> bytes | None:
    """The raw body; None where it is multipart or too large to travel, so that the monolith keeps the call."""
    if (request.content_type or "").startswith("multipart/"):
        return None
    # Beyond Django's own limit a read of the body is a 400, where a view that reads the stream has none.
    limits = (settings().body_limit, django_settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
    try:
        length = int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        # Reading the body would fail, and a view may know better.
        return None
    if any(limit is not None and length > limit for limit in limits):
        return None
    return request.body
