"""Host the monolith's own views behind an RPC: the first rung, which proves transport, identity and deployment.

A hosted view runs without middleware, authenticators and throttles, since the router's side has run them; the user is
loaded by the subject that the router signed. Permissions, object permissions and all that is inside the handler run.
"""

import json
import logging
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any
from urllib.parse import unquote_to_bytes

import grpc
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.core.handlers.base import BaseHandler
from django.core.handlers.wsgi import WSGIRequest
from django.db import close_old_connections
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import Resolver404, resolve, set_script_prefix
from django.utils import timezone, translation
from google.protobuf.message import Message
from rest_framework import exceptions
from rest_framework.exceptions import APIException
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.views import exception_handler, set_rollback

from strangler_django.endpoints import Endpoint
from strangler_protos.bindings import Binding
from strangler_protos.v1 import http_pb2
from strangler_protos.v1.identity_pb2 import Identity
from strangler_router.borrowed import borrowed_lines
from strangler_router.conf import settings
from strangler_router.errors import ConfigurationError, NoAnswer
from strangler_router.failures import REFUSED, Refusal, message_of, reply_of, travels
from strangler_router.peel import peeled_function
from strangler_router.table import bind
from strangler_router.transcode import call_from, reply_from, request_message, response_message
from strangler_router.types import EMPTY, Backend, Call, Reply
from strangler_router.wsgi import environ_of
from strangler_services import ApplicationError, caller

__all__ = ["answer_lifted", "answer_typed", "hosted_backend", "in_process_backend", "register"]

logger = logging.getLogger("strangler_router")


class _Captured(HttpResponse):
    """Carries the view's answer past DRF's renderers."""

    def __init__(self, reply: Reply) -> None:
        super().__init__()
        self.reply = reply


class _Hosted:
    """Mixed in before a hosted view class."""

    def get_throttles(self) -> list[Any]:
        return []

    def handle_exception(self, exc: Exception) -> _Captured:
        exception = _api_exception(exc)
        own_handler = self.get_exception_handler() is not exception_handler  # type: ignore[attr-defined]
        if exception is None or not travels(exception) or (own_handler and exception is not exc):
            # The project's handler knows it by what does not travel; it raises what nobody handles.
            return _Captured(_reply_of_response(super().handle_exception(exc), self))  # type: ignore[misc]
        set_rollback()
        return _Captured(Reply(exception=exception))

    def finalize_response(self, _request: Any, response: Any, *_args: Any, **_kwargs: Any) -> _Captured:
        return response if isinstance(response, _Captured) else _Captured(_reply_of_response(response, self))


def hosted_backend(binding: Binding, endpoint: Endpoint) -> Backend:
    """A backend that runs the view in this process; `ConfigurationError` where it reads what is not there."""
    if lines := borrowed_lines(endpoint):
        raise ConfigurationError(
            f"{binding.id} reads the session, cookies or request.auth, which a lifted view does not have: "
            + "; ".join(lines)
        )
    if settings().tenant:
        raise ConfigurationError(
            f"{binding.id} cannot be lifted: STRANGLER['TENANT'] is set, and a hosted view runs without the middleware "
            "that selects a tenant"
        )
    view = BaseHandler().make_view_atomic(_view(endpoint))
    methods = {"GET", "HEAD"} if binding.http_method == "GET" else {binding.http_method}

    def answer(call: Call) -> Reply:
        if call.hops:
            raise NoAnswer(f"{binding.id} came back through {call.hops} lifted host(s)", kind="loop")
        if call.method not in methods:
            raise NoAnswer(f"{binding.id} answers no {call.method}", kind="method")
        request = _request(call)
        set_script_prefix(call.script_name or "/")
        try:
            match = resolve(request.path_info)
        except Resolver404:
            match = None
        if match is None or match.route != binding.route:
            raise NoAnswer(f"{call.path} is not on the route of {binding.id}", kind="route")
        request.resolver_match = match
        with translation.override(call.language), timezone.override(call.timezone or None):
            try:
                response = view(request, *match.args, **match.kwargs)
            except (Http404, PermissionDenied) as error:  # a plain view's, since DRF's own are captured
                return Reply(exception=_api_exception(error))
            except tuple(REFUSED.values()) as error:
                return Reply(exception=Refusal.of(error))
            return response.reply if isinstance(response, _Captured) else _reply_of_response(response, None)

    return answer


def in_process_backend(binding: Binding, _rung: str) -> Backend:
    """The lifted rung without a wire: every call and reply is encoded to bytes and decoded again all the same."""
    endpoint = next(endpoint for bound, endpoint in bind().pairs if bound.id == binding.id)
    hosted = hosted_backend(binding, endpoint)

    def answer(call: Call) -> Reply:
        identity = Identity(
            subject=call.caller.subject, authenticator=call.caller.authenticator, is_staff=call.caller.is_staff
        )
        message = binding.request.FromString(request_message(binding, call))
        try:
            answered = _message(binding, hosted(call_from(binding, message, identity)))
        except ApplicationError as error:
            return reply_of(http_pb2.HttpError.FromString(error.http_error.SerializeToString()))
        return reply_from(binding, binding.response.FromString(answered.SerializeToString()))

    return answer


@cache
def _hosted(endpoint: str, view_class: type | None = None) -> Callable[[Any, Any], Message]:
    for binding, found in bind().pairs:
        if binding.id == endpoint:
            hosted = replace(found, view_class=view_class) if view_class else found
            return _implementation(binding, hosted_backend(binding, hosted))
    raise ConfigurationError(f"{endpoint} is not bound: STRANGLER['CONTRACTS'] names no contract with it")


