"""Readers, writers, a database and a Redis server in one process, with the protocol's real code between them."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any
from unittest.mock import patch

from django.test import override_settings
from django.utils.connection import BaseConnectionHandler
from greenlet import getcurrent

from strangler_django.serializers import fetching, journal, pending, reading, signals
from strangler_django.serializers import reads as telling
from strangler_django.serializers import store as stores
from strangler_django.serializers.reading import render_rows
from strangler_django.serializers.rows import Rows
from strangler_django.serializers.store import Store
from strangler_protos import stamps as protocol
from tests.interleaving import bodies, shapes
from tests.interleaving.connection import SimulatedConnection
from tests.interleaving.database import Database, Session, Tables, merged
from tests.interleaving.oracle import Oracle
from tests.interleaving.orm import ALIAS, TABLES, JournalRow, Manager, SimulatedRows
from tests.interleaving.programs import INITIAL, Program
from tests.interleaving.redis_server import Link, RedisServer
from tests.interleaving.scheduling import Actor, Choose, pause, run, wait
from tests.interleaving.scripts import Op, Script, op, play
from tests.interleaving.watching import impatient, watching

__all__ = ["MarkLeft", "Simulation", "simulated"]


class MarkLeft(AssertionError):
    """All writes are over, and a row is still pending: nobody could cache it for an hour."""


class Router:
    def db_for_read(self, model: Any, **hints: Any) -> str:
        return ALIAS

    db_for_write = db_for_read


class Clock:
    """Stands where the protocol's modules have `time`."""

    def __init__(self, server: RedisServer) -> None:
        self.server, self.seconds = server, 0.0

    def monotonic(self) -> float:
        return self.seconds

    perf_counter = monotonic

    def sleep(self, seconds: float) -> None:
        pause(("sleep", seconds))
        self.pass_by(seconds)

    def pass_by(self, seconds: float) -> None:
        self.seconds += seconds
        self.server.advance(seconds)

    def now(self) -> datetime:
        return datetime(2025, 1, 1, tzinfo=UTC) + timedelta(seconds=self.seconds)


class Tokens:
    """Stands where the protocol has `secrets`."""

    def __init__(self) -> None:
        self.count = 0

    def token_hex(self, length: int) -> str:
        self.count += 1
        return f"{self.count:0{2 * length}x}"


class Place:
    """Where one actor works, as a process would: its connection, its way to Redis, its script's world."""

    alias = ALIAS

    def __init__(self, simulation: "Simulation", index: int) -> None:
        self.simulation, self.index = simulation, index
        self.connection = SimulatedConnection(simulation.database, ALIAS)
        self.store = Store("redis://simulated")
        self.store._connection_class = lambda **options: Link(simulation.server, pause, lambda: not self.is_cut)
        self.rows = SimulatedRows(simulation.database, simulation.session)
        self.reset("")

    def reset(self, name: str) -> None:
        self.name, self.texts, self.is_cut = name, 0, False
        self.at_work: Op | None = None
        self.since: int | None = None
        self.connection.reset()
        self.store._idle.clear()
        self.store.breaker.close()

    def text(self) -> str:
        self.texts += 1
        return f"{self.name}.{self.texts}"

    def begins(self, each: Op) -> None:
        self.at_work = each

    def ends(self) -> None:
        self.at_work = self.since = None

    def in_transaction(self) -> bool:
        return self.connection.in_atomic_block

    def repeatable(self) -> None:
        self.connection.session.repeatable = True

    def finish_request(self) -> None:
        pending.settle_finished(ALIAS)

    def returned(self) -> None:
        self.simulation.oracle.returned(self.index)

    def read(self, kind: str, pk: Any = None) -> None:
        simulation, session = self.simulation, self.connection.session
        if session.repeatable:
            since = self.since = simulation.oracle.now() if self.since is None else self.since
        else:
            since = simulation.oracle.now()
        pks, shown = self.peek(kind, pk)
        values = [value for one in shown for value in shapes.values_of(kind, one)]
        there = {one["id"] for one in shown}
        mark = "educator.name" if kind == "educator" else "course.title"
        values += [(mark, one, None) for one in pks if one not in there]
        if session.changes:
            changes = session.changes
            simulation.oracle.check(since, values, lambda state: merged(state, changes))
        else:
            simulation.oracle.check(since, values)

    def peek(self, kind: str, pk: Any) -> tuple[list[Any], list[dict[str, Any]]]:
        """The keys of the rows that are read, and what is shown of them."""
        simulation = self.simulation
        tables = simulation.database.select(self.connection.session, f"{kind} keys")
        pks = [one for one in sorted(tables[shapes.ROOTS[kind]]) if pk in (None, one)]
        shown = simulation.render(kind, pks, self.store, journalled=bool(tables["journal"]))
        return pks, bodies.plain(simulation.select, kind, pks) if shown is None else shown

    def dies(self, actor: Actor) -> None:
        """The process is killed: the database rolls back, nobody hears of what was committed."""
        actor.is_dead = True
        self.simulation.database.forget(self.connection.session)
        pending._open.pop(self.connection, None)
        self.returned()
        actor.die()


