"""Make a call again through the whole of Django: forced user, no throttle, no effect, and the side is settled."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import Any
from urllib.parse import unquote_to_bytes

from django.contrib.auth import get_user_model
from django.core.handlers.base import BaseHandler
from django.core.handlers.wsgi import WSGIRequest
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import DEFERRED
from django.urls import set_script_prefix

from strangler_protos.bindings import SAFE_METHODS
from strangler_protos.errors import StranglerError
from strangler_router.errors import NoAnswer
from strangler_router.middleware import REPLAY_ATTRIBUTE, cookies_of
from strangler_router.pin import Pin, Replay
from strangler_router.twin import is_twin
from strangler_router.types import Call, Side
from strangler_router.wsgi import environ_of
from strangler_shadow.cookies import apart
from strangler_shadow.inert import Writes, inert
from strangler_shadow.observation import Observation

__all__ = [
    "NOT_ASKED",
    "ReplayError",
    "forget_handler",
    "replay_candidate",
    "replay_control",
    "same_users",
    "write_candidate",
    "write_control",
]

_kept_users: ContextVar[dict[str, Any] | None] = ContextVar("strangler_kept_users", default=None)
# How the error begins where the seam leaves a call to the monolith whatever the policy says.
NOT_ASKED = "not asked"


class ReplayError(StranglerError):
    """The call cannot be made again."""


def replay_control(call: Call, *, session_accessed: bool = False) -> Observation:
    """The monolith's answer; the only way to run it a second time."""
    return _replay(call, Replay(side=Side.MONOLITH, rung="", **_origin(call, session_accessed=session_accessed)))


def replay_candidate(call: Call, rung: str, *, session_accessed: bool = False) -> Observation:
    """The service's answer, through the same views, renderers and middleware, without any fallback."""
    return _replay(call, Replay(side=Side.SERVICE, rung=rung, **_origin(call, session_accessed=session_accessed)))


def write_control(call: Call) -> Observation:
    """The monolith's answer to a call that writes into `default`, which has to be a copy of the project's database."""
    return _write(call, Replay(side=Side.MONOLITH, rung="", **_origin(call, session_accessed=False)))


def write_candidate(call: Call, rung: str) -> Observation:
    """The service's answer to a call that writes; `default` has to be the copy that the service works on."""
    return _write(call, Replay(side=Side.SERVICE, rung=rung, **_origin(call, session_accessed=False)))


def _origin(call: Call, *, session_accessed: bool) -> dict[str, Any]:
    return {"authenticator": call.caller.authenticator, "session_accessed": session_accessed}


def _replay(call: Call, replay: Replay) -> Observation:
    if call.method not in SAFE_METHODS:
        raise ReplayError(f"{call.method} {call.path}: unsafe methods are never replayed")
    with inert() as writes:
        return _ask(call, replay, writes)


def _write(call: Call, replay: Replay) -> Observation:
    if not is_twin(connections[DEFAULT_DB_ALIAS].settings_dict["NAME"]):
        raise ReplayError(f"{call.method} {call.path}: writes are made in copies of the database only")
    with inert(writable=DEFAULT_DB_ALIAS) as writes:
        return _ask(call, replay, writes)


def _ask(call: Call, replay: Replay, writes: Writes) -> Observation:
    request = _request(call, replay)
    set_script_prefix(call.script_name or "/")
    started = time.perf_counter()
    response = _handler().get_response(request)
    seconds = time.perf_counter() - started
    pin: Pin | None = getattr(request, "strangler_pin", None)
    if pin is None:
        return Observation(error="not bound: the call did not reach a bound endpoint", seconds=seconds)
    if pin.failure is not None:
        kind = pin.failure.kind if isinstance(pin.failure, NoAnswer) else "configuration"
        return Observation(error=f"{kind}: {pin.failure}", seconds=seconds)
    if pin.decision is not None and pin.decision.side is not replay.side:
        return Observation(error=f"{NOT_ASKED}: {pin.decision.reason}", seconds=seconds)
    answer: Any = response
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    headers, cookies = apart(response.items(), cookies_of(response))
    return Observation(
        status=response.status_code,
        headers=headers,
        cookies=cookies,
        body=body,
        seconds=seconds,
        wrote=bool(writes.statements),
    )


def _request(call: Call, replay: Replay) -> WSGIRequest:
    request = WSGIRequest(environ_of(call, unquote_to_bytes(call.path)))
    request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]
    setattr(request, REPLAY_ATTRIBUTE, replay)
    if call.caller.subject:
        user = _user(call.caller.subject)
        if user is None:
            raise ReplayError("the user is gone")
        request._force_auth_user = user  # type: ignore[attr-defined]
        # What AuthenticationMiddleware would have cached, for plain Django views.
        request._cached_user = user  # type: ignore[attr-defined]
    return request


def _user(subject: str) -> Any:
    """A fresh object each time: views keep what they looked up on it."""
    users, kept = get_user_model(), _kept_users.get()
    if kept is None or subject not in kept:
        found: Any = users._default_manager.filter(pk=subject).first()
        if kept is None or found is None:
            return found
        columns = [column.attname for column in users._meta.concrete_fields]
        kept[subject] = found._state.db, columns, [found.__dict__.get(name, DEFERRED) for name in columns]
    return users.from_db(*kept[subject])


@contextmanager
def same_users() -> Iterator[None]:
    """Look each user up once; for a verification, while which nobody's rights change."""
    token = _kept_users.set({})
    try:
        yield
    finally:
        _kept_users.reset(token)


def forget_handler() -> None:
    """Loads the project's middleware anew with the next replay, as tests want that change settings."""
    _handler.cache_clear()


@lru_cache(maxsize=1)
def _handler() -> BaseHandler:
    handler = BaseHandler()
    handler.load_middleware()
    return handler
