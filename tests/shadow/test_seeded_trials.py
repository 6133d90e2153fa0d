"""The self-test says how much a comparison sees, and less once something blinds it."""

import json
from io import StringIO

import pytest
from rich.console import Console

from strangler_router.lifted import in_process_backend
from strangler_router.table import build_table
from strangler_shadow.compare import compare
from strangler_shadow.noise import NO_NOISE, noise_between
from strangler_shadow.observation import Kind, Observation
from strangler_shadow.report import EndpointReport, Report
from strangler_shadow.reports.json_document import render
from strangler_shadow.reports.text import print_report
from strangler_shadow.seeded import OPERATORS, Pair, SelfTest, self_test
from strangler_shadow.seeded.finished import observation_of
from strangler_shadow.seeded.trials import Miss, draws
from strangler_shadow.verdict import Verdict
from strangler_shadow.verify import verify_endpoint
from tests.shadow.seeded_replies import WHOLE

ANSWERS = [observation_of(reply, Observation()) for reply in WHOLE.values()]
PAIRS = [Pair(control=answer) for answer in ANSWERS]


def test_all_that_was_made_wrong_is_seen():
    found = self_test(PAIRS, compare, seed=1)
    assert found.missed == ()
    assert found.caught == found.applicable > len(OPERATORS)
    assert (sorted(found.operators), found.unused) == (list(OPERATORS), ())


def test_the_same_seed_makes_the_same_mistakes():
    first, again, other = ([(draw.operator.name, draw.place) for draw in draws(PAIRS, seed=seed)] for seed in (1, 1, 2))
    assert first == again != other


def test_a_rule_that_leaves_headers_out_lowers_the_score_and_is_named():
    def blind(control: Observation, candidate: Observation):
        return [difference for difference in compare(control, candidate) if difference.kind is not Kind.HEADER]

    found = self_test(PAIRS, blind, seed=1)
    assert found.caught < found.applicable
    assert {miss.family for miss in found.missed} == {"header"}
    assert {"vary-lost", "etag-changed"} <= {miss.operator for miss in found.missed}
    assert {miss.reason for miss in found.missed} == {"the comparison calls the answers equal"}


def test_a_field_that_varies_by_itself_lowers_the_score():
    first, second = (
        Observation(status=200, headers=(("Content-Type", "application/json"),), body=body)
        for body in (b'{"id":1,"token":"abc"}', b'{"id":1,"token":"xyz"}')
    )
    steady, noisy = (
        self_test([Pair(control=first, noise=noise)], compare, seed=1)
        for noise in (NO_NOISE, noise_between(first, second))
    )
    assert (steady.applicable, steady.missed) == (noisy.applicable, ())
    assert "trailing-space" in {miss.operator for miss in noisy.missed}
    assert {miss.place for miss in noisy.missed} <= {"token", ""}
    assert {miss.reason for miss in noisy.missed} == {"the control varies there by itself"}


def report_of(found: SelfTest) -> Report:
    endpoint = EndpointReport(
        endpoint="v1:course-list.get", rpc="a/B", rung="native", verdict=Verdict.EQUIVALENT, reason="", self_test=found
    )
    return Report(started="2026-03-02T09:41:07Z", seed=1, examples=1, endpoints=(endpoint,))


def test_reports_say_how_much_was_seen_and_what_was_not():
    miss = Miss(operator="vary-lost", family="header", place="Vary", reason="the comparison calls the answers equal")
    found = SelfTest(caught=11, applicable=12, operators=("vary-lost", "null-dropped"), missed=(miss,))
    text = StringIO()
    print_report(report_of(found), Console(file=text, width=200))
    assert "self-test: caught 11 of 12 applicable seeded divergences (operators: 2)" in text.getvalue()
    assert "not seen: vary-lost at Vary: the comparison calls the answers equal" in text.getvalue()
    [endpoint] = json.loads(render(report_of(found)))["endpoints"]
    assert endpoint["self_test"]["caught"] == 11
    assert endpoint["self_test"]["missed"][0]["operator"] == "vary-lost"


def test_a_report_without_a_self_test_says_nothing_of_it():
    text = StringIO()
    print_report(report_of(SelfTest()), Console(file=text, width=200))
    assert "self-test" not in text.getvalue()


@pytest.mark.parametrize("seeded_academy", ["sqlite_file"], indirect=True)
def test_a_verification_tests_itself_on_the_answers_that_were_equal(own_corpus, settings):
    settings.STRANGLER = {**settings.STRANGLER, "BACKEND": in_process_backend}
    [entry] = [entry for entry in build_table().values() if entry.binding.id == "v1:educator-detail.get"]
    found = verify_endpoint(entry, rung="lifted", examples=3, seed=1).self_test
    assert found.caught == found.applicable > 100
    assert len(found.operators) > 100
