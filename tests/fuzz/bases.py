"""What a project brings along: fields, mixed-in classes and list serializers of its own."""

from typing import Any

from rest_framework import fields
from rest_framework.serializers import ListSerializer, ModelSerializer

from tests.fuzz import tenancy


class Asked(fields.Field):
    """A batched field's plain twin: asks the serializer's `ask_NAME` for each row."""

    def __init__(self, field: fields.Field) -> None:
        super().__init__(read_only=True)
        self.field: Any = field

    def bind(self, field_name: str, parent: Any) -> None:
        super().bind(field_name, parent)
        self.field.bind(field_name, self)

    def get_attribute(self, instance: Any) -> Any:
        return getattr(self.parent, f"ask_{self.field_name}")(instance)

    def to_representation(self, value: Any) -> Any:
        return self.field.to_representation(value)


class Loud(fields.CharField):
    def to_representation(self, value: Any) -> str:
        return f"{super().to_representation(value)}!"


class Whole(fields.Field):
    """A value made of the whole row."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**(kwargs | {"source": "*", "read_only": True}))

    def to_representation(self, value: Any) -> dict[str, Any]:
        return {"pk": value.pk, "label": value._meta.label}


class Stamped(fields.ReadOnlyField):
    def get_attribute(self, instance: Any) -> Any:
        return [super().get_attribute(instance), instance.pk]


class Kinded:
    """Mixed in, to the left or to the right: adds a key and lets the others do the rest."""

    def to_representation(self, instance: Any) -> Any:
        data = super().to_representation(instance)  # type: ignore[misc]
        return data | {"model": instance._meta.model_name}


class Sheltered:
    """Mixed in: shows the tenant, which no argument tells."""

    def to_representation(self, instance: Any) -> Any:
        return super().to_representation(instance) | {"tenant": tenancy.current.get()}  # type: ignore[misc]


class Theirs(ModelSerializer):
    """A base of somebody else's, made for ModelSerializer."""

    theirs = fields.SerializerMethodField()

    def get_theirs(self, instance: Any) -> str:
        return f"theirs {instance.pk}"

    def get_field_names(self, declared_fields: Any, info: Any) -> Any:
        return [*super().get_field_names(declared_fields, info), "theirs"]


class TheirShelter(Sheltered, ModelSerializer):
    """The same, for the right."""


class Dynamic:
    """Keeps the fields that `?fields=` names, or `fields=` does."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        named = kwargs.pop("fields", None)
        super().__init__(*args, **kwargs)
        request = self.context.get("request")  # type: ignore[attr-defined]
        if named is None and request is not None and request.query_params.get("fields"):
            named = request.query_params["fields"].split(",")
        if named is not None:
            for name in set(self.fields) - set(named):  # type: ignore[attr-defined]
                self.fields.pop(name)  # type: ignore[attr-defined]


class Lean:
    """Chooses its fields in get_fields, as some projects do."""

    def get_fields(self) -> Any:
        fields = super().get_fields()  # type: ignore[misc]
        request = self.context.get("request")  # type: ignore[attr-defined]
        if request is not None and request.query_params.get("lean"):
            return dict(list(fields.items())[:2])
        return fields


class Ordinary(ListSerializer):
    """A list serializer that only adds something to it."""

    def count(self) -> int:
        return len(self.data)


class Backwards(ListSerializer):
    """A list serializer with another order."""

    def to_representation(self, data: Any) -> list[Any]:
        return super().to_representation(data)[::-1]
