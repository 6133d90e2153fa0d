"""Cookies lost, added, or with other attributes. Their values and expiry times are compared nowhere."""

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar

from strangler_router.types import Reply
from strangler_shadow.seeded.operator import Family, OnReplies, Operator, Place

HEADER = "set-cookie"


class _OfCookies(Operator, family=Family.COOKIE):
    """Changes one Set-Cookie header."""

    @abstractmethod
    def change(self, name: str, attributes: list[str]) -> list[str] | None:
        """The wrong cookie, its name and value first; None to drop it."""

    def places(self, reply: Reply) -> Iterator[Place]:
        """Places of the cookies among the reply's headers."""
        for index, (header, value) in enumerate(reply.headers):
            first, *attributes = _parts(value)
            if header.lower() == HEADER and self.change(first, attributes) != [first, *attributes]:
                yield (header, index)

    def damage(self, reply: Reply, place: Place) -> Reply:
        """The reply with that cookie changed."""
        index = int(place[1])
        first, *attributes = _parts(reply.headers[index][1])
        changed = self.change(first, attributes)
        kept = () if changed is None else (("Set-Cookie", "; ".join(changed)),)
        return replace(reply, headers=(*reply.headers[:index], *kept, *reply.headers[index + 1 :]))


class _Attribute(_OfCookies):
    attribute: ClassVar[str]
    value: ClassVar[str] = ""

    def change(self, name: str, attributes: list[str]) -> list[str]:
        """The cookie without the attribute, or with another value of it."""
        kept = [part for part in attributes if part.partition("=")[0].lower() != self.attribute.lower()]
        return [name, *kept, f"{self.attribute}={self.value}"] if self.value else [name, *kept]


class CookieLost(_OfCookies, name="cookie-lost"):
    """A cookie is not set."""

    def change(self, name: str, attributes: list[str]) -> None:
        del name, attributes


class CookieRenamed(_OfCookies, name="cookie-renamed"):
    """A cookie has another name."""

    def change(self, name: str, attributes: list[str]) -> list[str]:
        return [f"service_{name}", *attributes]


class CookieAdded(OnReplies, name="cookie-added", family=Family.COOKIE):
    """The service sets a cookie of its own."""

    def change(self, reply: Reply) -> Reply | None:
        if reply.exception is not None:
            return None
        return replace(reply, headers=(*reply.headers, ("Set-Cookie", "service_session=1; Path=/")))


class CookieForScripts(_Attribute, name="cookie-httponly-lost"):
    """Scripts may read a cookie."""

    attribute = "httponly"


class CookieInTheClear(_Attribute, name="cookie-secure-lost"):
    """A cookie travels without TLS."""

    attribute = "secure"


class CookieOfAnySite(_Attribute, name="cookie-samesite-none"):
    """Other sites' requests carry a cookie."""

    attribute, value = "samesite", "None"


class CookieOfAPath(_Attribute, name="cookie-path-changed"):
    """A cookie belongs to one path."""

    attribute, value = "path", "/service/"


class CookieOfADomain(_Attribute, name="cookie-domain-changed"):
    """A cookie belongs to all hosts of a domain."""

    attribute, value = "domain", "example.org"


class CookieForLonger(_Attribute, name="cookie-max-age-changed"):
    """A cookie lives for another time."""

    attribute, value = "max-age", "31536001"


def _parts(cookie: str) -> list[str]:
    return [part.strip() for part in cookie.split(";")]
