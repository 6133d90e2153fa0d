"""Callers who differ in all that a request carries, and in what surrounds it."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from asgiref.local import Local
from django.contrib.auth.models import AnonymousUser, User
from django.http import QueryDict
from django.urls import Resolver404, resolve
from django.utils import timezone, translation
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

__all__ = ["CALLERS", "Caller", "current_user", "local", "store", "thread"]

current_user: ContextVar[Any] = ContextVar("current_user", default=None)
thread = threading.local()
local = Local()


class Store:
    """What projects write to reach the request from anywhere."""

    def __init__(self) -> None:
        self._here = threading.local()

    @property
    def user(self) -> Any:
        return getattr(self._here, "user", None)

    def set(self, user: Any) -> None:
        self._here.user = user


store = Store()


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks, and how."""

    name: str
    language: str
    zone: str
    staff: bool = False
    anonymous: bool = False
    secure: bool = False
    host: str = "one.example"

    @contextmanager
    def here(self) -> Iterator[dict[str, Any]]:
        """A serializer's context, with everything around it set as middleware would."""
        user: Any = AnonymousUser()
        if not self.anonymous:
            user, _ = User.objects.get_or_create(username=self.name, defaults={"is_staff": self.staff})
        request = self._request(user)
        kept = current_user.set(user)
        thread.user = local.user = user
        store.set(user)
        try:
            with ExitStack() as stack:
                stack.enter_context(translation.override(self.language))
                stack.enter_context(timezone.override(self.zone))
                view = SimpleNamespace(request=request, action="list", kwargs={"tenant": self.name})
                yield {"request": request, "view": view, "format": None, "tenant": self.name, "user": user}
        finally:
            current_user.reset(kept)
            store.set(None)
            del thread.user, local.user

    def _request(self, user: Any) -> Request:
        http = APIRequestFactory().get(
            "/api/courses/",
            {"q": self.name},
            secure=self.secure,
            headers={"Host": self.host, "X-Tenant": self.name, "Cookie": f"theme={self.name}"},
            REMOTE_ADDR=f"10.0.0.{len(self.name)}",
        )
        http.session = {"basket": self.name}
        try:
            http.resolver_match = resolve(http.path)
        except Resolver404:
            http.resolver_match = None
        request = Request(http)
        request.user, request.auth = user, f"token of {self.name}"
        request._data = request._full_data = QueryDict(f"body={self.name}")
        request.version, request.versioning_scheme = None, None
        request.accepted_renderer, request.accepted_media_type = JSONRenderer(), f"application/json; {self.name}"
        return request


CALLERS = (
    Caller(name="nobody", language="en", zone="UTC", anonymous=True),
    Caller(name="ada", language="de", zone="Asia/Tokyo"),
    Caller(name="grace hopper", language="fr", zone="America/New_York", staff=True, secure=True),
    # Differs from ada in nothing but who it is.
    Caller(name="ada lovelace", language="de", zone="Asia/Tokyo"),
    Caller(name="alan", language="de", zone="Asia/Tokyo", host="two.example"),
)
