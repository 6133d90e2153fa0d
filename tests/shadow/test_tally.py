"""What is counted in memory arrives in the database once."""

import time
from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from strangler_router.types import Call, Decision, Exchange, Served, Side
from strangler_shadow.latency import Latencies
from strangler_shadow.models import ShadowCount, ShadowDifference, ShadowEpoch, ShadowSettled
from strangler_shadow.observation import Difference, Kind, Observation
from strangler_shadow.once import FLUSH
from strangler_shadow.tally import Outcome, Tally, sums

pytestmark = pytest.mark.django_db
CONTROL = Observation(status=200, body=b'{"level": "hard", "name": "a"}')


def exchange(endpoint="x.get", rung="native", side=Side.MONOLITH):
    return Exchange(
        call=Call(endpoint=endpoint, route="x/", method="GET", path="/x/"),
        decision=Decision(side=side, rung=rung, reason=""),
        served=Served(status=200, headers=(), cookies=(), body=b"", seconds=0.1),
    )


def difference(path="$.detail", kind=Kind.VALUE):
    return Difference(kind=kind, path=path, control="a", candidate="b")


events = st.tuples(
    st.sampled_from(["x.get", "y.get"]),
    st.sampled_from(list(Side)),
    st.sampled_from(list(Outcome)),
    st.sampled_from(["", "why", "w" * 300]),
    st.booleans(),
)


def counted(side, outcome):
    """Who owed the answer that there is not."""
    return Outcome.SKIPPED if (side, outcome) == (Side.SERVICE, Outcome.ERRORED) else outcome


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events=st.lists(events, max_size=30))
def test_sampled_is_the_sum_of_the_outcomes(events):
    ShadowCount.objects.all().delete()
    tally = Tally()
    for endpoint, side, outcome, reason, flush in events:
        if outcome is Outcome.DROPPED:
            tally.drop(exchange(endpoint, side=side), reason)
        else:
            tally.count(exchange(endpoint, side=side), outcome, reason=reason)
        if flush:
            tally.flush()
    tally.flush()
    assert tally.is_flushed
    rows = list(sums())
    assert sum(row["sampled"] for row in rows) == len(events)
    for row in rows:
        assert row["sampled"] == sum(row[outcome.value] for outcome in Outcome)
        for outcome in Outcome:
            key = row["endpoint"], row["answered"], outcome
            expected = [event for event in events if (event[0], event[1].value, counted(*event[1:3])) == key]
            assert row[outcome.value] == len(expected)


def test_two_processes_add_to_the_same_rows():
    for _ in range(2):
        tally = Tally()
        tally.count(exchange(), Outcome.MISMATCHED)
        tally.found(exchange(), CONTROL, [difference()])
        tally.flush()
    assert ShadowCount.objects.get().count == 2
    assert ShadowDifference.objects.get().count == 2


def test_a_group_counts_once_an_exchange_however_many_rows_differ():
    tally = Tally()
    tally.found(exchange(), CONTROL, [difference(f"$.results[{row}].detail") for row in range(5)])
    tally.flush()
    row = ShadowDifference.objects.get()
    assert (row.pattern, row.count) == ("$.results[*].detail", 1)
    assert row.first_seen == row.last_seen


def test_rungs_and_kinds_are_groups_of_their_own():
    tally = Tally()
    for rung, kind in [("native", Kind.VALUE), ("lifted", Kind.VALUE), ("native", Kind.TYPE)]:
        tally.found(exchange(rung=rung), CONTROL, [difference(kind=kind)])
    tally.flush()
    assert ShadowDifference.objects.count() == 3


def test_places_that_no_database_takes_are_kept_all_the_same():
    tally = Tally()
    tally.found(
        exchange(), CONTROL, [difference('$["\ud800"]'), difference("$." + "a" * 900), difference('$["\\u0000"]')]
    )
    tally.flush()
    assert ShadowDifference.objects.count() == 3


def test_durations_add_up_over_flushes_and_have_no_row_of_their_own():
    tally = Tally()
    for side, took in [(Side.MONOLITH, (0.1, 0.2)), (Side.SERVICE, (0.3, 0.4)), (Side.MONOLITH, None)]:
        tally.count(exchange(side=side), Outcome.MATCHED, took=took)
        tally.flush()
    (epoch,) = ShadowEpoch.objects.all()
    totals = {place: histogram.total for place, histogram in Latencies.from_json(epoch.latency).found.items()}
    assert totals == {"control served": 1, "control replayed": 1, "candidate served": 1, "candidate replayed": 1}


def test_one_endpoints_sums_can_be_asked_for():
    tally = Tally()
    for endpoint in ("x.get", "y.get"):
        tally.count(exchange(endpoint), Outcome.SKIPPED, reason="writes")
    tally.flush()
    [row] = sums("y.get")
    assert (row["endpoint"], row["skipped"], row["reasons"]) == ("y.get", 1, {"skipped: writes": 1})


def notes():
    return ShadowSettled.objects.filter(uid__startswith=FLUSH)


def test_a_process_leaves_one_note_and_those_of_processes_long_gone_are_forgotten():
    ShadowSettled.objects.create(uid=f"{FLUSH}old", at=timezone.now() - timedelta(days=8))
    ShadowSettled.objects.create(uid=f"{FLUSH}another", at=timezone.now() - timedelta(days=6))
    ShadowSettled.objects.create(uid="c0ffee", at=timezone.now() - timedelta(days=8))
    tally = Tally()
    for _ in range(3):
        tally.count(exchange(), Outcome.MATCHED)
        tally.flush()
    assert (ShadowCount.objects.get().count, notes().count()) == (3, 2)
    assert not notes().filter(uid__endswith="old").exists()
    assert ShadowSettled.objects.filter(uid="c0ffee").exists()


def test_what_is_counted_while_a_batch_waits_comes_behind_it():
    tally = Tally()
    tally.count(exchange("x.get"), Outcome.MATCHED)
    tally.drop(exchange("x.get"), "queue full")
    with connection.execute_wrapper(refuse):
        tally.flush()
        assert not tally.is_flushed
        tally.count(exchange("y.get"), Outcome.MATCHED)
        tally.drop(exchange("x.get"), "queue full")
        tally.flush()
    assert not ShadowCount.objects.exists()
    tally.flush()
    assert tally.is_flushed
    assert set(ShadowCount.objects.values_list("endpoint", "outcome", "count")) == {
        ("x.get", "matched", 1), ("x.get", "dropped", 2), ("y.get", "matched", 1),
    }  # fmt: skip


def refuse(execute, sql, params, many, context):
    """A database that takes no row."""
    if sql.startswith(("INSERT", "UPDATE")):
        raise OperationalError("the disk is full")
    return execute(sql, params, many, context)


@pytest.mark.parametrize("lost", [0, 1, 2])
def test_a_commit_whose_reply_is_lost_counts_once(lossy, lost):
    tally = Tally()
    tally.count(exchange(), Outcome.MATCHED)
    for _ in range(lost):
        lossy.is_losing = True
        while lossy.is_losing:
            tally.flush()
        assert not tally.is_flushed
        tally.count(exchange(), Outcome.MATCHED)
    deadline = time.monotonic() + 20
    while not tally.is_flushed and time.monotonic() < deadline:
        # What is lost may be under way still, and a second one beside it is refused.
        tally.flush()
    assert tally.is_flushed
    assert lossy.lost == lost
    assert (ShadowCount.objects.get().count, notes().count()) == (1 + lost, 1)
