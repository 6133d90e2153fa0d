"""Where the lines of a chart run: latencies of both sides by quantile, and the bound over time. Templates draw them."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import compress

from strangler_shadow.latency import LatencyPoint

__all__ = ["Chart", "Mark", "Tick", "Trace", "bound_chart", "latency_chart", "percent", "quantile_name"]

WIDTH, HEIGHT = 440, 240
LEFT, RIGHT, TOP, BOTTOM = 54, 430, 10, 206
MOST_TICKS = 8
MARKED = (0.5, 0.9, 0.99, 0.999)
# A latency of nothing has no place on a logarithmic scale.
FASTEST_MS = 0.001
LOWEST_RATE = 1e-9
SHORTEST_TAIL = 1e-5
STEPS = [digit * 10.0**power for power in range(-9, 9) for digit in (1, 2, 5)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A labelled place on an axis."""

    at: float
    label: str
    anchor: str = "middle"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A point of a trace that is drawn as a sign."""

    x: float
    y: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """One line: `points` as SVG's polyline wants them."""

    name: str
    points: str
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A chart of 440 by 240 units; `words` say what it shows, `limit` is the height of a threshold."""

    words: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    traces: tuple[Trace, ...]
    limit: float | None = None


def latency_chart(curve: Sequence[LatencyPoint]) -> Chart:
    """Milliseconds on a logarithmic scale, over quantiles that are spread by the share of calls that took longer.

    p0, p90, p99 and p99.9 are equally far apart, so that the slow calls have as much room as the rest.
    """
    last = curve[-1].quantile
    furthest = _tail(last) or 1.0
    values = [max(value, FASTEST_MS) for point in curve for value in (point.control_ms, point.candidate_ms)]
    low, high = _bounds(min(values), max(values))

    def trace(name: str, side: str) -> Trace:
        points = [
            (_across(_tail(point.quantile) / furthest), _up(max(getattr(point, side), FASTEST_MS), low, high))
            for point in curve
        ]
        is_marked = [point.quantile in MARKED or len(curve) == 1 for point in curve]
        return Trace(
            name=name, points=_joined(points), marks=tuple(Mark(x=x, y=y) for x, y in compress(points, is_marked))
        )

    shown = [quantile for quantile in (0.0, *MARKED) if quantile <= last]
    return Chart(
        words=_latency_words(curve),
        x_ticks=tuple(Tick(at=_across(_tail(each) / furthest), label=quantile_name(each)) for each in shown),
        y_ticks=tuple(Tick(at=_up(step, low, high), label=f"{step:,g}") for step in _steps(low, high)),
        traces=(trace("control", "control_ms"), trace("candidate", "candidate_ms")),
    )


def bound_chart(days: Sequence[tuple[date, float]], limit: float) -> Chart:
    """The bound at the end of each day on a logarithmic scale, with the rate that it has to fall below."""
    rates = [max(rate, LOWEST_RATE) for _, rate in days]
    low = 10.0 ** math.floor(math.log10(min(*rates, limit)) - 1e-9)
    high = min(1.0, 10.0 ** math.ceil(math.log10(max(*rates, limit)) + 1e-9))
    first, last = days[0][0].toordinal(), days[-1][0].toordinal()
    points = [
        (_across((day.toordinal() - first) / (last - first) if last > first else 0.5), _up(rate, low, high))
        for (day, _), rate in zip(days, rates, strict=True)
    ]
    decades = [10.0**power for power in range(round(math.log10(low)), round(math.log10(high)) + 1)]
    return Chart(
        words=(
            f"On {days[0][0]:%Y-%m-%d} the bound was {percent(days[0][1])}, on {days[-1][0]:%Y-%m-%d} "
            f"{percent(days[-1][1])}; it has to fall below {percent(limit)}."
        ),
        x_ticks=tuple(_dates(first, last)),
        y_ticks=tuple(Tick(at=_up(rate, low, high), label=percent(rate)) for rate in decades),
        traces=(Trace(name="bound", points=_joined(points), marks=tuple(Mark(x=x, y=y) for x, y in points[-1:])),),
        limit=_up(limit, low, high),
    )


def quantile_name(quantile: float) -> str:
    """`p99.9`."""
    return f"p{100 * quantile:g}"


def percent(share: float) -> str:
    """A share with three digits that count: `0.0582 %`."""
    return f"{Decimal(f'{100 * share:.3g}'):f} %"


def _latency_words(curve: Sequence[LatencyPoint]) -> str:
    marked = [point for point in curve if point.quantile in MARKED] or [curve[-1]]
    parts = [
        f"at {quantile_name(point.quantile)} {point.control_ms:,.1f} and {point.candidate_ms:,.1f} ms"
        for point in marked
    ]
    return f"Control and candidate took {', '.join(parts)}."


def _dates(first: int, last: int) -> Iterator[Tick]:
    if first == last:
        yield Tick(at=_across(0.5), label=date.fromordinal(first).isoformat())
        return
    yield Tick(at=LEFT, label=date.fromordinal(first).isoformat(), anchor="start")
    if last - first > 1:
        middle = (first + last) // 2
        yield Tick(at=_across((middle - first) / (last - first)), label=date.fromordinal(middle).isoformat())
    yield Tick(at=RIGHT, label=date.fromordinal(last).isoformat(), anchor="end")


def _tail(quantile: float) -> float:
    return -math.log10(max(1 - quantile, SHORTEST_TAIL))


def _across(share: float) -> float:
    return round(LEFT + share * (RIGHT - LEFT), 1)


def _up(value: float, low: float, high: float) -> float:
    share = math.log(value / low) / math.log(high / low)
    return round(BOTTOM - share * (BOTTOM - TOP), 1)


def _bounds(lowest: float, highest: float) -> tuple[float, float]:
    """Steps of 1, 2, 5 around the values, with at least one between."""
    low = max((step for step in STEPS if step <= lowest), default=STEPS[0])
    high = min((step for step in STEPS if step >= highest), default=highest)
    return (low, high) if high / low > 2.5 else (low / 2, high * 2)


def _steps(low: float, high: float) -> list[float]:
    found = [step for step in STEPS if low * 0.999 <= step <= high * 1.001]
    tens = [step for step in found if math.isclose(math.log10(step) % 1, 0, abs_tol=1e-9) or step in (low, high)]
    return found if len(found) <= MOST_TICKS else tens


def _joined(points: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{x:g},{y:g}" for x, y in points)
