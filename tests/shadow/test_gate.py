"""What the gate says of evidence, one objection at a time."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import assume, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from strangler_router.errors import ConfigurationError
from strangler_router.models import FlagChange
from strangler_router.policy import Stage
from strangler_router.types import Side
from strangler_shadow.coverage import Coverage
from strangler_shadow.evidence import Verification, record_verification
from strangler_shadow.gate import ask_gate, judge, may_cutover
from strangler_shadow.gate_rules import GateRules, read_rules
from strangler_shadow.latency import Latencies
from strangler_shadow.models import ShadowEpoch
from strangler_shadow.tally import Outcome
from strangler_shadow.verdict import Verdict
from tests.router.test_commands import cutover
from tests.shadow.evidences import NAME, NOW, evidence, mirrored

RULES = GateRules()
LITTLE = GateRules(little_traffic_rate=0.01)
PASSED = Verification(at=NOW, verdict=Verdict.EQUIVALENT, calls=120)
ENROLMENT = "v1:enrolment-detail.get"


def judged(found=None, *, rules=RULES, stage="canary", now=NOW, **context):
    return judge(evidence(**(found or {})), rules, stage=stage, now=now, **context)


def seen(**statuses):
    coverage = Coverage()
    coverage.statuses.update(statuses)
    return coverage


def test_the_gate_opens_where_enough_pairs_are_equal():
    report = judged()
    assert report.verdict is Verdict.EQUIVALENT
    assert report.reasons == ("fewer than 1 in 1,000 differ, at 99 %: 6,000 pairs, 0 divergent",)
    assert report.bound < 0.001
    assert report.missing == 0


def test_too_few_pairs_are_inconclusive_and_the_missing_ones_are_told():
    report = judged({"matched": 5_000})
    assert report.verdict is Verdict.INCONCLUSIVE
    assert report.missing == 891
    (reason,) = report.reasons
    assert reason == (
        "5,000 pairs, 0 divergent: up to 1 in 849 may differ; "
        "about 891 more pairs without a difference bring that below 1 in 1,000"
    )


def test_one_divergent_pair_asks_for_more_pairs():
    assert judged({"matched": 8_000, "mismatched": 1}).verdict is Verdict.INCONCLUSIVE
    assert judged({"matched": 9_000, "mismatched": 1}).verdict is Verdict.EQUIVALENT


@pytest.mark.parametrize(
    ("counts", "verdict", "words"),
    [
        ({"matched": 900, "mismatched": 10}, Verdict.DIVERGED, "10 of 910 pairs differ"),
        ({"matched": 0, "mismatched": 4}, Verdict.DIVERGED, "`strangler shadow diffs"),
        ({"matched": 900, "errored": 10}, Verdict.INFRA, "no answer to 10 of 910 pairs (unavailable 10)"),
        ({"matched": 5_000, "errored": 9, "mismatched": 8}, Verdict.INFRA, "and 8 differ"),
        ({"matched": 5_000, "errored": 8, "mismatched": 9}, Verdict.DIVERGED, "and 9 differ"),
        ({"matched": 900, "errored": 100, "mismatched": 50}, Verdict.DIVERGED, "50 of 1,050 pairs differ"),
    ],
)
def test_more_divergent_pairs_than_can_be_made_good_say_so_at_once(counts, verdict, words):
    reasons = {"errored: unavailable": counts.get("errored", 0)}
    report = judged({**counts, "reasons": reasons})
    assert report.verdict is verdict
    assert words in report.reasons[0]


def test_transient_differences_have_a_limit_of_their_own():
    assert judged({"transient": 20}).verdict is Verdict.EQUIVALENT
    report = judged({"transient": 200})
    assert report.verdict is Verdict.INCONCLUSIVE
    assert "200 differences were gone when both sides were asked again" in report.reasons[0]
    assert "1.00% is the limit" in report.reasons[0]


def test_copies_that_were_never_compared_have_a_limit():
    assert judged({"skipped": 300, "dropped": 300}).verdict is Verdict.EQUIVALENT
    reasons = {"skipped: writes": 500, "dropped: queue full": 600, "dropped: thinned": 1_000}
    report = judged({"skipped": 500, "dropped": 1_600, "reasons": reasons})
    assert report.verdict is Verdict.INCONCLUSIVE
    assert "1,100 of 8,100 copies were not compared (queue full 600, writes 500)" in report.reasons[0]


def test_copies_that_the_draw_left_out_have_none():
    assert judged({"dropped": 900_000, "reasons": {"dropped: thinned": 900_000}}).verdict is Verdict.EQUIVALENT


def test_errors_and_empty_answers_alone_are_never_a_pass():
    coverage = seen(**{"404": 6_000})
    coverage.vacuous = 6_000
    report = judged({"coverage": coverage})
    assert report.verdict is Verdict.INCONCLUSIVE
    assert "6,000 of 6,000 compared answers were errors or empty" in report.reasons[0]


def test_a_kind_of_caller_that_no_pair_is_of_is_asked_for_by_verify():
    kinds = ["another user"]
    report = judged(missing_kinds=kinds)
    assert report.verdict is Verdict.INCONCLUSIVE
    assert "no pair is of: another user" in report.reasons[0]
    assert judged({"verified": PASSED}, missing_kinds=kinds).verdict is Verdict.EQUIVALENT
    failed = Verification(at=NOW, verdict=Verdict.DIVERGED, calls=120)
    assert judged({"verified": failed}, missing_kinds=kinds).verdict is Verdict.INCONCLUSIVE


def test_evidence_of_what_is_no_longer_there_is_stale():
    report = judged({"matched": 0, "epoch": 0, "earlier": 9_000, "changed": ("contract", "build")})
    assert report.verdict is Verdict.STALE
    assert "a change of: contract, build; 9,000 earlier pairs" in report.reasons[0]
    assert judged({"earlier": 9_000, "changed": ("build",)}).verdict is Verdict.EQUIVALENT


def test_evidence_that_is_too_old_is_stale():
    assert judged(now=NOW + timedelta(days=6, hours=23)).verdict is Verdict.EQUIVALENT
    report = judged(now=NOW + timedelta(days=7))
    assert (report.verdict, report.reasons) == (
        Verdict.STALE,
        ("the last pair is of 2026-11-23, and 7 days are the limit",),
    )


def test_all_that_is_missing_is_told_at_once():
    report = judged({"matched": 1_000, "transient": 200, "dropped": 500})
    assert [words.split()[0] for words in report.reasons] == ["200", "500", "1,000"]


def took(candidate, number=20_000):
    found = Latencies()
    for step in range(number):
        found.add(Side.MONOLITH, 0.1 + step / 1e6, candidate * (0.1 + step / 1e6))
    return {"latencies": found}


def test_a_service_that_is_slower_is_reported_and_holds_nobody_up_unless_that_was_asked():
    found = took(2.0)
    report = judged(found)
    assert report.verdict is Verdict.EQUIVALENT
    assert [(item.quantile, item.side, item.measured) for item in report.latency[:2]] == [
        (0.5, "control", "served"),
        (0.5, "candidate", "replayed"),
    ]
    assert report.curve[10].candidate_ms == pytest.approx(220, rel=0.02)
    slow = GateRules(slower=1.5)
    assert judged(found, rules=slow).verdict is Verdict.INCONCLUSIVE
    assert (
        judged(found, rules=slow)
        .reasons[0]
        .startswith(
            "at p50 the service (replayed) surely takes more than 1.5 times as long as the monolith (served): 21"
        )
    )
    assert judged(took(1.2), rules=slow).verdict is Verdict.EQUIVALENT
    assert judged(took(2.0, number=20), rules=slow).verdict is Verdict.EQUIVALENT


def test_a_write_is_never_mirrored_and_so_never_conclusive():
    report = judged({"matched": 0, "epoch": 0}, method="POST")
    assert report.verdict is Verdict.INCONCLUSIVE
    assert report.reasons == ("POST is never mirrored, so that no live pair can speak for it",)


def test_each_further_epoch_asks_for_more_pairs():
    missing = [judged({"matched": 10, "epoch": number}).missing for number in (1, 2, 3, 30)]
    assert missing == sorted(missing)
    assert missing[0] < missing[1]


def test_pairs_that_stand_for_many_calls_are_weighed_against_those_that_stand_for_few():
    """A rare kind of call, compared each time, differs often: of all traffic that is still little."""
    common = {(Outcome.MATCHED, 64): 100_000}
    rare = {(Outcome.MATCHED, 1): 900, (Outcome.MISMATCHED, 1): 100}
    found = replace(evidence(), counts=common | rare)
    assert judge(found, RULES, stage="canary", now=NOW).verdict is Verdict.EQUIVALENT
    alike = evidence(matched=100_900, mismatched=100, weight=1)
    assert judge(alike, RULES, stage="canary", now=NOW).verdict is not Verdict.EQUIVALENT


class TestLittleTraffic:
    later = NOW + timedelta(days=14)

    def judged(self, *, rules=LITTLE, stage="service", now=later, **values):
        defaults = {"matched": 800, "latest": now, "verified": PASSED}
        return judged(defaults | values, rules=rules, stage=stage, now=now)

    def test_time_and_verify_stand_in_for_pairs_where_the_project_says_so(self):
        report = self.judged()
        assert report.verdict is Verdict.EQUIVALENT
        claim, smaller = report.reasons[0].split("; ")
        assert claim == "fewer than 1 in 100 differ, at 99 %: 800 pairs, 0 divergent"
        assert smaller == "that is the smaller claim for little traffic, beside 120 equal calls of `strangler verify`"

    def test_where_the_pairs_are_enough_the_larger_claim_is_made(self):
        assert self.judged(matched=6_000).reasons == (
            "fewer than 1 in 1,000 differ, at 99 %: 6,000 pairs, 0 divergent",
        )

    @pytest.mark.parametrize(
        "changes",
        [
            {"rules": RULES},
            {"stage": "retired"},
            {"now": NOW + timedelta(days=13)},
            {"matched": 500},
            {"mismatched": 2},
            {"verified": None},
            {"verified": Verification(at=NOW, verdict=Verdict.INCONCLUSIVE, calls=500)},
            {"verified": Verification(at=NOW, verdict=Verdict.EQUIVALENT, calls=99)},
            {"transient": 400},
        ],
        ids=repr,
    )
    def test_nothing_less_does(self, changes):
        assert self.judged(**changes).verdict is not Verdict.EQUIVALENT


counts = st.fixed_dictionaries(
    {
        "matched": st.integers(0, 30_000),
        "mismatched": st.integers(0, 20),
        "errored": st.integers(0, 20),
        "transient": st.integers(0, 100),
        "dropped": st.integers(0, 3_000),
    }
)


@hypothesis_settings(max_examples=40, deadline=None)
@given(found=counts, more=st.sampled_from(["mismatched", "errored", "transient"]), worse=st.integers(1, 50))
def test_a_further_divergent_or_transient_pair_never_opens_the_gate(found, more, worse):
    assume(judged(found).verdict is not Verdict.EQUIVALENT)
    assert judged({**found, more: found[more] + worse}).verdict is not Verdict.EQUIVALENT


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ({"MAX_RAT": 0.1}, "no key 'MAX_RAT'; did you mean 'MAX_RATE'?"),
        ({"MAX_RATE": 0}, "max_rate is 0"),
        ({"CONFIDENCE": 99}, "confidence is 99"),
        ({"SLOWER": 0.5}, "slower is 0.5; say how many times, 1 or more"),
        ({"MAX_RATE": {"canry": 0.1}}, "names no stages: ['canry']"),
    ],
)
def test_impossible_rules_are_refused(raw, words):
    with pytest.raises(ConfigurationError) as error:
        read_rules(raw, "canary")
    assert words in str(error.value)


def test_a_stage_may_have_a_rate_of_its_own_and_the_command_line_wins():
    raw = {"MAX_RATE": {"canary": 0.01}, "CONFIDENCE": 0.95}
    rates = {stage: read_rules(raw, stage).max_rate for stage in Stage}
    assert rates == {"monolith": 0.001, "canary": 0.01, "service": 0.001, "retired": 0.001}
    rules = read_rules(raw, "canary", max_rate=0.002, confidence=0.9)
    assert (rules.max_rate, rules.confidence) == (0.002, 0.9)


@pytest.mark.django_db
class TestInTheDatabase:
    def test_the_numbers_of_the_report_are_those_of_the_database(self):
        mirrored(times=5_990, subject="7")
        mirrored(Outcome.MISMATCHED)
        mirrored(Outcome.DROPPED, reason="queue full", times=9)
        report = ask_gate(NAME, stage="canary", rung="native")
        assert report.counts == {
            "matched": 5_990, "mismatched": 1, "transient": 0, "errored": 0, "skipped": 0, "dropped": 9,
        }  # fmt: skip
        assert (report.pairs, report.divergent, report.callers) == (5_991, 1, {"anonymous": 1, "user": 1})
        assert report.reasons_of_counts == {"dropped: queue full": 9}
        assert report.never_seen.fields == ("bio", "course_count", "joined_at", "levels", "photo", "website")
        assert report.never_seen.callers == ("staff",)

    @pytest.mark.parametrize(
        ("outcome", "side", "verdict"),
        [
            (Outcome.DROPPED, Side.MONOLITH, Verdict.STALE),
            (Outcome.SKIPPED, Side.MONOLITH, Verdict.STALE),
            (Outcome.ERRORED, Side.SERVICE, Verdict.STALE),
            (Outcome.ERRORED, Side.MONOLITH, Verdict.INCONCLUSIVE),
            (Outcome.MATCHED, Side.MONOLITH, Verdict.EQUIVALENT),
        ],
    )
    def test_copies_that_were_never_compared_keep_no_evidence_young(self, outcome, side, verdict):
        mirrored(times=6_000)
        ShadowEpoch.objects.update(latest=timezone.now() - timedelta(days=8))
        mirrored(outcome, reason="why", side=side)
        assert ask_gate(NAME, stage="canary", rung="native").verdict is verdict

    def test_kinds_of_caller_are_asked_for_where_the_service_decides_about_objects(self, django_user_model):
        mirrored(times=6_000, endpoint=ENROLMENT)
        report = ask_gate(ENROLMENT, stage="canary", rung="native")
        assert report.verdict is Verdict.EQUIVALENT
        for name in ("ada", "bob"):
            django_user_model.objects.create_user(name)
        mirrored(times=10, endpoint=ENROLMENT, subject="1")
        report = ask_gate(ENROLMENT, stage="canary", rung="native")
        assert report.verdict is Verdict.INCONCLUSIVE
        assert "no pair is of: another user" in report.reasons[0]
        mirrored(endpoint=ENROLMENT, subject="2")
        assert ask_gate(ENROLMENT, stage="canary", rung="native").verdict is Verdict.EQUIVALENT
        mirrored(times=6_000, endpoint=ENROLMENT, rung="lifted", is_staff=True, subject="3")
        # There the monolith decides.
        assert ask_gate(ENROLMENT, stage="canary", rung="lifted").verdict is Verdict.EQUIVALENT

    def test_another_tenant_is_wanted_where_there_are_tenants(self, settings):
        settings.STRANGLER = {**settings.STRANGLER, "TENANT": "tests.router.tenant.tenant_of"}
        mirrored(times=6_000, endpoint=ENROLMENT, tenant="shop")
        assert "another tenant" in ask_gate(ENROLMENT, stage="canary", rung="native").reasons[0]

    def test_the_callable_for_settings_says_what_the_history_keeps(self):
        mirrored(times=6_000)
        judgement = may_cutover(NAME, stage="canary", basis_points=500, rung="native")
        assert judgement.verdict is Verdict.EQUIVALENT
        report = ask_gate(NAME, stage="canary", rung="native")
        assert judgement.evidence == (
            f"epoch 1 ({report.fingerprint}): 6,000 pairs, 0 divergent, bound {report.bound:.3g} at 99 %"
        )

    def test_a_cutover_waits_for_it(self, settings):
        settings.STRANGLER = {**settings.STRANGLER, "GATE": "strangler_shadow.gate.may_cutover", "REFRESH": 0}
        step = (NAME, "--rung", "native", "--stage", "canary", "--percent", "5")
        with pytest.raises(Exception, match="the gate says INCONCLUSIVE: nothing was compared yet") as error:
            cutover(*step)
        assert error.value.returncode == 2
        cutover(NAME, "--rung", "native", "--mirror", "100")
        mirrored(times=6_000)
        cutover(*step)
        assert FlagChange.objects.last().evidence.startswith("epoch 1 (")

    def test_verify_coverage_is_of_one_fingerprint(self):
        record_verification(NAME, "native", verdict=Verdict.EQUIVALENT, calls=100)
        assert ask_gate(NAME, stage="canary", rung="native").verified.calls == 100
        assert ask_gate(NAME, stage="canary", rung="lifted").verified is None
