"""The seam for plain Django views."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from rest_framework import exceptions

from strangler_router.calls import subject_of
from strangler_router.pin import Pin, decide, take
from strangler_router.seam import ServiceUnavailable, answer, mirror
from strangler_router.types import EMPTY, Decision, Side

__all__ = ["peel", "peeled_function"]

View = Callable[..., Any]


def peel(view: View) -> View:
    """Let the router answer in this view's place; the innermost decorator, so that all others keep their say.

    An asynchronous view is returned as it is; a check refuses to bind it.
    """
    if iscoroutinefunction(view):
        return view

    @wraps(view)
    def peeled(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        pin = take(request, peeled)
        if pin is None:
            return view(request, *args, **kwargs)
        decision = decide(pin, request, subject_of)
        if decision.side is Side.MONOLITH:
            if decision.mirrored:
                mirror(pin, request)
            return view(request, *args, **kwargs)
        response = _response(request, pin, decision)
        return view(request, *args, **kwargs) if response is None else response

    peeled.strangler_peeled = True  # type: ignore[attr-defined]
    return peeled


def _response(request: HttpRequest, pin: Pin, decision: Decision) -> HttpResponse | None:
    """The service's answer; None where the monolith shall answer instead."""
    try:
        reply = answer(request, pin, decision, can_fall_back=True)
    except ServiceUnavailable as error:
        return JsonResponse({"detail": "The service does not answer."}, status=error.status)
    except exceptions.NotFound as error:
        raise Http404(str(error.detail)) from error
    except exceptions.PermissionDenied as error:
        raise PermissionDenied(str(error.detail)) from error
    except exceptions.APIException as error:
        return JsonResponse({"detail": error.detail}, status=error.status_code)
    if reply is None:
        return None
    headers = dict(reply.headers)
    if reply.body is not None:
        return HttpResponse(reply.body, status=reply.status, headers=headers, content_type=reply.content_type or None)
    if reply.data is EMPTY:
        return HttpResponse(status=reply.status, headers=headers)
    return JsonResponse(reply.data, safe=False, status=reply.status, headers=headers)


def peeled_function(callback: View) -> View | None:
    """The peeled function below a view's decorators."""
    found: Any = callback
    while found is not None:
        if found.__dict__.get("strangler_peeled") and not _is_wrapper_of_peeled(found):
            return found  # type: ignore[no-any-return]
        found = getattr(found, "__wrapped__", None)
    return None


def _is_wrapper_of_peeled(function: Any) -> bool:
    # functools.wraps copies our mark to outer decorators.
    inner = getattr(function, "__wrapped__", None)
    return inner is not None and bool(inner.__dict__.get("strangler_peeled"))
