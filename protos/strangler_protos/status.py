"""HTTP status <-> gRPC code, one table each way.

The application's answers go from HTTP to gRPC (what a gRPC client sees of a 404); failures of the infrastructure
go from gRPC to HTTP (what a browser sees of a service that is down). After google/rpc/code.proto, except that
nothing maps to 401: a channel's UNAUTHENTICATED is our own mistake and never the client's.
"""

from http import HTTPStatus

import grpc

__all__ = ["GRPC_OF_HTTP", "HTTP_OF_GRPC", "grpc_code", "http_status"]

GRPC_OF_HTTP = {
    HTTPStatus.BAD_REQUEST: grpc.StatusCode.INVALID_ARGUMENT,
    HTTPStatus.UNAUTHORIZED: grpc.StatusCode.UNAUTHENTICATED,
    HTTPStatus.FORBIDDEN: grpc.StatusCode.PERMISSION_DENIED,
    HTTPStatus.NOT_FOUND: grpc.StatusCode.NOT_FOUND,
    HTTPStatus.METHOD_NOT_ALLOWED: grpc.StatusCode.UNIMPLEMENTED,
    HTTPStatus.NOT_ACCEPTABLE: grpc.StatusCode.INVALID_ARGUMENT,
    HTTPStatus.CONFLICT: grpc.StatusCode.ABORTED,
    HTTPStatus.GONE: grpc.StatusCode.NOT_FOUND,
    HTTPStatus.PRECONDITION_FAILED: grpc.StatusCode.FAILED_PRECONDITION,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: grpc.StatusCode.INVALID_ARGUMENT,
    HTTPStatus.UNPROCESSABLE_ENTITY: grpc.StatusCode.INVALID_ARGUMENT,
    HTTPStatus.TOO_MANY_REQUESTS: grpc.StatusCode.RESOURCE_EXHAUSTED,
    HTTPStatus.NOT_IMPLEMENTED: grpc.StatusCode.UNIMPLEMENTED,
    HTTPStatus.SERVICE_UNAVAILABLE: grpc.StatusCode.UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT: grpc.StatusCode.DEADLINE_EXCEEDED,
}

HTTP_OF_GRPC = {
    grpc.StatusCode.DEADLINE_EXCEEDED: HTTPStatus.GATEWAY_TIMEOUT,
    grpc.StatusCode.CANCELLED: HTTPStatus.GATEWAY_TIMEOUT,
}


def grpc_code(status: int) -> grpc.StatusCode:
    """gRPC code of an application's HTTP error status; unlisted ones by their class."""
    try:
        return GRPC_OF_HTTP[HTTPStatus(status)]
    except (KeyError, ValueError):
        return grpc.StatusCode.FAILED_PRECONDITION if status < 500 else grpc.StatusCode.INTERNAL


def http_status(code: grpc.StatusCode) -> HTTPStatus:
    """HTTP status of a failed call that carries no answer of the application: 504 in time trouble, else 503."""
    return HTTP_OF_GRPC.get(code, HTTPStatus.SERVICE_UNAVAILABLE)
