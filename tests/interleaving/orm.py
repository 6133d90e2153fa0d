"""As much of Django's ORM as the protocol's code asks for, over the database within the process."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from copy import copy
from functools import cache
from types import SimpleNamespace
from typing import Any

from django.db import models, transaction
from django.db.models import ProtectedError
from django.db.models.base import ModelState
from django.db.models.signals import post_delete, post_save, pre_delete, pre_save

from academy.catalog.models import Course, Educator, Lesson, Topic
from strangler_django.serializers import signals
from tests.interleaving.database import GONE, UPDATED, Database, Row, Session, Tables

__all__ = ["ALIAS", "TABLES", "JournalRow", "Manager", "SimulatedRows"]

ALIAS = "simulated"
_NEW, _LOADED = ModelState(), ModelState()
_LOADED.adding = False
TABLES = {Course: "course", Educator: "educator", Lesson: "lesson", Topic: "topic"}

# From a table, by the name of a relation: the primary keys at its other end.
_HOPS: dict[tuple[str, str], tuple[str, Callable[[Tables, Any], Iterable[Any]]]] = {
    ("course", "educator"): ("educator", lambda t, pk: [t["course"][pk]["educator_id"]]),
    ("course", "lessons"): ("lesson", lambda t, pk: [x["id"] for x in t["lesson"].values() if x["course_id"] == pk]),
    ("course", "topics"): ("topic", lambda t, pk: [x["topic_id"] for x in t["link"].values() if x["course_id"] == pk]),
    ("lesson", "course"): ("course", lambda t, pk: [t["lesson"][pk]["course_id"]]),
    ("educator", "courses"): (
        "course",
        lambda t, pk: [x["id"] for x in t["course"].values() if x["educator_id"] == pk],
    ),
    ("topic", "courses"): ("course", lambda t, pk: [x["course_id"] for x in t["link"].values() if x["topic_id"] == pk]),
}
_TESTS: dict[str, Callable[[Any, Any], bool]] = {
    "in": lambda value, wanted: value in wanted,
    "lt": lambda value, wanted: value < wanted,
    "exact": lambda value, wanted: value == wanted,
}


class Query:
    """Rows of one table; each evaluation is one statement of the session at work."""

    __slots__ = ("column", "conditions", "cut", "database", "mode", "order", "session", "table")

    def __init__(self, database: Database, session: Callable[[], Session], table: str) -> None:
        self.database, self.session, self.table = database, session, table
        self.conditions: tuple[Any, ...] = ()
        self.mode = self.column = ""
        self.order = "id"
        self.cut = slice(None)

    def using(self, alias: str) -> "Query":
        return self

    def filter(self, *given: models.Q, **named: Any) -> "Query":
        return self._with("conditions", (*self.conditions, *given, *named.items()))

    def order_by(self, name: str) -> "Query":
        return self._with("order", "id" if name == "pk" else name)

    def select_for_update(self, *, no_key: bool = False) -> "Query":
        return self._with("mode", UPDATED if no_key else GONE)

    def values_list(self, column: str, *, flat: bool = False) -> "Query":
        return self._with("column", "id" if column == "pk" else column)

    def __getitem__(self, cut: slice) -> "Query":
        return self._with("cut", cut)

    def __iter__(self) -> Iterator[Any]:
        rows = self._found(("from", self.table, self.conditions))
        if self.column:
            return iter([row[self.column] for row in rows])
        return iter([SimpleNamespace(pk=row["id"], **row) for row in rows])

    def exists(self) -> bool:
        return bool(self._found(("exists", self.table)))

    def update(self, **changes: Any) -> None:
        tables = self.database.seen(self.session())
        pks = [pk for pk, row in tables[self.table].items() if self._wants(tables, row)]
        self.database.update(self.session(), self.table, pks, changes)

    def delete(self) -> None:
        session = self.session()
        self.database.delete(session, self.table, lambda row: self._wants(self.database.seen(session), row))

    def bulk_create(self, made: Iterable[Any]) -> None:
        self.database.insert_all(self.session(), self.table, list(map(vars, made)))

    def _with(self, name: str, value: Any) -> "Query":
        made = copy(self)
        setattr(made, name, value)
        return made

    def _found(self, label: Any) -> list[Row]:
        session = self.session()
        tables = self.database.select(session, label)
        if self.mode:
            self.database.lock(session, self.table, lambda row: self._wants(tables, row), self.mode)
            tables = self.database.seen(session)
        found = [row for row in tables[self.table].values() if self._wants(tables, row)]
        return sorted(found, key=lambda row: row[self.order])[self.cut] if len(found) > 1 else found

    def _wants(self, tables: Tables, row: Row) -> bool:
        return all(_holds(tables, self.table, row, condition) for condition in self.conditions)


def _holds(tables: Tables, table: str, row: Row, condition: Any) -> bool:
    if isinstance(condition, models.Q):
        found = [_holds(tables, table, row, one) for one in condition.children]
        return any(found) if condition.connector == models.Q.OR else all(found)
    path, wanted = condition
    names, test = _parsed(path)
    if names == ("pk",):
        return test(row["id"], wanted)
    return any(test(value, wanted) for value in _values(tables, table, row, names))


@cache
def _parsed(path: str) -> tuple[tuple[str, ...], Callable[[Any, Any], bool]]:
    names = path.split("__")
    test = _TESTS[names.pop() if names[-1] in _TESTS else "exact"]
    return tuple(names), test


def _values(tables: Tables, table: str, row: Row, names: Sequence[str]) -> Iterator[Any]:
    name, *rest = names
    if not rest and (table, name) not in _HOPS:
        yield row["id" if name == "pk" else name]
        return
    target, hop = _HOPS[table, name]
    for pk in hop(tables, row["id"]):
        if rest:
            yield from _values(tables, target, tables[target][pk], rest)
        else:
            yield pk


class Manager:
    """Stands where Django has a model's base manager, or the journal its objects."""

    def __init__(self, database: Database, session: Callable[[], Session], table: str) -> None:
        self.query = Query(database, session, table)

    def using(self, alias: str) -> Query:
        return self.query


