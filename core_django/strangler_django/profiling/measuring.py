"""Profile one endpoint: ask it as it is, with lists of chosen sizes, by the clock and under cProfile."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.shortcuts import resolve_url

from strangler_django.endpoints import Endpoint
from strangler_django.profiling.advice import advice_on, asks_the_same
from strangler_django.profiling.cacheable import cacheable
from strangler_django.profiling.growth import Grown, Run, grown, growth_of
from strangler_django.profiling.lists import Fetch, Lists, fetched_lists, watched
from strangler_django.profiling.queries import Clock, Recorder, recording
from strangler_django.profiling.report import EndpointProfile, Finding, State
from strangler_django.profiling.requests import Ask
from strangler_django.profiling.running import Answer, Project
from strangler_django.profiling.sampling import sample_of
from strangler_django.profiling.split import Split, split_of

__all__ = ["SIZES", "profile_endpoint", "profile_request"]

SIZES = (1, 10, 100)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asking:
    """One request that can be made again and again."""

    project: Project
    ask: Ask
    user: Any

    def once(self) -> Answer:
        return self.project.get(self.ask, user=self.user)

    def recorded(self, size: int | None = None, chosen: frozenset[Fetch] = frozenset()) -> tuple[Answer, Run]:
        lists = Lists(size, chosen)
        recorder = Recorder(lambda: lists.path)
        with watched(lists), recording(recorder):
            answer = self.once()
        return answer, Run(queries=tuple(recorder.queries), lists=lists)


def profile_endpoint(endpoint: Endpoint, project: Project, sizes: Sequence[int] = SIZES) -> EndpointProfile:
    """Profile a request with sampled arguments; of up to three rows, the one whose answer takes most queries."""
    sample = sample_of(endpoint, project.user)
    if not sample.asks:
        return _unprofiled(endpoint, State.NO_SAMPLE, sample.reason)
    if len(sample.asks) == 1:
        return profile_request(endpoint, project, sample.asks[0], sizes=sizes)
    tried = [(ask, *_Asking(project=project, ask=ask, user=None).recorded()) for ask in sample.asks]
    good = [entry for entry in tried if entry[1].status == 200] or tried
    ask, _, _ = max(good, key=lambda entry: len(entry[2].queries))
    return profile_request(endpoint, project, ask, sizes=sizes)


def profile_request(
    endpoint: Endpoint, project: Project, ask: Ask, *, user: Any = None, sizes: Sequence[int] = SIZES
) -> EndpointProfile:
    """Profile one request of an endpoint."""
    asking = _Asking(project=project, ask=ask, user=user)
    answer, natural = asking.recorded()
    if answer.status != 200:
        state, reason = _refusal(answer, anonymous=user is None and project.user is None)
        return _unprofiled(endpoint, state, reason, ask=ask, status=answer.status)
    # Whatever the process keeps for good (content types, compiled templates) is there from now on.
    _, natural = asking.recorded()
    forced, notes = _forced(asking, natural, sizes)
    clock = Clock()
    seconds, sql = _timed(asking.once, clock)
    split = split_of(asking.once)
    milliseconds = seconds * 1000
    each = split.query_share * milliseconds
    found = grown(natural, forced)
    return EndpointProfile(
        endpoint=endpoint.id,
        route=endpoint.route,
        view=_view_name(endpoint),
        state=State.PROFILED,
        status=answer.status,
        query=ask.query,
        weight=ask.weight,
        size=natural.size,
        queries=len(natural.queries),
        writes=sum(query.writes for query in natural.queries),
        milliseconds=milliseconds,
        sql_milliseconds=sql * 1000,
        growth=growth_of(forced or [natural]),
        split=split.shares,
        hot=split.hot,
        cacheable=_cacheable(split),
        findings=tuple(_finding(one, each) for one in found),
        notes=tuple(notes) + _said(natural),
    )


def _forced(asking: _Asking, natural: Run, sizes: Sequence[int]) -> tuple[list[Run], list[str]]:
    """Runs with lists of each size, where the answer stays the same kind; and what is to be said about them."""
    chosen = fetched_lists(natural.lists)
    if not chosen and not natural.lists.longest:
        return [], ["it shows no list" if not natural.lists.fetches else "its list cannot be forced to a size"]
    runs: list[Run] = []
    for size in sorted(sizes, reverse=True):
        answer, run = asking.recorded(size, chosen)
        if answer.status != 200:
            return [], [f"with lists of {size} rows it answers {answer.status}, so it was measured as it is only"]
        runs.append(run)
    runs = list({run.size: run for run in runs if run.size}.values())
    reached = sorted(run.size for run in runs)
    notes = []
    if reached != sorted(sizes):
        notes.append(f"measured at sizes {', '.join(map(str, reached))}: there are no more rows")
    if len(reached) < 2:
        notes.append("one size shows no growth: give it more rows")
    return runs, notes


def _timed(ask: Callable[[], Answer], clock: Clock) -> tuple[float, float]:
    """The better of two requests, in seconds: whole, and in the database."""
    found = []
    for _ in range(2):
        clock.seconds = 0.0
        with recording(clock):
            found.append((ask().seconds, clock.seconds))
    return min(found)


def _finding(found: Grown, each: float) -> Finding:
    place, advice = found.place, advice_on(found)
    return Finding(
        field=place.field,
        owner=place.owner,
        file=place.line.file,
        line=place.line.number,
        source=place.line.text,
        declared=f"{place.declared.file}:{place.declared.number}" if place.declared else "",
        statements=tuple(dict.fromkeys(query.statement for query in found.queries)),
        queries=found.usual,
        per_row=round(found.per_row, 2),
        growth=found.growth,
        same_values=asks_the_same(found),
        milliseconds=each * sum(one.removes for one in advice),
        advice=advice,
    )


def _cacheable(split: Split) -> Any:
    # The serializer of the answer comes first; others are what it, or the view, shows on the way.
    found = [share for serializer in split.serializers[:1] if (share := cacheable(serializer)) is not None]
    return found[0] if found else None


def _said(natural: Run) -> tuple[str, ...]:
    writes = sum(query.writes for query in natural.queries)
    return (f"it writes: {writes} statements, rolled back",) if writes else ()


def _refusal(answer: Answer, *, anonymous: bool) -> tuple[State, str]:
    if answer.error or answer.status >= 500:
        return State.FAILED, f"{answer.status}: {answer.error or 'no exception was raised'}"
    login = answer.location.partition("?")[0]
    to_login = bool(login) and (login == resolve_url(settings.LOGIN_URL) or "login" in login)
    if answer.status in (401, 403) or to_login:
        hint = "; give --user" if anonymous else "; this user may not"
        return State.LOGIN, f"{answer.status}{hint}"
    words = "a redirect" if 300 <= answer.status < 400 else "not 200"
    return State.ANSWERED, f"{answer.status}, {words}"


def _unprofiled(
    endpoint: Endpoint, state: State, reason: str, *, ask: Ask | None = None, status: int = 0
) -> EndpointProfile:
    return EndpointProfile(
        endpoint=endpoint.id,
        route=endpoint.route,
        view=_view_name(endpoint),
        state=state,
        reason=reason,
        status=status,
        query=ask.query if ask else (),
        weight=ask.weight if ask else 1,
    )


def _view_name(endpoint: Endpoint) -> str:
    view: Any = endpoint.view_class or endpoint.callback
    name = getattr(view, "__qualname__", type(view).__qualname__)
    return f"{getattr(view, '__module__', '')}.{name}"
