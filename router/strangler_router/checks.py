"""System checks; every refusal of the router has an id."""

from collections.abc import Iterator, Mapping, Sequence
from os import PathLike
from typing import Any

from django.apps import AppConfig
from django.conf import settings as django_settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004
from django.db import connections
from django.utils.module_loading import import_string

from strangler_django.endpoints import Endpoint, walk_endpoints
from strangler_protos.bindings import SAFE_METHODS, Binding
from strangler_protos.errors import IdentityError
from strangler_protos.identity import Keyring
from strangler_protos.suggestion import suggest
from strangler_router.borrowed import borrowed_lines
from strangler_router.conf import Settings, settings
from strangler_router.errors import ConfigurationError
from strangler_router.flags import read_policy
from strangler_router.models import FlagChange
from strangler_router.policy import Stage
from strangler_router.table import bind

__all__ = ["check_bindings", "check_deployment", "check_flags", "check_settings"]

MIDDLEWARE = "strangler_router.middleware.RouterMiddleware"
# Of a default's type: what a setting may be, and how to say it.
KINDS: dict[type, tuple[Any, str]] = {
    tuple: ((list, tuple), "a list"),
    dict: (Mapping, "a mapping"),
    str: ((str, PathLike), "text"),
    float: ((int, float), "a number of seconds"),
    int: (int, "a whole number"),
}


@register()
def check_settings(*, app_configs: Sequence[AppConfig] | None = None, **_kwargs: Any) -> list[CheckMessage]:
    """Keys, values and callables of `settings.STRANGLER`."""
    raw = getattr(django_settings, "STRANGLER", {})
    if not isinstance(raw, dict):
        return [Error("STRANGLER must be a dict", id="strangler_router.E001")]
    wrong = list(_wrong_types(raw))
    if wrong:
        return [*_unknown_keys(raw), *wrong]
    try:
        return [*_unknown_keys(raw), *_values(settings()), *_callables(settings())]
    except ConfigurationError as error:
        return [Error(f"STRANGLER cannot be read: {error}", id="strangler_router.E001")]


@register()
def check_bindings(*, app_configs: Sequence[AppConfig] | None = None, **_kwargs: Any) -> list[CheckMessage]:
    """Whether every binding meets an endpoint that the seam can keep."""
    raw = getattr(django_settings, "STRANGLER", {})
    if not isinstance(raw, dict) or any(_wrong_types(raw)):
        return []  # check_settings says it
    try:
        bound = bind()
        messages: list[CheckMessage] = [
            (Warning if refusal.is_warning else Error)(refusal.message, id=refusal.check_id)
            for refusal in bound.refused
        ]
        messages += [message for binding, endpoint in bound.pairs for message in _borrowed(binding, endpoint)]
        for service, binding in {binding.service: binding for binding, _ in bound.pairs}.items():
            messages += _addresses(service, binding)
    except ConfigurationError:
        return []  # check_settings says it
    return messages


@register(Tags.database)
def check_flags(*, databases: Sequence[str] | None = None, **_kwargs: Any) -> list[CheckMessage]:
    """Whether every flag in the database still names an endpoint, and mirrors safe methods only."""
    if "default" not in (databases or ()):
        return []
    if FlagChange._meta.db_table not in connections["default"].introspection.table_names():
        return []
    endpoints = {endpoint.id: endpoint for endpoint in walk_endpoints()}
    messages: list[CheckMessage] = []
    for name, flag in read_policy().flags.items():
        if name not in endpoints and (flag.stage is not Stage.MONOLITH or flag.mirror):
            messages.append(
                Error(
                    f"the flag of {name} names no endpoint any more{suggest(name, endpoints)}; restore the name, "
                    f"or run `strangler cutover {name} --stage monolith --mirror 0 --why ...`",
                    id="strangler_router.E016",
                )
            )
        elif name in endpoints and flag.mirror and endpoints[name].http_method not in SAFE_METHODS:
            messages.append(
                Error(
                    f"{name} is mirrored, but {endpoints[name].http_method} is not safe; "
                    f"run `strangler cutover {name} --mirror 0 --why ...`",
                    id="strangler_router.E017",
                )
            )
    return messages


