from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.utils import translation
from rest_framework.authtoken.models import Token
from rest_framework.test import APIClient

from strangler_router import flags
from strangler_router.policy import Flag, Rung, Stage
from strangler_router.types import Call, Reply


class Service:
    """A backend that remembers its calls and answers with `reply`, or raises it, or asks it."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.rungs: list[str] = []
        self.reply: Any = Reply(data={"answered": "by the service"})

    def __call__(self, binding: Any, rung: str) -> Callable[[Call], Reply]:
        def ask(call: Call) -> Reply:
            self.calls.append(call)
            self.rungs.append(rung)
            reply = self.reply(call) if callable(self.reply) else self.reply
            if isinstance(reply, Exception):
                raise reply
            return reply

        return ask


@pytest.fixture(autouse=True)
def forgotten_requests():
    """The throttles count requests in Django's cache."""
    cache.clear()


@pytest.fixture(autouse=True)
def english():
    """LocaleMiddleware leaves the last request's language active."""
    with translation.override("en"):
        yield


@pytest.fixture(autouse=True)
def fresh_flags(settings):
    """Flags are read on each request, within the test's transaction."""
    settings.STRANGLER = {**settings.STRANGLER, "REFRESH": 0, "POLICY_FILE": "", "KILL_FILE": ""}


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def project(settings, service):
    """Use a urlconf with these endpoints bound through the generic RPC; returns a client."""

    def use(urlconf: str, lifted: dict[str, str] | list[str] = (), **values: Any) -> APIClient:
        settings.ROOT_URLCONF = urlconf
        bound = lifted if isinstance(lifted, dict) else dict.fromkeys(lifted, "SERVICE")
        settings.STRANGLER = {"LIFTED": bound, "BACKEND": service, "REFRESH": 0, **values}
        return APIClient()

    return use


@pytest.fixture
def move(db):
    """Set an endpoint's flag."""

    def set_flag(endpoint: str, stage: str = "service", rung: str = "lifted", **values: Any) -> None:
        flag = Flag(endpoint=endpoint, stage=Stage(stage), rung=Rung(rung), **values)
        flags.append(flag, who="test", why="test")

    return set_flag


@pytest.fixture
def user(db) -> User:
    return User.objects.create_user("user")


@pytest.fixture
def staff(db) -> User:
    return User.objects.create_user("staff", is_staff=True)


@pytest.fixture
def token_of():
    """The Authorization header of a user."""

    def header(user: User) -> str:
        return f"Token {Token.objects.get_or_create(user=user)[0].key}"

    return header
