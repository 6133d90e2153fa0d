from collections.abc import Sequence
from copy import deepcopy
from typing import Any

from django.db import models
from django.db.models.manager import BaseManager
from rest_framework.serializers import ListSerializer, ModelSerializer

from strangler_django.serializers import registry, segments
from strangler_django.serializers.batched import BatchedField
from strangler_django.serializers.plan import FieldPlan
from strangler_django.serializers.reading import Rendered, render_rows
from strangler_django.serializers.rows import Rows, StoredRow, as_stored, names
from strangler_django.serializers.store import current_store


class CachedListSerializer(ListSerializer):
    """Renders stored rows from the cache, and instances in hand with one batch call a field."""

    def json(self) -> bytes:
        """The bytes that DRF's JSONRenderer makes of `data`."""
        rendered = self.rendered()
        return segments.render(self.data) if rendered is None else segments.array(rendered.objects)

    def rendered(self) -> Rendered | None:
        """The list from the cache; None where it must be rendered from instances."""
        if not hasattr(self, "_rendered"):
            self._rendered = self._render()
        return self._rendered

    def to_representation(self, data: Any) -> list[Any]:
        if self.parent is None and data is self.instance:
            rendered = self.rendered()
            if rendered is not None and rendered.exact:
                decoded: list[Any] = segments.decode(segments.array(rendered.objects))
                return decoded
        instances = list(data.all() if isinstance(data, BaseManager) else data)
        prepare(self.child, instances)
        return super().to_representation(instances)

    def _render(self) -> Rendered | None:
        child = self.child
        if self.parent is not None or not isinstance(child, CachedModelSerializer):
            return None
        if type(self).to_representation is not CachedListSerializer.to_representation:
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
        if meta is not None and not hasattr(meta, "list_serializer_class"):
            # A copy: the Meta may belong to another serializer's class.
            meta = type("Meta", (meta,), {"list_serializer_class": CachedListSerializer})
            cls.Meta = meta  # type: ignore[misc,assignment]
        if getattr(meta, "model", None) is not None:
            registry.register(cls)

    def json(self) -> bytes:
        """The bytes that DRF's JSONRenderer makes of the stored row behind the instance."""
        rendered = self.rendered()
        return segments.render(self.data) if rendered is None else rendered.objects

    def rendered(self) -> Rendered | None:
        """The stored row from the cache; None where it must be rendered from the instance."""
        if not hasattr(self, "_rendered"):
            self._rendered = self._render()
        return self._rendered

    def _render(self) -> Rendered | None:
        instance = self.instance
        if self.parent is not None or not isinstance(instance, models.Model) or instance.pk is None:
            return None
        if type(instance) is not self.Meta.model or self.plan() is None or current_store() is None:
            return None
        rendered = self.render(StoredRow(instance))
        # A row deleted since is still shown as it was read.
        return rendered if rendered is not None and rendered.objects else None

    def render(self, data: Any) -> Rendered | None:
        """Stored rows, named by a queryset or Rows, from the cache."""
        plan, store = self.plan(), current_store()
        if plan is None or store is None:
            return None
        if not isinstance(data, Rows):
            queryset = as_stored(data, plan.model)
            if queryset is None:
                return None
            data = Rows(queryset, list(names(queryset)))
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
        field = deepcopy(declared)
        field.bind(name, self)
        return field


def prepare(serializer: Any, instances: Sequence[Any]) -> None:
    """Asks each batched field of a serializer for all instances at once."""
    pks = [instance.pk for instance in instances if isinstance(instance, models.Model) and instance.pk is not None]
    for field in getattr(serializer, "fields", {}).values():
        if isinstance(field, BatchedField):
            field.prepare(pks)
