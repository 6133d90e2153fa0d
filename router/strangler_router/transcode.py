"""Calls to request messages, response messages to replies; and the same from the service's side."""

import json
from typing import Any
from urllib.parse import parse_qs

from google.protobuf.message import Message

from strangler_protos.bindings import Binding
from strangler_protos.identity import Caller
from strangler_protos.v1 import http_pb2, lift_pb2
from strangler_protos.v1.identity_pb2 import Identity
from strangler_router.errors import NotTranscodable
from strangler_router.failures import reply_of
from strangler_router.types import EMPTY, Call, Reply

__all__ = ["call_from", "reply_from", "request_message", "response_message"]


def request_message(binding: Binding, call: Call) -> bytes:
    """The request's bytes; `NotTranscodable` where its text is no Unicode."""
    try:
        fields: dict[str, Any] = {"strangler_http": _envelope(call)}
        if binding.is_generic:
            fields.update(endpoint=call.endpoint, route=call.route)
        else:
            if binding.query_fields and call.query:
                given = parse_qs(_as_django_reads(call.query), keep_blank_values=True)
                fields.update((name, given[key][-1]) for name, key in binding.query_fields if key in given)
            fields.update((name, call.kwargs[name]) for name in binding.path_fields)
        return binding.request(**fields).SerializeToString()
    except (KeyError, TypeError, ValueError) as error:
        raise NotTranscodable(f"{call.endpoint}: the call does not fit the contract ({error})") from error


def reply_from(binding: Binding, message: Message) -> Reply:
    """What a response message says."""
    result: http_pb2.HttpResult = message.strangler_http  # type: ignore[attr-defined]
    if result.HasField("error"):
        return reply_of(result.error)
    status = result.status if result.HasField("status") else binding.success_status
    headers = tuple((header.name, header.value) for header in result.headers)
    if binding.decode is not None:
        return Reply(status=status, headers=headers, data=binding.decode(message))
    return _generic_reply(message, status, headers)


def call_from(binding: Binding, message: Message, identity: Identity) -> Call:
    """The call behind a request message, by the caller that its identity names."""
    http: http_pb2.HttpRequest = message.strangler_http  # type: ignore[attr-defined]
    return Call(
        endpoint=binding.id,
        route=binding.route,
        method=http.method,
        path=http.path,
        query=http.query,
        caller=Caller(
            subject=identity.subject,
            authenticator=identity.authenticator,
            scopes=tuple(identity.scopes),
            tenant=identity.tenant,
            is_staff=identity.is_staff,
        ),
        headers=tuple((header.name, header.value) for header in http.headers),
        body=http.body,
        content_type=http.content_type,
        scheme=http.scheme,
        host=http.host,
        script_name=http.script_name,
        language=http.language,
        timezone=http.timezone,
        media_type=http.media_type,
        version=http.version,
        hops=identity.hops,
        shadow=identity.shadow,
    )


def response_message(binding: Binding, reply: Reply) -> Message:
    """The message for a reply that carries no exception; the host of a lifted view sends it."""
    if binding.encode is not None and reply.body is None:
        message = binding.encode(None if reply.data is EMPTY else reply.data)
    elif binding.encode is not None:
        message = binding.response()
        _fill_exact(message.strangler_http.error.exact, reply)  # type: ignore[attr-defined]
        return message
    else:
        message = _generic_response(reply)
    if reply.status != binding.success_status:
        message.strangler_http.status = reply.status  # type: ignore[attr-defined]
    for name, value in reply.headers:
        message.strangler_http.headers.add(name=name, value=value)  # type: ignore[attr-defined]
    return message


def _as_django_reads(query: str) -> str:
    # WSGI hands raw bytes over as Latin-1; QueryDict tries UTF-8 first.
    try:
        return query if query.isascii() else query.encode("latin-1").decode()
    except UnicodeDecodeError:
        return query


def _envelope(call: Call) -> http_pb2.HttpRequest:
    return http_pb2.HttpRequest(
        method=call.method,
        scheme=call.scheme,
        host=call.host,
        script_name=call.script_name,
        path=call.path,
        query=call.query,
        body=call.body,
        content_type=call.content_type,
        headers=[http_pb2.Header(name=name, value=value) for name, value in call.headers],
        language=call.language,
        timezone=call.timezone,
        media_type=call.media_type,
        version=call.version,
    )


def _generic_reply(message: Any, status: int, headers: tuple[tuple[str, str], ...]) -> Reply:
    match message.WhichOneof("answer"):
        case "data":
            return Reply(status=status, headers=headers, data=json.loads(message.data))
        case "exact":
            return reply_of(http_pb2.HttpError(exact=message.exact))
        case _:
            return Reply(status=status, headers=headers)


def _generic_response(reply: Reply) -> Message:
    message = lift_pb2.CallResponse()
    if reply.body is not None:
        _fill_exact(message.exact, reply)
    elif reply.data is EMPTY:
        message.empty = True
    else:
        message.data = json.dumps(reply.data, separators=(",", ":")).encode()
    return message


def _fill_exact(exact: http_pb2.ExactReply, reply: Reply) -> None:
    exact.status = reply.status
    exact.body = reply.body or b""
    exact.content_type = reply.content_type
    exact.headers.extend(http_pb2.Header(name=name, value=value) for name, value in reply.headers)
