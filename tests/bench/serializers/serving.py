"""P90 of the course list and detail under gunicorn, one gevent worker, against the naive twin in the same gunicorn."""

import http.client
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from tests.bench.rows import Row, at_most
from tests.bench.serializers.h2load import Answer, at_rate, capacity
from tests.bench.serializers.ratios import Samples, ratio
from tests.end_to_end.demo.processes import Stack

__all__ = ["Site", "body_of", "serving_rows"]

# The naive twin is to be busy, not saturated.
SHARE = 0.6
MUST, AIM = -47, -80
DETAILS = 4
# The answers to the requests for lists, and to those for details.
Mixed = tuple[list[Answer], list[Answer]]


class Site(Stack):
    """The academy with the naive twin beside it, on one gevent worker: two would share the connections unevenly."""

    @property
    def environment(self) -> dict[str, str]:
        return {**super().environment, "DJANGO_SETTINGS_MODULE": "tests.bench.serializers.settings"}

    def start_monolith(self) -> None:
        line = [
            sys.executable, "-m", "gunicorn", "academy.wsgi:application", "--config",
            "python:tests.end_to_end.demo.serving", "--worker-class", "gevent", "--workers", "1",
            "--bind", f"127.0.0.1:{self.http_port}", "--keep-alive", "75", "--no-control-socket",
            "--log-level", "warning",
        ]  # fmt: skip
        self._start("monolith", line, self.environment, self.http_port)

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.http_port}{path}"


def body_of(site: Site, path: str) -> bytes:
    """The body of a GET. Raises RuntimeError where it is not answered by 200."""
    connection = http.client.HTTPConnection("127.0.0.1", site.http_port, timeout=20)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        content = response.read()
    finally:
        connection.close()
    if response.status != 200:
        raise RuntimeError(f"GET {path}: status {response.status}")
    return content


def serving_rows(site: Site, pks: Sequence[int], *, blocks: int, seconds: float) -> Iterator[Row]:
    """Rows for the running site: lists and details asked for side by side, in blocks of so many seconds, A B B A."""
    paths = ["courses/", *(f"courses/{pk}/" for pk in pks)]
    for path in paths:
        _assert_same(site, path)
    ours, naive = ([site.url(f"/api/{view}/{path}") for path in paths] for view in ("v1", "naive"))
    # Each worker's first requests import, connect and fill; they are nobody's.
    capacity(ours, requests=4 * len(ours))
    rate = SHARE * capacity(_mixed(naive), requests=100)
    taken: dict[str, list[Mixed]] = {"ours": [], "naive": []}
    for block in range(blocks):
        turns = [("naive", naive), ("ours", ours)]
        for name, urls in turns if block % 2 == 0 else reversed(turns):
            taken[name].append(_block(urls, rate, seconds))
    for index, what in enumerate(("list of 20", "detail")):
        fast, slow = (_p90s([block[index] for block in taken[name]]) for name in ("ours", "naive"))
        yield from _rows(f"P90 of course {what}", fast, slow, rate)


def _mixed(urls: Sequence[str]) -> list[str]:
    """One list for each `DETAILS` details."""
    lists, *details = urls
    return [lists, *details[:DETAILS]]


def _block(urls: Sequence[str], rate: float, seconds: float) -> Mixed:
    lists, *details = urls
    with ThreadPoolExecutor(2) as pool:
        every = rate / (1 + DETAILS)
        first = pool.submit(at_rate, [lists], rate=every, seconds=seconds)
        second = pool.submit(at_rate, details, rate=rate - every, seconds=seconds)
        return first.result(), second.result()


def _assert_same(site: Site, path: str) -> None:
    """Raises ValueError where the twins' objects differ; only a page's links name the view."""
    ours, naive = (body_of(site, f"/api/{view}/{path}").partition(b'"results":') for view in ("v1", "naive"))
    if (ours[2] or ours[0]) != (naive[2] or naive[0]):
        raise ValueError(f"{path} differs between ours and the naive twin.")


def _rows(metric: str, fast: Samples, slow: Samples, rate: float) -> Iterator[Row]:
    metric += f", gunicorn, one gevent worker, median of {len(fast)} blocks"
    for name, p90s in (("naive twin", slow), ("ours", fast)):
        yield Row(metric=f"{metric}, {name}", value=float(np.median(p90s)) * 1e3, unit="ms")
    found = ratio(fast, slow)
    against = (
        f"naive twin, both at {rate:.3g} requests/s, {SHARE:.0%} of its capacity, {DETAILS} details a list "
        f"(95 % {_change(found.low):.3g} to {_change(found.high):.3g}, A/A {found.spread:.1%})"
    )
    yield at_most(metric, _change(found.value), "% change", must=MUST, aim=AIM, against=against)


def _p90s(blocks: Sequence[Sequence[Answer]]) -> Samples:
    """The P90 in seconds of each block."""
    if any(answer.status != 200 for block in blocks for answer in block):
        raise RuntimeError("A request was not answered by 200.")
    return np.asarray([[np.percentile([answer.seconds for answer in block], 90)] for block in blocks])


def _change(times: float) -> float:
    return (times - 1) * 100
