"""The way to Redis: one round trip a call, short timeouts, a breaker, a key prefix that ends with the server."""

import os
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from inspect import signature
from threading import Thread
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from strangler_protos.stamps import Command, key_prefix

try:
    import redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry
except ImportError:  # pragma: no cover  without the cache extra batched fields work all the same
    redis = None  # type: ignore[assignment]

try:
    import hiredis
except ImportError:  # pragma: no cover  redis-py reads and writes without it, slower
    hiredis = None  # type: ignore[assignment]

Meanwhile = Callable[[Callable[[], None]], None]

LONGEST_WAIT = 0.25
PAUSE = 1.0
"""Seconds between probes while the breaker is open."""
PATIENCE = 10.0


class Unavailable(Exception):
    """Redis did not answer in time, refused, or is not asked while the breaker is open."""


@dataclass(slots=True)
class Breaker:
    """Open from a failure until a probe in the background has reached the server; nobody's request waits for that.

    Where no background thread runs (uWSGI without `--enable-threads`), one call probes every `PATIENCE` seconds.
    """

    probe: Callable[[], bool]
    open: bool = False
    _looked_at: float = 0.0

    def allows(self) -> bool:
        if not self.open:
            return True
        if self.refuses:
            return False
        self._looked_at = time.monotonic()
        return True

    @property
    def refuses(self) -> bool:
        """Whether a call made now would be refused; looking does not count as one."""
        return self.open and time.monotonic() - self._looked_at < PATIENCE

    def trip(self) -> None:
        self._looked_at = time.monotonic()
        if not self.open:
            self.open = True
            Thread(target=self._watch, name="strangler-redis-probe", daemon=True).start()

    def close(self) -> None:
        self.open = False

    def _watch(self) -> None:
        while self.open:
            time.sleep(PAUSE)
            self._looked_at = time.monotonic()
            if self.open and self.probe():
                self.close()


class _Packer:
    """Puts commands on the wire by hiredis; redis-py's own looks at the type of each of hundreds of keys first."""

    def pack(self, *parts: str | bytes | int) -> list[bytes]:
        pack: Any = hiredis.pack_command
        return [pack(parts)]


@dataclass(frozen=True, slots=True)
class Link:
    connection: Any
    prefix: bytes


class Replies:
    """What a server answers to some commands, in order; `take` what there is, and `all` at the end."""

    def __init__(self, connection: Any, count: int) -> None:
        self._connection = connection
        self._left = count
        self._taken: list[Any] = []
        self._error: Exception | None = None

    def take(self) -> None:
        """Reads what has come so far and raises nothing; `all` does.

        A server sends 64 kB at a time, and on a Unix socket goes on only once they are read.
        """
        if self._error is not None or not _TAKES_EARLY:
            return
        try:
            while self._left:
                self._next(timeout=0, disconnect_on_error=False)
        except redis.TimeoutError:
            return
        except Exception as error:  # noqa: BLE001  whoever calls this does something else
            self._error = error

    def all(self) -> list[Any]:
        """Waits for the rest. Raises what reading raised."""
        if self._error is not None:
            raise self._error
        while self._left:
            self._next()
        return self._taken

    def _next(self, **options: Any) -> None:
        self._taken.append(self._connection.read_response(**options))
        self._left -= 1


# redis-py's own parser may lose half a reply that it stops reading.
_TAKES_EARLY = None not in (redis, hiredis) and "timeout" in signature(redis.Connection.read_response).parameters