class Simulation:
    """Runs programs, one after the other, in the order that somebody chooses."""

    def __init__(self, serializers: ModuleType) -> None:
        self.known = serializers
        self.server = RedisServer()
        self.clock, self.tokens = Clock(self.server), Tokens()
        self.database = Database(pause, wait)
        self.oracle = Oracle(INITIAL)
        self.places = [Place(self, index) for index in range(7)]
        self.serializers = {kind: cls() for kind, cls in serializers.LISTED.items()}
        self.kinds = {type(one): kind for kind, one in self.serializers.items()} | {serializers.LineSerializer: "line"}
        self.plans = {kind: serializer.plan() for kind, serializer in self.serializers.items()}
        self.actors: list[Actor] = []
        self.warm: Any = None

    def session(self) -> Session:
        return getcurrent().place.connection.session

    def connection(self) -> SimulatedConnection:
        return getcurrent().place.connection

    def store(self) -> Store:
        return getcurrent().place.store

    def select(self, label: Any) -> Tables:
        return self.database.select(self.session(), label)

    def render(self, kind: str, pks: Sequence[Any], store: Store, *, journalled: bool) -> list[dict[str, Any]] | None:
        """The real read path, from the rows' keys on."""
        rows = Rows(_Named(), [(pk, journalled) for pk in pks])
        rendered = render_rows(self.serializers[kind], self.plans[kind], store, rows)
        return None if rendered is None else json.loads(rendered.array())

    def warm_up(self) -> None:
        """Keeps the keys of a server from which everything has been read once."""
        reads = tuple(op(kind, None) for kind in self.serializers)
        self.warm = None
        self.play(Program(writers=(), readers=(reads,), last=reads[0], warm=False), lambda current, ready: ready[0])
        self.warm = self.server.dump()

    def play(self, program: Program, choose: Choose, on_step: Callable[[Actor], None] | None = None) -> list[int]:
        """Runs a program to its end, then reads everything once more. Raises Stale, MarkLeft, Endless."""
        self._begin(program)
        trace = run(self.actors, choose, on_step)
        last = self._actor(6, "last", (program.last,))
        trace += run([last], choose, on_step)
        if not program.weather and (left := self.server.pending()):
            raise MarkLeft(f"All writes are over and these are pending: {left}")
        return trace

    def _begin(self, program: Program) -> None:
        self.server.begin(self.warm if program.warm else None)
        self.clock.seconds = 0.0
        # No stamp is ever made twice, not even one of those that a warm server begins with.
        self.tokens.count = 10**6 if self.warm else 0
        self.oracle = Oracle(INITIAL)
        self.database.begin(INITIAL, self._committed)
        pending._open.clear()
        impatient(self.known)
        for place in self.places:
            place.reset("")
        scripts = [(f"w{at}", (*script, op("finish"))) for at, script in enumerate(program.writers, 1)]
        scripts += [(f"r{at}", script) for at, script in enumerate(program.readers, 1)]
        self.actors = [self._actor(index, name, script) for index, (name, script) in enumerate(scripts)]
        if program.weather:
            index = len(self.actors)
            self.actors.append(Actor(index, "weather", self.places[index], lambda: self._blow(program.weather)))

    def _actor(self, index: int, name: str, script: Script) -> Actor:
        place = self.places[index]
        place.name = name
        return Actor(index, name, place, lambda: play(place, script))

    def _committed(self, session: Session) -> None:
        [index] = [place.index for place in self.places if place.connection.session is session]
        self.oracle.committed(self.database.tables, [index])

    def _blow(self, weather: Script) -> None:
        for each in weather:
            pause((each.name, *each.arguments))
            _WEATHER[each.name](self, *each.arguments)

    def _sleep(self, seconds: float) -> None:
        if seconds > 1000:
            # No write is open for as long as this.
            wait(lambda: all(actor.dead or actor.place.at_work is None for actor in self.actors))
        self.clock.pass_by(seconds)

    def _probe(self) -> None:
        """What the breaker's thread does."""
        for place in self.places:
            breaker = place.store.breaker
            if breaker.open and breaker.probe():
                breaker.close()

    def _die(self, index: int, *, when_committed: bool = False) -> None:
        place, actor = self.places[index], self.actors[index]

        def may_die() -> bool:
            if actor.dead:
                return True
            if when_committed and not self.oracle.is_open(index):
                return False
            # Before `invalidate` nobody can know of an update outside a transaction.
            return place.at_work is None or not place.at_work.name.startswith("update")

        wait(may_die)
        if not actor.dead:
            place.dies(actor)


