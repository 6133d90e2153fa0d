"""P90 of the course list and detail under gunicorn, one gevent worker, against the naive twin in the same gunicorn."""

import http.client
import sys
from collections.abc import Iterator, Sequence

import numpy as np

from tests.bench.rows import Row, at_most
from tests.bench.serializers.h2load import Answer, at_rate, capacity
from tests.bench.serializers.ratios import Samples, ratio
from tests.end_to_end.demo.processes import Stack

__all__ = ["Site", "body_of", "serving_rows"]

# The naive twin is to be busy, not saturated.
SHARE = 0.6
MUST, AIM = -47, -80


class Site(Stack):
    """The academy with the naive twin beside it, on one gevent worker: two would share the connections unevenly."""

    @property
    def environment(self) -> dict[str, str]:
        return {**super().environment, "DJANGO_SETTINGS_MODULE": "tests.bench.serializers.settings"}

    def start_monolith(self) -> None:
        line = [
            sys.executable, "-m", "gunicorn", "academy.wsgi:application", "--worker-class", "gevent", "--workers", "1",
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
    """Rows for the running site; blocks of so many seconds, A B B A, at one rate for both."""
    details = [f"courses/{pk}/" for pk in pks]
    for what, paths in (("list of 20", ["courses/"]), ("detail", details)):
        ours = [site.url(f"/api/v1/{path}") for path in paths]
        naive = [site.url(f"/api/naive/{path}") for path in paths]
        for path in paths[:3]:
            _assert_same(site, path)
        # Each worker's first requests import, connect and fill; they are nobody's.
        capacity(ours, requests=2 * len(ours) + 20)
        full = capacity(naive, requests=len(naive) * 2 + 30)
        yield from _compare(what, ours, naive, rate=SHARE * full, blocks=blocks, seconds=seconds)


def _assert_same(site: Site, path: str) -> None:
    """Raises ValueError where the twins' objects differ; only a page's links name the view."""
    ours, naive = (body_of(site, f"/api/{view}/{path}").partition(b'"results":') for view in ("v1", "naive"))
    if (ours[2] or ours[0]) != (naive[2] or naive[0]):
        raise ValueError(f"{path} differs between ours and the naive twin.")


def _compare(
    what: str, ours: Sequence[str], naive: Sequence[str], *, rate: float, blocks: int, seconds: float
) -> Iterator[Row]:
    taken: dict[str, list[list[Answer]]] = {"ours": [], "naive": []}
    for block in range(blocks):
        turns = [("naive", naive), ("ours", ours)]
        for name, urls in turns if block % 2 == 0 else reversed(turns):
            taken[name].append(at_rate(urls, rate=rate, seconds=seconds))
    fast, slow = (_p90s(taken[name]) for name in ("ours", "naive"))
    found = ratio(fast, slow)
    against = (
        f"naive twin, both at {rate:.3g} requests/s, {SHARE:.0%} of its capacity "
        f"(95 % {_change(found.low):.3g} to {_change(found.high):.3g}, A/A {found.spread:.1%})"
    )
    metric = f"P90 of {what}, gunicorn, one gevent worker, median of {blocks} blocks"
    for name, p90s in (("naive twin", slow), ("ours", fast)):
        yield Row(metric=f"{metric}, {name}", value=float(np.median(p90s)) * 1e3, unit="ms")
    yield at_most(metric, _change(found.value), "% change", must=MUST, aim=AIM, against=against)


def _p90s(blocks: Sequence[Sequence[Answer]]) -> Samples:
    """The P90 in seconds of each block."""
    if any(answer.status != 200 for block in blocks for answer in block):
        raise RuntimeError("A request was not answered by 200.")
    return np.asarray([[np.percentile([answer.seconds for answer in block], 90)] for block in blocks])


def _change(times: float) -> float:
    return (times - 1) * 100
