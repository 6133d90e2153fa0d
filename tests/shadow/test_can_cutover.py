"""`strangler can-cutover` as a team and its CI call it."""

import json
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from strangler_django.verb import UsageError
from strangler_router import flags
from strangler_router.policy import Flag, Rung, Stage
from strangler_shadow.management.commands import strangler_can_cutover
from strangler_shadow.models import ShadowEpoch
from strangler_shadow.tally import Outcome
from strangler_shadow.verdict import Verdict
from tests.shadow.evidences import NAME, ask, mirrored

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("native_rung")]
OTHER = "v1:course-list.get"


def one(*arguments):
    code, text = ask(NAME, "--format", "json", *arguments)
    (row,) = json.loads(text)
    assert row["verdict"] == Verdict(code).name
    return row


def test_the_exit_code_is_the_verdict():
    assert ask(NAME)[0] == Verdict.INCONCLUSIVE
    mirrored(times=6_000)
    assert ask(NAME)[0] == Verdict.EQUIVALENT
    mirrored(Outcome.ERRORED, reason="unavailable", times=100)
    assert ask(NAME)[0] == Verdict.INFRA
    mirrored(Outcome.MISMATCHED, times=100)
    assert ask(NAME)[0] == Verdict.DIVERGED
    ShadowEpoch.objects.update(latest=timezone.now() - timedelta(days=8))
    assert ask(NAME)[0] == Verdict.STALE


def test_it_prints_what_there_is_and_what_is_missing():
    mirrored(times=4_000)
    mirrored(Outcome.DROPPED, reason="queue full", times=20)
    code, text = ask(NAME)
    assert code == 2
    first, reason, bound, reasons, statuses, vacuous, unseen, callers = text.splitlines()
    assert first == f"{NAME} to canary, rung native: INCONCLUSIVE"
    assert "about 1,891 more pairs without a difference" in reason
    assert bound.strip() == "bound 0.00147 at 99 %, epoch 1: 4,020 copies = 4,000 matched + 20 dropped"
    assert reasons.strip() == "dropped: queue full 20"
    assert statuses.strip() == "statuses: 200 1; callers: anonymous 1"
    assert vacuous.strip() == "errors or empty: 0"
    assert unseen.strip() == "never seen but null: bio, course_count, joined_at, levels, photo, website"
    assert callers.strip() == "never seen, callers: user, staff"


def test_it_lists_choices_and_query_parameters_that_no_pair_had():
    mirrored(endpoint=OTHER, rung="lifted", query="page=2&ordering=price", body=b'{"level": "beginner"}')
    lines = ask(OTHER)[1].splitlines()
    assert "  never seen, choices: level=advanced, level=intermediate" in lines
    assert (
        "  never seen, query parameters: is_free, language, level, max_price, min_price, page_size, search, topic"
        in lines
    )


def test_it_says_how_long_both_sides_took_and_where_that_was_measured():
    for _ in range(3):
        mirrored(took=(0.010, 0.020))
    mirrored()
    lines = [line.strip() for line in ask(NAME)[1].splitlines()]
    assert lines[-3] == "p50: monolith (served) 10 ms, 0 to ?, service (replayed) 20.1 ms, 0 to ?"
    row = one()
    assert row["latency"][1] == {
        "side": "candidate", "measured": "replayed", "quantile": 0.5, "pairs": 3, "ms": pytest.approx(20, rel=0.01),
        "low_ms": 0.0, "high_ms": None,
    }  # fmt: skip
    assert row["curve"][0]["quantile"] == 0.01


def test_the_days_of_the_epoch_are_told_where_they_are_asked_for():
    mirrored(times=4_000)
    assert "up to" not in ask(NAME)[1].replace(": up to 1 in", "")
    assert one()["history"] == []
    assert ask(NAME, "--history")[1].splitlines()[-1].endswith(": bound 0.00147, 4,000 pairs, 0 divergent")
    (day,) = one("--history")["history"]
    assert (day["day"], day["pairs"]) == (str(timezone.now().date()), 4_000)


