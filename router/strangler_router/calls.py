"""Make the call of a Django request: everything that an answer depends on, and no credential."""

import time
from functools import lru_cache
from typing import Any

from django.conf import settings as django_settings
from django.contrib.auth import get_user_model
from django.http import HttpRequest
from django.utils import timezone
from django.utils.encoding import escape_uri_path
from django.utils.module_loading import import_string
from django.utils.translation import get_language

from strangler_protos.identity import Caller
from strangler_router.conf import settings
from strangler_router.errors import NotTranscodable
from strangler_router.pin import OVERRIDE_HEADER, Pin
from strangler_router.types import Call

__all__ = ["HOPS_ATTRIBUTE", "call_of", "subject_of"]

HOPS_ATTRIBUTE = "strangler_hops"
# RFC 9110, 7.6.1, and what would let a service act as the user or as the router.
DROPPED = frozenset(
    {
        "authorization", "connection", "content-length", "cookie", "host", "keep-alive", "proxy-authenticate",
        "proxy-authorization", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
        OVERRIDE_HEADER.lower(),
        # Other usual names of credentials; STRANGLER["DROP_HEADERS"] adds a project's own.
        "api-key", "x-access-token", "x-amz-security-token", "x-api-key", "x-auth-token", "x-csrftoken",
        "x-forwarded-access-token", "x-id-token", "x-session-token",
    }
)  # fmt: skip
OURS = "x-strangler-"


def call_of(request: Any, pin: Pin) -> Call:
    """The call of a request that passed DRF's `initial()`, or of a plain Django request."""
    http: HttpRequest = getattr(request, "_request", request)
    binding = pin.entry.binding
    match = http.resolver_match
    return Call(
        endpoint=binding.id,
        route=binding.route,
        method=http.method or "GET",
        path=escape_uri_path(http.path),
        query=http.META.get("QUERY_STRING", ""),
        kwargs={key: str(value) for key, value in (match.kwargs if match else {}).items()},
        caller=_caller(request, pin),
        headers=_headers(http),
        body=pin.body,
        content_type=http.META.get("CONTENT_TYPE", ""),
        scheme=http.scheme or "http",
        host=http.get_host(),
        script_name=http.META.get("SCRIPT_NAME", ""),
        language=get_language() or django_settings.LANGUAGE_CODE,
        timezone=timezone.get_current_timezone_name() if django_settings.USE_TZ else "",
        media_type=getattr(request, "accepted_media_type", "") or "",
        version=str(getattr(request, "version", None) or ""),
        timeout=max(0.0, pin.deadline - time.monotonic()),
        hops=getattr(http, HOPS_ATTRIBUTE, 0),
        shadow=pin.replay is not None,
    )


def subject_of(request: Any) -> str | None:
    """What the cohort hash is taken of: the user, or the configured key of an anonymous caller."""
    user = getattr(request, "user", None)
    if user is not None and user.is_authenticated:
        return f"user:{user.pk}"
    key = settings().cohort_key
    if key == "session":
        session_key = getattr(getattr(request, "session", None), "session_key", None)
        return f"session:{session_key}" if session_key else None
    if key.startswith("header:"):
        value = request.headers.get(key.removeprefix("header:"))
        return f"header:{value}" if value else None
    return None


def _caller(request: Any, pin: Pin) -> Caller:
    user: Any = getattr(request, "user", None)
    authenticated = user is not None and user.is_authenticated
    tenant = settings().tenant
    if authenticated and (not isinstance(user, get_user_model()) or user.pk is None):
        # Its key would be taken for a user's on the other side.
        raise NotTranscodable(
            f"{type(user).__qualname__} is no {get_user_model().__qualname__}, and cannot be signed for"
        )
    return Caller(
        subject=str(user.pk) if authenticated else "",
        authenticator=_authenticator(request, pin) if authenticated else "",
        scopes=tuple(str(getattr(getattr(request, "auth", None), "scope", None) or "").split()),
        tenant=import_string(tenant)(getattr(request, "_request", request)) if tenant else "",
        is_staff=bool(authenticated and getattr(user, "is_staff", False)),
    )


def _authenticator(request: Any, pin: Pin) -> str:
    if pin.replay is not None:
        return pin.replay.authenticator
    authenticator = getattr(request, "successful_authenticator", None)
    return f"{type(authenticator).__module__}.{type(authenticator).__qualname__}" if authenticator else "django"


def _headers(request: HttpRequest) -> tuple[tuple[str, str], ...]:
    meta = request.META
    named = {name.strip().lower() for name in meta.get("HTTP_CONNECTION", "").split(",")}
    named.update(name.lower() for name in settings().drop_headers)
    return tuple(
        (name, value)
        for key, value in meta.items()
        if key.startswith("HTTP_") and (name := _name(key)) and name.lower() not in named
    )


@lru_cache(maxsize=512)
def _name(key: str) -> str:
    """Header name of a WSGI key; empty for one that is not forwarded."""
    lowered = key.removeprefix("HTTP_").replace("_", "-").lower()
    return "" if lowered in DROPPED or lowered.startswith(OURS) else lowered.title()
