"""Redis killed and Redis stopped under load: errors, what users wait for, and whether old data comes back."""

import http.client
import json
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from rest_framework.authtoken.models import Token
from scipy.stats.mstats import hdquantiles

from academy.learning.models import Enrolment, Review
from tests.bench.rows import Row, at_most
from tests.bench.serializers.courses import courses
from tests.bench.serializers.h2load import Answer, at_rate, capacity
from tests.bench.serializers.ratios import RESAMPLES
from tests.bench.serializers.serving import Site, body_of
from tests.django.conftest import Redis

__all__ = ["Reviewer", "outage_rows", "reviewers"]

# Far from saturated, so that the p99 is not one of queues.
SHARE = 0.2
WRITES = 8
RETURNING = 3.0
BLOCKS = 8
# A 99th percentile of fewer requests is the slowest of a moment.
REQUESTS = 960


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewer:
    """A learner who may still review a course."""

    course: int
    token: str


def reviewers(size: int) -> list[Reviewer]:
    """Some for the first courses of the default database, one a course."""
    reviewed = set(Review.objects.values_list("course", "learner"))
    pks = list(courses(size).values_list("pk", flat=True))
    tokens = dict(Token.objects.values_list("user", "key"))
    found: dict[int, Reviewer] = {}
    for course, learner, user in Enrolment.objects.filter(course__in=pks).values_list(
        "course", "learner", "learner__user"
    ):
        if (course, learner) not in reviewed and user in tokens:
            found.setdefault(course, Reviewer(course=course, token=tokens[user]))
    return list(found.values())


def outage_rows(site: Site, bare: Site, redis: Redis, writers: Sequence[Reviewer], *, seconds: float) -> Iterator[Row]:
    """Rows for a running site, and for one of the same database that has no Redis, which it is compared with."""
    paths = [f"courses/{writer.course}/" for writer in writers]
    for each in (site, bare):
        capacity([each.url(f"/api/v1/{path}") for path in paths], requests=4 * len(paths))
    rate = SHARE * capacity([bare.url(f"/api/v1/{path}") for path in paths], requests=100)
    half = len(writers) // 2
    for what, writing in zip(_OUTAGES, (writers[:half], writers[half:]), strict=True):
        yield from _outage(what, _Load(site, bare, paths, rate, seconds), redis, writing[:WRITES])


_OUTAGES = {"killed": Redis.kill, "stopped": Redis.suspend}


@dataclass(frozen=True, slots=True)
class _Load:
    """The same requests, to the site whose Redis goes away, or to the one without."""

    site: Site
    bare: Site
    paths: Sequence[str]
    rate: float
    seconds: float

    def run(self, site: Site, *, seconds: float) -> list[Answer]:
        urls = [site.url(f"/api/v1/{path}") for path in self.paths]
        return at_rate(urls, rate=self.rate, seconds=seconds)


def _outage(what: str, load: _Load, redis: Redis, writers: Sequence[Reviewer]) -> Iterator[Row]:
    if _stale(load):
        raise RuntimeError("The site and its naive twin differ before the outage.")
    redis.client.save()
    with ThreadPoolExecutor(1) as pool:
        during = pool.submit(load.run, load.site, seconds=2 * load.seconds)
        time.sleep(load.seconds * 2 / 3)
        _OUTAGES[what](redis)
        answers = during.result()
    without, away = _blocks(load)
    sent = [*answers, *(answer for block in away for answer in block)]
    failed = sum(answer.failed for answer in sent)
    for writer in writers:
        _review(load.site, writer)
    stale_away = len(_stale(load))
    _bring_back(what, redis)
    stale = stale_away + _stale_after_return(load, redis)
    who = f"Redis {what} mid-load"
    yield at_most(f"{who}: failed requests", failed, "of 5xx or none", must=0, against=f"{len(sent)} sent")
    yield _waiting(who, away, without, load.rate)
    written = f"{len(writers)} objects written meanwhile" + (", old dump loaded" if what == "killed" else "")
    yield at_most(f"{who}: stale reads after it returned", stale, "reads", must=0, against=written)


