"""After a cutover the monolith is asked again: the same claims hold, and its own trouble is nobody else's."""

import pytest

from strangler_router.models import FlagChange
from strangler_router.types import Side
from strangler_shadow.gate import ask_gate, with_history
from strangler_shadow.models import ShadowCount
from strangler_shadow.tally import Outcome, Tally, sums
from strangler_shadow.verdict import Verdict
from tests.router.test_commands import cutover
from tests.shadow.evidences import NAME, exchange, mirrored

pytestmark = pytest.mark.django_db


def back(outcome=Outcome.MATCHED, **values):
    """Copies of calls that the service has answered."""
    mirrored(outcome, side=Side.SERVICE, **values)


def asked(stage="monolith", **values):
    return ask_gate(NAME, stage=stage, rung="native", **values)


def test_the_way_back_rests_on_pairs_since_the_cutover_only():
    mirrored(times=50_000)
    assert asked().verdict is Verdict.INCONCLUSIVE
    assert asked().pairs == 0
    back(times=900)
    back(Outcome.MISMATCHED, times=10)
    report = asked()
    assert (report.verdict, report.pairs, report.divergent) == (Verdict.DIVERGED, 910, 10)
    assert "10 of 910 pairs differ" in report.reasons[0]
    assert with_history(report).history[-1].bound == report.bound
    # Of all traffic before and after it is still little.
    assert asked("retired").verdict is Verdict.EQUIVALENT


def test_a_service_that_stays_equal_speaks_against_going_back_at_the_same_number_of_pairs():
    back(times=5_890)
    assert (asked().verdict, asked().missing) == (Verdict.INCONCLUSIVE, 1)
    back()
    report = asked()
    assert report.verdict is Verdict.EQUIVALENT
    assert report.reasons == (
        "fewer than 1 in 1,000 differ, at 99 %: 5,891 pairs, 0 divergent; that speaks against going back",
    )


def test_pairs_say_the_same_in_both_directions():
    back(times=3_000)
    back(Outcome.MISMATCHED, times=2)
    mirrored(times=3_000, rung="lifted")
    mirrored(Outcome.MISMATCHED, times=2, rung="lifted")
    forth = ask_gate(NAME, stage="canary", rung="lifted")
    assert (asked().bound, asked().missing, asked().verdict) == (forth.bound, forth.missing, forth.verdict)


@pytest.mark.parametrize("stage", ["monolith", "service", "retired"])
def test_a_monolith_that_does_not_answer_halts_and_is_to_blame_itself(stage):
    back(times=6_000)
    back(Outcome.ERRORED, reason="OperationalError", times=700)
    report = asked(stage)
    assert report.verdict is Verdict.INFRA
    (reason,) = report.reasons
    assert reason == (
        "the monolith gave no answer to 700 of 6,700 copies "
        "(no answer of the monolith: OperationalError 700): "
        "its own trouble, which says nothing of the service"
    )
    assert (report.pairs, report.divergent, report.counts["skipped"], report.counts["errored"]) == (6_000, 0, 700, 0)


def test_what_differs_while_the_monolith_fails_is_no_reason_to_go_back():
    back(Outcome.ERRORED, reason="OperationalError", times=50)
    back(Outcome.MISMATCHED, times=30)
    assert asked().verdict is Verdict.INFRA
    back(times=600)
    assert asked().verdict is Verdict.DIVERGED


def test_a_few_unanswered_copies_are_counted_apart_and_change_nothing():
    back(times=5_891)
    back(Outcome.ERRORED, reason="workers crashed", times=600)
    report = asked()
    assert report.verdict is Verdict.EQUIVALENT
    assert report.reasons_of_counts == {"skipped: no answer of the monolith: workers crashed": 600}
    assert sum(report.counts.values()) == sum(row["sampled"] for row in sums(NAME)) == 6_491


def test_a_service_that_falls_back_after_the_cutover_is_its_own_divergence():
    tally = Tally()
    for _ in range(30):
        tally.count(exchange(side=Side.SERVICE, fell_back=True), Outcome.ERRORED, reason="fell back")
    tally.flush()
    report = asked()
    assert (report.verdict, report.divergent) == (Verdict.INFRA, 30)
    assert "the service gave no answer to 30 of 30 pairs (fell back 30)" in report.reasons[0]


def test_before_the_cutover_no_answer_is_the_service_s():
    mirrored(Outcome.ERRORED, reason="unavailable")
    assert set(ShadowCount.objects.values_list("outcome", flat=True)) == {"errored"}


def test_going_back_asks_nobody(settings):
    settings.STRANGLER = {**settings.STRANGLER, "GATE": "strangler_shadow.gate.may_cutover", "REFRESH": 0}
    cutover(NAME, "--rung", "native", "--stage", "service", "--force", "--why", "test")
    back(Outcome.ERRORED, reason="OperationalError", times=50)
    cutover(NAME, "--stage", "monolith", "--why", "the monolith is asked by users again")
    assert FlagChange.objects.latest("pk").stage == "monolith"