def _set(**flags: bool) -> Callable[[Simulation], None]:
    def apply(simulation: Simulation) -> None:
        for name, value in flags.items():
            setattr(simulation.server, name, value)

    return apply


def _cut(is_cut: bool) -> Callable[..., None]:
    def apply(simulation: Simulation, *victims: int) -> None:
        for place in simulation.places:
            if not victims or place.index in victims:
                place.is_cut = is_cut

    return apply


_WEATHER: dict[str, Callable[..., Any]] = {
    "evict": lambda simulation, number: simulation.server.evict(number),
    "sleep": Simulation._sleep,
    "save": lambda simulation: setattr(simulation.server, "saved", simulation.server.dump()),
    "restart": lambda simulation, kind: simulation.server.restart(simulation.server.saved if kind == "dump" else None),
    "hang": _set(hung=True),
    "resume": lambda simulation: simulation.server.resume(),
    "stop": _set(up=False),
    "start": lambda simulation: simulation.server.restart(None),
    "lose": _set(loses_reply=True),
    "cut": _cut(True),
    "mend": _cut(False),
    "probe": Simulation._probe,
    "die": Simulation._die,
    "die_committed": lambda simulation, index: simulation._die(index, when_committed=True),
}


class _Named:
    """As much of a queryset as rows that are named need."""

    db = ALIAS


class _Thread:
    """The breaker's thread; the weather does its work."""

    def __init__(self, **options: Any) -> None: ...
    def start(self) -> None: ...


@contextmanager
def simulated() -> Iterator[Simulation]:
    """Within the block the protocol's modules reach the simulated database, Redis and clock."""
    with ExitStack() as stack:
        stack.enter_context(override_settings(DATABASE_ROUTERS=[Router()]))
        simulation = Simulation(stack.enter_context(watching()))
        for target, name, value in _patches(simulation):
            stack.enter_context(patch.object(target, name, value))
        for model, table in TABLES.items():
            manager = Manager(simulation.database, simulation.session, table)
            stack.enter_context(patch.dict(vars(model._meta), {"base_manager": manager}))
        simulation.warm_up()
        yield simulation


def _patches(simulation: Simulation) -> Iterator[tuple[Any, str, Any]]:
    connection_of = BaseConnectionHandler.__getitem__

    def connection(handler: Any, alias: str) -> Any:
        return simulation.connection() if alias == ALIAS else connection_of(handler, alias)

    yield BaseConnectionHandler, "__getitem__", connection
    for module in (pending, signals):
        yield module, "current_store", simulation.store
    for module in (stores, fetching):
        yield module, "time", simulation.clock
    yield protocol, "secrets", simulation.tokens
    yield stores, "Thread", _Thread
    yield telling, "listeners", []
    yield journal, "timezone", simulation.clock
    yield journal, "JournalRow", JournalRow
    JournalRow.objects = Manager(simulation.database, simulation.session, "journal")
    JournalRow.clock = simulation.clock
    yield reading, "compute_bodies", _compute_bodies(simulation)
    yield (
        reading,
        "compute_part",
        lambda serializer, plan, part, alias, pks: bodies.compute_part(simulation.select, pks),
    )


def _compute_bodies(simulation: Simulation) -> Callable[..., dict[Any, bytes]]:
    def compute(serializer: Any, plan: Any, alias: str, pks: Sequence[Any]) -> dict[Any, bytes]:
        return bodies.compute_bodies(simulation.select, simulation.kinds[type(serializer)], pks)

    return compute
