"""Void what the monolith's cached serializers hold of the rows that a service writes.

The protocol is `strangler_protos.stamps`; `strangler stamps app.Model`, run in the monolith, lists the rows to mark.
Needs redis-py: install `django-strangler[cache]`.
"""

import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from strangler_protos.errors import StranglerError
from strangler_protos.stamps import Command, key_prefix, mark_command, new_token, renew_command, stem
from strangler_services.errors import SettingsError

try:
    import redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry
except ImportError:  # pragma: no cover  a service that only reads needs none
    redis = None  # type: ignore[assignment]

__all__ = ["JOURNAL_TABLE", "Find", "Journal", "JournalRow", "Row", "StampWriter", "Unmarked", "Write"]

JOURNAL_TABLE = "strangler_django_journalrow"
LONGEST_WAIT = 0.25
"""Seconds that Redis has for each step of an exchange."""
PAUSE = 1.0
"""Seconds without a question after Redis gave no answer, so that writers do not queue up behind it."""
# A script holds up everybody else; this many keys take it about ten milliseconds.
KEYS = 1000

C = TypeVar("C")
logger = logging.getLogger("strangler_services")


class Unmarked(StranglerError):
    """A transaction was about to commit before it said which rows it makes void; it was rolled back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row that cached bodies show: its label, as `strangler stamps` lists it, and its primary key as text."""

    label: str
    pk: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalRow:
    """What a row of `JOURNAL_TABLE` says, column by column; `id` is the database's to give."""

    model: str
    row: str
    token: str
    settled: bool
    written_at: datetime


Journal = Callable[[C, Sequence[JournalRow]], None]
"""Inserts rows through the connection that it is given, within that connection's transaction."""


Find = Callable[[C], Iterable[Row]]
"""Looks up, through a connection, the rows whose cached bodies show a change now."""


class Write(Generic[C]):
    """An open transaction; what it changes must be marked before it commits."""

    def __init__(self, connection: C, marks: "_Marks[C]", journal: Journal[C]) -> None:
        self.connection = connection
        self._marks = marks
        self._journal = journal

    def mark(self, rows: Iterable[Row]) -> None:
        """Declare the rows whose cached bodies show the change: as it was before and as it will be."""
        if refused := self._marks.mark(rows):
            self._journal(self.connection, refused)

    def mark_found(self, find: Find[C]) -> None:
        """Declare what `find` finds through other tables, now and once more after the commit.

        Others may tie further rows to the written one until then, and would show it as it was before.
        """
        self._marks.finds.append(find)
        self.mark(find(self.connection))

    def moves(self, rows: Iterable[Row]) -> None:
        """Say which rows change their parent, by the label `strangler stamps` gives for that (`…[~]`).

        Lock such a row, read its old parent, and mark the old parent and the new one.
        """
        self._marks.moved |= set(rows)


class StampWriter:
    """Marks and renews stamps in the Redis that the monolith's cached serializers use.

    `url` is the monolith's `CACHEOPS_REDIS`, `database` the DATABASE that `strangler stamps` prints. Connects at the
    first write; threads may share it. Raises `SettingsError` without redis-py, or for a URL that is none.
    """

    def __init__(self, url: str, *, database: str) -> None:
        self._database = database
        self._links = _Links(url)

    @contextmanager
    def writing(self, begin: Callable[[], AbstractContextManager[C]], journal: Journal[C]) -> Iterator[Write[C]]:
        """A transaction that marks before it commits, and renews after it has committed or rolled back.

        `begin` opens a transaction and gives its connection; leaving it commits, or rolls back what raised. While
        Redis is away the rows go into the journal instead, in the same transaction. Raises `Unmarked` where nothing
        was marked, and what the block, `begin` or `journal` raise; never because of Redis. Where the commit itself
        raised nobody knows whether it took place: the marks then stand until they expire.
        """
        marks: _Marks[C] = _Marks(self._database, self._links)
        committing = False
        try:
            with begin() as connection:
                yield Write(connection, marks, journal)
                marks.require()
                committing = True
        except BaseException:
            if not committing:
                marks.finds.clear()
                _end(marks, begin, journal)
            raise
        _end(marks, begin, journal)


def _end(marks: "_Marks[C]", begin: Callable[[], AbstractContextManager[C]], journal: Journal[C]) -> None:
    # The outcome is settled and the caller's to tell, so nothing is raised.
    try:
        if marks.finds:
            with begin() as connection:
                marks.look_again(connection)
    except Exception:
        logger.exception("rows that were tied to a written one meanwhile could not be looked up")
    if refused := marks.renew():
        try:
            with begin() as connection:
                journal(connection, refused)
        except Exception:
            # Readers bypass the rows all the same, for as long as the marks live.
            logger.exception("%d stamps could not be renewed; their marks expire within an hour", len(refused))


