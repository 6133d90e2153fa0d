"""HTTP errors across the wire: a DRF exception as a message, and back as the same exception."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.core import exceptions as django_exceptions
from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http.multipartparser import MultiPartParserError
from django.utils.functional import Promise
from django.utils.translation import gettext
from rest_framework import exceptions
from rest_framework.exceptions import APIException, ErrorDetail

from strangler_protos.v1 import http_pb2
from strangler_router.types import Reply

__all__ = ["REFUSED", "Refusal", "exception_of", "message_of", "reply_of", "travels"]

REFUSED: Mapping[str, type[Exception]] = {
    name: kind
    for name, kind in (*vars(django_exceptions).items(), (MultiPartParserError.__name__, MultiPartParserError))
    if isinstance(kind, type) and issubclass(kind, (BadRequest, MultiPartParserError, SuspiciousOperation))
}
"""Exceptions that Django answers with 400 where a view lets them pass, by name."""


class Refusal(APIException):
    """What Django answers itself, outside of the view; the detail names the exception that it answers."""

    status_code = 400

    @classmethod
    def of(cls, error: Exception) -> "Refusal":
        """The refusal that stands for an exception of one of REFUSED's classes, or of a class derived from one."""
        return cls(next(kind.__name__ for kind in type(error).__mro__ if kind.__name__ in REFUSED))

    def raised(self) -> Exception:
        """The exception, for Django to log and to answer."""
        return REFUSED.get(str(self.detail), BadRequest)("refused by the service, as the view or Django does")


def reply_of(error: http_pb2.HttpError) -> Reply:
    """The reply that an application's error stands for."""
    if error.WhichOneof("kind") == "exact":
        exact = error.exact
        return Reply(
            status=exact.status,
            body=exact.body,
            content_type=exact.content_type,
            headers=tuple((header.name, header.value) for header in exact.headers),
        )
    return Reply(exception=exception_of(error.drf))


def exception_of(message: http_pb2.DrfError) -> APIException:
    """The DRF exception that a service named, translated into the active language.

    A class outside of rest_framework.exceptions is found among the loaded subclasses of `APIException`, by its dotted
    name; an unknown one becomes an `APIException` with the status that was sent.
    """
    kind = _class(message.exception)
    exception: Any = kind.__new__(kind)
    if kind is exceptions.Throttled and not message.HasField("detail"):
        exceptions.Throttled.__init__(exception, message.wait if message.HasField("wait") else None)
    else:
        APIException.__init__(exception)
    detail: Any = _detail(message.detail) if message.HasField("detail") else exception.detail
    exception.detail = [detail] if kind is exceptions.ValidationError and isinstance(detail, str) else detail
    if message.status:
        exception.status_code = message.status
    if message.HasField("wait"):
        exception.wait = message.wait
    built: APIException = exception
    return built


def message_of(exception: APIException) -> http_pb2.DrfError:
    """The message for an exception that a hosted view raised; its texts arrive as they are, translated or not."""
    kind = type(exception)
    is_own = kind.__module__ != exceptions.__name__
    message = http_pb2.DrfError(
        exception=f"{kind.__module__}.{kind.__qualname__}" if is_own else kind.__name__,
        detail=_detail_message(exception.detail),
        status=exception.status_code,
    )
    if (wait := getattr(exception, "wait", None)) is not None:
        message.wait = wait
    return message


def travels(exception: APIException) -> bool:
    """Whether `message_of` says all of it: a detail that is text throughout, and no attribute of a project's own."""
    own = type(exception).__module__ != exceptions.__name__
    return _is_text(exception.detail) and not (own and vars(exception).keys() - {"detail", "status_code", "wait"})


def _is_text(detail: Any) -> bool:
    if isinstance(detail, Mapping):
        return all(map(_is_text, detail.values()))
    if isinstance(detail, Sequence) and not isinstance(detail, str):
        return all(map(_is_text, detail))
    return isinstance(detail, str | Promise)


def _class(name: str) -> type[APIException]:
    found = getattr(exceptions, name, None) if "." not in name else _loaded_subclass(name)
    return found if isinstance(found, type) and issubclass(found, APIException) else APIException


def _loaded_subclass(name: str) -> type[APIException] | None:
    waiting = list(APIException.__subclasses__())
    for kind in waiting:
        if f"{kind.__module__}.{kind.__qualname__}" == name:
            return kind
        waiting += kind.__subclasses__()
    return None


def _detail(message: http_pb2.ErrorDetail) -> Any:
    match message.WhichOneof("node"):
        case "list":
            return [_detail(item) for item in message.list.items]
        case "map":
            return {entry.key: _detail(entry.detail) for entry in message.map.entries}
        case _:
            return _text(message.text)


def _text(message: http_pb2.ErrorText) -> ErrorDetail:
    text = gettext(message.message) if message.message else ""
    if message.named:
        text %= dict(message.named)
    elif message.args:
        text %= tuple(message.args)
    if message.braced:
        text = text.format_map({name: _Ready(value) for name, value in message.braced.items()})
    return ErrorDetail(text, message.code)


class _Ready(str):
    """Text that no format specification (`{code_point:X}`) changes any more."""

    __slots__ = ()

    def __format__(self, _spec: str) -> str:
        return str(self)


def _detail_message(detail: Any) -> http_pb2.ErrorDetail:
    if isinstance(detail, Mapping):
        entries = [http_pb2.ErrorEntry(key=_key(key), detail=_detail_message(value)) for key, value in detail.items()]
        return http_pb2.ErrorDetail(map=http_pb2.ErrorMap(entries=entries))
    if isinstance(detail, Sequence) and not isinstance(detail, str):
        return http_pb2.ErrorDetail(list=http_pb2.ErrorList(items=map(_detail_message, detail)))
    # Not as the msgid: gettext would translate words that the view left alone, and turn "\r" into "\n".
    text = http_pb2.ErrorText(message="%s", args=[str(detail)], code=getattr(detail, "code", "") or "")
    return http_pb2.ErrorDetail(text=text)


def _key(key: Any) -> str:
    """A key as JSON spells it: `null` for None, `true` for True."""
    return key if isinstance(key, str) else str(next(iter(json.loads(json.dumps({key: None})))))
