"""An endpoint that does not repeat itself is compared all the same: nothing is alarmed, and every mistake is seen."""

from collections import Counter
from datetime import timedelta
from itertools import count, repeat
from types import SimpleNamespace

import pytest
from rest_framework.test import APIClient

from strangler_router import flags
from strangler_router.policy import BASIS_POINTS, Flag
from strangler_router.types import Reply
from strangler_shadow import rechecks, replay, varying
from strangler_shadow.learning import learning
from strangler_shadow.models import ShadowCount, ShadowDifference
from strangler_shadow.observer import observe
from strangler_shadow.tally import Outcome, Tally
from tests.router import observers
from tests.shadow import urls_varying

pytestmark = pytest.mark.django_db
LEARNING = 20


class Service:
    """Answers as the monolith would, but for its mistake."""

    def __init__(self):
        self.mistake = lambda given: None

    def __call__(self, binding, rung):
        def ask(call):
            given = urls_varying.whole_seconds() if call.endpoint == "clock.get" else urls_varying.document()
            self.mistake(given)
            return Reply(data=given)

        return ask


@pytest.fixture
def service():
    return Service()


@pytest.fixture
def mirror(settings, service):
    """Mirrors so many calls, and gives the outcomes."""
    settings.ROOT_URLCONF = "tests.shadow.urls_varying"
    settings.STRANGLER = {
        "LIFTED": {"varying.get": "SERVICE", "clock.get": "SERVICE"},
        "BACKEND": service,
        "OBSERVERS": ["tests.router.observers.remember"],
        "REFRESH": 0,
    }
    for endpoint in ("varying.get", "clock.get"):
        flags.append(Flag(endpoint=endpoint, mirror=BASIS_POINTS), who="test", why="test")
    observers.exchanges.clear()
    replay._handler.cache_clear()
    learning.forget()
    urls_varying.begin()
    client = APIClient(raise_request_exception=False)
    tally = Tally()

    def mirror(times, between=lambda: None, path="/varying/"):
        found = Counter()
        for _ in range(times):
            client.get(path)
            between()
            found[observe(observers.exchanges.pop(), tally)] += 1
        return found

    mirror.tally = tally
    yield mirror
    learning.forget()
    replay._handler.cache_clear()


@pytest.fixture
def asked(monkeypatch):
    """How often the monolith was asked again."""
    calls = Counter()
    real = urls_varying.Varying.get

    def get(self, request):
        calls["monolith"] += 1
        return real(self, request)

    monkeypatch.setattr(urls_varying.Varying, "get", get)
    return calls


def test_what_varies_by_itself_is_learnt_and_then_no_difference(mirror):
    first = mirror(LEARNING)
    assert first[Outcome.TRANSIENT] < LEARNING / 2
    found = mirror(500)
    assert found[Outcome.MISMATCHED] == 0
    assert found[Outcome.TRANSIENT] < 5
    assert found[Outcome.MATCHED] > 495


def test_the_reasons_name_the_places_and_are_few_and_short(mirror):
    mirror(300)
    mirror.tally.flush()
    reasons = {reason for *_, outcome, reason, _ in rows() if outcome == Outcome.MATCHED and reason}
    assert 0 < len(reasons) < 20
    assert all(len(reason) <= 100 for reason in reasons)
    assert any("$.generated_at time" in reason and "$.links.trace token" in reason for reason in reasons)
    found = varying.hidden("varying.get")
    assert found["$.generated_at"] == "times up to 60 s apart"
    learning.forget()
    found = varying.hidden("varying.get")
    assert found["$.generated_at"] == "another time in the same layout, near it"
    assert "$.seats" not in found


def rows():
    return ShadowCount.objects.values_list("endpoint", "outcome", "reason", "count")


def test_the_monolith_is_hardly_asked_for_what_is_known_to_vary(mirror, asked):
    mirror(LEARNING)
    asked.clear()
    found = mirror(500)
    # Its users' calls, and three more for one in fifty.
    assert found[Outcome.MATCHED] == 500
    assert asked["monolith"] <= 500 + 3 * 500 / 50 + 6


def null(given):
    given["generated_at"] = None


def missing(given):
    del given["trace"]


def other_type(given):
    given["requests"] = str(given["requests"])


def one_token_for_all(given):
    for row in given["results"]:
        row["token"] = "0" * 32


def two_traces(given):
    given["links"]["trace"] = f"/traces/{urls_varying.random.getrandbits(64):016x}"


def an_hour_late(given):
    given["generated_at"] = urls_varying.stamp(hours=1)


def no_offset(given):
    given["generated_at"] = given["generated_at"].removesuffix("Z")


def far_away(given):
    given["requests"] += 1_000_000


def lost_row(given):
    given["results"].pop()


def doubled_row(given):
    given["results"].append(given["results"][0])


