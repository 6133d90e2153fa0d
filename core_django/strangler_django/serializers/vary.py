"""What a cached value may differ by: names, the key that each adds, and what code may use once it is named."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2s
from typing import Any

from django.conf import settings
from django.urls import get_script_prefix, get_urlconf
from django.utils import timezone, translation
from rest_framework.settings import api_settings

__all__ = [
    "HOST",
    "LANGUAGE",
    "TIMEZONE",
    "UndeclaredUse",
    "UnknownVary",
    "allowed_by",
    "automatic",
    "known",
    "register_vary",
    "vary_digest",
]

LANGUAGE, TIMEZONE, HOST = "language", "timezone", "host"
_ADDRESS = ("scheme", "is_secure", "get_host", "version", "versioning_scheme")
_ANONYMOUS = "django.contrib.auth.models.AnonymousUser"
_ROLE = ("is_authenticated", "is_anonymous", "is_staff", "is_superuser")
Context = Mapping[str, Any]
Variant = tuple[str, ...]


class UndeclaredUse(Exception):
    """A shared value was about to depend on something that its key does not name."""


class UnknownVary(LookupError):
    """A serializer varies by a name that nobody registered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Vary:
    key: Callable[[Context], str]
    allows: frozenset[str]


_registered: dict[str, _Vary] = {}


def register_vary(name: str, key: Callable[[Context], str], *, allows: Iterable[str] = ()) -> None:
    """Lets serializers vary by `name`: values are kept apart for each text that `key(context)` gives.

    `allows` names what a cached value may use because the key tells it: `request.headers.X-Tenant`, `request.user`,
    `context.tenant`, or the dotted path of a context variable (`shop.tenancy.current`).
    """
    _registered[name] = _Vary(key=key, allows=frozenset(allows))


def known() -> list[str]:
    return sorted(_registered)


def automatic(*, links: bool) -> tuple[str, ...]:
    """What a body varies by where its serializer does not say."""
    return tuple(
        name for name, applies in ((LANGUAGE, settings.USE_I18N), (TIMEZONE, settings.USE_TZ), (HOST, links)) if applies
    )


def allowed_by(names: Collection[str]) -> frozenset[str]:
    """What values that vary by these names may use. Raises UnknownVary."""
    return frozenset().union(*(_named(name).allows for name in names))


def variant(context: Context, names: Collection[str]) -> Variant:
    """Which of the variants this context asks for. Raises UnknownVary, UndeclaredUse."""
    # `reverse()` looks at these two without asking anybody.
    parts = ["", f"{get_script_prefix()} {get_urlconf() or ''}"]
    for name in names:
        parts += name, _named(name).key(context)
    return tuple(parts)


def vary_digest(context: Context, names: Collection[str]) -> str:
    """A digest of the variant. Raises UnknownVary, UndeclaredUse."""
    # As long as no two users may ever meet.
    return blake2s(repr(variant(context, names)).encode(), digest_size=16).hexdigest()


def _named(name: str) -> _Vary:
    try:
        return _registered[name]
    except KeyError:
        raise UnknownVary(f"vary={name!r} is not registered. Known: {', '.join(known())}.") from None


def _host(context: Context) -> str:
    request = context.get("request")
    if request is None:
        return ""
    override = api_settings.URL_FORMAT_OVERRIDE
    scheme = getattr(request, "versioning_scheme", None)
    parts = [
        request.scheme,
        request.get_host(),
        context.get("format"),
        getattr(request, "version", None),
        "" if scheme is None else f"{type(scheme).__module__}.{type(scheme).__qualname__}",
        request.GET.get(override) if override else None,
    ]
    return repr(parts)


def _user(context: Context) -> str:
    request = context.get("request")
    if request is None:
        return "no request"
    user = getattr(request, "user", None)
    if user is None:
        return "nobody"
    kind = f"{_type(user).__module__}.{_type(user).__qualname__}"
    if user.pk is not None:
        return f"{kind}:{user.pk}"
    if kind != _ANONYMOUS:
        raise UndeclaredUse(f"vary names the user, but this one has no primary key to tell it by ({kind}).")
    return kind


def _type(user: Any) -> type:
    """The class behind a lazy user."""
    given: type = user.__class__
    return given


def _role(context: Context) -> str:
    request = context.get("request")
    if request is None:
        return "no request"
    user = getattr(request, "user", None)
    if user is None:
        return "nobody"
    return repr([getattr(user, name, None) for name in _ROLE])


register_vary(LANGUAGE, lambda context: str(translation.get_language()), allows=[LANGUAGE])
# Two zones of fixed offset may have one name.
register_vary(TIMEZONE, lambda context: repr(timezone.get_current_timezone()), allows=[TIMEZONE])
register_vary(HOST, _host, allows=[HOST, *(f"request.{name}" for name in _ADDRESS)])
register_vary("user", _user, allows=["request.user"])
register_vary("role", _role, allows=[f"request.user.{name}" for name in _ROLE])
