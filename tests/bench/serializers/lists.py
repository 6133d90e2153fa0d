"""The contestants' lists of 100 and 1000 courses: equal JSON first, then the time of each."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import redis
from django.test import override_settings

from academy.catalog.serializers import CourseSerializer
from tests.bench.rows import Row
from tests.bench.serializers.courses import Request, courses, learner_request
from tests.bench.serializers.floor import Floor
from tests.bench.serializers.peer_cacheops import Cacheops, cacheops_process
from tests.bench.serializers.peer_drf import batched_by_hand, naive
from tests.bench.serializers.peer_get_many import GetMany
from tests.bench.serializers.peer_ninja import ninja_courses
from tests.bench.serializers.peer_orjson import orjson_courses
from tests.bench.serializers.peer_serpy import serpy_courses
from tests.bench.serializers.ratios import Contestant, Samples, measure, most, ratio, repeated, times_faster

__all__ = ["Bounds", "drop_bodies", "list_rows", "ours"]

MEMORY = {"ACADEMY_DATABASE": ":memory:"}
Read = Callable[[Request, int], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What `warm` and `cold` have to reach at one size: (must, aim) against each peer."""

    naive: tuple[float, float] | None
    by_hand: tuple[float, float]
    dicts: tuple[float, float] = (2, 3)
    floor: tuple[float, float] = (1.35, 1.15)
    cold: tuple[float, float] = (1.15, 0.75)


BOUNDS = {100: Bounds(naive=(40, 65), by_hand=(5, 7)), 1000: Bounds(naive=None, by_hand=(8, 12))}


def list_rows(
    url: str,
    *,
    copy: Path | None = None,
    environment: Mapping[str, str] = MEMORY,
    sizes: Sequence[int],
    rounds: int,
    seconds: float,
) -> Iterator[Row]:
    """Rows of the default database: one in memory that is a copy of a SQLite file, or one that `environment` names.

    Each contestant has about `seconds` a round.
    """
    with ExitStack() as stack:
        stack.enter_context(override_settings(CACHEOPS_REDIS=url))
        client = stack.enter_context(closing(redis.Redis.from_url(url)))
        client.flushall()
        cacheops = stack.enter_context(cacheops_process(url, environment, copy=str(copy or "")))
        floor = stack.enter_context(closing(Floor(url)))
        for size in sizes:
            contestants = _contestants(url, client, cacheops, floor, size)
            alike = _assert_same(contestants)
            samples = measure(contestants, rounds=rounds, seconds=seconds)
            where = f"{'SQLite' if copy else 'PostgreSQL'}, {size} objects"
            yield from _rows(samples, alike, where, BOUNDS.get(size))


def ours(request: Request, size: int) -> bytes:
    """Cold or warm, as Redis has it."""
    return CourseSerializer(courses(size), many=True, context={"request": request}).json()


def drop_bodies(client: Any) -> None:
    """Remove every cached body and leave the stamps. Raises LookupError where there was none."""
    names = list(client.scan_iter("strangler:*:body:*", count=10_000))
    if not names:
        raise LookupError("Redis holds no bodies, so a read would not be one that lost them.")
    client.unlink(*names)


def _contestants(url: str, client: Any, cacheops: Cacheops, floor: Floor, size: int) -> list[Contestant]:
    request = learner_request()
    floor.store(_objects(batched_by_hand(request, size)))

    def contestant(name: str, read: Read, before: Callable[[], None] | None = None) -> Contestant:
        def body() -> bytes:
            return read(request, size)

        return Contestant(name=name, body=body, times=repeated(body, before))

    return [
        contestant("DRF naive", naive),
        contestant("DRF hand-batched", batched_by_hand),
        contestant("DRF + get_many", GetMany(url).read),
        Contestant(
            name="cacheops ops=all",
            body=lambda: cacheops.body(size),
            times=lambda reads: cacheops.times(size, reads),
        ),
        contestant("serpy", serpy_courses),
        contestant("django-ninja", ninja_courses),
        contestant("dicts + orjson", orjson_courses),
        contestant("ours cold", ours, lambda: drop_bodies(client)),
        contestant("ours warm", ours),
        contestant("floor", floor.read),
    ]


def _objects(content: bytes) -> dict[int, bytes]:
    """Each object's JSON by primary key, cut out of the list's bytes."""
    text = content.decode()
    decoder, at, found = json.JSONDecoder(), 1, {}
    while text[at] != "]":
        value, end = decoder.raw_decode(text, at)
        found[value["id"]] = text[at:end].encode()
        at = end + (text[end] == ",")
    return found


def _assert_same(contestants: Sequence[Contestant]) -> dict[str, bool]:
    """Whether each contestant writes the naive one's very bytes. Raises ValueError where it means something else."""
    plain, *others = contestants
    expected = plain.body()
    alike = {plain.name: True}
    for contestant in others:
        # The first read fills, the second shows what is cached.
        first, found = contestant.body(), contestant.body()
        alike[contestant.name] = first == found == expected
        if _canonical(first) != _canonical(expected) or _canonical(found) != _canonical(expected):
            raise ValueError(f"{contestant.name} writes another list than DRF does.")
    return alike


def _canonical(content: bytes) -> str:
    """Decoded JSON, keys in order, that tells 1 from 1.0 and from true."""
    return json.dumps(json.loads(content))


def _rows(samples: dict[str, Samples], alike: dict[str, bool], where: str, bounds: Bounds | None) -> Iterator[Row]:
    for name, taken in samples.items():
        same = "same bytes as DRF" if alike[name] else "same JSON as DRF, other bytes"
        yield Row(metric=f"p50 of {name}, {where}", value=float(np.median(taken)) * 1e3, unit="ms", against=same)
    warm = samples["ours warm"]
    faster = {
        "DRF naive": bounds and bounds.naive,
        "DRF hand-batched": bounds and bounds.by_hand,
        "DRF + get_many": None,
        "cacheops ops=all": None,
        "serpy": None,
        "django-ninja": None,
        "dicts + orjson": bounds and bounds.dicts,
    }
    for name, demanded in faster.items():
        must, aim = demanded or (None, None)
        yield times_faster(f"warm, {where}", ratio(samples[name], warm), must=must, aim=aim, against=name)
    must, aim = bounds.floor if bounds else (None, None)
    yield most(f"warm, {where}", ratio(warm, samples["floor"]), must=must, aim=aim, against="floor")
    must, aim = bounds.cold if bounds else (None, None)
    cold = ratio(samples["ours cold"], samples["DRF hand-batched"])
    yield most(f"cold, {where}", cold, must=must, aim=aim, against="DRF hand-batched")
