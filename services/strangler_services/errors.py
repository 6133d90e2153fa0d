"""An answer of the application that is no success, and the service's own errors."""

from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import TypeAlias

from google.rpc.status_pb2 import Status

from strangler_protos.errors import StranglerError
from strangler_protos.status import grpc_code
from strangler_protos.v1 import http_pb2

__all__ = [
    "STATUS_OF_DRF",
    "ApplicationError",
    "Detail",
    "SettingsError",
    "StartError",
    "drf_error",
    "exact_reply",
    "text",
]

STATUS_OF_DRF = {
    "ValidationError": HTTPStatus.BAD_REQUEST,
    "ParseError": HTTPStatus.BAD_REQUEST,
    "AuthenticationFailed": HTTPStatus.UNAUTHORIZED,
    "NotAuthenticated": HTTPStatus.UNAUTHORIZED,
    "PermissionDenied": HTTPStatus.FORBIDDEN,
    "NotFound": HTTPStatus.NOT_FOUND,
    "MethodNotAllowed": HTTPStatus.METHOD_NOT_ALLOWED,
    "NotAcceptable": HTTPStatus.NOT_ACCEPTABLE,
    "UnsupportedMediaType": HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    "Throttled": HTTPStatus.TOO_MANY_REQUESTS,
    "APIException": HTTPStatus.INTERNAL_SERVER_ERROR,
}

Detail: TypeAlias = "http_pb2.ErrorDetail | str | Sequence[Detail] | Mapping[str, Detail]"


class SettingsError(StranglerError):
    """A setting is missing or wrong; the message names it."""


class StartError(StranglerError):
    """The server did not start."""


class ApplicationError(StranglerError):
    """Raise it in a servicer method: the HTTP answer `http_error` with this status, as the monolith would give it."""

    def __init__(self, http_error: http_pb2.HttpError, status: int) -> None:
        name = http_error.drf.exception or "exact reply"
        super().__init__(f"{name} (HTTP {int(status)})")
        self.http_error = http_error
        self.status = int(status)

    def rich_status(self) -> Status:
        """The `google.rpc.Status` of the failed call, with the answer packed into its details."""
        code: int = grpc_code(self.status).value[0]
        status = Status(code=code, message=str(self))
        status.details.add().Pack(self.http_error)
        return status


def drf_error(exception: str, detail: "Detail | None" = None, *, wait: float | None = None) -> ApplicationError:
    """The error that the router turns into this exception of `rest_framework.exceptions`.

    `detail` nests strings, `text(...)`, lists and mappings the way DRF's own details do; `wait` is in seconds, for
    Throttled. Raises `ValueError` for a name that is not in `STATUS_OF_DRF`.
    """
    if exception not in STATUS_OF_DRF:
        raise ValueError(f"{exception!r} is no exception of DRF; known are {', '.join(sorted(STATUS_OF_DRF))}")
    drf = http_pb2.DrfError(exception=exception, wait=wait)
    if detail is not None:
        drf.detail.CopyFrom(_node(detail))
    return ApplicationError(http_pb2.HttpError(drf=drf), STATUS_OF_DRF[exception])


def text(message: str, *args: str, code: str = "", **named: str) -> http_pb2.ErrorDetail:
    """A message before translation: a gettext id, and what is filled into it after translation.

    `args` stand for `%s`, `named` for `%(name)s` in Django's messages and for `{name}` in DRF's.
    """
    kind = "named" if "%(" in message else "braced"
    return http_pb2.ErrorDetail(text=http_pb2.ErrorText(message=message, args=args, code=code, **{kind: named}))


def exact_reply(
    status: int,
    body: bytes = b"",
    *,
    headers: Iterable[tuple[str, str]] = (),
    content_type: str = "application/json",
) -> ApplicationError:
    """An answer that the router passes on byte for byte."""
    reply = http_pb2.ExactReply(
        status=status,
        body=body,
        headers=[http_pb2.Header(name=name, value=value) for name, value in headers],
        content_type=content_type,
    )
    return ApplicationError(http_pb2.HttpError(exact=reply), status)


def _node(detail: Detail) -> http_pb2.ErrorDetail:
    if isinstance(detail, http_pb2.ErrorDetail):
        return detail
    if isinstance(detail, str):
        return text(detail)
    if isinstance(detail, Mapping):
        entries = [http_pb2.ErrorEntry(key=key, detail=_node(item)) for key, item in detail.items()]
        return http_pb2.ErrorDetail(map=http_pb2.ErrorMap(entries=entries))
    return http_pb2.ErrorDetail(list=http_pb2.ErrorList(items=[_node(item) for item in detail]))
