"""The same scripts through Django's ORM, on PostgreSQL and a real Redis server, in the scheduler's order."""

import gc
import itertools
import json
import re
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from types import ModuleType
from typing import Any
from unittest.mock import patch

from django.db import connections, models

from academy.catalog.models import Course
from strangler_django.serializers import fetching, pending
from strangler_django.serializers.store import Store
from tests.interleaving import shapes
from tests.interleaving.database import Tables
from tests.interleaving.oracle import Oracle, Stale
from tests.interleaving.programs import INITIAL, Program
from tests.interleaving.scheduling import Choose, order_of
from tests.interleaving.scripts import Op, Script, play
from tests.interleaving.shapes import VALUES, Value
from tests.interleaving.threads import Crew, ThreadActor, current, pause
from tests.interleaving.watching import impatient, watching

__all__ = ["ALIAS", "Stored", "stored"]

ALIAS = "interleaving"
NOON = datetime(2025, 1, 15, 12, 0, tzinfo=UTC)
_WIDTH = 10
"""Primary keys that a history has for itself."""

_STATE = """
SELECT json_build_object(
  'course', (SELECT json_agg(r) FROM (SELECT id, title, educator_id FROM catalog_course WHERE id = ANY(%(pks)s)) r),
  'educator', (SELECT json_agg(r) FROM (SELECT id, name FROM catalog_educator WHERE id = ANY(%(pks)s)) r),
  'lesson', (SELECT json_agg(r) FROM
    (SELECT id, title, course_id, minutes FROM catalog_lesson WHERE course_id = ANY(%(pks)s)) r),
  'topic', (SELECT json_agg(r) FROM (SELECT id, name FROM catalog_topic WHERE id = ANY(%(pks)s)) r),
  'link', (SELECT json_agg(r) FROM
    (SELECT course_id, topic_id FROM catalog_course_topics WHERE course_id = ANY(%(pks)s)) r)
)
"""
_BEGIN = """
INSERT INTO catalog_educator (id, name, bio, joined_at) VALUES (%(1)s, 'Ada', '', now()), (%(2)s, 'Bo', '', now()),
  (%(3)s, 'Cy', '', now());
INSERT INTO catalog_topic (id, slug, name) VALUES (%(1)s, 't%(1)s', 'art'), (%(2)s, 't%(2)s', 'law');
INSERT INTO catalog_course (id, title, slug, summary, level, language, price, is_free, is_published, updated_at,
  external_id, metadata, educator_id)
  VALUES (%(1)s, 'one', 'c%(1)s', '', 'beginner', 'en', 0, false, true, now(), gen_random_uuid(), '{}', %(1)s),
    (%(2)s, 'two', 'c%(2)s', '', 'beginner', 'en', 0, false, true, now(), gen_random_uuid(), '{}', %(2)s);
INSERT INTO catalog_lesson (id, course_id, position, title, minutes, is_preview, created_at)
  VALUES (%(1)s, %(1)s, %(1)s, 'first', 5, false, now()), (%(2)s, %(2)s, %(2)s, 'second', 6, false, now());
INSERT INTO catalog_course_topics (course_id, topic_id) VALUES (%(1)s, %(1)s);
"""


class StoredRows:
    """Loads and writes rows by Django's ORM."""

    positions = itertools.count(10**6)

    def load(self, model: type[models.Model], pk: Any) -> Any:
        return model.objects.filter(pk=pk).first()

    def save(self, instance: Any) -> None:
        instance.save()

    def create(self, model: type[models.Model], **values: Any) -> None:
        model.objects.create(position=next(self.positions), created_at=NOON, **values)

    def delete(self, instance: Any) -> None:
        instance.delete()

    def update(self, model: type[models.Model], pks: Collection[Any], **changes: Any) -> None:
        model.objects.filter(pk__in=pks).update(**changes)

    def add(self, owner: Any, other: Any) -> None:
        _joined(owner).add(other)

    def remove(self, owner: Any, other: Any) -> None:
        _joined(owner).remove(other)

    def clear(self, owner: Any) -> None:
        _joined(owner).clear()


def _joined(owner: Any) -> Any:
    return owner.topics if isinstance(owner, Course) else owner.courses


