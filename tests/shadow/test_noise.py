import copy
import gzip
import json
from datetime import timedelta
from functools import cache
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strangler_shadow.documents import shuffled_lists
from strangler_shadow.matchers import Anything, Number, Time, Token, Url
from strangler_shadow.noise import NO_NOISE, differences_beyond, noise_between, settled
from strangler_shadow.observation import Observation
from strangler_shadow.proposals import proposed
from tests.shadow.volatile import answer, document


def drawn(seed):
    """A function that gives the monolith's next answer to the same call."""
    moments = Random(seed)
    return lambda: document(Random(seed), Random(moments.getrandbits(64)))


@cache
def known():
    """What other calls of the endpoint show of the monolith."""
    noise = NO_NOISE
    for other in range(2**33, 2**33 + 60):
        monolith = drawn(other)
        for _ in range(4):
            noise |= noise_between(answer(monolith()), answer(monolith()))
    return noise


def found_beyond(seed, candidate, noise):
    monolith = drawn(seed)

    def service():
        return answer(candidate(monolith()))

    return settled(answer(monolith()), service(), lambda: answer(monolith()), noise, service)[0]


@settings(deadline=None)
@given(st.integers(0, 2**32))
def test_answers_that_only_vary_by_themselves_are_no_difference(seed):
    assert found_beyond(seed, lambda given: given, known()) == []


def null(given):
    given["generated_at"] = None


def number(given):
    given["generated_at"] = 1772366400


def an_hour(given):
    given["generated_at"] = "2026-03-01T13:00:03.100000Z"


def offset(given):
    given["generated_at"] = given["generated_at"].replace("Z", "+00:00")


def whole_seconds(given):
    given["generated_at"] = "2026-03-01T12:00:03Z"


def short_trace(given):
    given["trace"] = given["trace"][:12]


def upper_trace(given):
    given["trace"] = "ABCDEF0123456789"


def slow(given):
    given["took_ms"] = 900.5


def rounded(given):
    given["took_ms"] = 12


def missing(given):
    del given["results"][0]["token"]


def wrong_price(given):
    given["results"][-1]["price"] = "-1.00"


def lost_row(given):
    given["results"].pop()
    given["count"] -= 1


def doubled_row(given):
    given["results"].append(given["results"][0])


CHANGES = [
    null, number, an_hour, offset, whole_seconds, short_trace, upper_trace, slow, rounded, missing, wrong_price,
    lost_row, doubled_row,
]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_divergence_where_the_monolith_varies_is_found_all_the_same(change):
    def candidate(given):
        wrong = copy.deepcopy(given)
        change(wrong)
        return wrong

    assert all(found_beyond(seed, candidate, known()) for seed in range(40))


def test_one_token_for_two_things_is_found():
    one = answer({"author": "aaaaaaaa", "editor": "bbbbbbbb"})
    again = answer({"author": "cccccccc", "editor": "dddddddd"})
    noise = noise_between(one, again)
    assert differences_beyond(noise, one, answer({"author": "abababab", "editor": "cdcdcdcd"})) == []
    [found] = differences_beyond(noise, one, answer({"author": "abababab", "editor": "abababab"}))
    assert found.path == "$.editor"


def test_noise_says_what_it_hides():
    one, again = (answer({"at": f"2026-01-01T00:00:0{n}Z", "rows": rows}) for n, rows in ((1, [1, 2]), (2, [2, 1])))
    assert noise_between(one, again).hides == {"$.at": "times up to 60 s apart", "$.rows": "the order of the rows"}


def test_a_steady_control_is_asked_twice_and_a_moving_one_until_it_explains():
    asked = []

    def steady():
        asked.append(1)
        return answer({"a": 1})

    found, noise = settled(answer({"a": 1}), answer({"a": 5}), steady)
    assert (len(found), len(asked), bool(noise)) == (1, 2, False)
    asked.clear()
    settled(answer({"a": "x1"}), answer({"a": 5}), lambda: asked.append(1) or answer({"a": "y2"}))
    assert len(asked) == 8


@pytest.mark.parametrize(("whole_seconds", "found"), [(1, 0), (2, 1), (3, 1)])
def test_a_time_without_its_fraction_is_a_difference_where_the_candidate_repeats_it(whole_seconds, found):
    fractions = iter(range(100_000, 100_020))
    texts = iter(["2026-03-01T12:00:01Z"] * whole_seconds)

    def monolith():
        return answer({"at": f"2026-03-01T12:00:00.{next(fractions)}Z"})

    def service():
        return answer({"at": text}) if (text := next(texts, None)) else monolith()

    assert len(settled(monolith(), service(), monolith, repeat_candidate=service)[0]) == found


@pytest.mark.parametrize(
    ("one", "other", "accepted", "refused"),
    [
        ("2026-01-01T00:00:01Z", "2026-01-01T00:00:09Z", "2026-01-01T00:01:21Z", "2026-01-01T00:02:00Z"),
        ("2026-01-01", "2026-01-02", "2026-01-09", "2026-01-01T00:00:00Z"),
        (10, 12, 25, 31),
        (10, 12, -10, 10.0),
        (0.5, 0.75, 2.5, None),
        (True, False, False, 1),
        (False, True, True, 0),
        ("0a1b2c3d", "9f8e7d6c", "00000000", "0A1B2C3D"),
        ("a b", "c", "any text", ""),
        ("/x/?cursor=abc&n=1", "/x/?cursor=xyz&n=1", "/x/?cursor=q&n=1", "/x/?cursor=q&n=2"),
    ],
)
def test_a_matcher_is_as_narrow_as_what_was_seen(one, other, accepted, refused):
    matcher = proposed(one, other)
    assert matcher.accepts(one, other)
    assert matcher.accepts(one, accepted)
    assert not matcher.accepts(one, refused)


def test_each_kind_of_value_has_its_matcher():
    assert proposed("2026-01-01T00:00:01Z", "2026-01-01T00:00:02Z") == Time(
        "0000-00-00T00:00:00Z", timedelta(seconds=60)
    )
    assert isinstance(proposed("abcdef12", "12abcdef"), Token)
    assert proposed(1, 3) == Number(int, 20)
    assert proposed("/?page=1", "/?page=2") == Url(frozenset({"page"}))
    assert proposed("some words", "others") == Anything(str)
    assert proposed(1, "1") is None
    assert proposed(None, None) is None


VALUES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12)


@given(VALUES, VALUES)
def test_what_was_seen_is_always_accepted(one, other):
    matcher = proposed(one, other)
    assert (
        matcher is None
        or (matcher.accepts(one, other) and matcher.accepts(other, one))
        or isinstance(matcher, Anything)
    )


@given(
    st.lists(st.integers() | st.text(max_size=3) | st.dictionaries(st.text(max_size=2), st.integers())), st.randoms()
)
def test_rows_in_another_order_are_a_shuffled_list_and_nothing_else(rows, random):
    other = list(rows)
    random.shuffle(other)
    assert shuffled_lists({"rows": rows}, {"rows": other}) <= {"$.rows"}
    noise = noise_between(answer({"rows": rows}), answer({"rows": other}))
    assert noise.matchers == {}
    assert differences_beyond(noise, answer({"rows": rows}), answer({"rows": other})) == []


def test_rows_of_compressed_answers_may_come_in_another_order_too():
    def answered(*numbers):
        body = gzip.compress(json.dumps({"rows": [{"id": number} for number in numbers]}).encode())
        return Observation(status=200, headers=(("Content-Encoding", "gzip"),), body=body)

    assert noise_between(answered(1, 2, 3), answered(3, 1, 2)).shuffled == {"$.rows"}
