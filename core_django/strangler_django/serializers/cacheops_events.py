"""What cacheops invalidates is void here too, and its prefix is ours; the one module that imports cacheops."""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cacheops.sharding import get_prefix
from cacheops.signals import cache_invalidated
from django.db import models, router

from strangler_django.serializers.signals import invalidate_all, invalidate_model, invalidate_values

logger = logging.getLogger("strangler_django.serializers")


def connect() -> None:
    cache_invalidated.connect(_on_invalidation, dispatch_uid="strangler_django")


def prefix(function: Callable[..., Any], read: Sequence[type[models.Model]]) -> str:
    """What CACHEOPS_PREFIX gives for the results of a function that reads these models."""
    dbs = list(dict.fromkeys(router.db_for_write(model) for model in read))
    return str(get_prefix(func=function, dbs=dbs, _cond_dnfs={model._meta.db_table: [] for model in read}))


def _on_invalidation(
    sender: type[models.Model] | None, obj_dict: Mapping[str, Any] | None = None, **kwargs: Any
) -> None:
    try:
        if sender is None:
            invalidate_all()
        elif obj_dict is None:
            invalidate_model(sender)
        else:
            invalidate_values(sender, obj_dict)
    except Exception:
        # cacheops sends this from save() and after commits, where an error would be the writer's.
        logger.exception("What cacheops invalidated of %s could not be made void", sender)
