"""What the monolith's own answers teach, and what they never do."""

import gzip
from itertools import count
from random import Random

import pytest

from strangler_shadow import learning as module
from strangler_shadow.learning import CHECKED, MOST_REASONS, PROVEN, STEADY, Learning
from strangler_shadow.noise import NO_NOISE
from strangler_shadow.observation import Kind, Observation
from tests.shadow.volatile import answer

ENDPOINT = "rows.get"


@pytest.fixture
def learning():
    return Learning()


def lesson(learning, monolith, service=None):
    """The monolith before and after the service, and once more."""
    before, between, after, third = monolith(), (service or monolith)(), monolith(), monolith()
    learning.teach(ENDPOINT, [answer(before), answer(after), answer(third)], [answer(between)])


def test_a_place_is_learnt_once_it_is_proven_and_not_before(learning):
    numbers = count()
    for _ in range(PROVEN - 1):
        lesson(learning, lambda: {"n": next(numbers)})
        assert learning.noise(ENDPOINT) == NO_NOISE
    lesson(learning, lambda: {"n": next(numbers)})
    assert set(learning.noise(ENDPOINT).matchers) == {"$.n"}
    assert learning.noise("other.get") == NO_NOISE


@pytest.mark.parametrize("share", [0.01, 0.1, 0.3])
@pytest.mark.parametrize("seed", range(5))
def test_a_field_that_is_written_between_some_reads_is_never_learnt(learning, share, seed):
    random, stored = Random(seed), {"n": 0}

    def monolith():
        if random.random() < share:
            stored["n"] += random.choice([-5, 1, 3])
        return {"n": stored["n"], "trace": f"{random.getrandbits(64):016x}"}

    for _ in range(400):
        lesson(learning, monolith)
        assert "$.n" not in learning.noise(ENDPOINT).matchers
    assert "$.trace" in learning.noise(ENDPOINT).matchers


def test_what_the_service_saw_as_the_monolith_did_was_written(learning):
    # Written at each second read: the monolith's three answers differ, the service's is one of them.
    reads = count()
    for _ in range(20):
        lesson(learning, lambda: {"n": next(reads) // 2})
    assert learning.noise(ENDPOINT) == NO_NOISE


def test_a_service_that_is_wrong_from_the_beginning_does_not_keep_the_place_from_being_learnt(learning):
    numbers = count()
    for _ in range(PROVEN):
        lesson(learning, lambda: {"n": next(numbers)}, lambda: {"n": None})
    assert set(learning.noise(ENDPOINT).matchers) == {"$.n"}


def test_rows_fields_and_statuses_that_come_and_go_are_never_learnt(learning):
    turns = count()

    def monolith():
        turn = next(turns)
        return {
            "rows": [1, 2, 3][: turn % 3 + 1],
            **({"extra": 1} if turn % 2 else {}),
            "kind": [1, "1", 1.5][turn % 3],
        }

    for _ in range(50):
        lesson(learning, monolith)
        learning.teach(ENDPOINT, [Observation(status=200 + next(turns) % 2, body=b"1") for _ in range(3)])
        learning.teach(ENDPOINT, [Observation(error=f"internal: {next(turns)}") for _ in range(3)])
    assert learning.noise(ENDPOINT) == NO_NOISE


def test_a_null_that_the_monolith_gives_itself_is_learnt(learning):
    turns = count()
    for _ in range(20):
        lesson(learning, lambda: {"at": "2026-03-01T12:00:00Z" if next(turns) % 2 else None})
    # The service's answer, between them, was as one of them.
    assert learning.noise(ENDPOINT) == NO_NOISE
    for _ in range(20):
        numbers = count(next(turns))
        lesson(learning, lambda: {"n": None if next(turns) % 2 else next(numbers)}, lambda: {"n": "other"})  # noqa: B023
    assert (Kind.NULL, "$.n") in learning.noise(ENDPOINT).places


def test_rows_that_nothing_tells_apart_do_not_hide_what_is_in_them(learning):
    random = Random(1)

    def monolith():
        rows = [{"name": name, "token": f"{random.getrandbits(64):016x}"} for name in ("Ann", "Ben", "Cyd", "Dan")]
        random.shuffle(rows)
        return {"rows": rows}

    for _ in range(50):
        lesson(learning, monolith)
    assert set(learning.noise(ENDPOINT).matchers) == {"$.rows[*].token"}


def test_a_place_that_stands_still_is_forgotten_where_it_is_there(learning):
    numbers = count()
    for _ in range(PROVEN):
        lesson(learning, lambda: {"n": next(numbers)})
    for _ in range(5 * STEADY):
        lesson(learning, lambda: {"n": None})
        lesson(learning, dict)
    assert "$.n" in learning.noise(ENDPOINT).matchers
    for _ in range(STEADY - 1):
        lesson(learning, lambda: {"n": 7})
    assert "$.n" in learning.noise(ENDPOINT).matchers
    lesson(learning, lambda: {"n": 7})
    assert learning.noise(ENDPOINT) == NO_NOISE


def test_headers_are_learnt_as_values_are(learning):
    tags = (f'"{number:08x}"' for number in count(2**28, 7_654_321))

    def tagged():
        return Observation(status=200, headers=(("ETag", next(tags)),), body=b"{}")

    for _ in range(PROVEN):
        learning.teach(ENDPOINT, [tagged(), tagged(), tagged()], [tagged()])
    [rule] = learning.noise(ENDPOINT).matchers["etag"]
    assert rule.accepts('"0a1b2c3d"', '"99999999"')
    assert not rule.accepts('"0a1b2c3d"', "99999999")


def test_what_is_kept_is_bounded(learning, monkeypatch):
    monkeypatch.setattr(module, "MOST_ENDPOINTS", 3)
    monkeypatch.setattr(module, "MOST_PLACES", 5)
    numbers = count()
    for name in "abcde":
        for _ in range(PROVEN):
            answers = [answer({f"n{key}": next(numbers) for key in range(20)}) for _ in range(3)]
            learning.teach(name, answers)
    assert [name for name in "abcde" if learning.noise(name)] == ["c", "d", "e"]
    assert len(learning.noise("e").matchers) == 5
    assert sum(learning.admits("e", f"varies: {number}") for number in range(50)) == MOST_REASONS
    assert learning.admits("e", "varies: 0")


def test_one_explained_pair_in_fifty_is_due(learning):
    assert sum(learning.due(ENDPOINT) is not None for _ in range(10 * CHECKED)) == 10


def test_compressed_answers_teach_as_much(learning):
    for turn in range(PROVEN):
        bodies = [b'{"token": "%06x", "steady": 1}' % (turn * 100 + number) for number in range(3)]
        headers = (("Content-Type", "application/json"), ("Content-Encoding", "gzip"))
        learning.teach(
            ENDPOINT, [Observation(status=200, headers=headers, body=gzip.compress(body)) for body in bodies]
        )

    assert set(learning.noise(ENDPOINT).matchers) == {"$.token"}