class _Marks(Generic[C]):
    """What one write, under one token, has declared; `mark` and `renew` give the rows that go into the journal."""

    def __init__(self, database: str, links: "_Links") -> None:
        self._database = database
        self._links = links
        self._token = new_token()
        self.finds: list[Find[C]] = []
        self.moved: set[Row] = set()
        self._declared = False
        self._asked: set[Row] = set()
        self._refused: set[Row] = set()

    def require(self) -> None:
        if not self._declared:
            raise Unmarked("nothing is marked; call mark() before the end, with no row where nobody shows the change")

    def mark(self, rows: Iterable[Row]) -> list[JournalRow]:
        self._declared = True
        # A savepoint may have taken back what was journalled.
        fresh = set(rows) - (self._asked - self._refused)
        self._asked |= fresh
        if self._send(fresh, lambda _, keys: mark_command(keys, self._token)):
            return []
        self._refused |= fresh
        return self._journal_rows(fresh)

    def look_again(self, connection: C) -> None:
        for find in self.finds:
            self._asked |= set(find(connection))

    def renew(self) -> list[JournalRow]:
        moved = self._names(self.moved)

        def command(prefix: bytes, keys: Sequence[bytes]) -> Command:
            return renew_command(prefix, keys, self._token, shared=[prefix + name for name in moved])

        # All: Redis may have taken a mark that it did not confirm.
        if self._send(self._asked, command):
            return []
        return self._journal_rows(self._asked - self._refused)

    def _journal_rows(self, rows: Iterable[Row]) -> list[JournalRow]:
        now = datetime.now(UTC)
        return [
            JournalRow(model=row.label, row=row.pk, token=self._token, settled=True, written_at=now) for row in rows
        ]

    def _send(self, rows: Iterable[Row], command: Callable[[bytes, Sequence[bytes]], Command]) -> bool:
        names = self._names(rows)
        chunks = [names[at : at + KEYS] for at in range(0, len(names), KEYS)]
        return not chunks or self._links.run(
            lambda prefix: [command(prefix, [prefix + name for name in chunk]) for chunk in chunks]
        )

    def _names(self, rows: Iterable[Row]) -> list[bytes]:
        return [stem(self._database, row.label) + row.pk.encode() for row in rows]


@dataclass(frozen=True, slots=True)
class _Link:
    connection: Any
    prefix: bytes


class _Links:
    """Connections to one server, each with the key prefix of the server that it reached."""

    def __init__(self, url: str) -> None:
        if redis is None:
            raise SettingsError("stamps are written with redis-py: install django-strangler[cache]")
        try:
            pool = redis.ConnectionPool.from_url(url)
        except ValueError as error:
            raise SettingsError(f"the URL of Redis: {error}") from error
        quick = {"socket_timeout": LONGEST_WAIT, "socket_connect_timeout": LONGEST_WAIT, "health_check_interval": 0}
        self._options = pool.connection_kwargs | quick | {"retry": Retry(NoBackoff(), 0), "protocol": 2}
        self._options.pop("decode_responses", None)
        self._connection_class = pool.connection_class
        self._idle: deque[_Link] = deque()
        self._away_until = 0.0

    def run(self, commands: Callable[[bytes], Sequence[Command]]) -> bool:
        """Send what `commands` makes of the key prefix; False where Redis did not answer in time, or refused."""
        if time.monotonic() < self._away_until:
            return False
        try:
            self._exchange(commands)
        except redis.ResponseError:
            # Out of memory, or a replica.
            return False
        except (redis.RedisError, OSError):
            self._away_until = time.monotonic() + PAUSE
            return False
        return True

    def _exchange(self, commands: Callable[[bytes], Sequence[Command]]) -> None:
        try:
            link = self._idle.pop()
        except IndexError:
            return self._talk(self._connect(), commands)
        try:
            return self._talk(link, commands)
        except redis.ConnectionError:
            # The server may have closed it while it lay idle; a fresh one also learns a new run_id.
            self._idle.clear()
            return self._talk(self._connect(), commands)

    def _talk(self, link: _Link, commands: Callable[[bytes], Sequence[Command]]) -> None:
        connection = link.connection
        try:
            batch = commands(link.prefix)
            connection.send_packed_command(connection.pack_commands(batch), check_health=False)
            for _ in batch:
                connection.read_response()
        except BaseException:
            # Replies may be left on the wire, and a reconnect would keep a prefix that is over.
            connection.disconnect()
            raise
        self._idle.append(link)

    def _connect(self) -> _Link:
        connection = self._connection_class(**self._options)
        try:
            connection.connect()
            connection.send_command("INFO", "server", check_health=False)
            return _Link(connection, key_prefix(connection.read_response()))
        except BaseException as error:
            connection.disconnect()
            if isinstance(error, ValueError):
                raise redis.ConnectionError(str(error)) from error
            raise
