from functools import lru_cache
from typing import Any, cast

from asgiref.sync import sync_to_async
from django.db import models
from django.db.models.manager import BaseManager
from rest_framework.serializers import (
    BaseSerializer,
    HyperlinkedModelSerializer,
    ListSerializer,
    ModelSerializer,
    Serializer,
)

from strangler_django.serializers import reads, registry, segments
from strangler_django.serializers.batched import BatchedField
from strangler_django.serializers.emit import writes_as_drf
from strangler_django.serializers.moving import moving
from strangler_django.serializers.plan import FieldPlan
from strangler_django.serializers.preparing import objects_of, prepared
from strangler_django.serializers.reading import label, render_rows
from strangler_django.serializers.rendered import Rendered
from strangler_django.serializers.rows import Rows, StoredRow, difference_from_stored, stored_rows, why_not_stored
from strangler_django.serializers.store import answering_store, current_store


class CachedListSerializer(ListSerializer):
    """Renders stored rows from the cache, and instances in hand with one batch call a field."""

    def json(self) -> bytes:
        """The bytes that DRF's JSONRenderer makes of `data`."""
        rendered = self.rendered()
        return segments.render(self.data) if rendered is None else rendered.array()

    async def ajson(self) -> bytes:
        """`json` for asynchronous code."""
        return await sync_to_async(self.json)()

    def rendered(self) -> Rendered | None:
        """The list from the cache; None where it must be rendered from instances."""
        if not hasattr(self, "_rendered"):
            self._rendered = self._render()
        return self._rendered

    def to_representation(self, data: Any) -> list[Any]:
        if self.parent is None and data is self.instance:
            rendered = self.rendered()
            if rendered is not None and rendered.exact:
                decoded: list[Any] = segments.decode(rendered.array())
                return decoded
        instances = objects_of(self, data) if isinstance(data, BaseManager) else list(data)
        with prepared(self.child, instances):
            return super().to_representation(instances)

    to_representation.writes_as_drf = True  # type: ignore[attr-defined]

    def _render(self) -> Rendered | None:
        child = self.child
        if self.parent is not None or not isinstance(child, CachedModelSerializer):
            return None
        if not _is_plain_list(type(self)):
            reads.bypass(label(child), "list_serializer_class")
            return None
        return child.render(self.instance)


class CachedModelSerializer(ModelSerializer):
    """A ModelSerializer with batched fields and, where `Meta.cache` says so, cached bodies.

    `data` shows instances in hand as they are; rows that are only named (an unevaluated queryset, what
    CachedListMixin and CachedDetailMixin pass) come from the cache, each body shared by lists and details.
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        meta = getattr(cls, "Meta", None)
        if meta is not None:
            # A copy: the Meta may belong to another serializer's class.
            meta = type("Meta", (meta,), {"list_serializer_class": _list_class(meta)})
            cls.Meta = meta  # type: ignore[misc,assignment]
        if getattr(meta, "model", None) is not None:
            registry.register(cls)

    def to_representation(self, instance: Any) -> Any:
        with prepared(self, [instance]):
            return super().to_representation(instance)

    to_representation.writes_as_drf = True  # type: ignore[attr-defined]

    def create(self, validated_data: Any) -> Any:
        with moving(self.Meta.model, None, validated_data):
            return super().create(validated_data)

    def update(self, instance: Any, validated_data: Any) -> Any:
        with moving(self.Meta.model, instance, validated_data):
            return super().update(instance, validated_data)

    def json(self) -> bytes:
        """The bytes that DRF's JSONRenderer makes of the stored row behind the instance."""
        rendered = self.rendered()
        return segments.render(self.data) if rendered is None else rendered.one()

    async def ajson(self) -> bytes:
        """`json` for asynchronous code."""
        return await sync_to_async(self.json)()

    def rendered(self) -> Rendered | None:
        """The stored row from the cache; None where it must be rendered from the instance."""
        if not hasattr(self, "_rendered"):
            self._rendered = self._render()
        return self._rendered

    @property
    def shares_bodies(self) -> bool:
        """Whether its class asks for a cache."""
        return getattr(self.Meta, "cache", None) is not None

    def _render(self) -> Rendered | None:
        instance = self.instance
        if self.parent is not None or not isinstance(instance, models.Model) or instance.pk is None:
            return None
        if type(instance) is not self.Meta.model or _overrides_data(type(self), Serializer):
            return None
        if self.shares_bodies and answering_store() is None:
            # DRF shows one object in hand sooner than its body is computed from a row read again.
            reads.bypass(label(self), "no store" if current_store() is None else "unavailable")
            return None
        if reason := difference_from_stored(instance):
            reads.bypass(label(self), reason)
            return None
        rendered = self.render(StoredRow(instance))
        # A row deleted since is still shown as it was read; what is no object is refused by DRF.
        shows = rendered is not None and rendered.pieces and rendered.pieces[0].startswith(b"{")
        return rendered if shows else None

    def render(self, data: Any) -> Rendered | None:
        """Stored rows, named by a queryset or Rows, from the cache."""
        if not self.shares_bodies:
            return None
        plan, store = self.plan(), current_store()
        if plan is None or store is None:
            reads.bypass(label(self), "no store" if store is None else "unplannable")
            return None
        if not isinstance(data, Rows):
            if reason := why_not_stored(data, plan.model):
                reads.bypass(label(self), reason)
                return None
            queryset = data.all() if isinstance(data, BaseManager) else data
            data = stored_rows(queryset)
        return render_rows(self, plan, store, data)

    def plan(self) -> FieldPlan | None:
        """How this instance's bodies are shared; None if they are not."""
        if not hasattr(self, "_plan"):
            self._plan = registry.plan_of(self)
        return self._plan

    def field_named(self, name: str) -> Any:
        """One bound field, without building the others if the class declares it."""
        declared = self._declared_fields.get(name)
        if "fields" in self.__dict__ or not isinstance(declared, BatchedField):
            return self.fields[name]
        return declared.bound_to(self, name)


class CachedHyperlinkedModelSerializer(CachedModelSerializer, HyperlinkedModelSerializer):
    """A CachedModelSerializer that names objects by their URLs."""


@lru_cache(maxsize=1024)
def _is_plain_list(cls: type) -> bool:
    """Whether a list serializer shows its rows as DRF's own does."""
    return writes_as_drf(cls, ListSerializer) and not _overrides_data(cls, ListSerializer)


def _overrides_data(cls: type, drf: type[BaseSerializer]) -> bool:
    own: Any = cls
    return own.data is not drf.data


def _list_class(meta: Any) -> type[ListSerializer]:
    """The list serializer that a Meta asks for, able to ask batched fields once."""
    given: Any = getattr(meta, "list_serializer_class", ListSerializer)
    if given is ListSerializer:
        return CachedListSerializer
    if not issubclass(given, CachedListSerializer):
        given = type(given.__name__, (given, CachedListSerializer), {"__module__": given.__module__})
    return cast("type[ListSerializer]", given)