def _blocks(load: _Load) -> tuple[list[list[Answer]], list[list[Answer]]]:
    """Answers without Redis and with the one that is away, asked at once, so that the machine's pauses meet both."""
    seconds = max(load.seconds, REQUESTS / BLOCKS / load.rate)
    with ThreadPoolExecutor(2) as pool:
        turns = [
            (pool.submit(load.run, load.bare, seconds=seconds), pool.submit(load.run, load.site, seconds=seconds))
            for _ in range(BLOCKS)
        ]
        return [without.result() for without, _ in turns], [away.result() for _, away in turns]


def _waiting(who: str, away: Sequence[Sequence[Answer]], without: Sequence[Sequence[Answer]], rate: float) -> Row:
    low, high = _interval(without, away)
    spread = abs(_p99(without[::2]) - _p99(without[1::2]))
    sent = sum(map(len, away))
    against = (
        f"without Redis: {_p99(without):.3g} ms, {sent} requests each at {rate:.3g}/s "
        f"(95 % {low:+.3g} to {high:+.3g}, A/A {spread:.2g})"
    )
    metric = f"{who}: p99 once the breaker is open, of {BLOCKS} blocks together"
    return at_most(metric, _p99(away) - _p99(without), "ms more", must=5, against=against)


def _p99(blocks: Sequence[Sequence[Answer]]) -> float:
    """Milliseconds, by the estimator of Harrell and Davis (Biometrika 69, 1982), which weighs several answers."""
    [found] = hdquantiles([answer.seconds for block in blocks for answer in block], prob=[0.99])
    return float(found) * 1e3


def _interval(before: Sequence[Sequence[Answer]], after: Sequence[Sequence[Answer]]) -> tuple[float, float]:
    """Percentile bootstrap over blocks, drawn for both alike."""
    drawn = np.random.default_rng(1).integers(0, len(before), (RESAMPLES // 10, len(before)))
    differences = [_p99([after[at] for at in row]) - _p99([before[at] for at in row]) for row in drawn]
    low, high = np.percentile(differences, [2.5, 97.5])
    return float(low), float(high)


def _stale(load: _Load) -> list[str]:
    """The objects that the site shows otherwise than its naive twin does."""
    different = [
        path for path in load.paths if body_of(load.site, f"/api/v1/{path}") != body_of(load.site, f"/api/naive/{path}")
    ]
    ours, naive = (body_of(load.site, f"/api/{view}/courses/").partition(b'"results":')[2] for view in ("v1", "naive"))
    return different if ours == naive else [*different, "courses/"]


def _stale_after_return(load: _Load, redis: Redis) -> int:
    """How many reads were stale until the breaker closed and a while longer. Raises where Redis stayed unused."""
    stale, before, until = 0, redis.commands().get("mget", 0), time.monotonic() + RETURNING
    while time.monotonic() < until:
        stale += len(_stale(load))
    if redis.commands().get("mget", 0) == before:
        raise RuntimeError("Nobody read Redis after it returned, so nothing is shown.")
    return stale


def _bring_back(what: str, redis: Redis) -> None:
    if what == "stopped":
        redis.resume()
        return
    redis.start()
    if not redis.client.dbsize():
        raise RuntimeError("Redis did not load its old dump, so nothing is shown.")


def _review(site: Site, writer: Reviewer) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", site.http_port, timeout=20)
    headers = {"Authorization": f"Token {writer.token}", "Content-Type": "application/json"}
    body = json.dumps({"stars": 5, "text": "Written while Redis was away."})
    connection.request("POST", f"/api/v1/courses/{writer.course}/reviews/", body, headers)
    response = connection.getresponse()
    if response.status != 201:
        raise RuntimeError(f"A review was answered by {response.status}: {response.read()[:200]!r}")
    connection.close()