def test_several_endpoints_have_the_worst_verdict_together():
    mirrored(times=6_000)
    code, text = ask(NAME, OTHER, NAME)
    assert code == Verdict.INCONCLUSIVE
    assert f"{NAME} to canary, rung native: EQUIVALENT" in text
    assert f"{OTHER} to canary, rung lifted: INCONCLUSIVE" in text


def test_rate_and_confidence_can_be_given():
    mirrored(times=600)
    assert one()["verdict"] == "INCONCLUSIVE"
    row = one("--max-rate", "0.01")
    assert (row["verdict"], row["max_rate"], row["confidence"]) == ("EQUIVALENT", 0.01, 0.99)
    assert one("--max-rate", "0.01", "--confidence", "0.9999")["verdict"] == "INCONCLUSIVE"


@pytest.mark.parametrize(
    ("stage", "after"), [("monolith", "canary"), ("canary", "service"), ("service", "retired"), ("retired", "retired")]
)
def test_the_next_stage_is_meant_where_none_is_given(stage, after):
    flags.append(Flag(endpoint=NAME, stage=Stage(stage), rung=Rung.NATIVE), who="test", why="test")
    assert one()["stage"] == after
    assert one("--stage", "service")["stage"] == "service"


def test_the_rung_is_the_flag_s_unless_another_one_is_given():
    mirrored(times=6_000)
    assert one()["verdict"] == "EQUIVALENT"
    row = one("--rung", "lifted")
    assert (row["rung"], row["verdict"]) == ("lifted", "INCONCLUSIVE")


class Clock:
    """Time that passes by sleeping; while it does, pairs come in."""

    def __init__(self, *, pairs):
        self.now = 100.0
        self.pairs = pairs
        self.slept = []

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds
        mirrored(times=self.pairs)


@pytest.mark.parametrize(
    ("pairs", "seconds", "code", "slept"),
    [
        (2_000, "60", Verdict.EQUIVALENT, [5.0, 5.0, 5.0]),
        (100, "12", Verdict.INCONCLUSIVE, [5.0, 5.0, 2.0]),
        (2_000, "0", Verdict.INCONCLUSIVE, []),
    ],
)
def test_it_asks_again_while_inconclusive(monkeypatch, pairs, seconds, code, slept):
    clock = Clock(pairs=pairs)
    monkeypatch.setattr(strangler_can_cutover, "time", clock)
    assert ask(NAME, "--retry-while-inconclusive", seconds)[0] == code
    assert clock.slept == slept


def test_it_does_not_ask_again_where_the_sides_differ(monkeypatch):
    clock = Clock(pairs=1)
    monkeypatch.setattr(strangler_can_cutover, "time", clock)
    mirrored(Outcome.MISMATCHED, times=100)
    assert ask(NAME, "--retry-while-inconclusive", "60")[0] == Verdict.DIVERGED
    assert clock.slept == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["v1:educator.get"], f"'v1:educator.get' is not bound; did you mean {NAME!r}?"),
        ([], "required: ID"),
        ([NAME, "--max-rate", "1"], "invalid share (between 0 and 1) value: '1'"),
        ([NAME, "--confidence", "99"], "invalid share (between 0 and 1) value: '99'"),
        ([NAME, "--stage", "back"], "invalid choice: 'back'"),
    ],
)
def test_a_wrong_call_is_a_usage_error(arguments, words):
    with pytest.raises(UsageError) as error:
        call_command("strangler_can_cutover", *arguments)
    assert words in str(error.value)
    assert error.value.returncode == 64


def test_a_wrong_rule_in_the_settings_is_one_too(settings):
    settings.STRANGLER = {**settings.STRANGLER, "SHADOW": {"GATE": {"MAX_RAT": 1}}}
    with pytest.raises(UsageError, match="did you mean 'MAX_RATE'"):
        call_command("strangler_can_cutover", NAME)