@register(deploy=True)
def check_deployment(*, app_configs: Sequence[AppConfig] | None = None, **_kwargs: Any) -> list[CheckMessage]:
    """What is meant for tests and would hold up a deployed project."""
    raw = getattr(django_settings, "STRANGLER", {})
    fixed = raw.get("FIXED_STAGE") if isinstance(raw, dict) else ""
    if not fixed:
        return []
    return [
        Warning(
            f"STRANGLER['FIXED_STAGE'] is {fixed!r}: flags count for nothing, and no endpoint can be moved back",
            id="strangler_router.W003",
        )
    ]


def _borrowed(binding: Binding, endpoint: Endpoint) -> Iterator[CheckMessage]:
    lines = borrowed_lines(endpoint)
    words = f"{binding.id} reads the session, cookies or request.auth, which a lifted view has not: {'; '.join(lines)}"
    if lines and binding.is_generic:
        yield Error(words, hint="Leave it to the monolith, or give it a contract.", id="strangler_router.E020")
    elif lines and "lifted" in settings().targets.get(binding.service, {}):
        yield Warning(words, hint="Do not choose its rung lifted.", id="strangler_router.W004")


def _unknown_keys(raw: dict[str, Any]) -> Iterator[CheckMessage]:
    known = Settings.known_keys()
    for key in raw:
        if key not in known:
            yield Error(f"STRANGLER has no key {key!r}{suggest(key, known)}", id="strangler_router.E001")


def _wrong_types(raw: dict[str, Any]) -> Iterator[CheckMessage]:
    defaults = Settings()
    for key in set(raw) & set(Settings.known_keys()):
        kinds, words = KINDS[type(getattr(defaults, key.lower()))]
        value = raw[key]
        if (isinstance(value, kinds) and not isinstance(value, bool)) or (key == "BACKEND" and callable(value)):
            continue
        yield Error(f"STRANGLER[{key!r}] is {value!r}; it must be {words}", id="strangler_router.E001")


def _values(values: Settings) -> Iterator[CheckMessage]:
    if values.rpc_timeout >= values.budget:
        yield Error(
            f"RPC_TIMEOUT ({values.rpc_timeout} s) leaves nothing of BUDGET ({values.budget} s) for a fallback",
            id="strangler_router.E014",
        )
    has_bindings = bool(values.contracts or values.lifted)
    if has_bindings and MIDDLEWARE not in django_settings.MIDDLEWARE:
        yield Error(f"endpoints are bound, but {MIDDLEWARE} is not in MIDDLEWARE", id="strangler_router.E015")
    elif has_bindings and django_settings.MIDDLEWARE[-1] != MIDDLEWARE:
        yield Warning(f"{MIDDLEWARE} should be the last of MIDDLEWARE", id="strangler_router.W002")
    if values.cohort_key and values.cohort_key != "session" and not values.cohort_key.startswith("header:"):
        yield Error(
            f"COHORT_KEY {values.cohort_key!r} is neither 'session' nor 'header:NAME'", id="strangler_router.E001"
        )


def _callables(values: Settings) -> Iterator[CheckMessage]:
    named = [("OBSERVERS", name) for name in values.observers]
    named += [(key, name) for key, name in (("GATE", values.gate), ("TENANT", values.tenant)) if name]
    if isinstance(values.backend, str):
        named.append(("BACKEND", values.backend))
    for key, name in named:
        try:
            import_string(name)
        except ImportError as error:
            yield Error(f"STRANGLER[{key!r}]: {error}", id="strangler_router.E018")


def _addresses(service: str, binding: Binding) -> Iterator[CheckMessage]:
    values = settings()
    if values.backend != Settings().backend:
        return
    targets = values.targets.get(service, {})
    if not targets:
        yield Error(
            f"{binding.id} is bound to {service}, which has no entry in STRANGLER['TARGETS']",
            id="strangler_router.E013",
        )
    for rung, target in targets.items():
        if not target.ca and not target.is_local:
            yield Error(
                f"{service} ({rung}) at {target.address} is not on loopback, so TLS is required; name its 'ca' file",
                id="strangler_router.E013",
            )
    try:
        Keyring.from_hex(values.keys.get(service, {}))
    except (IdentityError, TypeError, AttributeError) as error:
        yield Error(f"STRANGLER['KEYS'][{service!r}]: {error}", id="strangler_router.E013")
