"""Where a bound view's handler becomes the RPC.

The view class is not patched: each bound route gets a class derived from it, put into the closure of that route's
`as_view()`. So base and subclass cannot both act, DRF's own classes stay as they are, and a view that calls another
view's function reaches the original class.
"""

import logging
import time
from collections.abc import Callable
from functools import partial
from types import CellType, FunctionType
from typing import Any

from django.http import HttpResponse
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response

from strangler_protos.bindings import Authority
from strangler_router.calls import call_of, subject_of
from strangler_router.errors import ConfigurationError, NoAnswer
from strangler_router.failures import Refusal
from strangler_router.pin import Pin, decide, take
from strangler_router.policy import Stage
from strangler_router.types import EMPTY, Decision, Reply, Side

__all__ = ["Seam", "ServiceUnavailable", "answer", "class_cell", "derive", "mirror"]

logger = logging.getLogger("strangler_router")


class ServiceUnavailable(Exception):
    """Nobody could answer; becomes 503 or 504."""

    def __init__(self, status: int) -> None:
        super().__init__(f"no answer from the service ({status})")
        self.status = status


class Seam:
    """Mixed in before a bound view class."""

    request: Any

    def initial(self, request: Any, *args: Any, **kwargs: Any) -> None:
        """Run the view's own `initial()`; only then is the user known, and the decision is made."""
        super().initial(request, *args, **kwargs)  # type: ignore[misc]
        pin = take(request._request, type(self))
        if pin is None:
            return
        if not isinstance(request.accepted_renderer, JSONRenderer):
            # The browsable API and HTML renderers ask the view for forms, filters and page links.
            pin.decision = Decision(side=Side.MONOLITH, rung="", reason="the renderer is not JSON")
            return
        decision = decide(pin, request, subject_of)
        if decision.side is Side.SERVICE:
            name = request.method.lower()
            setattr(self, name, partial(_handle, self, pin, decision, getattr(self, name, None)))
        elif decision.mirrored:
            mirror(pin, request)

    def get_throttles(self) -> list[Any]:
        """A replayed call is not the user's; it must not use up their quota."""
        pin: Pin | None = getattr(getattr(self, "request", None), "strangler_pin", None)
        if pin is not None and pin.replay is not None:
            return []
        throttles: list[Any] = super().get_throttles()  # type: ignore[misc]
        return throttles


def _handle(view: Any, pin: Pin, decision: Decision, own: Callable[..., Any] | None, *args: Any, **kwargs: Any) -> Any:
    """Stand in for the view's HTTP handler."""
    request = args[0]
    if pin.entry.authority(decision.rung) is Authority.MONOLITH:
        view.get_object()
    fall_back = partial(own, *args, **kwargs) if own is not None else None
    try:
        reply = answer(request, pin, decision, can_fall_back=fall_back is not None)
    except ServiceUnavailable as error:
        return Response({"detail": "The service does not answer."}, status=error.status)
    if reply is None:
        assert fall_back is not None  # noqa: S101  answer() returns None only where it may
        return fall_back()
    return drf_response(reply)


def answer(request: Any, pin: Pin, decision: Decision, *, can_fall_back: bool) -> Reply | None:
    """The service's reply; None where the monolith shall answer instead.

    Raises the application's exception, that of Django where it answers itself, or `ServiceUnavailable` where nobody may
    answer in the monolith's place.
    """
    try:
        pin.call = call_of(request, pin)
        reply = pin.entry.backend(decision.rung)(pin.call)
    except (NoAnswer, ConfigurationError) as error:
        if pin.replay is not None:
            pin.failure = error
            raise ServiceUnavailable(503) from error
        kind = error.kind if isinstance(error, NoAnswer) else "configuration"
        status = error.status if isinstance(error, NoAnswer) else 503
        retired = pin.policy.flag(pin.entry.binding.id).stage is Stage.RETIRED
        in_time = time.monotonic() < pin.deadline
        repeatable = pin.entry.binding.is_safe or (isinstance(error, NoAnswer) and error.not_run)
        if repeatable and can_fall_back and not retired and in_time:
            pin.fell_back = True
            logger.warning("%s falls back to the monolith (%s): %s", pin.entry.binding.id, kind, error)
            return None
        logger.error("%s has no answer (%s): %s", pin.entry.binding.id, kind, error)  # noqa: TRY400  no stack needed
        raise ServiceUnavailable(status if in_time else 504) from error
    if isinstance(reply.exception, Refusal):
        raise reply.exception.raised()
    if reply.exception is not None:
        raise reply.exception
    return reply


def mirror(pin: Pin, request: Any) -> None:
    """Keep the call for the observers; the user's answer does not depend on it."""
    try:
        pin.call = call_of(request, pin)
    except Exception:
        logger.exception("%s: the call cannot be mirrored; the answer is not affected", pin.entry.binding.id)


def drf_response(reply: Reply) -> Any:
    """The reply as the view's own handler would have returned it."""
    if reply.body is not None:
        return HttpResponse(
            reply.body, status=reply.status, headers=dict(reply.headers), content_type=reply.content_type or None
        )
    data = None if reply.data is EMPTY else reply.data
    headers = dict(reply.headers)
    content_type = headers.pop("Content-Type", None)
    return Response(data, status=reply.status, headers=headers, content_type=content_type)


def derive(callback: Callable[..., Any], view_class: Any) -> type[Any]:
    """Put a class with the seam into this route's `as_view()` closure; the same one on a second call."""
    cell = class_cell(callback, view_class)
    if not issubclass(cell.cell_contents, Seam):
        namespace = {"__module__": view_class.__module__, "__qualname__": view_class.__qualname__}
        cell.cell_contents = type(view_class.__name__, (Seam, view_class), namespace | {"__doc__": view_class.__doc__})
    seamed: type[Any] = cell.cell_contents
    return seamed


def class_cell(callback: Any, view_class: Any) -> CellType:
    """The cell that names the class in the closure of `as_view()`, below a view's decorators.

    `ConfigurationError` where a decorator hides it because it does not use `functools.wraps`.
    """
    while isinstance(callback, FunctionType) or hasattr(callback, "__wrapped__"):
        for cell in getattr(callback, "__closure__", None) or ():
            content = cell.cell_contents
            if content is view_class or (
                isinstance(content, type) and issubclass(content, Seam) and content.__mro__[2] is view_class
            ):
                return cell  # type: ignore[no-any-return]
        callback = getattr(callback, "__wrapped__", None)
    raise ConfigurationError(
        f"{view_class.__qualname__}: a decorator around as_view() hides the view; let it use functools.wraps"
    )
