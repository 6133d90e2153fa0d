"""What readers and writers do: operations, and how to play them on any rows, simulated or stored."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Protocol

from django.db import DatabaseError, models, transaction

from academy.catalog.models import Course, Educator, Lesson, Topic
from strangler_django.serializers import invalidate
from strangler_django.serializers.signals import invalidate_model

__all__ = ["READS", "WRITES", "Op", "Rows", "Script", "World", "op", "play"]


@dataclass(frozen=True, slots=True)
class Op:
    """One operation, or a block of them."""

    name: str
    arguments: tuple[Any, ...] = ()
    inner: tuple["Op", ...] = ()

    def __str__(self) -> str:
        inside = "; ".join(map(str, self.inner))
        return f"{self.name}({', '.join(map(repr, self.arguments))})" + (f" {{ {inside} }}" if self.inner else "")


Script = tuple[Op, ...]


def op(name: str, *arguments: Any, inner: Collection[Op] = ()) -> Op:
    return Op(name, arguments, tuple(inner))


class Rows(Protocol):
    """Loads and writes rows as Django does."""

    def load(self, model: type[models.Model], pk: Any) -> Any: ...
    def save(self, instance: Any) -> None: ...
    def create(self, model: type[models.Model], **values: Any) -> None: ...
    def delete(self, instance: Any) -> None: ...
    def update(self, model: type[models.Model], pks: Collection[Any], **changes: Any) -> None: ...
    def add(self, owner: Any, other: Any) -> None: ...
    def remove(self, owner: Any, other: Any) -> None: ...
    def clear(self, owner: Any) -> None: ...


class World(Protocol):
    """Where a script is played."""

    alias: str
    rows: Rows

    def begins(self, each: Op) -> None: ...
    def ends(self) -> None: ...
    def read(self, kind: str, pk: Any) -> None: ...
    def peek(self, kind: str, pk: Any) -> None: ...
    def returned(self) -> None: ...
    def in_transaction(self) -> bool: ...
    def repeatable(self) -> None: ...
    def finish_request(self) -> None: ...
    def text(self) -> str: ...


def play(world: World, script: Script) -> None:
    """Plays a script; an operation that the database refuses is over, and its request with it."""
    for each in script:
        world.begins(each)
        try:
            _play(world, each)
        except DatabaseError:
            world.finish_request()
        world.returned()
        world.ends()


def _play(world: World, each: Op) -> None:
    if each.name in ("atomic", "savepoint", "rolled_back"):
        with transaction.atomic(using=world.alias):
            for one in each.inner:
                _play(world, one)
            if each.name == "rolled_back":
                transaction.set_rollback(True, using=world.alias)
    elif each.name == "repeatable":
        with transaction.atomic(using=world.alias):
            world.repeatable()
            for one in each.inner:
                _play(world, one)
    elif each.name == "finish":
        world.finish_request()
    elif each.name == "peek":
        world.peek(*each.arguments)
    elif each.name in READS:
        world.read(each.name, *each.arguments)
    else:
        WRITES[each.name](world, *each.arguments)
        if not world.in_transaction():
            world.returned()


READS = ("card", "page", "educator")


def _change(model: type[models.Model], column: str) -> Callable[..., None]:
    def change(world: World, pk: Any, value: Any = None) -> None:
        row = world.rows.load(model, pk)
        if row is not None:
            setattr(row, column, world.text() if value is None else value)
            world.rows.save(row)

    return change


def _create_lesson(world: World, course: Any) -> None:
    world.rows.create(Lesson, title=world.text(), course_id=course, minutes=7)


def _delete(model: type[models.Model]) -> Callable[..., None]:
    def delete(world: World, pk: Any) -> None:
        row = world.rows.load(model, pk)
        if row is not None:
            world.rows.delete(row)

    return delete


def _link(act: str, owner: type[models.Model], other: type[models.Model]) -> Callable[..., None]:
    def link(world: World, pk: Any, other_pk: Any) -> None:
        row, linked = world.rows.load(owner, pk), world.rows.load(other, other_pk)
        if row is not None and linked is not None:
            getattr(world.rows, act)(row, linked)

    return link


def _clear(owner: type[models.Model]) -> Callable[..., None]:
    def clear(world: World, pk: Any) -> None:
        row = world.rows.load(owner, pk)
        if row is not None:
            world.rows.clear(row)

    return clear


def _update(model: type[models.Model], column: str) -> Callable[..., None]:
    """`QuerySet.update` of a column, then `invalidate`, as the guide has it."""

    def update(world: World, pks: Collection[Any]) -> None:
        world.rows.update(model, pks, **{column: world.text()})
        invalidate(model, pks)

    return update


def _move_in_bulk(world: World, pks: Collection[Any], course: Any) -> None:
    """Foreign keys moved by `update`: `invalidate` before and after, in one transaction."""
    with transaction.atomic(using=world.alias):
        pks = [pk for pk in pks if world.rows.load(Lesson, pk) is not None]
        invalidate(Lesson, pks)
        world.rows.update(Lesson, pks, course_id=course)
        invalidate(Lesson, pks)


def _update_silently(world: World, pk: Any) -> None:
    """A statement that nobody has told of yet."""
    world.rows.update(Course, [pk], title=world.text())


def _touch_table(world: World, pks: Collection[Any]) -> None:
    with transaction.atomic(using=world.alias):
        world.rows.update(Course, pks, title=world.text())
        invalidate_model(Course)


WRITES: dict[str, Callable[..., None]] = {
    "rename_course": _change(Course, "title"),
    "rename_educator": _change(Educator, "name"),
    "rename_topic": _change(Topic, "name"),
    "rename_lesson": _change(Lesson, "title"),
    "retime_lesson": _change(Lesson, "minutes"),
    "move_course": _change(Course, "educator_id"),
    "move_lesson": _change(Lesson, "course_id"),
    "create_lesson": _create_lesson,
    "delete_lesson": _delete(Lesson),
    "delete_course": _delete(Course),
    "delete_topic": _delete(Topic),
    "add_topic": _link("add", Course, Topic),
    "remove_topic": _link("remove", Course, Topic),
    "clear_topics": _clear(Course),
    "add_course": _link("add", Topic, Course),
    "remove_course": _link("remove", Topic, Course),
    "clear_courses": _clear(Topic),
    "update_courses": _update(Course, "title"),
    "update_educators": _update(Educator, "name"),
    "update_lessons": _update(Lesson, "title"),
    "move_lessons": _move_in_bulk,
    "update_silently": _update_silently,
    "touch_table": _touch_table,
}
