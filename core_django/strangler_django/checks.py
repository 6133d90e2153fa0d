"""System checks of cached serializers."""

from collections.abc import Iterator
from difflib import get_close_matches
from importlib.util import find_spec
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.checks import Warning as Caution
from django.core.exceptions import FieldDoesNotExist
from rest_framework.serializers import ListSerializer

from strangler_django.serializers import registry, vary
from strangler_django.serializers.batched import BatchedField
from strangler_django.serializers.dependencies import follow
from strangler_django.serializers.model import CachedListSerializer
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
def check_redis(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if not getattr(settings, "CACHEOPS_REDIS", None) or find_spec("redis"):
        return []
    return [
        Error(
            "CACHEOPS_REDIS is set, but redis is not installed.",
            hint="Install django-strangler[cache], or remove the setting.",
            id="strangler_django.E105",
        )
    ]


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
    broken = [*_batched_messages(cls), *_fresh_messages(cls), *_vary_messages(cls)]
    yield from broken
    yield from _list_messages(cls)
    yield from _model_messages(cls)
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


def _vary_messages(cls: Any) -> Iterator[CheckMessage]:
    cache = getattr(cls.Meta, "cache", None)
    used = {f"{cls.__name__}.Meta.cache": (cache and cache.vary) or ()}
    for name, field in cls._declared_fields.items():
        if isinstance(field, BatchedField):
            used[f"{cls.__name__}.{name}"] = field.vary
    for where, names in used.items():
        for name in set(names) - set(vary.known()):
            close = get_close_matches(name, vary.known(), 1)
            yield Error(
                f"{where} varies by {name!r}, which nobody registered.",
                hint=f"Did you mean {close[0]!r}?" if close else "Call register_vary in your AppConfig.ready.",
                obj=cls,
                id="strangler_django.E104",
            )


def _list_messages(cls: Any) -> Iterator[CheckMessage]:
    listing = getattr(cls.Meta, "list_serializer_class", None)
    for base in getattr(listing, "__mro__", ()):
        method = vars(base).get("to_representation")
        if base is ListSerializer:
            break
        if base is CachedListSerializer or method is None:
            continue
        if "super" not in method.__code__.co_names:
            yield Caution(
                f"{base.__name__}.to_representation does not call super(): batched fields of {cls.__name__} are asked "
                "for one object at a time.",
                hint="Filter or order the data, and let super().to_representation(data) render it.",
                obj=cls,
                id="strangler_django.W105",
            )


def _model_messages(cls: Any) -> Iterator[CheckMessage]:
    """Models that are written elsewhere: nobody tells of it."""
    if not registry.is_cached(cls):
        return
    read = registry.class_plan(cls).models
    for model in sorted(read, key=lambda model: model._meta.label):
        if not model._meta.managed:
            yield Caution(
                f"{cls.__name__} reads {model._meta.label}, which Django does not manage: what else writes its table "
                "must mark stamps, or bodies are as old as their timeout.",
                hint="See the stamp protocol in the guide, or make the fields fresh.",
                obj=cls,
                id="strangler_django.W104",
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