def lost_and_doubled(given):
    given["results"][0] = given["results"][1]


def wrong_price(given):
    given["results"][0]["price"] = "99.50"


def wrong_seats(given):
    given["seats"] += 1


FAULTS = [
    null, missing, other_type, one_token_for_all, two_traces, an_hour_late, no_offset, far_away, lost_row, doubled_row,
    lost_and_doubled, wrong_price, wrong_seats,
]  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_mistake_where_the_monolith_varies_is_found(mirror, service, fault):
    mirror(LEARNING)
    service.mistake = fault
    assert mirror(20)[Outcome.MISMATCHED] >= 15


def test_a_mistake_is_told_from_what_varies_before_that_is_learnt(mirror, service):
    service.mistake = wrong_seats
    assert mirror(1) == {Outcome.MISMATCHED: 1}
    mirror.tally.flush()
    assert list(ShadowDifference.objects.values_list("pattern", flat=True)) == ["$.seats"]


@pytest.mark.parametrize("every", [2, 3, 7])
def test_a_field_that_is_written_now_and_then_does_not_become_noise(mirror, service, every):
    turns = count(1)

    def write():
        if next(turns) % every == 0:
            urls_varying.stored["seats"] += urls_varying.random.choice([-3, 1, 2])
            urls_varying.stored["rows"][0]["price"] = f"{urls_varying.random.randrange(100)}.00"

    real = urls_varying.document

    def document():
        write()
        return real()

    urls_varying.document = document
    try:
        mirror(200)
    finally:
        urls_varying.document = real
    found = learning.noise("varying.get")
    assert "$.seats" not in found.matchers
    assert "$.results[*].price" not in found.matchers
    service.mistake = wrong_seats
    assert mirror(20)[Outcome.MISMATCHED] >= 15


def test_a_clock_of_whole_seconds_is_told_from_a_time_that_was_written(mirror, service, monkeypatch):
    def later(seconds=1.0):
        urls_varying.clock[0] += timedelta(seconds=seconds)

    def later_and_written():
        later()
        urls_varying.stored["written_at"] = urls_varying.whole_seconds()["generated_at"]

    slept = Counter()
    # Threads of other tests sleep too.
    clock = SimpleNamespace(sleep=lambda seconds: (slept.update(["times"]), later(seconds)))
    monkeypatch.setattr(rechecks, "time", clock)
    mirror(10, later, "/clock/")
    assert mirror(100, later, "/clock/") == {Outcome.MATCHED: 100}
    assert set(learning.noise("clock.get").matchers) == {"$.generated_at"}
    assert mirror(100, later_and_written, "/clock/") == {Outcome.TRANSIENT: 100}
    assert set(learning.noise("clock.get").matchers) == {"$.generated_at"}
    assert slept["times"] <= 24
    service.mistake = an_hour_late
    assert mirror(20, later, "/clock/")[Outcome.MISMATCHED] == 20


def test_a_declared_rule_is_not_widened_by_what_is_learnt(mirror, service, settings):
    rule = {"endpoint": "varying.get", "at": "$.requests", "matcher": "number", "within": 3}
    owned = {"owner": "catalog", "reason": "each call counts", "until": "2999-01-01"}
    settings.STRANGLER = {**settings.STRANGLER, "SHADOW": {"RULES": [{**rule, **owned}]}}
    mirror(LEARNING)
    assert mirror(20) == {Outcome.MATCHED: 20}
    assert varying.hidden("varying.get")["$.requests"] == "numbers up to 3 apart (declared)"

    def four_more(given):
        given["requests"] += 4

    service.mistake = four_more
    assert mirror(20) == {Outcome.MISMATCHED: 20}


def test_a_place_that_has_stopped_varying_is_forgotten(mirror, service, monkeypatch):
    mirror(LEARNING)
    assert "$.requests" in learning.noise("varying.get").matchers
    monkeypatch.setattr(urls_varying, "requests", repeat(7))
    mirror(50 * 9)
    assert "$.requests" not in learning.noise("varying.get").matchers
    assert "$.trace" in learning.noise("varying.get").matchers

    def off_by_one(given):
        given["requests"] += 1

    service.mistake = off_by_one
    assert mirror(20)[Outcome.MISMATCHED] == 20


def test_what_was_counted_later_is_no_difference_where_it_varies_only(mirror, service):
    mirror(LEARNING)

    def others_ask():
        for _ in range(500):
            next(urls_varying.requests)

    assert mirror(50, others_ask) == {Outcome.MATCHED: 50}
    turns = count()

    def sometimes_far_away(given):
        given["requests"] += 1_000_000 if next(turns) % 3 == 0 else 0

    service.mistake = sometimes_far_away
    assert mirror(30, others_ask)[Outcome.MATCHED] < 30
