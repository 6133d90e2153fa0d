"""Tell N+1s from queries that a list needs once, by how their number grows with the list.

An N+1 is one place (field and line) whose number of queries grows with the rows. Let `slope` be queries more per row
more, between the shortest and the longest list that was measured. The place is an N+1 if

- `slope` is at least 0.5: about a query a row, or several; or
- its queries ask for one key each and `slope` is at least 0.02, with two queries more or more: rows that are seldom
  there (an optional relation), or values that are kept for the rest of the request (a query per distinct value).

What a prefetch asks in chunks has lists of keys and a small slope, so it is none; neither is a number that stays.
Where nothing grows because the answer has no list that can be forced, a place is an N+1 if it asks one key at a time,
with different values, as often as some evaluated list of that request has rows, and at least three times.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from strangler_django.profiling.attribution import Place
from strangler_django.profiling.lists import Lists
from strangler_django.profiling.queries import Query
from strangler_django.profiling.report import Sized

__all__ = ["Grown", "Run", "grown", "growth_of"]

STEEP = 0.5
SHALLOW = 0.02
OFTEN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One recorded request and the lists of its answer."""

    queries: tuple[Query, ...]
    lists: Lists

    @property
    def size(self) -> int:
        """Rows of its longest list."""
        return self.lists.longest


@dataclass(frozen=True, slots=True, kw_only=True)
class Grown:
    """A place whose queries grow: those of the usual request (or of the longest list) and the numbers by size."""

    place: Place
    queries: tuple[Query, ...]
    usual: int
    per_row: float
    growth: tuple[Sized, ...]


def growth_of(runs: Iterable[Run]) -> tuple[Sized, ...]:
    """The number of queries at each size that was reached, smallest first."""
    found = {run.size: len(run.queries) for run in runs}
    return tuple(Sized(size=size, queries=found[size]) for size in sorted(found))


def grown(natural: Run, forced: Sequence[Run]) -> list[Grown]:
    """Every N+1, in the order in which the request asks them."""
    runs = sorted(forced or [natural], key=lambda run: run.size)
    found = []
    by_run = [_by_place(run) for run in runs]
    rooted = len({run.size for run in runs}) > 1 and any(run.lists.is_root for run in runs)
    usual = _by_place(natural)
    for place in dict.fromkeys(place for places in (usual, *reversed(by_run)) for place in places):
        path = _list_path([query for places in by_run for query in places.get(place, ())])
        points = {run.lists.rows(path): len(places.get(place, ())) for run, places in zip(runs, by_run, strict=True)}
        growth = tuple(Sized(size=size, queries=points[size]) for size in sorted(points))
        longest = _growing(by_run[0].get(place, []), by_run[-1].get(place, []))
        asked = [query for query in usual.get(place, ()) if not longest or query.statement in longest]
        slope = _slope(growth)
        if _is_steep(growth, slope, longest) or (not rooted and not slope and _repeats(asked, natural)):
            found.append(
                Grown(
                    place=place,
                    queries=tuple(asked or [query for queries in longest.values() for query in queries]),
                    usual=len(asked),
                    per_row=slope or 1.0,
                    growth=growth,
                )
            )
    return found


def _by_place(run: Run) -> dict[Place, list[Query]]:
    found: dict[Place, list[Query]] = defaultdict(list)
    for query in run.queries:
        found[query.asker.place].append(query)
    return found


def _list_path(queries: Sequence[Query]) -> str | None:
    return next((query.list_path for query in queries if query.list_path is not None), None)


def _growing(shortest: Sequence[Query], longest: Sequence[Query]) -> dict[str, list[Query]]:
    """The longest list's queries by statement, without those that the shortest asks as often: the list itself."""
    before = Counter(query.statement for query in shortest)
    after: dict[str, list[Query]] = defaultdict(list)
    for query in longest:
        after[query.statement].append(query)
    return {statement: queries for statement, queries in after.items() if len(queries) > before[statement]}


def _slope(growth: Sequence[Sized]) -> float:
    if len(growth) < 2:
        return 0.0
    return (growth[-1].queries - growth[0].queries) / (growth[-1].size - growth[0].size)


def _is_steep(growth: Sequence[Sized], slope: float, growing: dict[str, list[Query]]) -> bool:
    if slope >= STEEP:
        return True
    single = all(query.keys <= 1 for queries in growing.values() for query in queries)
    return single and slope >= SHALLOW and growth[-1].queries - growth[0].queries >= 2


def _repeats(queries: Sequence[Query], natural: Run) -> bool:
    different = len({query.values for query in queries})
    shapes = len({query.statement for query in queries}) or 1
    rows = natural.lists.row_counts
    return (
        len(queries) >= OFTEN
        and different == len(queries)
        and len(queries) % shapes == 0
        and len(queries) // shapes in rows
        and len(queries) // shapes >= OFTEN
        and all(query.keys <= 1 for query in queries)
    )
