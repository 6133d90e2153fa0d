import pytest
from rest_framework.test import APIClient

from strangler_router import flags
from strangler_router.errors import NoAnswer
from strangler_router.policy import BASIS_POINTS, Flag
from strangler_router.table import build_table
from strangler_router.types import Reply
from strangler_shadow import replay
from strangler_shadow.observer import observe
from strangler_shadow.tally import Tally, sums
from strangler_shadow.verdict import Verdict
from strangler_shadow.verify import verify_endpoint
from tests.router import observers
from tests.shadow import urls_observer

pytestmark = pytest.mark.django_db


@pytest.fixture
def service(settings):
    """Answers of the service, as those of the monolith."""
    answers = []

    def backend(binding, rung):
        def ask(call):
            answer = answers.pop(0) if len(answers) > 1 else answers[0]
            if isinstance(answer, Exception):
                raise answer
            return Reply(data={"value": answer})

        return ask

    settings.ROOT_URLCONF = "tests.shadow.urls_observer"
    settings.STRANGLER = {
        "LIFTED": {"changing.get": "SERVICE"},
        "BACKEND": backend,
        "OBSERVERS": ["tests.router.observers.remember"],
        "REFRESH": 0,
    }
    observers.exchanges.clear()
    replay._handler.cache_clear()
    yield answers
    replay._handler.cache_clear()


def outcome(service, monolith, candidate):
    """What one mirrored call counts as."""
    urls_observer.answers[:], service[:] = monolith, candidate
    flags.append(Flag(endpoint="changing.get", mirror=BASIS_POINTS), who="test", why="test")
    APIClient(raise_request_exception=False).get("/changing/")
    (exchange,) = observers.exchanges
    tally = Tally()
    observe(exchange, tally)
    tally.flush()
    (row,) = sums()
    assert row["sampled"] == 1
    (found,) = {name for name, count in row.items() if count == 1 and name != "sampled"}
    return found, row["reasons"]


@pytest.mark.parametrize(
    ("monolith", "candidate", "expected"),
    [
        ([1], [1], "matched"),
        ([1], [2], "mismatched"),
        # Written once, between the two first answers.
        ([1, 2], [2], "transient"),
        # Written again and again: a later question meets a later value.
        (list(range(0, 100, 2)), list(range(1, 100, 2)), "transient"),
        # Rows shift: what was a difference is none by chance, and the other way round.
        ([[1, 2], [1, 1, 2], [2, 1, 1, 2], [1, 2, 1, 1, 2]], [[1, 1, 2], [2, 2, 1, 1, 2]], "transient"),
        # Written at the first check, quiet at the second one.
        ([{"a": 1, "b": 1}, {"a": 1, "b": 1}, {"a": 1, "b": 2}], [{"a": 2, "b": 1}], "mismatched"),
    ],
)
def test_a_write_between_two_answers_is_no_difference(service, monolith, candidate, expected):
    assert outcome(service, monolith, candidate) == (expected, {})


def test_a_call_that_fails_on_both_sides_is_left_out_with_its_reason(service):
    crash = NoAnswer("crashed", kind="internal")
    assert outcome(service, [LookupError("bug")], [crash]) == ("skipped", {"skipped: both sides fail": 1})


def test_a_call_that_fails_at_the_service_only_is_errored(service):
    crash = NoAnswer("crashed", kind="internal")
    assert outcome(service, [1], [crash]) == ("errored", {"errored: internal": 1})


def test_what_the_seam_leaves_to_the_monolith_is_no_answer_of_the_service(service, settings, tmp_path):
    settings.STRANGLER = {**settings.STRANGLER, "SHADOW": {"CORPUS": str(tmp_path)}}
    urls_observer.answers[:], service[:] = [1], [1]
    report = verify_endpoint(build_table()["changing/", "GET"], rung="lifted", examples=100, seed=1)
    assert report.verdict is Verdict.EQUIVALENT
    assert set(report.skipped) == {"the monolith keeps it"}
    assert report.calls + report.skipped["the monolith keeps it"] >= 100
