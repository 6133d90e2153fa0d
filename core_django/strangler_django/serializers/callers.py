"""Callers who differ in user, language, time zone and origin, and the bytes that each of them is shown."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth.models import AnonymousUser
from django.utils import timezone, translation
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

__all__ = ["Caller", "everyone", "first_difference"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks; `origin` is a scheme and host (`https://shop.example`)."""

    user: Any
    language: str | None
    zone: str | tzinfo | None
    origin: str
    given: Any
    """What its context holds besides: a mapping, or a function of the request that gives one."""

    def __str__(self) -> str:
        return f"{self.user}, {self.language}, {self.zone}, {self.origin}"

    def own(self, cls: Any, rows: Sequence[Any]) -> list[bytes]:
        """What DRF's own path shows: the list, and its first row alone."""
        return self._shown(cls, list(rows), lambda one: bytes(JSONRenderer().render(one.data)))

    def cached(self, cls: Any, queryset: Any) -> list[bytes]:
        """What the cached serializer shows of the same. Raises UndeclaredUse."""
        return self._shown(cls, queryset.all(), lambda one: bytes(one.json()))

    def _shown(self, cls: Any, rows: Any, render: Callable[[Any], bytes]) -> list[bytes]:
        with self._here() as context:
            [first] = rows[:1]
            return [render(cls(rows, many=True, context=context())), render(cls(first, context=context()))]

    @contextmanager
    def _here(self) -> Iterator[Callable[[], dict[str, Any]]]:
        with ExitStack() as stack:
            stack.enter_context(translation.override(self.language))
            stack.enter_context(timezone.override(self.zone))
            yield self._context

    def _context(self) -> dict[str, Any]:
        address = urlsplit(self.origin if "://" in self.origin else f"http://{self.origin}")
        http = APIRequestFactory().get("/", secure=address.scheme == "https", headers={"Host": address.netloc})
        request = Request(http)
        request.user = AnonymousUser() if self.user is None else self.user
        given = self.given(request) if callable(self.given) else self.given or {}
        return {"request": request, "format": None, "view": None, **given}


def everyone(
    users: Sequence[Any],
    languages: Sequence[str | None],
    zones: Sequence[str | tzinfo | None],
    origins: Sequence[str],
    given: Any,
) -> list[Caller]:
    """All combinations."""
    return [
        Caller(user=user, language=language, zone=zone, origin=origin, given=given)
        for user, language, zone, origin in itertools.product(users, languages, zones, origins)
    ]


def first_difference(expected: Any, shown: Any, path: str = "$") -> str:
    """The JSON path at which two values differ first, with both values; empty where they are equal."""
    if isinstance(expected, dict) and isinstance(shown, dict) and list(expected) == list(shown):
        inner: Any = ((f"{path}.{name}", expected[name], shown[name]) for name in expected)
    elif isinstance(expected, list) and isinstance(shown, list) and len(expected) == len(shown):
        inner = ((f"{path}[{at}]", *pair) for at, pair in enumerate(zip(expected, shown, strict=True)))
    elif type(expected) is type(shown) and expected == shown:
        return ""
    else:
        return f"{path} is {shown!r:.200}, DRF gives {expected!r:.200}"
    return next((found for at, one, other in inner if (found := first_difference(one, other, at))), "")
