"""The runtime of a service: identity, errors, health, logs and a stop that loses no call."""

from strangler_services.caller import caller, remaining, request_id
from strangler_services.errors import (
    ApplicationError,
    SettingsError,
    StartError,
    drf_error,
    exact_reply,
    text,
)
from strangler_services.processes import serve
from strangler_services.server import RunningServer, ThreadedServer, start, start_in_thread
from strangler_services.settings import ServerSettings
from strangler_services.tls import TLS, tls_trouble

__all__ = [
    "TLS",
    "ApplicationError",
    "RunningServer",
    "ServerSettings",
    "SettingsError",
    "StartError",
    "ThreadedServer",
    "caller",
    "drf_error",
    "exact_reply",
    "remaining",
    "request_id",
    "serve",
    "start",
    "start_in_thread",
    "text",
    "tls_trouble",
]
