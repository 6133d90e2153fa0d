"""P90 of the course list and detail under gunicorn, one gevent worker, against the naive twin in the same gunicorn."""

import http.client
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from scipy.stats import bootstrap

from tests.bench.rows import Row, at_most
from tests.bench.serializers.h2load import Answer, at_rate, capacity
from tests.end_to_end.demo.processes import Stack

__all__ = ["Site", "body_of", "interval", "serving_rows"]

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


def interval(statistic: Callable[..., Any], *samples: Sequence[float]) -> tuple[float, float]:
    """The 95 % percentile-bootstrap interval of a statistic of several samples of single requests."""
    found = bootstrap(
        tuple(np.asarray(sample) for sample in samples),
        statistic,
        vectorized=True,
        paired=False,
        method="percentile",
        n_resamples=1000,
        rng=np.random.default_rng(1),
    ).confidence_interval
    return float(found.low), float(found.high)


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
    fast, slow = (_seconds(taken[name]) for name in ("ours", "naive"))
    low, high = interval(_change_of_p90, slow, fast)
    spread = _change_of_p90(_seconds(taken["naive"][::2]), _seconds(taken["naive"][1::2])) if blocks > 1 else 0
    change = float(_change_of_p90(slow, fast))
    against = (
        f"naive twin, both at {rate:.3g} requests/s, {SHARE:.0%} of its capacity "
        f"(95 % {low:.3g} to {high:.3g}, A/A {abs(spread):.2g})"
    )
    for name, seconds_of in (("naive twin", slow), ("ours", fast)):
        p90 = float(np.percentile(seconds_of, 90)) * 1e3
        yield Row(metric=f"P90 of {what}, gunicorn, one gevent worker, {name}", value=p90, unit="ms")
    yield at_most(
        f"P90 of {what}, gunicorn, one gevent worker", change, "% change", must=MUST, aim=AIM, against=against
    )


def _seconds(blocks: Sequence[Sequence[Answer]]) -> list[float]:
    answers = [answer for block in blocks for answer in block]
    if any(answer.status != 200 for answer in answers):
        raise RuntimeError("A request was not answered by 200.")
    return [answer.seconds for answer in answers]


def _change_of_p90(before: Any, after: Any, axis: int = -1) -> Any:
    return (np.percentile(after, 90, axis=axis) / np.percentile(before, 90, axis=axis) - 1) * 100
