"""Batched, cached serializers: the same answers as DRF's, in a few queries and one Redis round trip."""

from strangler_django.serializers.batched import BatchedField, batched
from strangler_django.serializers.cache import Cache
from strangler_django.serializers.guard import UndeclaredUse
from strangler_django.serializers.model import (
    CachedHyperlinkedModelSerializer,
    CachedListSerializer,
    CachedModelSerializer,
)
from strangler_django.serializers.responses import CachedResponse
from strangler_django.serializers.results import cached_result
from strangler_django.serializers.signals import invalidate
from strangler_django.serializers.vary import register_vary
from strangler_django.serializers.views import CachedDetailMixin, CachedListMixin

__all__ = [
    "BatchedField",
    "Cache",
    "CachedDetailMixin",
    "CachedHyperlinkedModelSerializer",
    "CachedListMixin",
    "CachedListSerializer",
    "CachedModelSerializer",
    "CachedResponse",
    "UndeclaredUse",
    "batched",
    "cached_result",
    "invalidate",
    "register_vary",
]