class JournalRow(SimpleNamespace):
    """A row of the journal before it is stored; the simulation sets the class's attributes."""

    objects: Manager
    clock: Any

    def __init__(self, **values: Any) -> None:
        super().__init__(**values, written_at=self.clock.now())


class SimulatedRows:
    """Loads and writes rows in Django's order of signals, statements and transactions."""

    def __init__(self, database: Database, session: Callable[[], Session]) -> None:
        self.database, self.session = database, session

    def load(self, model: type[models.Model], pk: Any) -> Any:
        row = self.database.select(self.session(), (TABLES[model], pk))[TABLES[model]].get(pk)
        return row and _instance(model, row)

    def save(self, instance: Any) -> None:
        model = type(instance)
        table, row = TABLES[model], dict(instance.__dict__)
        del row["_state"]
        signals._before_write(sender=model, instance=instance, using=ALIAS, signal=pre_save)
        pk = row.pop("id", None)
        if pk is None or not self.database.update(self.session(), table, [pk], row):
            instance.id = self.database.insert(self.session(), table, row, pk=pk)
        signals._after_write(sender=model, instance=instance, using=ALIAS, signal=post_save)

    def create(self, model: type[models.Model], **values: Any) -> None:
        self.save(_instance(model, values, state=_NEW))

    def delete(self, instance: Any) -> None:
        model = type(instance)
        database, session = self.database, self.session()
        table, pk = TABLES[model], instance.id
        seen = database.select(session, ("collect", table, pk))
        doomed = [instance]
        if model is Course:
            children = [_instance(Lesson, row) for row in seen["lesson"].values() if row["course_id"] == pk]
            doomed = [*children, instance]
        if model is Educator and any(row["educator_id"] == pk for row in seen["course"].values()):
            raise ProtectedError("Courses refer to it", set())
        with transaction.atomic(using=ALIAS, savepoint=False):
            for one in doomed:
                signals._before_write(sender=type(one), instance=one, using=ALIAS, signal=pre_delete)
            if model in (Course, Topic):
                database.delete(session, "link", lambda row: row[f"{table}_id"] == pk)
            for one in doomed:
                database.delete(session, TABLES[type(one)], lambda row, gone=one.id: row["id"] == gone)
                signals._after_write(sender=type(one), instance=one, using=ALIAS, signal=post_delete)

    def update(self, model: type[models.Model], pks: Collection[Any], **changes: Any) -> None:
        self.database.update(self.session(), TABLES[model], pks, changes)

    def add(self, owner: Any, other: Any) -> None:
        link = _link(owner, other)
        known = self.database.select(self.session(), ("link", link))["link"]
        with transaction.atomic(using=ALIAS, savepoint=False):
            pk_set = set() if link in known else {other.id}
            self._tell(owner, other, "pre_add", pk_set)
            if pk_set:
                self.database.insert(self.session(), "link", {"course_id": link[0], "topic_id": link[1]}, pk=link)
            self._tell(owner, other, "post_add", pk_set)

    def remove(self, owner: Any, other: Any) -> None:
        link = _link(owner, other)
        with transaction.atomic(using=ALIAS, savepoint=False):
            self._tell(owner, other, "pre_remove", {other.id})
            self.database.delete(self.session(), "link", lambda row: row["id"] == link)
            self._tell(owner, other, "post_remove", {other.id})

    def clear(self, owner: Any) -> None:
        column = f"{TABLES[type(owner)]}_id"
        other = _instance(Topic if isinstance(owner, Course) else Course, {})
        with transaction.atomic(using=ALIAS, savepoint=False):
            self._tell(owner, other, "pre_clear", None)
            self.database.delete(self.session(), "link", lambda row: row[column] == owner.id)
            self._tell(owner, other, "post_clear", None)

    def _tell(self, owner: Any, other: Any, action: str, pk_set: set[Any] | None) -> None:
        signals._on_m2m_change(
            sender=Course.topics.through,
            instance=owner,
            action=action,
            using=ALIAS,
            reverse=isinstance(owner, Topic),
            model=type(other),
            pk_set=pk_set,
        )


def _link(owner: Any, other: Any) -> tuple[Any, Any]:
    return (owner.id, other.id) if isinstance(owner, Course) else (other.id, owner.id)


def _instance(model: type[models.Model], row: Row, *, state: ModelState = _LOADED) -> Any:
    made = model.__new__(model)
    made.__dict__.update(row, _state=state)
    return made
