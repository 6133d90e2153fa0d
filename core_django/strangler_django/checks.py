"""System checks of cached serializers."""

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.checks import Warning as Caution
from django.core.exceptions import FieldDoesNotExist

from strangler_django.serializers import registry
from strangler_django.serializers.batched import BatchedField
from strangler_django.serializers.dependencies import follow
from strangler_django.serializers.store import current_store


@register
def check_serializers(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    return [*_database_messages(), *(message for cls in registry.registered() for message in _messages(cls))]


def _database_messages() -> Iterator[CheckMessage]:
    cached = [cls for cls in registry.registered() if registry.is_cached(cls)]
    atomic = [alias for alias, options in settings.DATABASES.items() if options.get("ATOMIC_REQUESTS")]
    if cached and atomic and current_store() is not None:
        yield Caution(
            f"ATOMIC_REQUESTS is on for {', '.join(atomic)}: bodies read inside a transaction are never stored.",
            hint="Decorate the dispatch of cached views with transaction.non_atomic_requests.",
            id="strangler_django.W102",
        )


@register
def check_cacheops(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if not apps.is_installed("cacheops") or getattr(settings, "CACHEOPS_DEGRADE_ON_FAILURE", False):
        return []
    return [
        Caution(
            "cacheops is installed without CACHEOPS_DEGRADE_ON_FAILURE: while Redis is away, save() raises.",
            hint="Set CACHEOPS_DEGRADE_ON_FAILURE = True.",
            id="strangler_django.W103",
        )
    ]


def _messages(cls: Any) -> Iterator[CheckMessage]:
    broken = [*_batched_messages(cls), *_fresh_messages(cls)]
    yield from broken
    reason = registry.refusals.get(cls)
    if reason and not broken:
        yield Caution(
            f"{cls.__name__} asks for a cache, but its bodies cannot be shared: {reason}.",
            hint="It answers like a ModelSerializer. Change it, or remove Meta.cache.",
            obj=cls,
            id="strangler_django.W101",
        )


def _batched_messages(cls: Any) -> Iterator[CheckMessage]:
    for name, field in cls._declared_fields.items():
        if not isinstance(field, BatchedField):
            continue
        if field.method is None:
            yield Error(
                f"{cls.__name__}.{name} is batched but has no batch method.",
                hint=f"Decorate a method with @{name}.batch.",
                obj=cls,
                id="strangler_django.E102",
            )
        for path in field.depends_on:
            try:
                list(follow(cls.Meta.model, path))
            except FieldDoesNotExist as error:
                yield Error(
                    f"{cls.__name__}.{name} depends on {path!r}, which does not resolve: {error}",
                    hint="Name relations from the serializer's model, joined by '__'.",
                    obj=cls,
                    id="strangler_django.E103",
                )


def _fresh_messages(cls: Any) -> Iterator[CheckMessage]:
    try:
        known = list(cls().fields)
    except Exception:  # noqa: BLE001  reported as W101 with the error itself
        return
    for name in getattr(cls.Meta, "no_cache_fields", ()):
        if name not in known:
            close = get_close_matches(name, known, 1)
            yield Error(
                f"{cls.__name__}.Meta.no_cache_fields names {name!r}, which is no field of it.",
                hint=f"Did you mean {close[0]!r}?" if close else f"Its fields: {', '.join(known)}.",
                obj=cls,
                id="strangler_django.E101",
            )
