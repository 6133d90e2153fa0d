from collections.abc import Callable, Collection, Coroutine, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from copy import deepcopy
from inspect import iscoroutine
from typing import Any, TypeVar

from asgiref.sync import async_to_sync
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from rest_framework.fields import BooleanField, Field

from strangler_django.serializers import segments
from strangler_django.serializers.cache import check_timeout
from strangler_django.serializers.guard import declared_queries
from strangler_django.serializers.reads import note_batch

__all__ = ["CHUNK", "BatchedField", "batched"]

CHUNK = 2000
"""Keys of one call of a batch method; databases bound the parameters of a statement."""

AnyField = TypeVar("AnyField", bound=Field)
Method = TypeVar("Method", bound=Callable[..., Any])


class BatchedField(Field):
    """A read-only field whose values are asked for once per list; made by `batched`."""

    def __init__(
        self,
        field: Field,
        *,
        source: str | None = None,
        default: Any = None,
        depends_on: str | Sequence[str] = (),
        vary: str | Sequence[str] = (),
        fresh: bool = False,
        timeout: int | None = None,
    ) -> None:
        super().__init__(read_only=True)
        if timeout is not None:
            check_timeout(timeout, "batched")
        if fresh and (vary or timeout):
            raise TypeError("batched(fresh=True) is asked on every read: leave vary and timeout out.")
        self.field = field
        self.key_source = source
        self.missing = default
        self.depends_on = _names(depends_on)
        self.vary = _names(vary)
        self.fresh = fresh
        self.timeout = timeout
        self.method: Callable[..., Any] | None = None
        self._prepared: dict[Any, Any] = {}
        self._ready: dict[str, BatchedField] = {}

    def batch(self, method: Method) -> Method:
        """Decorates the serializer's method that maps unique keys to values; it may be `async def`.

        It returns a mapping or pairs of key and value, where a missing key means the default, or a set, which means
        membership. It is called with at most `CHUNK` keys.
        """
        self.method = method
        return method

    def bound_to(self, serializer: Any, name: str) -> "BatchedField":
        """A twin of this declared field, as one of the serializer's fields."""
        ready = self._ready.get(name)
        if ready is not None:
            return ready._lent_to(serializer)
        twin = _twin(self)
        inner: Any = self.field
        # Fields within a field are bound to it, so they need twins as well.
        twin.field = deepcopy(inner) if hasattr(inner, "child") or hasattr(inner, "fields") else _twin(inner)
        twin._prepared = {}
        twin.bind(name, serializer)
        if type(self).bind is BatchedField.bind and _binds_as_drf(inner):
            # It holds no serializer, so that none outlives its request.
            self._ready[name] = twin._lent_to(None)
        return twin

    def _lent_to(self, serializer: Any) -> "BatchedField":
        """A twin of this bound field with another parent."""
        twin, inner = _twin(self), _twin(self.field)
        twin.parent, twin.field, twin._prepared = serializer, inner, {}
        parent: Any = twin
        inner.parent = parent
        return twin

    @property
    def apart(self) -> bool:
        """Whether its values are cached in entries of their own, beside the shared body."""
        return bool(self.vary) or self.timeout is not None

    def bind(self, field_name: str, parent: Any) -> None:
        super().bind(field_name, parent)
        inner: Any = self.field
        inner.bind(field_name, self)

    def __deepcopy__(self, memo: dict[int, Any]) -> "BatchedField":
        twin: BatchedField = super().__deepcopy__(memo)
        twin.method = self.method
        return twin

    def values(self, keys: Collection[Any]) -> dict[Any, Any]:
        """The value of each key, by one call of the batch method for each chunk."""
        unique = [key for key in dict.fromkeys(keys) if key is not None]
        answers: dict[Any, Any] = {}
        for at in range(0, len(unique), CHUNK):
            answers |= self._ask(unique[at : at + CHUNK])
        return answers

    def prepare(self, instances: Iterable[Any]) -> None:
        """Asks for many instances at once; `get_attribute` answers from these until `forget`."""
        self._prepared = self.values([self.key_of(instance) for instance in instances])

    def forget(self) -> None:
        self._prepared = {}

    def key_of(self, instance: Any) -> Any:
        """The key that stands for an instance: its primary key, or that of the object at `source`."""
        *hops, last = (self.key_source or "pk").split(".")
        for name in hops:
            instance = getattr(instance, name, None)
        if self.key_source is None:
            return getattr(instance, "pk", None)
        return None if instance is None else _related_key(instance, last)

    def get_attribute(self, instance: Any) -> Any:
        key = self.key_of(instance)
        if key is None:
            return self.missing
        if key in self._prepared:
            return self._prepared[key]
        return self.values([key])[key]

    def to_representation(self, value: Any) -> Any:
        return self.field.to_representation(value)

    def column(self, keys: Sequence[Any]) -> tuple[list[bytes], bool]:
        """The JSON of each key's value, and whether all of them decode exactly."""
        if 0 < len(keys) <= CHUNK and None not in keys:
            found = self._found(list(dict.fromkeys(keys)))
            if isinstance(found, AbstractSet):
                (yes, no), exact = self._yes_and_no()
                return [yes if key in found else no for key in keys], exact
            answers = self._answers(keys, found)
        else:
            answers = self.values(keys)
        return segments.column([self.missing if key is None else answers[key] for key in keys], self._represented)

    def _yes_and_no(self) -> tuple[Sequence[bytes], bool]:
        """The JSON of True and False, and whether it decodes exactly."""
        if type(self) is BatchedField and type(self.field) is BooleanField:
            return (b"true", b"false"), True
        return segments.column([True, False], self._represented)

    def _represented(self, value: Any) -> Any:
        """None stays None, as in `Serializer.to_representation`."""
        return None if value is None else self.to_representation(value)

    def _ask(self, keys: list[Any]) -> dict[Any, Any]:
        return self._answers(keys, self._found(keys))

    def _found(self, keys: list[Any]) -> Mapping[Any, Any] | AbstractSet[Any]:
        """What the batch method knows of these keys."""
        if self.method is None:
            raise TypeError(f"{self.field_name} has no batch method: decorate one with @{self.field_name}.batch.")
        # By name, so that a subclass may override it.
        method = getattr(self.parent, self.method.__name__)
        note_batch(self.field_name or "", len(keys))
        with declared_queries():
            found = method(keys)
            if iscoroutine(found):
                found = async_to_sync(_awaited)(found)
            if isinstance(found, (Mapping, AbstractSet)):
                return found
            if not isinstance(found, Iterable) or isinstance(found, (str, bytes)):
                raise self._refusal(type(found).__name__)
            try:
                return dict(found)
            except (TypeError, ValueError) as error:
                raise self._refusal(f"{type(found).__name__} of something else than pairs ({error})") from error

    def _answers(self, keys: Sequence[Any], found: Mapping[Any, Any] | AbstractSet[Any]) -> dict[Any, Any]:
        if isinstance(found, AbstractSet):
            return {key: key in found for key in keys}
        return {key: found.get(key, self.missing) for key in keys}

    def _refusal(self, returned: str) -> TypeError:
        name = getattr(self.method, "__name__", "")
        return TypeError(
            f"{type(self.parent).__name__}.{name} returned {returned}: "
            "return a mapping of key to value, pairs of key and value, or a set of keys."
        )


