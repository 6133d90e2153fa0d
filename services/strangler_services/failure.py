"""How a failed call ends."""

import grpc

__all__ = ["DETAILS_KEY", "Failure"]

DETAILS_KEY = "grpc-status-details-bin"
"""Trailing metadata that gRPC itself names for a `google.rpc.Status`."""


class Failure(Exception):
    """The call ends with this code and message; `details` are the bytes of a `google.rpc.Status`."""

    def __init__(self, code: grpc.StatusCode, message: str, details: bytes = b"") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.details = details
