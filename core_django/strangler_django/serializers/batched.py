from collections.abc import Callable, Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, TypeVar

from rest_framework.fields import Field

from strangler_django.serializers.guard import declared_queries

Method = TypeVar("Method", bound=Callable[..., Any])


class BatchedField(Field):
    """A read-only field whose values are asked for once per list; made by `batched`."""

    def __init__(
        self, field: Field, *, default: Any = None, depends_on: str | Sequence[str] = (), fresh: bool = False
    ) -> None:
        super().__init__(read_only=True)
        self.field = field
        self.missing = default
        self.depends_on = (depends_on,) if isinstance(depends_on, str) else tuple(depends_on)
        self.fresh = fresh
        self.method: Callable[..., Any] | None = None
        self._prepared: dict[Any, Any] = {}

    def batch(self, method: Method) -> Method:
        """Decorates the serializer's method that maps unique primary keys to values.

        It returns a mapping, where a missing key means the default, or a set, which means membership.
        """
        self.method = method
        return method

    def bind(self, field_name: str, parent: Any) -> None:
        super().bind(field_name, parent)
        inner: Any = self.field
        inner.bind(field_name, self)

    def __deepcopy__(self, memo: dict[int, Any]) -> "BatchedField":
        twin: BatchedField = super().__deepcopy__(memo)
        twin.method = self.method
        return twin

    def values(self, pks: Collection[Any]) -> dict[Any, Any]:
        """The value of each primary key, by one call of the batch method."""
        unique = list(dict.fromkeys(pks))
        if not unique:
            return {}
        if self.method is None:
            raise TypeError(f"{self.field_name} has no batch method: decorate one with @{self.field_name}.batch.")
        # By name, so that a subclass may override it.
        method = getattr(self.parent, self.method.__name__)
        with declared_queries():
            found = method(unique)
        if isinstance(found, Mapping):
            return {pk: found.get(pk, self.missing) for pk in unique}
        if isinstance(found, AbstractSet):
            return {pk: pk in found for pk in unique}
        raise TypeError(
            f"{type(self.parent).__name__}.{self.method.__name__} returned {type(found).__name__}: "
            "return a mapping of primary key to value, or a set of primary keys."
        )

    def prepare(self, pks: Collection[Any]) -> None:
        """Asks for many rows at once; `get_attribute` answers from these."""
        self._prepared = self.values(pks)

    def get_attribute(self, instance: Any) -> Any:
        if instance.pk is None:
            return self.missing
        if instance.pk in self._prepared:
            return self._prepared[instance.pk]
        return self.values([instance.pk])[instance.pk]

    def to_representation(self, value: Any) -> Any:
        return self.field.to_representation(value)


def batched(
    field: Field, *, default: Any = None, depends_on: str | Sequence[str] = (), fresh: bool = False
) -> BatchedField:
    """A field computed for a whole list in one call of the method that `@NAME.batch` decorates.

    `default` stands for keys that the method leaves out.
    `depends_on` names the relation paths (`lessons`, `lessons__video`) whose rows change the value.
    `fresh` fields are asked for on every read and never cached: anything that depends on the user.
    """
    return BatchedField(field, default=default, depends_on=depends_on, fresh=fresh)
