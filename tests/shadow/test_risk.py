"""What a difference risks follows from its kind, its place and its values."""

import re
from pathlib import Path

import pytest

from strangler_shadow.compare import compare
from strangler_shadow.observation import Difference, Kind, Observation
from strangler_shadow.redact import redacted
from strangler_shadow.risk import Risk
from strangler_shadow.risk_rules import KINDS, kept_risk

GUIDE = Path(__file__).parents[2] / "shadow/docs/comparison.md"


@pytest.mark.parametrize(
    ("control", "candidate", "risk"),
    [
        (401, 403, Risk.HIGHEST),
        (403, 200, Risk.HIGHEST),
        (200, 401, Risk.HIGHEST),
        (404, 200, Risk.HIGHEST),
        (404, 403, Risk.HIGHEST),
        (200, 500, Risk.HIGH),
        (201, 400, Risk.HIGH),
        (302, 200, Risk.HIGH),
        (200, 201, Risk.MEDIUM),
        (404, 400, Risk.MEDIUM),
        ("int #1", "int #2", Risk.HIGHEST),
    ],
)
def test_a_status_that_says_who_may_is_the_worst_to_differ(control, candidate, risk):
    for one, other in ((control, candidate), (candidate, control)):
        assert Difference(kind=Kind.STATUS, path="status", control=one, candidate=other).risk is risk


@pytest.mark.parametrize(
    ("control", "candidate", "risk"),
    [
        ("sessionid; httponly=True; path=/", "sessionid; path=/", Risk.HIGHEST),
        ("sessionid; path=/; secure=True", "sessionid; path=/", Risk.HIGHEST),
        ("sessionid; path=/; samesite=Lax", "sessionid; path=/; samesite=None", Risk.HIGHEST),
        ("sessionid; domain=a.example", "sessionid; domain=example", Risk.HIGHEST),
        ("sessionid; path=/", "", Risk.HIGH),
        ("", "sessionid; path=/", Risk.HIGH),
        ("sessionid; max-age=10; path=/", "sessionid; max-age=20; path=/", Risk.MEDIUM),
        ("sessionid; HttpOnly; max-age=10", "sessionid; httponly=True; max-age=20", Risk.MEDIUM),
    ],
)
def test_a_cookie_that_lost_its_guard_is_the_worst_to_differ(control, candidate, risk):
    one, other = (Observation(cookies=(cookie,) if cookie else ()) for cookie in (control, candidate))
    (found,) = compare(one, other)
    assert found.risk is risk


def test_values_that_are_not_known_any_more_count_as_the_worst():
    found = Difference(kind=Kind.COOKIE, path="sessionid", control="list(1) #1", candidate="list(1) #2")
    assert found.risk is Risk.HIGHEST


@pytest.mark.parametrize(
    ("kind", "place", "values", "risk"),
    [
        (Kind.STATUS, "status", (200, 201), Risk.MEDIUM),
        (Kind.STATUS, "status", (200, 403), Risk.HIGHEST),
        (Kind.COOKIE, "sessionid", (["sessionid; path=/"], None), Risk.HIGH),
        (Kind.COOKIE, "sessionid", (["sessionid; max-age=1"], ["sessionid; max-age=2"]), Risk.HIGHEST),
        (Kind.HEADER, "pragma", (["no-cache"], None), Risk.LOW),
        (Kind.ORDER, "$", (["a", "b"], ["b", "a"]), Risk.LOW),
        (Kind.VALUE, "$.name", ("a", "b"), Risk.HIGH),
    ],
)
def test_a_difference_that_was_kept_has_a_risk_still(kind, place, values, risk):
    kept = redacted(Difference(kind=kind, path=place, control=values[0], candidate=values[1]), names=set())
    assert kept_risk(kind, place, *kept) is risk


def test_a_header_s_risk_stands_in_its_table():
    risks = [Difference(kind=Kind.HEADER, path=name).risk for name in ("vary", "X-Total", "pragma")]
    assert risks == [Risk.HIGHEST, Risk.MEDIUM, Risk.LOW]


def test_differences_sort_by_risk_most_risky_first():
    control = Observation(status=200, body=b'{"a": 1, "b": "1.0", "c": 1}')
    candidate = Observation(status=401, body=b'{"c": 1, "a": 2, "b": "1.00"}')
    found = sorted(compare(control, candidate), key=lambda each: each.risk, reverse=True)
    assert [each.kind for each in found] == [Kind.STATUS, Kind.VALUE, Kind.PRECISION, Kind.ORDER]


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_has_a_risk_or_a_rule_of_its_own(kind):
    assert (KINDS[kind][0] is None) == (kind in {Kind.STATUS, Kind.HEADER, Kind.COOKIE})
    assert isinstance(Difference(kind=kind, path="$").risk, Risk)


def test_the_guide_prints_the_kinds():
    rows = re.findall(r"^\| ([a-z ]+) \| ([a-z ]*) \| ([^|]+) \|$", GUIDE.read_text(), re.MULTILINE)
    table = [(str(kind), risk.word if risk else "", words) for kind, (risk, words) in KINDS.items()]
    assert [row for row in rows if row[0] != "kind"] == table


@pytest.mark.parametrize("risk", Risk)
def test_the_guide_says_what_each_level_means(risk):
    assert f"| {risk.word} | " in GUIDE.read_text()
