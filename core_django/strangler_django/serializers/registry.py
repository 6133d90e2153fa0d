"""Cached serializer classes: their plans, and the receivers that their bodies need."""

import logging
from typing import Any
from weakref import WeakKeyDictionary

from django.apps import apps

from strangler_django.serializers import signals
from strangler_django.serializers.plan import FieldPlan, is_static, resolve
from strangler_django.serializers.walk import Unplannable

logger = logging.getLogger("strangler_django.serializers")

_waiting: list[Any] = []
# Projects make classes at run time.
_plans: WeakKeyDictionary[Any, FieldPlan | None] = WeakKeyDictionary()
refusals: WeakKeyDictionary[Any, str] = WeakKeyDictionary()
"""Why a class that asks for the cache does not get it; shown by the system checks."""


def register(cls: Any) -> None:
    """Watches what the class's bodies read, as soon as the models are there."""
    _waiting.append(cls)
    if apps.models_ready:
        resolve_waiting()


def resolve_waiting() -> None:
    while _waiting:
        cls = _waiting.pop()
        _plans[cls] = _plan(cls)


def _resolve_if_waiting(cls: Any) -> None:
    """A serializer's plan may ask for that of one which it nests."""
    if cls in _waiting and apps.models_ready:
        _waiting.remove(cls)
        _plans[cls] = _plan(cls)


def registered() -> list[Any]:
    return list(_plans)


def is_cached(cls: Any) -> bool:
    return _plans.get(cls) is not None


def class_plan(cls: Any) -> FieldPlan:
    """The plan of a cached class. Raises LookupError for any other."""
    plan = _plans.get(cls)
    if plan is None:
        raise LookupError(f"{cls.__name__} is not cached.")
    return plan


def plan_of(serializer: Any) -> FieldPlan | None:
    """The plan of the serializer's fields as they are on this instance; None if its bodies are not shared."""
    cls = type(serializer)
    if _waiting:
        _resolve_if_waiting(cls)
    known = _plans.get(cls)
    if known is None:
        return None
    if known.static and is_static(serializer):
        return known
    try:
        plan = resolve(serializer)
    except Unplannable as error:
        logger.debug("%s bypasses its cache: %s", cls.__name__, error)
        return None
    if all(signals.watched(source) for source in plan.sources):
        return plan
    # Other processes would not know what this instance reads.
    logger.warning("%s bypasses its cache: its fields read relations that its class does not.", cls.__name__)
    return None


def _plan(cls: Any) -> FieldPlan | None:
    if getattr(cls.Meta, "cache", None) is None:
        return None
    try:
        plan = resolve(cls())
    except Unplannable as error:
        refusals[cls] = str(error)
        return None
    except Exception as error:  # noqa: BLE001  __init__ and get_fields are the project's own code
        refusals[cls] = f"its fields cannot be built without a request: {error!r}"
        return None
    signals.watch(plan.sources)
    return plan