def batched(
    field: Field,
    *,
    source: str | None = None,
    default: Any = None,
    depends_on: str | Sequence[str] = (),
    vary: str | Sequence[str] = (),
    fresh: bool = False,
    timeout: int | None = None,
) -> BatchedField:
    """A field computed for a whole list in one call of the method that `@NAME.batch` decorates.

    `source` names the to-one relation (`educator`) whose primary keys the method gets instead of the row's own.
    `default` stands for keys that the method leaves out.
    `depends_on` names the relation paths (`lessons`, `lessons__video`) whose rows change the value.
    `vary` keeps its values apart from the shared body, for each of what it names (`user`); read in the same round trip.
    `timeout` in seconds keeps its values apart too, for that long.
    `fresh` fields are asked for on every read and never cached.
    Raises TypeError for `fresh` with `vary` or `timeout`, ImproperlyConfigured for a timeout out of range.
    """
    return BatchedField(
        field, source=source, default=default, depends_on=depends_on, vary=vary, fresh=fresh, timeout=timeout
    )


async def _awaited(found: Coroutine[Any, Any, Any]) -> Any:
    return await found


def _twin(field: AnyField) -> AnyField:
    """A shallow copy; `copy.copy` takes ten times as long to find out how."""
    twin: AnyField = object.__new__(type(field))
    vars(twin).update(vars(field))
    return twin


def _binds_as_drf(field: Any) -> bool:
    """Whether binding tells the field no more than its name and its parent."""
    return type(field).bind is Field.bind and not hasattr(field, "child") and not hasattr(field, "fields")


def _names(given: str | Sequence[str]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)


def _related_key(instance: Any, name: str) -> Any:
    """The primary key behind a to-one relation, without reading the object where the key is at hand."""
    if isinstance(instance, models.Model):
        try:
            relation: Any = instance._meta.get_field(name)
        except FieldDoesNotExist:
            relation = None
        if relation is not None and relation.concrete and relation.is_relation and relation.target_field.primary_key:
            return getattr(instance, relation.attname)
    return getattr(getattr(instance, name, None), "pk", None)
