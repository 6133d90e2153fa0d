"""Our classes in place of DRF's, for DRF itself and for every test that imports it."""

import sys
from typing import Any

__all__ = ["substitute", "substituted"]

TIMEOUT = 600


def substitute(*, cached: bool) -> None:
    """Rebind the two serializer classes and, with the cache on, what generic views list and retrieve with."""
    from rest_framework import serializers

    from strangler_django.serializers import CachedHyperlinkedModelSerializer, CachedModelSerializer

    ours: Any = CachedModelSerializer
    linked: Any = CachedHyperlinkedModelSerializer
    if cached:
        ours = _with_cache(ours)
        linked = type("CachedByDefaultHyperlinked", (ours, linked), {"__module__": __name__})
    _rebind({serializers.ModelSerializer: ours, serializers.HyperlinkedModelSerializer: linked})
    if cached:
        _substitute_mixins()


def substituted() -> int:
    """How many serializer classes of the tests are ours now."""
    from strangler_django.serializers import CachedModelSerializer

    return sum(cls.__module__.startswith("tests.") for cls in _descendants(CachedModelSerializer))


def _descendants(base: Any) -> set[Any]:
    found = set(base.__subclasses__())
    return found.union(*map(_descendants, found))


def _with_cache(base: Any) -> Any:
    """The class whose subclasses are cached unless they say otherwise."""
    from strangler_django.serializers import Cache

    class CachedByDefault(base):  # type: ignore[misc]
        def __init_subclass__(cls, **kwargs: Any) -> None:
            meta = getattr(cls, "Meta", None)
            if meta is not None and not hasattr(meta, "cache"):
                cls.Meta = type("Meta", (meta,), {"cache": Cache(timeout=TIMEOUT)})
            super().__init_subclass__(**kwargs)

    return CachedByDefault


def _substitute_mixins() -> None:
    from rest_framework import generics, mixins, viewsets

    from strangler_django.serializers import CachedDetailMixin, CachedListMixin

    replaced = {mixins.ListModelMixin: CachedListMixin, mixins.RetrieveModelMixin: CachedDetailMixin}
    for module in (generics, viewsets):
        for view in vars(module).values():
            if isinstance(view, type) and set(view.__bases__) & set(replaced):
                view.__bases__ = tuple(replaced.get(base, base) for base in view.__bases__)
    _rebind(replaced)


def _rebind(replaced: dict[Any, Any]) -> None:
    """In every module of DRF that knows the class under its name."""
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] != "rest_framework":
            continue
        for attribute, value in list(vars(module).items()):
            if isinstance(value, type) and value in replaced:
                setattr(module, attribute, replaced[value])
