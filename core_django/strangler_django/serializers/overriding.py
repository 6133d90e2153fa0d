"""Writes what a serializer's own `to_representation` gives, with holes where values are not in the body."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from strangler_django.serializers.emit import Emitter
from strangler_django.serializers.guard import UndeclaredUse
from strangler_django.serializers.segments import HOLE, separators, text_of_str

__all__ = ["compile_overridden"]

_HOLE = HOLE.decode()
# Values of every kind that JSON has, empty and not.
_PROBES: tuple[Any, ...] = (None, "", "a", 0, 1.5, True, [], {"a": 1})


def compile_overridden(serializer: Any, *, holes: Collection[str]) -> Emitter:
    """An emitter for a serializer with a `to_representation` of its own, which may do anything but move the holes."""
    emitter = Emitter()
    marks = {name: _Mark() for name in holes}
    comma, colon = (part.decode() for part in separators())

    def write(instance: Any) -> str:
        with _marked(serializer, marks):
            emitted = serializer.to_representation(instance)
        if not marks:
            return emitter.generic(emitted)
        if not (_keeps(emitted, holes) and _keeps_any_value(serializer, instance, emitted, holes)):
            raise UndeclaredUse(
                f"{type(serializer).__name__}.to_representation moves or drops {', '.join(holes)}, which are not in "
                "the cached body: leave these keys where they are, or remove fresh, vary and timeout."
            )
        pairs = (
            text_of_str(name) + colon + (_HOLE if isinstance(value, _Mark) else emitter.generic(value))
            for name, value in emitted.items()
        )
        return "{" + comma.join(pairs) + "}"

    emitter.write = write
    return emitter


def _keeps(emitted: Any, holes: Collection[str]) -> bool:
    """Whether the marks are where their fields are, in order."""
    return (
        type(emitted) is dict
        and all(type(name) is str for name in emitted)
        and [name for name, value in emitted.items() if isinstance(value, _Mark)] == [*holes]
    )


def _keeps_any_value(serializer: Any, instance: Any, emitted: Mapping[str, Any], holes: Collection[str]) -> bool:
    """Whether it emits the same around the holes whatever their values are; drops no null, for one."""
    for value in _PROBES:
        with _marked(serializer, dict.fromkeys(holes, value)):
            again = serializer.to_representation(instance)
        if type(again) is not dict or list(again) != list(emitted):
            return False
        if any(again[name] != (value if name in holes else known) for name, known in emitted.items()):
            return False
    return True


class _Mark:
    """Stands for a value that is not in the body; nothing can be done with it."""

    __slots__ = ()

    def _refuse(self, *args: Any) -> Any:
        raise UndeclaredUse("A to_representation uses the value of a field that is not in the cached body.")

    __bool__ = __eq__ = __hash__ = __len__ = __iter__ = __str__ = __repr__ = __int__ = _refuse


@contextmanager
def _marked(serializer: Any, marks: Mapping[str, Any]) -> Iterator[None]:
    """Lets the fields emit their marks."""
    fields = [(serializer.fields[name], mark) for name, mark in marks.items()]
    for named, mark in fields:
        named.get_attribute = lambda instance, mark=mark: mark
        named.to_representation = lambda value: value
    try:
        yield
    finally:
        for named, _ in fields:
            del named.get_attribute, named.to_representation
