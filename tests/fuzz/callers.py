"""Who asks: user, language, time zone, host, tenant, a header and a key of the context."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.utils import timezone, translation
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory, force_authenticate

from strangler_django.serializers import register_vary
from tests.fuzz import population, tenancy

ZONES = ["UTC", "Asia/Kolkata", "America/New_York"]
HOSTS = ["shop.example", "admin.example:8000"]
NAMES = ["", "ada", "grace", "staff", "root"]

factory = APIRequestFactory()


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    user: str = ""
    language: str = "en"
    zone: str = "UTC"
    host: str = HOSTS[0]
    tenant: str = "acorn"
    shade: str = ""

    def request(self, query: str = "") -> Any:
        """A request as a server makes it, before any view."""
        request = factory.get(f"/{query}", headers={"Host": self.host, "X-Shade": self.shade})
        if self.user:
            force_authenticate(request, population.user(self.user))
        return request

    def context(self, query: str = "") -> dict[str, Any]:
        """What a view gives to its serializers."""
        request = Request(self.request(query))
        request.user = population.user(self.user) if self.user else AnonymousUser()
        return {"request": request, "mood": self.shade}

    @contextmanager
    def present(self) -> Iterator[None]:
        token = tenancy.current.set(self.tenant)
        try:
            with translation.override(self.language), timezone.override(self.zone):
                yield
        finally:
            tenancy.current.reset(token)


def random_caller(rng: Random) -> Caller:
    return Caller(
        user=rng.choice(NAMES),
        language=rng.choice(["en", "de", "fr"]),
        zone=rng.choice(ZONES),
        host=rng.choice(HOSTS),
        tenant=rng.choice(["acorn", "birch"]),
        shade=rng.choice(["", "dark"]),
    )


def register() -> None:
    """What this project's serializers may vary by beside the usual."""
    register_vary("tenant", lambda context: tenancy.current.get(), allows=["tests.fuzz.tenancy.current"])
    register_vary(
        "shade", lambda context: context["request"].headers.get("X-Shade", ""), allows=["request.headers.X-Shade"]
    )
    register_vary("mood", lambda context: str(context.get("mood")), allows=["context.mood"])