class Store:
    """One Redis server, reached through links that are made on demand and kept."""

    def __init__(self, location: str | dict[str, Any]) -> None:
        if redis is None:
            raise ImproperlyConfigured("CACHEOPS_REDIS is set: install django-strangler[cache], or remove the setting.")
        quick = {"protocol": 2, "retry": Retry(NoBackoff(), 0), "health_check_interval": 0}
        if isinstance(location, str):
            pool = redis.ConnectionPool.from_url(location, **quick)
        else:
            pool = redis.Redis(**(location | quick)).connection_pool
        self._connection_class = pool.connection_class
        self._options = {name: value for name, value in pool.connection_kwargs.items() if name != "decode_responses"}
        for name in ("socket_timeout", "socket_connect_timeout"):
            self._options[name] = min(self._options.get(name) or LONGEST_WAIT, LONGEST_WAIT)
        self._options["socket_read_size"] = 1 << 20
        if hiredis is not None:
            self._options["command_packer"] = _Packer()
        self._idle: deque[Link] = deque()
        self.breaker = Breaker(self._reaches)

    def run(self, commands: Callable[[bytes], Sequence[Command]], meanwhile: Meanwhile | None = None) -> list[Any]:
        """The replies to what `commands` makes of the key prefix, all sent at once.

        `meanwhile` is called while the server works, if it can be reached, with what takes the part of the replies that
        has come; it must raise nothing, and do nothing when it is called again. Raises Unavailable.
        """
        if not self.breaker.allows():
            raise Unavailable("The breaker is open.")
        try:
            replies = self._exchange(commands, meanwhile)
        except redis.ResponseError as error:
            # Out of memory, or a replica: it answers, so reads may go on.
            raise Unavailable(f"Redis refuses: {error}") from error
        except (redis.RedisError, OSError) as error:
            self.breaker.trip()
            raise Unavailable(f"Redis: {error}") from error
        self.breaker.close()
        return replies

    def forget_links(self) -> None:
        """Closes the links that lie idle; in a forked child only its own copies of their sockets."""
        with suppress(IndexError):
            while True:
                self._idle.pop().connection.disconnect()

    def forget_threads(self) -> None:
        """In a forked child nobody probes any more."""
        self.breaker = Breaker(self._reaches)

    def _reaches(self) -> bool:
        try:
            self._idle.append(self._connect())
        except (redis.RedisError, OSError):
            return False
        return True

    def _exchange(
        self, commands: Callable[[bytes], Sequence[Command]], meanwhile: Meanwhile | None = None
    ) -> list[Any]:
        try:
            link = self._idle.pop()
        except IndexError:
            return self._talk(self._connect(), commands, meanwhile)
        try:
            return self._talk(link, commands, meanwhile)
        except redis.ConnectionError:
            # The server may have closed it while it lay idle; a fresh one also learns a new run_id.
            self.forget_links()
            return self._talk(self._connect(), commands, meanwhile)

    def _talk(
        self, link: Link, commands: Callable[[bytes], Sequence[Command]], meanwhile: Meanwhile | None
    ) -> list[Any]:
        connection = link.connection
        try:
            batch = commands(link.prefix)
            connection.send_packed_command(connection.pack_commands(batch), check_health=False)
            replies = Replies(connection, len(batch))
            if meanwhile is not None:
                meanwhile(replies.take)
            found = replies.all()
        except BaseException:
            # Replies may be left on the wire, and a reconnect would keep a prefix that is over.
            connection.disconnect()
            raise
        self._idle.append(link)
        return found

    def _connect(self) -> Link:
        connection = self._connection_class(**self._options)
        try:
            connection.connect()
            connection.send_command("INFO", "server", check_health=False)
            return Link(connection, key_prefix(connection.read_response()))
        except BaseException as error:
            connection.disconnect()
            if isinstance(error, ValueError):
                raise redis.ConnectionError(str(error)) from error
            raise


_stores: dict[str, Store] = {}


def current_store() -> Store | None:
    """The server that `CACHEOPS_REDIS` names (URL or keyword arguments); None without it."""
    location = getattr(settings, "CACHEOPS_REDIS", None)
    if not location or not getattr(settings, "CACHEOPS_ENABLED", True):
        return None
    name = repr(location)
    store = _stores.get(name)
    if store is None:
        store = _stores[name] = Store(location)
    return store


def answering_store() -> Store | None:
    """The current store, unless its breaker would refuse a call."""
    store = current_store()
    return None if store is None or store.breaker.refuses else store


def forget_stores() -> None:
    """Forgets all servers and closes what lies idle, as tests want between them."""
    for store in _stores.values():
        store.forget_links()
        # Ends the thread that probes.
        store.breaker.close()
    _stores.clear()


def _forget_after_fork() -> None:
    for store in _stores.values():
        store.forget_links()
        store.forget_threads()


os.register_at_fork(after_in_child=_forget_after_fork)
