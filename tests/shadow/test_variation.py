"""What verify says it cannot see: what was declared, whether that was proven, and how to declare the rest."""

import ast
import re
from types import SimpleNamespace

import pytest

from strangler_router import flags
from strangler_router.errors import ConfigurationError
from strangler_router.policy import BASIS_POINTS, Flag
from strangler_router.table import build_table
from strangler_router.types import Call
from strangler_shadow import replay
from strangler_shadow import variation as module
from strangler_shadow.cursors import Sides
from strangler_shadow.noise import differences_beyond
from strangler_shadow.rules import declared_noise, read_rules
from strangler_shadow.variation import Variation
from strangler_shadow.verdict import Verdict
from strangler_shadow.verify import verify_endpoint
from tests.shadow import urls_varying
from tests.shadow.test_varying import Service, an_hour_late, one_token_for_all
from tests.shadow.volatile import answer

pytestmark = pytest.mark.django_db
COMMON = {"endpoint": "varying.get", "owner": "catalog", "reason": "the clock", "until": "2999-01-01"}
LINE = re.compile(r"to declare it: (\{.*\})")


@pytest.fixture
def verified(settings, tmp_path):
    """Verifies the endpoint whose answers vary, with these rules and this mistake."""
    service = Service()
    settings.ROOT_URLCONF = "tests.shadow.urls_varying"
    replay._handler.cache_clear()
    urls_varying.begin()

    def verified(*rules, mistake=service.mistake, path="varying/"):
        service.mistake = mistake
        settings.STRANGLER = {
            "LIFTED": {"varying.get": "SERVICE", "clock.get": "SERVICE"},
            "BACKEND": service,
            "REFRESH": 0,
            "SHADOW": {"CORPUS": str(tmp_path), "RULES": list(rules)},
        }
        flags.append(Flag(endpoint="varying.get", mirror=BASIS_POINTS), who="test", why="test")
        return verify_endpoint(build_table()[path, "GET"], rung="lifted", examples=10, seed=1)

    yield verified
    replay._handler.cache_clear()


def test_each_learnt_place_comes_with_the_line_that_declares_it(verified):
    report = verified()
    assert report.verdict is not Verdict.DIVERGED
    assert set(report.hides) == {
        "$.generated_at", "$.trace", "$.requests", "$.links.trace", "$.results", "$.results[*].token",
    }  # fmt: skip
    lines = [ast.literal_eval(LINE.search(words)[1]) for words in report.hides.values()]
    with pytest.raises(ConfigurationError, match="it must be a day"):
        read_rules(lines)
    declared = [{**line, "owner": "catalog", "reason": "varies", "until": "2999-01-01"} for line in lines]
    report = verified(*declared)
    assert set(report.hides) == {rule.at for rule in read_rules(declared)}
    assert {words.rpartition(" (")[2] for words in report.hides.values()} == {"declared)"}
    assert report.verdict is not Verdict.DIVERGED
    for mistake in (an_hour_late, one_token_for_all):
        assert verified(*declared, mistake=mistake).verdict is Verdict.DIVERGED


def test_a_declared_rule_whose_place_stands_still_is_not_proven(verified):
    rules = [
        {**COMMON, "at": "$.seats", "matcher": "number", "within": 2},
        {**COMMON, "at": "$.generated_at", "matcher": "time", "within": 30},
    ]
    found = verified(*rules).hides
    assert found["$.seats"] == "numbers up to 2 apart (declared, not proven in this run: it did not vary)"
    assert found["$.generated_at"] == "times up to 30 s apart (declared)"


def test_a_declared_rule_lowers_what_the_self_test_catches(verified):
    free = verified().self_test
    blind = verified({**COMMON, "at": "$.results[*].title", "matcher": "any", "type": "str"}).self_test
    assert len(blind.missed) > len(free.missed)


def test_a_clock_of_whole_seconds_is_no_difference(verified, monkeypatch):
    began = urls_varying.clock[0]
    real = urls_varying.whole_seconds

    def always_later():
        urls_varying.clock[0] += urls_varying.timedelta(milliseconds=300)
        return real()

    slept = []
    monkeypatch.setattr(urls_varying, "whole_seconds", always_later)
    monkeypatch.setattr(module, "time", SimpleNamespace(sleep=slept.append))
    report = verified(path="clock/")
    assert report.verdict is not Verdict.DIVERGED
    assert set(report.hides) == {"$.generated_at"}
    urls_varying.clock[0] = began


def test_a_clock_that_stands_still_is_waited_for_a_few_times_only(monkeypatch):
    slept = []
    monkeypatch.setattr(module, "time", SimpleNamespace(sleep=slept.append))
    variation = Variation("clock.get")
    one, other = (answer({"at": f"2026-03-01T12:00:0{second}Z"}) for second in (1, 2))
    call = Call(endpoint="clock.get", route="clock/", method="GET", path="/clock/")
    sides = Sides(lambda call: one, lambda call: other)
    for _ in range(9):
        assert [item.path for item in variation.unexplained(call, one, other, sides)] == ["$.at"]
    assert len(slept) == 3
    assert variation.hides == {}


def test_every_learnt_matcher_can_be_declared(settings):
    pairs = [
        ("2026-01-01T00:00:01Z", "2026-01-01T00:00:02Z"), ("0a1b2c3d", "9f8e7d6c"), (1, 3), (0.5, 0.75),
        ("12.50", "13.75"), ("/?v=1", "/?v=2"), ("some words", "others"), (True, False),
        ("Thu, 01 Jan 2026 00:00:01 GMT", "Thu, 01 Jan 2026 00:00:09 GMT"), ("aB-_cD0123456789", "-_0123456789aBcD"),
    ]  # fmt: skip
    for one, other in pairs:
        settings.STRANGLER = {}
        variation = Variation("varying.get")
        variation.noise |= variation.between(answer({"at": one}), answer({"at": other}))
        line = ast.literal_eval(LINE.search(variation.hides["$.at"])[1]) | {"until": "2999-01-01"}
        settings.STRANGLER = {"SHADOW": {"RULES": [line]}}
        noise = declared_noise("varying.get")
        assert differences_beyond(noise, answer({"at": one}), answer({"at": other})) == []
        assert differences_beyond(noise, answer({"at": one}), answer({"at": None}))