class Desk:
    """Where one actor works."""

    alias = ALIAS

    def __init__(self, histories: "Stored", index: int, name: str) -> None:
        self.histories, self.index, self.name = histories, index, name
        self.rows = StoredRows()
        self.texts = 0
        self.since: int | None = None

    def text(self) -> str:
        self.texts += 1
        return f"{self.name}.{self.texts}"

    def begins(self, each: Op) -> None: ...

    def ends(self) -> None:
        self.since = None

    def in_transaction(self) -> bool:
        return connections[ALIAS].in_atomic_block

    def repeatable(self) -> None:
        self.since = self.histories.oracle.now()
        with connections[ALIAS].cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")

    def finish_request(self) -> None:
        pending.settle_finished(ALIAS)

    def returned(self) -> None:
        actor = current()
        if actor is not None and actor.has_committed:
            # What was committed is noted before its writer knows.
            pause("returns")
        self.histories.oracle.returned(self.index)

    def read(self, kind: str, pk: Any = None) -> None:
        oracle = self.histories.oracle
        if self.since is not None or not self.in_transaction():
            since = oracle.now() if self.since is None else self.since
            oracle.check(since, self.histories.values(kind, pk))
            return
        first = len(oracle.states)
        before = self.histories.seen()
        values = self.histories.values(kind, pk)
        own = [before, self.histories.seen(), *oracle.states[first:]]
        for name, row, value in values:
            if value not in [VALUES[name](tables, row) for tables in own]:
                allowed = [VALUES[name](tables, row) for tables in own]
                raise Stale(f"{name} of {row} is {value!r} within a transaction that sees {allowed!r}")

    def peek(self, kind: str, pk: Any = None) -> None:
        self.histories.values(kind, pk)


class Weather:
    """What befalls the server, step by step; done by the scheduler's own thread."""

    def __init__(self, index: int, script: Script, acts: dict[str, Callable[..., None]]) -> None:
        self.index, self.name, self.acts = index, "weather", acts
        self.left = list(script)
        self.is_blocked = False

    @property
    def is_over(self) -> bool:
        return not self.left

    @property
    def step(self) -> str:
        return str(self.left[0])

    def act(self) -> None:
        each = self.left.pop(0)
        self.acts[each.name](*each.arguments)


class Stored:
    """Runs programs on real servers, one after the other, each on rows of its own."""

    histories = itertools.count(1)

    def __init__(self, serializers: ModuleType, acts: dict[str, Callable[..., None]], *, size: int = 5) -> None:
        self.known, self.acts = serializers, acts
        self.oracle = Oracle(INITIAL)
        self.pks: list[int] = []
        self.connections: dict[int, Any] = {}
        self.crew = Crew(size, self._waits_for_lock)

    def play(self, program: Program, choose: Choose, on_step: Callable[[Any], None]) -> None:
        """Runs a program to its end, then reads everything once more. Raises Stale."""
        first = next(self.histories) * _WIDTH
        self._begin(first, program)
        program = _from(program, first)
        scripts = [(f"w{at}", (*script, Op("finish"))) for at, script in enumerate(program.writers, 1)]
        scripts += [(f"r{at}", script) for at, script in enumerate(program.readers, 1)]
        actors = [self._actor(index, name, script) for index, (name, script) in enumerate(scripts)]
        weather = [Weather(len(actors), program.weather, self.acts)] if program.weather else []
        self.crew.run(actors, weather, choose, on_step, self._arrived)
        self.oracle.check(self.oracle.now(), self.values(program.last.name, None))

    def attempt(self, seed: int, program: Program) -> str:
        """Runs a program in the order of a seed; what is wrong, and the steps that led there, or nothing."""
        steps: list[str] = []
        if seed % 1000 == 0:
            gc.collect()
        try:
            self.play(program, order_of(seed), lambda actor: steps.append(f"  {actor.name:>7}: {actor.step}"))
        except Exception as error:
            if not isinstance(error, Stale):
                error.add_note(f"Seed {seed}")
                raise
            return "\n".join([f"Seed {seed}: {error}", str(program), *steps])
        return ""

    def values(self, kind: str, pk: Any) -> list[Value]:
        """Reads a list, or one row of it, as a view does."""
        cls = self.known.LISTED[kind]
        pks = self.pks if pk is None else [pk]
        shown = json.loads(cls(cls.Meta.model.objects.filter(pk__in=pks).order_by("pk"), many=True).json())
        values = [value for one in shown for value in shapes.values_of(kind, one)]
        there = {one["id"] for one in shown}
        mark = "educator.name" if kind == "educator" else "course.title"
        return values + [(mark, one, None) for one in pks if one not in there]

    def seen(self) -> Tables:
        """The tables as the current thread's connection sees them; no step of its own."""
        wrappers, connections[ALIAS].execute_wrappers = connections[ALIAS].execute_wrappers, []
        try:
            with connections[ALIAS].cursor() as cursor:
                cursor.execute(_STATE, {"pks": self.pks})
                [found] = cursor.fetchone()
        finally:
            connections[ALIAS].execute_wrappers = wrappers
        return {table: {row.get("id", at): row for at, row in enumerate(rows or ())} for table, rows in found.items()}

    def close(self) -> None:
        # Each thread has a connection of its own behind the alias.
        self.crew.close(lambda: connections[ALIAS].close())  # noqa: PLW0108

    def _begin(self, first: int, program: Program) -> None:
        # The third is an educator's only.
        self.pks = [first + 1, first + 2, first + 3]
        with connections[ALIAS].cursor() as cursor:
            cursor.execute(re.sub(r"%\((\d)\)s", lambda number: str(first + int(number[1])), _BEGIN))
        impatient(self.known)
        self.acts["begin"]()
        self.oracle = Oracle(self.seen())
        # Every other one, for it takes a tenth of the time.
        if program.warm and first % (2 * _WIDTH):
            self.values(next(_reads(program.readers[0])).name, None)

    def _actor(self, index: int, name: str, script: Script) -> ThreadActor:
        desk = Desk(self, index, name)

        def body() -> None:
            connection = connections[ALIAS]
            if index not in self.connections:
                connection.ensure_connection()
                self.connections[index] = connection
                _watch(connection)
            play(desk, script)

        return self.crew.actor(index, name, body)

    def _arrived(self, actor: ThreadActor) -> None:
        if actor.has_committed:
            actor.has_committed = False
            tables = self.seen()
            if tables != self.oracle.states[-1]:
                self.oracle.committed(tables, [actor.index])
            else:
                # Noted already, with what another had committed in the same step.
                self.oracle.share(actor.index)

    def _waits_for_lock(self, index: int) -> bool:
        raw = index in self.connections and self.connections[index].connection
        if not raw:
            return False
        with connections[ALIAS].cursor() as cursor:
            cursor.execute(
                "SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = %s", [raw.info.backend_pid]
            )
            return bool((cursor.fetchone() or [False])[0])


