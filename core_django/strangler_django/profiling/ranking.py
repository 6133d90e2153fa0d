"""Rank what to do first by the time that it takes off the monolith."""

from collections.abc import Iterable, Iterator

from strangler_django.profiling.report import EndpointProfile, State, Step, Work

__all__ = ["rank"]


def rank(profiles: Iterable[EndpointProfile]) -> tuple[Step, ...]:
    """Every step, that which saves most first.

    To fix an N+1 saves its removable queries times the ORM's time for one query. To peel an endpoint (or to answer it
    from the cache) saves what is left of it after its fixes. Both are per request, times the endpoint's weight.
    """
    steps = [step for profile in profiles if profile.state is State.PROFILED for step in _steps(profile)]
    return tuple(sorted(steps, key=lambda step: (-step.saves, step.work, step.endpoint, step.where)))


def _steps(profile: EndpointProfile) -> Iterator[Step]:
    for finding in profile.findings:
        yield Step(
            work=Work.FIX,
            endpoint=profile.endpoint,
            what="; ".join(advice.text for advice in finding.advice),
            where=f"{finding.field or finding.owner} at {finding.place}",
            saves=finding.milliseconds * profile.weight,
            queries=finding.removes * profile.weight,
        )
    left = profile.queries - sum(finding.removes for finding in profile.findings)
    yield Step(
        work=Work.PEEL,
        endpoint=profile.endpoint,
        what="answer it from the cache or from a service",
        where=profile.view,
        saves=max(0.0, profile.milliseconds - profile.removes_milliseconds) * profile.weight,
        queries=max(0, left) * profile.weight,
    )
