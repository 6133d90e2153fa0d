"""Nested serializers with a cache of their own: a body holds their objects' keys, never their bodies."""

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import FieldDoesNotExist, ObjectDoesNotExist
from django.db import models
from rest_framework.fields import Field
from rest_framework.serializers import ListSerializer, Serializer

from strangler_django.serializers.dependencies import Model, is_reverse, relation_of
from strangler_django.serializers.emit import writes_as_drf

__all__ = ["Reference", "reference_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A field whose value is one object, or many, of another cached serializer."""

    name: str
    source: str
    many: bool
    relation: Any

    def names(self, instance: models.Model) -> Any:
        """The key of the object as text, a list of keys, or None."""
        if self.many:
            return [str(child.pk) for child in getattr(instance, self.source).all()]
        if is_reverse(self.relation):
            try:
                pk = getattr(instance, self.source).pk
            except ObjectDoesNotExist:
                return None
        else:
            pk = getattr(instance, self.relation.attname)
        return None if pk is None else str(pk)

    def keys(self) -> models.Prefetch | str:
        """What loads the keys of many, and no more of them where that is plain to ask for."""
        children = self.relation.related_model._default_manager.all()
        own = self.relation.many_to_many or (is_reverse(self.relation) and self.relation.one_to_many)
        if not own or children.query.select_related or children.query.deferred_loading[0]:
            return self.source
        link = [] if self.relation.many_to_many else [self.relation.field.attname]
        return models.Prefetch(self.source, queryset=children.only("pk", *link))


def reference_of(field: Any, model: Model) -> Reference | None:
    """The field as a reference, if what it nests is cached by itself and is all that the relation holds."""
    many = isinstance(field, ListSerializer)
    inner = field.child if many else field
    if not getattr(inner, "shares_bodies", None) or type(field).get_attribute is not Field.get_attribute:
        return None
    if not writes_as_drf(type(inner), Serializer) or (many and not writes_as_drf(type(field), ListSerializer)):
        return None
    try:
        relation = relation_of(model, field.source)
    except FieldDoesNotExist:
        return None
    holds_many = bool(relation.many_to_many or relation.one_to_many)
    if relation.related_model is not inner.Meta.model or holds_many is not many or not _is_plain(relation):
        return None
    if inner.plan() is None:
        return None
    return Reference(name=field.field_name, source=field.source, many=many, relation=relation)


def _is_plain(relation: Any) -> bool:
    """Whether the relation's key is the object's primary key, and its rows are those of one join."""
    if is_reverse(relation) or relation.many_to_many or relation.one_to_many:
        return not getattr(relation, "is_hidden", lambda: False)()
    return bool(relation.target_field.primary_key)
