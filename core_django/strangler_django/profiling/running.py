"""Make a request of the project in this process: through its own middleware, as a chosen user, leaving nothing."""

import io
import logging
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core import mail
from django.core.cache import caches
from django.core.cache.backends.dummy import DummyCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.handlers.base import BaseHandler
from django.core.signals import got_request_exception, request_finished
from django.db import DatabaseError, close_old_connections, connections, transaction
from django.db.backends.signals import connection_created
from django.http import HttpRequest
from django.http.request import validate_host
from django.test import RequestFactory, override_settings
from django.urls import set_script_prefix

from strangler_django.profiling.origin import is_own, line_of
from strangler_django.profiling.requests import Ask

__all__ = ["Answer", "Project"]

# Another side of the migration would answer; the profile is of the monolith's own views.
LEFT_OUT = "strangler_router."

_asking: ContextVar[bool] = ContextVar("strangler_profiling", default=False)
_real_get_connection = mail.get_connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of a request; `error` names an exception and where it was raised, never its text."""

    status: int
    seconds: float
    location: str = ""
    error: str = ""
    body: bytes = b""
    """Of a response that is no stream; for the caller alone, since it holds values."""


class Project:
    """The project's middleware and views, asked as `user` (None is anonymous)."""

    def __init__(self, user: Any = None) -> None:
        self.user = user
        self.factory = RequestFactory(SERVER_NAME=_host())
        kept = [name for name in settings.MIDDLEWARE if not str(name).startswith(LEFT_OUT)]
        with override_settings(MIDDLEWARE=kept):
            self.handler = BaseHandler()
            self.handler.load_middleware()

    def get(self, ask: Ask, *, user: Any = None) -> Answer:
        """Ask once: in transactions that are rolled back, with empty caches of its own, without mail or logs."""
        with _leaving_nothing():
            return self._answer(self._request(ask, user or self.user))

    def _request(self, ask: Ask, user: Any) -> HttpRequest:
        request: Any = self.factory.get(ask.path, secure=bool(settings.SECURE_SSL_REDIRECT))
        request._dont_enforce_csrf_checks = True
        if user is not None:
            # DRF's own spelling, and what AuthenticationMiddleware would have kept for other views.
            request._force_auth_user = request._cached_user = user
        set_script_prefix("/")
        return request  # type: ignore[no-any-return]

    def _answer(self, request: HttpRequest) -> Answer:
        raised: list[BaseException] = []

        def note(**_kwargs: Any) -> None:
            raised.append(sys.exc_info()[1])  # type: ignore[arg-type]

        got_request_exception.connect(note)
        request_finished.disconnect(close_old_connections)
        started = time.perf_counter()
        try:
            response: Any = self.handler.get_response(request)
            if response.streaming:
                for _part in response.streaming_content:
                    pass
            seconds = time.perf_counter() - started
            body = b"" if response.streaming else response.content
            response.close()
            status, location = response.status_code, response.headers.get("Location", "")
        except Exception as error:  # noqa: BLE001  the project's own failure is what is reported
            raised.append(error)
            seconds, status, location, body = time.perf_counter() - started, 500, "", b""
        finally:
            request_finished.connect(close_old_connections)
            got_request_exception.disconnect(note)
        failure = _named(raised[0]) if raised and status >= 500 else ""
        return Answer(status=status, seconds=seconds, location=location, error=failure, body=body)


def _named(error: BaseException) -> str:
    """An exception's type and the project's line that it came from; its text may hold values."""
    place = ""
    trace = error.__traceback__
    while trace is not None:
        if is_own(trace.tb_frame.f_globals.get("__name__", ""), trace.tb_frame.f_code.co_filename):
            line = line_of(trace.tb_frame)
            place = f" at {line.file}:{trace.tb_lineno}"
        trace = trace.tb_next
    return type(error).__name__ + place


def _host() -> str:
    """A host that the project answers to; a wildcard for subdomains covers the domain too."""
    named = [str(host).removeprefix(".") for host in settings.ALLOWED_HOSTS]
    hosts = ("localhost", *named) if named else ("localhost",)
    return next((host for host in hosts if validate_host(host, settings.ALLOWED_HOSTS)), "localhost")


@contextmanager
def _leaving_nothing() -> Iterator[None]:
    with ExitStack() as stack:
        for connection in connections.all():
            stack.enter_context(_rolled_back(connection))
        stack.enter_context(_threads_rolled_back())
        stack.enter_context(_own_caches())
        token = _asking.set(True)
        stack.callback(_asking.reset, token)
        stack.callback(setattr, mail, "get_connection", mail.get_connection)
        mail.get_connection = _no_mail
        yield


@contextmanager
def _rolled_back(connection: Any) -> Iterator[None]:
    """A transaction that is undone; a database that cannot be reached is left alone."""
    kept = getattr(connection, "transaction_mode", None)
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        connection.ensure_connection()
        kept = connection.transaction_mode
        # BEGIN IMMEDIATE would keep every writer out for as long as the request takes.
        connection.transaction_mode = "DEFERRED"
    block = transaction.atomic(using=connection.alias)
    # So that a view's own atomic(durable=True) still runs.
    block._from_testcase = True
    try:
        block.__enter__()
    except DatabaseError:
        yield
        return
    finally:
        if connection.vendor == "sqlite":
            connection.transaction_mode = kept
    try:
        yield
    finally:
        transaction.set_rollback(True, using=connection.alias)
        block.__exit__(None, None, None)


@contextmanager
def _threads_rolled_back() -> Iterator[None]:
    """What a view's own threads write is undone too: their connections, opened from now on, never commit."""
    mine, opened = threading.get_ident(), []

    def keep_open(connection: Any, **_kwargs: Any) -> None:
        if threading.get_ident() != mine:
            connection.set_autocommit(False)
            if connection.vendor == "sqlite":
                # Else releasing the outermost savepoint commits.
                connection.connection.execute("BEGIN")
            opened.append(connection)

    connection_created.connect(keep_open, weak=False)
    try:
        yield
    finally:
        connection_created.disconnect(keep_open)
        for connection in opened:
            # To close is to roll back; a thread that lives on connects anew.
            connection.inc_thread_sharing()
            connection.close()
            connection.dec_thread_sharing()


@contextmanager
def _own_caches() -> Iterator[None]:
    """Each request starts with empty caches, and a page of a forced size reaches nobody else's."""
    kept = {alias: caches[alias] for alias in caches}
    try:
        for alias, cache in kept.items():
            if isinstance(cache, DummyCache):
                continue
            own: Any = LocMemCache(f"strangler-profile-{alias}", {})
            own.clear()
            own.key_prefix, own.version, own.key_func = cache.key_prefix, cache.version, cache.key_func
            caches[alias] = own
        yield
    finally:
        for alias, cache in kept.items():
            caches[alias] = cache


def _no_mail(*args: Any, **kwargs: Any) -> Any:
    if _asking.get():
        return _real_get_connection("django.core.mail.backends.dummy.EmailBackend", stream=io.StringIO())
    return _real_get_connection(*args, **kwargs)


logging.getLogger("django.request").addFilter(lambda _record: not _asking.get())
