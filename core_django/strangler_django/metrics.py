"""Counts of cached reads for Prometheus; connected at start where prometheus_client is installed."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from django.http import HttpRequest, HttpResponse
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from strangler_django.serializers import reads
from strangler_django.serializers.reads import Read

__all__ = ["connect", "exposition"]

OTHER = "other"
_LABELS = ("serializer",)
_Add = Callable[[float], None]


def _counter(name: str, text: str, *labels: str) -> Counter:
    return Counter(f"strangler_serializer_{name}", text, (*_LABELS, *labels))


_COUNTERS = {
    "objects": _counter("objects", "Objects asked for."),
    "hits": _counter("hits", "Objects that came from the cache."),
    "misses": _counter("misses", "Objects that did not come from the cache."),
    "stale": _counter("stale", "Cached values rejected because a write had ended them."),
    "waits": _counter("waits", "Values that another reader computed meanwhile."),
    "filled": _counter("fills", "Values stored."),
    "too_large": _counter("too_large", "Values not stored because of their size."),
    "queries": _counter("queries", "SQL statements."),
    "round_trips": _counter("redis_round_trips", "Round trips to Redis."),
}
_amounts = attrgetter(*_COUNTERS)
_READS = _counter("reads", "Reads.")
_BYPASSES = _counter("bypasses", "Reads that went past the cache.", "reason")
_SECONDS = Histogram(
    "strangler_serializer_read_seconds",
    "Time of a read, without rendering.",
    _LABELS,
    buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
_BATCHES = Histogram(
    "strangler_serializer_batch_keys",
    "Keys of one call of a batch method.",
    (*_LABELS, "field"),
    buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000),
)


class _Names:
    """Lets the first names through and calls the rest `other`, since each is a time series for good."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._known: set[Any] = set()

    def admits(self, name: Any) -> bool:
        if name not in self._known:
            if len(self._known) >= self._limit:
                return False
            self._known.add(name)
        return True


_serializers, _reasons, _fields = _Names(500), _Names(40), _Names(2000)


@dataclass(frozen=True, slots=True)
class _Series:
    """The time series of one serializer, looked up once."""

    reads: _Add
    seconds: _Add
    counts: tuple[_Add, ...]


_series: dict[str, _Series] = {}
_batches: dict[tuple[str, str], _Add] = {}


def connect() -> None:
    """Counts every cached read of this process from now on."""
    if note not in reads.listeners:
        reads.listeners.append(note)


def note(read: Read) -> None:
    name = read.serializer
    series = _series.get(name)
    if series is None:
        name = name if _serializers.admits(name) else OTHER
        series = _series.get(name) or _made(name)
    series.reads(1)
    for amount, add in zip(_amounts(read), series.counts, strict=True):
        if amount:
            add(amount)
    if read.seconds:
        series.seconds(read.seconds)
    if read.bypass:
        _BYPASSES.labels(name, read.bypass if _reasons.admits(read.bypass) else OTHER).inc()
    for field, keys in read.batches:
        (_batches.get((name, field)) or _batch_series(name, field))(keys)


def exposition(request: HttpRequest) -> HttpResponse:
    """A view with all metrics of the process; of all its siblings where PROMETHEUS_MULTIPROC_DIR is set.

    It tells how much is read: keep it from the public.
    """
    registry = REGISTRY
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _batch_series(name: str, field: str) -> _Add:
    known = _fields.admits((name, field))
    observe = _BATCHES.labels(name, field if known else OTHER).observe
    if known:
        _batches[name, field] = observe
    return observe


def _made(name: str) -> _Series:
    counts = tuple(counter.labels(name).inc for counter in _COUNTERS.values())
    series = _series[name] = _Series(_READS.labels(name).inc, _SECONDS.labels(name).observe, counts)
    return series
