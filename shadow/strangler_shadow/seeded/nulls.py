"""What is absent, null, empty or zero, taken for one another."""

from copy import copy
from typing import Any

from strangler_shadow.seeded.operator import UNTOUCHED, Family, OnMembers, OnNodes

NOTHING = type(None)


class _OfNull(OnNodes, family=Family.NULL):
    of = (NOTHING,)
    instead: Any

    def change(self, value: None) -> Any:
        """What stands for null."""
        del value
        return copy(self.instead)


class _OfEmpty(OnNodes, family=Family.NULL):
    of = (str, int, bool, list, dict, float)
    empty: Any

    def change(self, value: Any) -> Any:
        """Null, where the value is the empty one of its type."""
        return None if type(value) is type(self.empty) and value == self.empty else UNTOUCHED


class _Dropped(OnMembers, family=Family.NULL):
    def change(self, owner: dict[str, Any], key: str) -> Any:
        """The object without the key, where its value is dropped."""
        if not self.is_dropped(owner[key]):
            return UNTOUCHED
        return {name: value for name, value in owner.items() if name != key}

    def is_dropped(self, value: Any) -> bool:
        """Whether such a value is not written."""
        raise NotImplementedError


class NullDropped(_Dropped, name="null-dropped"):
    """A null field is not written."""

    def is_dropped(self, value: Any) -> bool:
        return value is None


class EmptyListDropped(_Dropped, name="empty-list-dropped"):
    """An empty list is not written."""

    def is_dropped(self, value: Any) -> bool:
        return value == [] and type(value) is list


class DefaultDropped(_Dropped, name="default-dropped"):
    """A zero, false or empty text is not written, as proto3 does."""

    def is_dropped(self, value: Any) -> bool:
        return type(value) in (int, float, bool, str) and not value


class NullAsEmptyText(_OfNull, name="null-as-empty-text"):
    """A null became an empty text."""

    instead = ""


class NullAsZero(_OfNull, name="null-as-zero"):
    """A null became 0."""

    instead = 0


class NullAsFalse(_OfNull, name="null-as-false"):
    """A null became false."""

    instead = False


class NullAsText(_OfNull, name="null-as-text"):
    """A null became the word None."""

    instead = "None"


class NullAsEmptyList(_OfNull, name="null-as-empty-list"):
    """A null became an empty list."""

    instead: Any = []


class NullAsEmptyObject(_OfNull, name="null-as-empty-object"):
    """A null became an empty object."""

    instead: Any = {}


class EmptyTextAsNull(_OfEmpty, name="empty-text-as-null"):
    """An empty text became null."""

    empty = ""


class ZeroAsNull(_OfEmpty, name="zero-as-null"):
    """A 0 became null."""

    empty = 0


class FalseAsNull(_OfEmpty, name="false-as-null"):
    """A false became null."""

    empty = False


class EmptyListAsNull(_OfEmpty, name="empty-list-as-null"):
    """An empty list became null."""

    empty: Any = []


class EmptyObjectAsNull(_OfEmpty, name="empty-object-as-null"):
    """An empty object became null."""

    empty: Any = {}


class ValueAsNull(OnNodes, name="value-as-null", family=Family.NULL):
    """A value became null."""

    of = (str, int, float, bool)

    def change(self, value: Any) -> Any:
        del value


class ObjectAsNull(OnNodes, name="object-as-null", family=Family.NULL):
    """An object with something in it became null."""

    of = (dict,)

    def change(self, value: dict[str, Any]) -> Any:
        return None if value else UNTOUCHED