def _watch(connection: Any) -> None:
    """Makes each statement of the connection, and its commits, a step."""

    def step(execute: Callable[..., Any], sql: str, parameters: Any, many: bool, context: Any) -> Any:
        pause(sql)
        done = execute(sql, parameters, many, context)
        actor = current()
        if actor is not None and not connection.in_atomic_block and not sql.startswith("SELECT"):
            actor.has_committed = True
        return done

    commit = connection._commit

    def step_commit() -> None:
        pause("COMMIT")
        commit()
        actor = current()
        if actor is not None:
            actor.has_committed = True

    connection.execute_wrappers.append(step)
    connection._commit = step_commit


def _reads(script: Script) -> Iterator[Op]:
    for each in script:
        if each.name in shapes.ROOTS:
            yield each
        yield from _reads(each.inner)


def _from(program: Program, first: int) -> Program:
    """The program on rows whose keys begin there."""
    return replace(
        program,
        writers=tuple(_scripted(script, first) for script in program.writers),
        readers=tuple(_scripted(script, first) for script in program.readers),
    )


def _scripted(script: Script, first: int) -> Script:
    return tuple(
        Op(each.name, tuple(_moved(one, first) for one in each.arguments), _scripted(each.inner, first))
        for each in script
    )


def _moved(argument: Any, first: int) -> Any:
    if isinstance(argument, tuple):
        return tuple(_moved(one, first) for one in argument)
    return argument + first if isinstance(argument, int) else argument


class Router:
    def db_for_read(self, model: Any, **hints: Any) -> str:
        return ALIAS

    db_for_write = db_for_read


class _Clock:
    """Waiting for another reader is a step, and takes no time."""

    @staticmethod
    def sleep(seconds: float) -> None:
        pause(f"sleep {seconds}")

    @staticmethod
    def perf_counter() -> float:
        return 0.0


@contextmanager
def stored(acts: dict[str, Callable[..., None]]) -> Iterator[Stored]:
    """Within the block each call of the store is a step, and only these serializers are watched."""
    run = Store.run

    def step(store: Store, *given: Any) -> Any:
        pause("redis")
        return run(store, *given)

    with ExitStack() as stack:
        serializers = stack.enter_context(watching())
        stack.enter_context(patch.object(Store, "run", step))
        stack.enter_context(patch.object(fetching, "time", _Clock))
        made = Stored(serializers, acts)
        stack.callback(made.close)
        yield made
