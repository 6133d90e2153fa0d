"""The Redis Stream between the processes that mirror and the workers that compare."""

import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from strangler_protos.errors import StranglerError
from strangler_router.conf import settings

try:
    import redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry
except ImportError:  # pragma: no cover  without the cache extra there is no stream
    redis = None  # type: ignore[assignment]

__all__ = ["Backlog", "Delivery", "Pushed", "Stream", "StreamAway", "current_stream"]

PREFIX = "{strangler:shadow}:"
GROUP = "work"
TIMEOUT = 2.0
ITEMS = 10_000
STREAM_BYTES = 256_000_000
LIFETIME = 3600
ASIDE_ITEMS = 1_000
PAGE = 100
# One step on the server: what fits is added, and what does not is the caller's to count; MAXLEN would drop unseen.
# A push that is made again, since its reply was lost, is answered from memory.
PUSH = """
local generation = redis.call('GET', KEYS[2])
if not generation then
  generation = ARGV[4]
  redis.call('SET', KEYS[2], generation)
end
local shares = redis.call('GET', KEYS[4]) or ''
local known = redis.call('GET', KEYS[6])
if known then
  return {generation, tonumber(known), shares}
end
local length = redis.call('XLEN', KEYS[1])
local size = length > 0 and tonumber(redis.call('GET', KEYS[3]) or 0) or 0
local last = 5 + tonumber(ARGV[5])
local added = 0
for at = 6, last do
  if length + added >= tonumber(ARGV[1]) or size + #ARGV[at] > tonumber(ARGV[2]) then break end
  redis.call('XADD', KEYS[1], '*', 'entry', ARGV[at], 'generation', generation)
  size = size + #ARGV[at]
  added = added + 1
end
redis.call('SET', KEYS[3], size)
for at = last + 1, #ARGV, 2 do
  redis.call('HINCRBY', KEYS[5], ARGV[at], ARGV[at + 1])
end
redis.call('EXPIRE', KEYS[1], ARGV[3])
redis.call('EXPIRE', KEYS[5], ARGV[3])
redis.call('SET', KEYS[6], added, 'EX', 600)
return {generation, added, shares}
"""
END = """
for at = 1, #ARGV, 2 do
  redis.call('XACK', KEYS[1], 'work', ARGV[at])
  if redis.call('XDEL', KEYS[1], ARGV[at]) == 1 then
    redis.call('DECRBY', KEYS[2], ARGV[at + 1])
  end
end
"""


class StreamAway(StranglerError):
    """Redis did not answer in time, or refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushed:
    """How many of a batch were added, to which life of the server, and which strata are to be thinned from now on."""

    generation: str
    added: int
    halvings: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What a worker was given: the entry's id in the stream, its sealed bytes, how often it was given to one."""

    id: bytes
    data: bytes
    generation: str
    times: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """What waits: `waiting` includes the `pending` ones, which workers have; `oldest` is seconds."""

    generation: str
    waiting: int
    pending: int
    aside: int
    oldest: float
    workers: Mapping[str, Mapping[str, Any]]
    halvings: Mapping[str, int]


