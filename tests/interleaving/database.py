"""A database within the process: READ COMMITTED, row locks, savepoints, foreign keys; each statement is one step."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import IntegrityError, OperationalError

__all__ = ["GONE", "SHARED", "UPDATED", "Database", "Session", "Tables"]

Row = Mapping[str, Any]
Table = Mapping[Any, Row]
Tables = Mapping[str, Table]
Key = tuple[str, Any]

# FOR KEY SHARE, FOR NO KEY UPDATE and FOR UPDATE, as PostgreSQL names them.
SHARED, UPDATED, GONE = "shared", "updated", "gone"
_CONFLICTS = {SHARED: {GONE}, UPDATED: {UPDATED, GONE}, GONE: {SHARED, UPDATED, GONE}}

# Column to the table that it refers to.
REFERENCES = {
    "course": {"educator_id": "educator"},
    "lesson": {"course_id": "course"},
    "link": {"course_id": "course", "topic_id": "topic"},
}


@dataclass(slots=True, eq=False)
class Session:
    """One connection's transaction."""

    changes: dict[str, dict[Any, Row | None]] = field(default_factory=dict)
    savepoints: list[tuple[str, dict[str, dict[Any, Row | None]]]] = field(default_factory=list)
    locks: set[Key] = field(default_factory=set)
    in_transaction: bool = False
    repeatable: bool = False
    snapshot: Tables | None = None
    waits_for: Callable[[], set["Session"]] | None = None


class Database:
    """Committed tables; `pause` is called before each statement, `wait` while a row is locked by others."""

    def __init__(self, pause: Callable[[Any], None], wait: Callable[[Callable[[], bool]], None]) -> None:
        self.pause, self.wait = pause, wait

    def begin(self, tables: Tables, committed: Callable[[Session], None]) -> None:
        self.tables = tables
        self.committed = committed
        self.locks: defaultdict[Key, dict[Session, str]] = defaultdict(dict)
        self.numbers = 100

    def select(self, session: Session, label: Any) -> Tables:
        """The tables as one statement of the session sees them."""
        self.pause(("select", label))
        return self.seen(session)

    def seen(self, session: Session) -> Tables:
        base = self.tables
        if session.repeatable:
            session.snapshot = base = session.snapshot or base
        return merged(base, session.changes) if session.changes else base

    def insert(self, session: Session, table: str, row: Row, *, pk: Any = None) -> Any:
        """Adds a row; a key that is there already is left as it is."""
        self.pause(("insert", table, row))
        if pk is None:
            self.numbers += 1
            pk = self.numbers
        self._lock(session, (table, pk), GONE)
        if pk not in self.seen(session)[table]:
            self._refer(session, table, row)
            self._change(session, table, {pk: {"id": pk} | dict(row)})
        return pk

    def insert_all(self, session: Session, table: str, rows: Sequence[Row]) -> None:
        """Adds rows that refer to nothing."""
        self.pause(("insert", table, rows))
        made = {self.numbers + at: {"id": self.numbers + at} | dict(row) for at, row in enumerate(rows, 1)}
        self.numbers += len(made)
        self._change(session, table, made)

    def update(self, session: Session, table: str, pks: Collection[Any], changes: Row) -> int:
        """Changes rows; those that are gone by the time they are free are left out."""
        self.pause(("update", table, pks, changes))
        for pk in pks:
            self._lock(session, (table, pk), UPDATED)
        now = self.seen(session)[table]
        found = {pk: {**now[pk], **changes} for pk in pks if pk in now}
        if found:
            self._refer(session, table, changes)
            self._change(session, table, found)
        return len(found)

    def delete(self, session: Session, table: str, wanted: Callable[[Row], bool]) -> None:
        self.pause(("delete", table))
        pks = [pk for pk, row in self.seen(session)[table].items() if wanted(row)]
        for pk in pks:
            self._lock(session, (table, pk), GONE)
        now = self.seen(session)
        gone = {pk for pk in pks if pk in now[table] and wanted(now[table][pk])}
        for child, columns in REFERENCES.items():
            for column, parent in columns.items():
                if parent == table and any(row[column] in gone for row in now[child].values()):
                    raise IntegrityError(f"{child}.{column} refers to {table} {gone}")
        if gone:
            self._change(session, table, dict.fromkeys(gone))

    def lock(self, session: Session, table: str, wanted: Callable[[Row], bool], mode: str) -> None:
        """What SELECT ... FOR UPDATE takes."""
        for pk in [pk for pk, row in self.seen(session)[table].items() if wanted(row)]:
            self._lock(session, (table, pk), mode)

    def commit(self, session: Session) -> None:
        self.pause(("commit",))
        changes = session.changes
        self.forget(session)
        if changes:
            self.tables = merged(self.tables, changes)
            self.committed(session)

    def rollback(self, session: Session) -> None:
        self.pause(("rollback",))
        self.forget(session)

    def forget(self, session: Session) -> None:
        """Ends the session's transaction without a trace."""
        for key in session.locks:
            self.locks[key].pop(session, None)
        session.locks.clear()
        session.savepoints.clear()
        session.changes = {}
        session.in_transaction = session.repeatable = False
        session.snapshot = None

    def _refer(self, session: Session, table: str, row: Row) -> None:
        for column, parent in REFERENCES.get(table, {}).items():
            if column in row:
                self._lock(session, (parent, row[column]), SHARED)
                if row[column] not in self.seen(session)[parent]:
                    raise IntegrityError(f"{table}.{column} refers to no {parent} {row[column]}")

    def _change(self, session: Session, table: str, rows: Mapping[Any, Row | None]) -> None:
        if session.in_transaction:
            session.changes = {**session.changes, table: {**session.changes.get(table, {}), **rows}}
        else:
            self.tables = merged(self.tables, {table: rows})
            self.committed(session)

    def _lock(self, session: Session, key: Key, mode: str) -> None:
        holders = self.locks[key]

        def others() -> set[Session]:
            return {other for other, held in holders.items() if other is not session and held in _CONFLICTS[mode]}

        if others():
            session.waits_for = others
            try:
                if _is_circle(session, session, set()):
                    raise OperationalError("deadlock detected")
                self.wait(lambda: not others())
            finally:
                session.waits_for = None
        if session.in_transaction:
            kept = holders.get(session, SHARED)
            holders[session] = max(kept, mode, key=[SHARED, UPDATED, GONE].index)
            session.locks.add(key)


def merged(tables: Tables, changes: Mapping[str, Mapping[Any, Row | None]]) -> Tables:
    """The tables with changes; None takes a row away."""
    made = dict(tables)
    for table, rows in changes.items():
        both = {**tables[table], **rows}
        made[table] = {pk: row for pk, row in both.items() if row is not None} if None in rows.values() else both
    return made


def _is_circle(session: Session, start: Session, seen: set[Session]) -> bool:
    for other in session.waits_for() if session.waits_for else ():
        if other is start:
            return True
        if other not in seen:
            seen.add(other)
            if _is_circle(other, start, seen):
                return True
    return False