def answer_lifted(endpoint: str, request: Any, context: Any) -> Message:
    """One RPC answered by the endpoint's own view in this process, as generated base classes do.

    `ConfigurationError` where the endpoint is not bound or its view cannot be hosted.
    """
    return _hosted(endpoint)(request, context)


def answer_typed(endpoint: str, view_class: type, request: Any, context: Any) -> Message:
    """One RPC answered by a view of the service's own, in place of the endpoint's; errors as of `answer_lifted`."""
    return _hosted(endpoint, view_class)(request, context)


def register(server: grpc.aio.Server) -> None:
    """Serve every bound endpoint of the project on a server of strangler_services."""
    methods: dict[str, dict[str, Any]] = {}
    generic: dict[str, Callable[[Any, Any], Message]] = {}
    for binding, endpoint in bind().pairs:
        try:
            implementation = _implementation(binding, hosted_backend(binding, endpoint))
        except ConfigurationError as error:
            logger.error("not hosted: %s", error)  # noqa: TRY400  no stack needed
            continue
        if binding.is_generic:
            generic[binding.id] = implementation
            continue
        _, service, name = binding.rpc.split("/")
        methods.setdefault(service, {})[name] = _method(binding, implementation)
    for service, found in methods.items():
        server.add_registered_method_handlers(service, found)  # type: ignore[attr-defined]
    if generic:
        _register_generic(server, generic)


def _register_generic(server: grpc.aio.Server, generic: dict[str, Callable[[Any, Any], Message]]) -> None:
    from strangler_protos.v1 import lift_pb2_grpc

    class Lift(lift_pb2_grpc.LiftServicer):
        def Call(self, request: Any, context: Any) -> Any:  # noqa: N802  the RPC's name
            if request.endpoint not in generic:
                raise NoAnswer(f"{request.endpoint!r} is not lifted here", kind="route")
            return generic[request.endpoint](request, context)

    lift_pb2_grpc.add_LiftServicer_to_server(Lift(), server)  # type: ignore[no-untyped-call]


def _method(binding: Binding, implementation: Callable[[Any, Any], Message]) -> Any:
    return grpc.unary_unary_rpc_method_handler(
        implementation,
        request_deserializer=binding.request.FromString,
        response_serializer=binding.response.SerializeToString,
    )


def _implementation(binding: Binding, hosted: Backend) -> Callable[[Any, Any], Message]:
    def implementation(request: Any, _context: Any) -> Message:
        close_old_connections()
        try:
            return _message(binding, hosted(call_from(binding, request, caller())))
        finally:
            close_old_connections()

    return implementation


def _message(binding: Binding, reply: Reply) -> Message:
    if reply.exception is not None:
        error = http_pb2.HttpError(drf=message_of(reply.exception))
        raise ApplicationError(error, reply.exception.status_code)
    return response_message(binding, reply)


def _view(endpoint: Endpoint) -> Callable[..., Any]:
    if not endpoint.is_drf:
        peeled = peeled_function(endpoint.callback)
        view: Callable[..., Any] = peeled.__wrapped__  # type: ignore[union-attr]
        return view
    original: Any = endpoint.view_class
    namespace = {"__module__": original.__module__, "__qualname__": original.__qualname__}
    hosted: Any = type(original.__name__, (_Hosted, original), namespace)
    initkwargs = dict(endpoint.initkwargs)
    actions = getattr(endpoint.callback, "actions", None)
    made: Callable[..., Any] = hosted.as_view(actions, **initkwargs) if actions else hosted.as_view(**initkwargs)
    return made


def _request(call: Call) -> WSGIRequest:
    request = WSGIRequest(environ_of(call, unquote_to_bytes(call.path)))
    user = _user(call.caller.subject)
    request.user = user
    request._force_auth_user = user if call.caller.subject else None  # type: ignore[attr-defined]
    request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]
    request.strangler_hops = call.hops + 1  # type: ignore[attr-defined]
    return request


def _user(subject: str) -> Any:
    if not subject:
        return AnonymousUser()
    users = get_user_model()._default_manager
    try:
        return users.get(pk=subject)
    except get_user_model().DoesNotExist:
        raise NoAnswer(f"the signed subject {subject} does not exist here", kind="unknown subject") from None


def _api_exception(exc: Exception) -> APIException | None:
    # As rest_framework.views.exception_handler does, before the project's own handler, which runs in the router.
    if isinstance(exc, Http404):
        return exceptions.NotFound(*exc.args)
    if isinstance(exc, PermissionDenied):
        return exceptions.PermissionDenied(*exc.args)
    return exc if isinstance(exc, APIException) else None


def _reply_of_response(response: HttpResponseBase, view: Any) -> Reply:
    if response.cookies:
        raise NoAnswer("a lifted view may not set cookies", kind="cookies")
    headers = tuple((name, value) for name, value in response.items() if name != "Content-Type")
    if isinstance(response, Response):
        if response.content_type:
            headers = (*headers, ("Content-Type", response.content_type))
        if response.data is None:
            return Reply(status=response.status_code, headers=headers)
        return Reply(status=response.status_code, headers=headers, data=_primitives(response.data, view))
    if response.streaming:
        raise NoAnswer("a lifted view may not stream", kind="streaming")
    return Reply(
        status=response.status_code,
        headers=headers,
        body=response.content,  # type: ignore[attr-defined]
        content_type=response.get("Content-Type", ""),
    )


def _primitives(data: Any, view: Any) -> Any:
    renderer = getattr(getattr(view, "request", None), "accepted_renderer", None)
    encoder = getattr(renderer, "encoder_class", None) or JSONRenderer.encoder_class
    return data if data is EMPTY else json.loads(json.dumps(data, cls=encoder))
