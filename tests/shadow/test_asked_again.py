"""What the mirror makes of a monolith that is asked again after the cutover."""

from collections import deque
from contextlib import nullcontext

import pytest
from django.db import OperationalError
from rest_framework.test import APIClient

from strangler_router import flags
from strangler_router.policy import BASIS_POINTS, Flag, Stage
from strangler_router.types import Reply
from strangler_shadow import replay
from strangler_shadow.gate import ask_gate
from strangler_shadow.latency import Latencies
from strangler_shadow.mirror import Comparer
from strangler_shadow.models import ShadowEpoch
from strangler_shadow.observer import judge
from strangler_shadow.tally import Tally, sums
from strangler_shadow.verdict import Verdict
from tests.conftest import default_database
from tests.router import observers
from tests.shadow import urls_observer

pytestmark = pytest.mark.django_db
NAME = "changing.get"


@pytest.fixture
def mirrored(settings):
    """Outcomes of calls that one side answered, the other one being asked again."""

    def calls(*, stage, service, monolith, times=1, database=""):
        settings.ROOT_URLCONF = "tests.shadow.urls_observer"
        settings.STRANGLER = {
            "LIFTED": {NAME: "SERVICE"},
            "BACKEND": lambda binding, rung: lambda call: Reply(data={"value": service}),
            "OBSERVERS": ["tests.router.observers.remember"],
            "REFRESH": 0,
        }
        flags.append(Flag(endpoint=NAME, stage=stage, mirror=BASIS_POINTS), who="test", why="test")
        observers.exchanges.clear()
        replay._handler.cache_clear()
        tally = Tally()
        comparer = Comparer(tally, judge)
        for _ in range(times):
            urls_observer.answers[:] = [monolith]
            assert APIClient(raise_request_exception=False).get("/changing/").status_code == 200
        waiting = deque(observers.exchanges)
        with default_database({"NAME": database}) if database else nullcontext():
            while waiting:
                comparer.take(waiting)
        tally.flush()
        (row,) = sums()
        return {name: count for name, count in row.items() if count == times and name != "sampled"}, row["reasons"]

    yield calls
    replay._handler.cache_clear()


def asked():
    return ask_gate(NAME, stage="monolith", rung="lifted")


@pytest.mark.parametrize("failure", [LookupError("bug"), OperationalError("the database is away")], ids=repr)
def test_a_monolith_that_fails_when_it_is_asked_again_is_not_the_service_s_divergence(mirrored, failure):
    found = mirrored(stage=Stage.SERVICE, service=1, monolith=failure, times=20)
    assert found == ({"skipped": 20}, {"skipped: no answer of the monolith: status 500": 20})
    report = asked()
    assert (report.verdict, report.divergent) == (Verdict.INFRA, 0)
    assert report.reasons[0].startswith("the monolith gave no answer to 20 of 20 copies")


def test_a_database_that_is_away_is_the_monolith_s_own_trouble(mirrored):
    found = mirrored(stage=Stage.SERVICE, service=1, monolith=1, times=20, database="/no/such/folder/academy.sqlite3")
    assert found == ({"skipped": 20}, {"skipped: no answer of the monolith: OperationalError": 20})
    report = asked()
    assert (report.verdict, report.divergent) == (Verdict.INFRA, 0)


def test_a_service_that_differs_after_the_cutover_is_divergent(mirrored):
    assert mirrored(stage=Stage.SERVICE, service=1, monolith=2, times=6) == ({"mismatched": 6}, {})
    report = asked()
    assert (report.verdict, report.divergent) == (Verdict.DIVERGED, 6)


@pytest.mark.parametrize(
    ("stage", "places"),
    [
        (Stage.MONOLITH, {"control served", "candidate replayed"}),
        (Stage.SERVICE, {"control replayed", "candidate served"}),
    ],
)
def test_the_durations_of_live_pairs_are_counted_where_they_were_measured(mirrored, stage, places):
    mirrored(stage=stage, service=1, monolith=1, times=4)
    found = Latencies.from_json(ShadowEpoch.objects.get().latency).found
    assert {place: histogram.total for place, histogram in found.items() if histogram.total} == dict.fromkeys(places, 4)