class Stream:
    """One server. Every method makes one round trip and raises `StreamAway`."""

    def __init__(self, url: str, *, items: int = ITEMS, size: int = STREAM_BYTES, lifetime: int = LIFETIME) -> None:
        if redis is None or find_spec("cryptography") is None:
            raise ImproperlyConfigured('STRANGLER["SHADOW"]["STREAM"] is set: install django-strangler[cache,record].')
        self.items = items
        self.lifetime = lifetime
        self._size = size
        # redis-py's types promise what no server does: an answer of another kind for each option.
        self._client: Any = redis.Redis.from_url(
            url,
            socket_timeout=TIMEOUT,
            socket_connect_timeout=TIMEOUT,
            retry=Retry(NoBackoff(), 0),
            health_check_interval=0,
            protocol=2,
        )

    def push(self, token: str, entries: Sequence[bytes], offered: Mapping[str, int]) -> Pushed:
        """Add what fits, in one step; a push with the same token adds nothing again. `offered` counts by stratum."""
        names = ["stream", "generation", "bytes", "halvings", "offered", f"push:{token}"]
        limits = [self.items, self._size, self.lifetime, secrets.token_hex(8), len(entries)]
        counts = [part for pair in offered.items() for part in pair]
        with _reaching():
            generation, added, halvings = self._client.eval(
                PUSH, len(names), *map(_key, names), *limits, *entries, *counts
            )
        return Pushed(generation=generation.decode(), added=added, halvings=json.loads(halvings or "{}"))

    def read(self, worker: str, count: int, *, wait: float) -> list[Delivery]:
        """Entries that nobody was given yet; waits for the first one so many seconds."""
        with _reaching():
            found = self._grouped(
                lambda: self._client.xreadgroup(
                    GROUP, worker, {_key("stream"): ">"}, count, block=int(wait * 1000) or 1
                )
            )
        return [_delivery(id_, fields) for _, entries in found or () for id_, fields in entries]

    def claim(self, worker: str, *, idle: float) -> Delivery | None:
        """One entry that its worker has had for `idle` seconds, and has neither ended nor given back."""
        start: bytes | str = "0-0"
        while True:
            with _reaching():
                start, found, *_ = self._grouped(
                    lambda start=start: self._client.xautoclaim(
                        _key("stream"), GROUP, worker, int(idle * 1000), start, count=1
                    )
                )
                if found:
                    ((id_, fields),) = found
                    [pending] = self._client.xpending_range(_key("stream"), GROUP, id_, id_, 1) or [{}]
                    return _delivery(id_, fields, times=pending.get("times_delivered", 1))
            if start == b"0-0":
                return None

    def end(self, deliveries: Sequence[Delivery]) -> None:
        """Acknowledge and delete."""
        sizes = [part for delivery in deliveries for part in (delivery.id, len(delivery.data))]
        with _reaching():
            self._client.eval(END, 2, _key("stream"), _key("bytes"), *sizes)

    def set_aside(self, delivery: Delivery, reason: str) -> None:
        """Keep a copy of what cannot be compared in a stream of its own."""
        fields = {"entry": delivery.data, "reason": reason}
        with _reaching(), self._client.pipeline() as pipeline:
            pipeline.xadd(_key("aside"), fields, maxlen=ASIDE_ITEMS, approximate=False)
            pipeline.expire(_key("aside"), self.lifetime)
            pipeline.execute()

    def release(self, worker: str, deliveries: Sequence[Delivery], *, idle: float) -> None:
        """Give back what was not begun: any worker may claim it at once, and it counts as never given."""
        ids = [delivery.id for delivery in deliveries]
        with _reaching():
            self._client.xclaim(
                _key("stream"), GROUP, worker, 0, ids, idle=int(idle * 1000), retrycount=0, justid=True, force=False
            )

    def expired(self, now: float) -> list[Delivery]:
        """Some of the entries that are older than their lifetime."""
        with _reaching():
            found = self._client.xrange(_key("stream"), "-", int((now - self.lifetime) * 1000), PAGE)
        return [_delivery(id_, fields) for id_, fields in found]

    def offered(self) -> dict[str, int]:
        """Calls by stratum since the server began to count, drawn or not."""
        with _reaching():
            return {name.decode(): int(count) for name, count in self._client.hgetall(_key("offered")).items()}

    def thin(self, halvings: Mapping[str, int], *, seconds: float) -> None:
        """Tell whoever mirrors which strata to thin for so many seconds."""
        with _reaching():
            self._client.set(_key("halvings"), json.dumps(halvings), px=int(seconds * 1000))

    def register(self, worker: str, state: Mapping[str, Any]) -> None:
        """Say that a worker lives, and how."""
        with _reaching():
            self._client.hset(_key("workers"), worker, json.dumps(state))

    def forget(self, worker: str) -> None:
        """Take a worker off the list; what it has pending stays, for others to claim."""
        with _reaching():
            self._client.hdel(_key("workers"), worker)
            if not self._client.xpending_range(_key("stream"), GROUP, "-", "+", 1, worker):
                self._client.xgroup_delconsumer(_key("stream"), GROUP, worker)

    def forget_dead(self, now: float, *, idle: float) -> None:
        """Take off the list who has said nothing for `idle` seconds and has nothing pending."""
        with _reaching():
            for name, state in self._client.hgetall(_key("workers")).items():
                if now - json.loads(state)["at"] > idle:
                    self._client.hdel(_key("workers"), name)
            for consumer in self._grouped(lambda: self._client.xinfo_consumers(_key("stream"), GROUP)):
                if not consumer["pending"] and consumer["idle"] > idle * 1000:
                    self._client.xgroup_delconsumer(_key("stream"), GROUP, consumer["name"])

    def keep_example(self, place: str, data: bytes) -> None:
        """Keep a sealed exchange that shows a difference, the first of each place, for a lifetime."""
        with _reaching():
            self._client.set(_key(f"example:{place}"), data, ex=self.lifetime, nx=True)

    def example(self, place: str) -> bytes | None:
        """The sealed exchange that is kept for a place."""
        with _reaching():
            kept: bytes | None = self._client.get(_key(f"example:{place}"))
            return kept

    def backlog(self, now: float) -> Backlog:
        """What waits now."""
        with _reaching(), self._client.pipeline(transaction=True) as pipeline:
            pipeline.get(_key("generation"))
            pipeline.xlen(_key("stream"))
            pipeline.xlen(_key("aside"))
            pipeline.xrange(_key("stream"), "-", "+", 1)
            pipeline.hgetall(_key("workers"))
            pipeline.get(_key("halvings"))
            generation, waiting, aside, oldest, workers, halved = pipeline.execute()
        with _reaching():
            pending = self._grouped(lambda: self._client.xpending(_key("stream"), GROUP))["pending"]
        return Backlog(
            generation=(generation or b"").decode(),
            waiting=waiting,
            pending=pending,
            aside=aside,
            oldest=max(0.0, now - int(oldest[0][0].partition(b"-")[0]) / 1000) if oldest else 0.0,
            workers={name.decode(): json.loads(state) for name, state in workers.items()},
            halvings=json.loads(halved or b"{}"),
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _grouped(self, command: Any) -> Any:
        try:
            return command()
        except redis.ResponseError as error:
            if not str(error).startswith("NOGROUP"):
                raise
        # The first worker, or a server that came back empty.
        try:
            self._client.xgroup_create(_key("stream"), GROUP, "0", mkstream=True)
        except redis.ResponseError as error:
            if not str(error).startswith("BUSYGROUP"):
                raise
        return command()


@contextmanager
def _reaching() -> Iterator[None]:
    try:
        yield
    except (redis.RedisError, OSError) as error:
        # Its text may hold an argument.
        raise StreamAway(f"Redis: {type(error).__name__}") from error


def _key(name: str) -> str:
    return PREFIX + name


def _delivery(id_: bytes, fields: Mapping[bytes, bytes], *, times: int = 1) -> Delivery:
    generation = fields.get(b"generation", b"").decode(errors="replace")[:32]
    return Delivery(id=id_, data=fields.get(b"entry", b""), generation=generation, times=times)


def current_stream() -> Stream | None:
    """The stream that `STRANGLER["SHADOW"]["STREAM"]` names by its URL; None without it."""
    options = settings().shadow
    url = options.get("STREAM")
    if not url:
        return None
    return _stream(url, options.get("STREAM_ITEMS", ITEMS), options.get("STREAM_SECONDS", LIFETIME))


@lru_cache(maxsize=4)
def _stream(url: str, items: int, lifetime: int) -> Stream:
    return Stream(url, items=items, lifetime=lifetime)
