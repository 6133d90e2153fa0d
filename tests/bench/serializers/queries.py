"""How many queries and Redis round trips a list costs, cold and warm."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from typing import Any

import redis
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from tests.bench.rows import Row, at_most
from tests.bench.serializers.courses import learner_request
from tests.bench.serializers.lists import ours
from tests.bench.serializers.nested import cached_nested
from tests.bench.serializers.peer_drf import batched_by_hand, naive

__all__ = ["query_rows"]

# The academy's course: lesson_count, review_count and is_enrolled are batched, is_enrolled is fresh.
BATCHED, FRESH = 3, 1
# The courses joined with their educators, and the topics.
LEVELS = 2


def query_rows(url: str, *, sizes: Sequence[int], database: str) -> Iterator[Row]:
    """Counts on the default database, which `database` names in the rows."""
    request = learner_request()
    cold = f"1 for the keys + {BATCHED} batched fields + {LEVELS} levels: objects with to-one joined, topics"
    with override_settings(CACHEOPS_REDIS=url), closing(redis.Redis.from_url(url)) as client:
        for size in sizes:
            client.flushall()
            count = queries_of(lambda size=size: ours(request, size))
            metric = f"SQL cold, {size} objects, {database}"
            yield at_most(metric, count, "queries", must=1 + BATCHED + LEVELS, against=cold)
        size = sizes[-1]
        ours(request, size)
        warm = queries_of(lambda: ours(request, size))
        yield at_most(f"SQL warm, {database}", warm, "queries", must=1 + FRESH, against="1 + fresh fields")
        trips = commands_of(client, lambda: ours(request, size))
        yield at_most(f"Redis round trips warm, {database}", trips, "commands", must=1, against="one MGET")
        cached_nested(request)
        trips = commands_of(client, lambda: cached_nested(request))
        metric = f"Redis round trips warm, nested cached children, {database}"
        yield at_most(metric, trips, "commands", must=2, against="1 + 1 level")
        for name, read in (("DRF naive", naive), ("DRF hand-batched", batched_by_hand)):
            count = queries_of(lambda read=read: read(request, 100))
            yield Row(metric=f"SQL of {name}, 100 objects, {database}", value=count, unit="queries")


def queries_of(work: Callable[[], object]) -> int:
    """How many queries the work sends to the default database."""
    with CaptureQueriesContext(connection) as captured:
        work()
    return len(captured)


def commands_of(client: Any, work: Callable[[], object]) -> int:
    """How many commands the work sends to Redis; each is a round trip unless they travel together."""
    before = _commands(client)
    work()
    return _commands(client) - before - 1


def _commands(client: Any) -> int:
    stats: dict[str, Any] = client.info("commandstats")
    return sum(entry["calls"] for entry in stats.values())
