"""Cookies that came as plain `Set-Cookie` headers, as a service's reply can carry them."""

from collections.abc import Iterable

__all__ = ["apart"]

Headers = tuple[tuple[str, str], ...]


def apart(headers: Iterable[tuple[str, str]], cookies: tuple[str, ...]) -> tuple[Headers, tuple[str, ...]]:
    """The headers without `Set-Cookie`, and these cookies behind the others.

    They get the form of `strangler_router.middleware.cookies_of`: names and attributes, no values, no `expires`.
    """
    given = tuple(headers)
    kept = tuple(header for header in given if header[0].lower() != "set-cookie")
    return kept, (*cookies, *(_without_value(value) for name, value in given if name.lower() == "set-cookie"))


def _without_value(cookie: str) -> str:
    first, *attributes = cookie.split(";")
    pairs = sorted(_attribute(part) for part in attributes if part.strip())
    counted = (f"{name}={value}" for name, value in pairs if name != "expires")
    return "; ".join([first.partition("=")[0].strip(), *counted])


def _attribute(part: str) -> tuple[str, str]:
    # A flag without a value is True, as in Django's morsels.
    name, _, value = part.partition("=")
    return name.strip().lower(), value.strip() or "True"
