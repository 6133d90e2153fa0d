import threading

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from strangler_router.breaker import Breaker
from strangler_router.errors import NoAnswer

DOWN = NoAnswer("down", kind="unavailable")


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def breaker(clock):
    return Breaker("catalog", in_flight=2, failures=3, pause=1.0, clock=clock)


def fail(breaker, error=DOWN):
    with pytest.raises(type(error)) as raised, breaker.call():
        raise error
    return raised.value


def refused(breaker):
    """Kind of the refusal, None where a call was let in."""
    try:
        with breaker.call():
            return None
    except NoAnswer as error:
        return error.kind


def test_it_opens_after_failures_in_a_row(breaker):
    for _ in range(2):
        fail(breaker)
    assert not breaker.is_open
    fail(breaker)
    assert breaker.is_open
    assert refused(breaker) == "breaker open"


def test_the_refusal_names_the_target(breaker):
    for _ in range(3):
        fail(breaker)
    with pytest.raises(NoAnswer, match="catalog failed 3 times in a row"), breaker.call():
        pass


def test_an_answer_between_failures_starts_the_count_again(breaker):
    for _ in range(5):
        fail(breaker)
        fail(breaker)
        assert refused(breaker) is None
    assert not breaker.is_open


def test_an_error_of_the_application_is_an_answer(breaker):
    for _ in range(10):
        fail(breaker, ValueError("bad page"))
    assert not breaker.is_open


@pytest.mark.parametrize("kind", ["internal", "unknown"])
def test_a_crash_that_one_call_meets_says_nothing_about_the_next(breaker, kind):
    for _ in range(10):
        fail(breaker, NoAnswer("crashed", kind=kind))
    assert not breaker.is_open


def test_after_the_pause_one_probe_is_let_in_and_its_answer_closes(breaker, clock):
    for _ in range(3):
        fail(breaker)
    clock.now += 1.0
    with breaker.call():
        assert refused(breaker) == "breaker open"
    assert refused(breaker) is None


def test_a_probe_that_fails_opens_for_another_pause(breaker, clock):
    for _ in range(3):
        fail(breaker)
    clock.now += 1.0
    clock.now += 0.5
    assert fail(breaker) is DOWN
    clock.now += 0.9
    assert refused(breaker) == "breaker open"
    clock.now += 0.1
    assert refused(breaker) is None


def test_a_probe_that_hangs_does_not_keep_it_open_for_ever(breaker, clock):
    for _ in range(3):
        fail(breaker)
    clock.now += 1.0
    with breaker.call():
        clock.now += 1.0
        assert refused(breaker) is None


def test_the_cap_counts_calls_under_way_and_is_no_failure(breaker):
    with breaker.call(), breaker.call():
        for _ in range(5):
            assert refused(breaker) == "in-flight cap"
    assert refused(breaker) is None
    assert not breaker.is_open


@pytest.mark.parametrize("error", [DOWN, ValueError("x"), KeyboardInterrupt()])
def test_every_end_of_a_call_gives_its_place_back(error):
    breaker = Breaker("catalog", in_flight=1)
    for _ in range(3):
        with pytest.raises(type(error)) as raised, breaker.call():
            raise error
        assert raised.value is error


def test_threads_never_exceed_the_cap():
    breaker = Breaker("catalog", in_flight=3)
    under_way, most, refusals = [], [], []
    start = threading.Barrier(8)

    def work():
        start.wait()
        for _ in range(200):
            try:
                with breaker.call():
                    under_way.append(1)
                    most.append(len(under_way))
                    under_way.pop()
            except NoAnswer as error:
                refusals.append(error.kind)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert max(most) <= 3
    assert set(refusals) <= {"in-flight cap"}


class Traffic(RuleBasedStateMachine):
    """Calls begin, end and fail in any order while the clock runs."""

    def __init__(self):
        super().__init__()
        self.clock = Clock()
        self.breaker = Breaker("catalog", in_flight=3, failures=2, pause=1.0, clock=self.clock)
        self.calls = []
        self.failed = 0
        self.last_failure = None

    @rule(seconds=st.sampled_from([0.1, 0.5, 1.0, 3.0]))
    def time_passes(self, seconds):
        self.clock.now += seconds

    @rule()
    def a_call_begins(self):
        call = self.breaker.call()
        try:
            call.__enter__()
        except NoAnswer as error:
            if error.kind == "in-flight cap":
                assert len(self.calls) == 3
            else:
                assert self.failed >= 2
        else:
            assert len(self.calls) < 3
            self.calls.append(call)

    @precondition(lambda self: self.calls)
    @rule(data=st.data())
    def a_call_ends(self, data):
        self.calls.pop(data.draw(st.integers(0, len(self.calls) - 1))).__exit__(None, None, None)
        self.failed = 0

    @precondition(lambda self: self.calls)
    @rule(data=st.data())
    def a_call_fails(self, data):
        call = self.calls.pop(data.draw(st.integers(0, len(self.calls) - 1)))
        assert call.__exit__(NoAnswer, DOWN, None) is False
        self.failed += 1
        self.last_failure = self.clock.now

    @invariant()
    def it_is_closed_without_failures_in_a_row(self):
        if self.failed < 2 and not self.calls:
            assert refused(self.breaker) is None
            self.failed = 0

    @invariant()
    def it_lets_a_probe_in_at_most_a_pause_after_the_last_failure(self):
        if self.failed >= 2 and self.clock.now < self.last_failure + 1.0:
            assert self.breaker.is_open

    def teardown(self):
        for call in self.calls:
            call.__exit__(None, None, None)
        self.clock.now += 1.0
        assert refused(self.breaker) is None


TestTraffic = Traffic.TestCase
TestTraffic.settings = settings(max_examples=50, stateful_step_count=30, deadline=None)
