"""The comparator is silent on answers that a client cannot tell apart, and finds every other change where it is."""

import copy
import json
import math
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from strangler_shadow.compare import compare
from strangler_shadow.observation import Difference, Kind, Observation

# The machine may be busy with something else.
unhurried = settings(deadline=None)


def answer(document: Any = None, **more: Any) -> Observation:
    body = more.pop("body", None)
    return Observation(status=more.pop("status", 200), body=body if body is not None else dump(document), **more)


def dump(document: Any) -> bytes:
    return json.dumps(document).encode()


def differences(control: Any, candidate: Any) -> list[tuple[Kind, str]]:
    return [(found.kind, found.path) for found in compare(answer(control), answer(candidate))]


# Sentences


@pytest.mark.parametrize(
    ("control", "candidate", "expected"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": 1.0}, [(Kind.TYPE, "$.a")]),
        ({"a": 1}, {"a": True}, [(Kind.TYPE, "$.a")]),
        ({"a": 1}, {"a": "1"}, [(Kind.TYPE, "$.a")]),
        ({"a": "1.50"}, {"a": 1.5}, [(Kind.TYPE, "$.a")]),
        ({"a": None}, {"a": ""}, [(Kind.NULL, "$.a")]),
        ({"a": None}, {}, [(Kind.MISSING, "$.a")]),
        ({}, {"a": None}, [(Kind.EXTRA, "$.a")]),
        ({"a": 0.0}, {"a": -0.0}, [(Kind.PRECISION, "$.a")]),
        ({"a": math.nan}, {"a": math.nan}, []),
        ({"a": 0.1 + 0.2}, {"a": 0.3}, [(Kind.PRECISION, "$.a")]),
        ({"a": "12.50"}, {"a": "12.5"}, [(Kind.PRECISION, "$.a")]),
        ({"a": "12.50"}, {"a": "12.51"}, [(Kind.VALUE, "$.a")]),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, [(Kind.ORDER, "$")]),
        ({"a": 1, "b": 2, "c": 3}, {"b": 2, "a": 1}, [(Kind.MISSING, "$.c"), (Kind.ORDER, "$")]),
        ({"a": [1, 2]}, {"a": [1]}, [(Kind.LENGTH, "$.a")]),
        ({"a": [1, 2]}, {"a": [2, 1]}, [(Kind.VALUE, "$.a[0]"), (Kind.VALUE, "$.a[1]")]),
        ({"a": "é"}, {"a": "e\u0301"}, [(Kind.VALUE, "$.a")]),
        ([{"a b": 1}], [{"a b": 2}], [(Kind.VALUE, '$[0]["a b"]')]),
        ({"": 1}, {"": 2}, [(Kind.VALUE, '$[""]')]),
        ([], {}, [(Kind.TYPE, "$")]),
    ],
)
def test_values_are_compared_with_their_types_by_path(control, candidate, expected):
    assert differences(control, candidate) == expected


def test_a_401_is_not_a_403():
    assert compare(answer(status=401), answer(status=403)) == [
        Difference(kind=Kind.STATUS, path="status", control=401, candidate=403)
    ]


@pytest.mark.parametrize(
    ("control", "candidate"), [(b'{"a": 1}', b'{"a":1}'), (b"[1.0]", b"[1.00]"), (b'["\\u00e9"]', '["é"]'.encode())]
)
def test_equal_values_in_other_bytes_are_a_difference_in_spelling(control, candidate):
    assert [found.kind for found in compare(answer(body=control), answer(body=candidate))] == [Kind.SPELLING]


def test_a_body_that_is_not_json_is_compared_as_text_from_shortly_before_the_change():
    control, candidate = b"x" * 50_000 + b"old", b"x" * 50_000 + b"new"
    (found,) = compare(answer(body=control), answer(body=candidate))
    assert found.kind is Kind.BODY
    assert found.control.endswith("xold")
    assert found.candidate.endswith("xnew")
    assert len(found.control) < 2100


def test_bytes_that_are_not_text_do_not_stop_the_comparison():
    (found,) = compare(answer(body=b"\xff\xfe\x80"), answer(body=b"\xff\xfe\x81"))
    assert found.kind is Kind.BODY


@pytest.mark.parametrize("depth", [101, 400, 100_000])
def test_bodies_nested_beyond_any_sense_are_compared_as_text(depth):
    control, candidate = (b"[" * depth + inner + b"]" * depth for inner in (b"1", b"2"))
    assert [found.kind for found in compare(answer(body=control), answer(body=candidate))] == [Kind.BODY]


def test_a_side_without_an_answer_differs_from_one_with_an_answer_whatever_that_is():
    silent = Observation(error="UNAVAILABLE: connection refused")
    (found,) = compare(answer({}), silent)
    assert (found.kind, found.control, found.candidate) == (Kind.ERROR, "", "UNAVAILABLE: connection refused")


def test_headers_of_the_connection_are_not_compared():
    early, late = "Mon, 02 Mar 2026 09:41:07 GMT", "Mon, 02 Mar 2026 09:41:08 GMT"
    control = answer({}, headers=(("Date", early), ("Server", "gunicorn"), ("Content-Length", "2")))
    assert compare(control, answer({}, headers=(("Date", late),))) == []


def test_the_members_of_vary_have_no_order_and_no_case():
    control = answer({}, headers=(("Vary", "Accept, Cookie"),))
    assert compare(control, answer({}, headers=(("vary", "cookie"), ("vary", "Accept")))) == []
    (found,) = compare(control, answer({}, headers=(("vary", "accept"),)))
    assert (found.path, found.control, found.candidate) == ("vary", ["accept", "cookie"], ["accept"])


def test_methods_in_allow_have_no_order_but_a_case():
    control = answer({}, headers=(("Allow", "GET, HEAD"),))
    assert compare(control, answer({}, headers=(("Allow", "HEAD, GET"),))) == []
    assert [found.path for found in compare(control, answer({}, headers=(("Allow", "get, HEAD"),)))] == ["allow"]


def test_a_cookie_is_named_where_it_differs():
    control = answer({}, cookies=("csrftoken=a; Path=/", "seen=1; Path=/"))
    assert compare(control, answer({}, cookies=("seen=1; Path=/", "csrftoken=a; Path=/"))) == []
    (found,) = compare(control, answer({}, cookies=("csrftoken=a; Path=/", "seen=1; Path=/; HttpOnly")))
    assert (found.kind, found.path) == (Kind.COOKIE, "seen")


@pytest.mark.parametrize(
    ("path", "pattern"),
    [
        ("$.results[12].topics[0]", "$.results[*].topics[*]"),
        ('$["a[0]"][1]', '$["a[0]"][*]'),
        ('$["say \\"[1]\\""].x', '$["say \\"[1]\\""].x'),
        ("vary", "vary"),
    ],
)
def test_a_pattern_stands_for_every_index_but_leaves_keys_alone(path, pattern):
    assert Difference(kind=Kind.VALUE, path=path).pattern == pattern


# Laws. A place is the keys and indexes that lead to a value.

Place = tuple[str | int, ...]

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.decimals(places=2, min_value=0, max_value=1000).map(str)
    | st.datetimes().map(lambda moment: moment.isoformat() + "Z")
)
keys = st.sampled_from(["id", "name", "price", "a b", "0", "[0]", "", "é", "x.y"]) | st.text(max_size=5)
documents = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4), max_leaves=12
)

# Every operator finds something to change in one of these.
courses = st.fixed_dictionaries(
    {
        "id": st.integers(),
        "rating": st.floats(allow_nan=False, allow_infinity=False),
        "discount": st.just(0.0),
        "open": st.booleans(),
        "bio": st.none(),
        "title": st.text(min_size=1, max_size=20),
        "topics": st.lists(scalars, min_size=2, max_size=4),
        "educator": st.dictionaries(keys, scalars, min_size=2, max_size=4),
        "more": documents,
    }
)


def places(document: Any, here: Place = ()) -> Iterator[Place]:
    yield here
    children: Any = ()
    if isinstance(document, (dict, list)):
        children = document.items() if isinstance(document, dict) else enumerate(document)
    for step, child in children:
        yield from places(child, (*here, step))


def at(document: Any, place: Place) -> Any:
    for step in place:
        document = document[step]
    return document


def put(document: Any, place: Place, value: Any) -> Any:
    if not place:
        return value
    changed = copy.deepcopy(document)
    at(changed, place[:-1])[place[-1]] = value
    return changed


def written(place: Place) -> str:
    steps = (
        f"[{step}]"
        if isinstance(step, int)
        else f".{step}"
        if re.fullmatch(r"[A-Za-z_]\w*", step)
        else f"[{json.dumps(step, ensure_ascii=False)}]"
        for step in place
    )
    return "$" + "".join(steps)


Draw = Callable[[st.SearchStrategy], Any]
# Each takes a value that `fits` and gives the changed value with the step below it where the change is, if any.
OPERATORS: dict[str, tuple[Callable[[Any], bool], Callable[[Any, Draw], tuple[Any, Place]]]] = {}


def operator(fits: Callable[[Any], bool]) -> Callable:
    def register(change: Callable[[Any, Draw], tuple[Any, Place]]) -> Callable:
        OPERATORS[change.__name__] = (fits, change)
        return change

    return register


def a(*kinds: type) -> Callable[[Any], bool]:
    return lambda value: type(value) in kinds


def with_members(number: int, kind: type) -> Callable[[Any], bool]:
    return lambda value: type(value) is kind and len(value) >= number


@operator(with_members(1, dict))
def drop_key(value, draw):
    key = draw(st.sampled_from(list(value)))
    return {name: member for name, member in value.items() if name != key}, (key,)


@operator(a(dict))
def add_key(value, draw):
    key = draw(keys.filter(lambda name: name not in value))
    return {**value, key: draw(scalars)}, (key,)


@operator(with_members(1, dict))
def rename_key(value, draw):
    key = draw(st.sampled_from(list(value)))
    renamed = f"{key}s"
    assume(renamed not in value)
    return {renamed if name == key else name: member for name, member in value.items()}, (key,)


@operator(with_members(2, dict))
def reorder_keys(value, draw):
    return dict(draw(st.permutations(list(value.items())))), ()


@operator(lambda value: value is not None)
def to_null(value, draw):
    return None, ()


@operator(a(type(None)))
def null_to_blank(value, draw):
    return draw(st.sampled_from(["", 0, False, [], {}, "null"])), ()


@operator(lambda value: type(value) is int and abs(value) < 2**1000)
def int_to_float(value, draw):
    return float(value), ()


@operator(a(int, float, bool))
def number_to_text(value, draw):
    return json.dumps(value), ()


@operator(a(int))
def off_by_one(value, draw):
    return value + draw(st.sampled_from([-1, 1])), ()


@operator(a(bool))
def flip(value, draw):
    return not value, ()


@operator(a(bool))
def bool_to_int(value, draw):
    return int(value), ()


@operator(lambda value: type(value) is float and math.isfinite(value))
def lose_precision(value, draw):
    return float(f"{value:.{draw(st.integers(1, 15))}g}"), ()


@operator(lambda value: type(value) is float and math.isfinite(value))
def next_float(value, draw):
    return math.nextafter(value, math.inf), ()


@operator(lambda value: type(value) is float and value == 0)
def negate_zero(value, draw):
    return -value, ()


@operator(with_members(1, str))
def truncate(value, draw):
    return value[: draw(st.integers(0, len(value) - 1))], ()


@operator(a(str))
def change_case(value, draw):
    return value.swapcase(), ()


@operator(a(str))
def pad(value, draw):
    return value + draw(st.sampled_from([" ", "\n", "\u200b", "0"])), ()


@operator(with_members(1, list))
def drop_element(value, draw):
    index = draw(st.integers(0, len(value) - 1))
    return value[:index] + value[index + 1 :], ()


@operator(with_members(1, list))
def repeat_element(value, draw):
    index = draw(st.integers(0, len(value) - 1))
    return value[: index + 1] + value[index:], ()


@operator(with_members(2, list))
def swap_elements(value, draw):
    one, other = draw(st.lists(st.integers(0, len(value) - 1), min_size=2, max_size=2, unique=True))
    swapped = list(value)
    swapped[one], swapped[other] = value[other], value[one]
    return swapped, ()


@operator(a(list))
def wrap(value, draw):
    return {"results": value}, ()


@st.composite
def changes(draw, name: str) -> tuple[Any, Any, Place]:
    """A document, the same with one change by this operator, and the place of the change."""
    fits, change = OPERATORS[name]
    document = draw(courses | st.lists(courses, min_size=1, max_size=2))
    place = draw(st.sampled_from([place for place in places(document) if fits(at(document, place))]))
    value, below = change(at(document, place), draw)
    return document, put(document, place, value), (*place, *below)


@pytest.mark.parametrize("name", OPERATORS)
@unhurried
@given(data=st.data())
def test_every_seeded_change_of_a_body_is_found_where_it_was_made_and_nowhere_else(name, data):
    document, changed, place = data.draw(changes(name))
    assume(dump(document) != dump(changed))
    found = compare(answer(document), answer(changed))
    assert found
    paths = [difference.path for difference in found]
    where = written(place)
    if name == "rename_key":
        assert where in paths
        assert {difference.kind for difference in found} == {Kind.MISSING, Kind.EXTRA}
    else:
        assert all(path.startswith(where) for path in paths)
    if name not in {"reorder_keys", "swap_elements", "drop_element", "repeat_element"}:
        assert where in paths


@unhurried
@given(data=st.data())
def test_two_changes_far_apart_are_both_found(data):
    left, left_changed, left_place = data.draw(changes(data.draw(st.sampled_from(sorted(OPERATORS)))))
    right, right_changed, right_place = data.draw(changes(data.draw(st.sampled_from(sorted(OPERATORS)))))
    assume(dump(left) != dump(left_changed))
    assume(dump(right) != dump(right_changed))
    found = compare(answer({"left": left, "right": right}), answer({"left": left_changed, "right": right_changed}))
    for place in (("left", *left_place), ("right", *right_place)):
        assert any(difference.path.startswith(written(place)) for difference in found)


@unhurried
@given(st.integers(100, 599), st.integers(100, 599), documents)
def test_two_statuses_are_the_same_only_if_they_are_equal(one, other, document):
    found = compare(answer(document, status=one), answer(document, status=other))
    assert [difference.path for difference in found] == ["status"] * (one != other)


header_names = st.sampled_from(["Content-Type", "Link", "ETag", "X-Total", "Retry-After", "Content-Language"])
header_values = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=12)
headers = st.lists(st.tuples(header_names, header_values), max_size=6).map(tuple)
cookie_names = st.sampled_from(["sessionid", "csrftoken", "seen", "lang"])
cookies = st.dictionaries(cookie_names, header_values).map(
    lambda jar: tuple(f"{name}={value}; Path=/" for name, value in jar.items())
)
sets = st.lists(st.sampled_from(["Accept", "Cookie", "Accept-Language", "Origin"]), min_size=1, unique=True)


@st.composite
def reordered(draw, pairs: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """The same headers with names in another case and another order; lines of one name keep theirs."""
    waiting: dict[str, list[str]] = {}
    for name, value in pairs:
        waiting.setdefault(name, []).append(value)
    order = draw(st.permutations([name for name, _ in pairs]))
    cases = st.sampled_from([str.lower, str.upper, str.title])
    return tuple((draw(cases)(name), waiting[name].pop(0)) for name in order)


@unhurried
@given(st.data(), st.integers(100, 599), documents, headers, cookies, sets)
def test_equal_answers_are_silent_whatever_the_order_and_case_of_header_names(
    data, status, document, pairs, jar, members
):
    body = dump(document)
    control = Observation(
        status=status, headers=(*pairs, ("Vary", ", ".join(members))), cookies=jar, body=body, seconds=1.0
    )
    candidate = Observation(
        status=status,
        headers=(
            ("vary", ",".join(data.draw(st.permutations(members)))),
            ("Date", data.draw(header_values)),
            *data.draw(reordered(pairs)),
        ),
        cookies=tuple(data.draw(st.permutations(jar))),
        body=body,
        seconds=2.0,
    )
    assert compare(control, candidate) == []
    assert compare(candidate, control) == []


# How the others are compared: test_header_rules.py.
written_headers = st.lists(
    st.tuples(st.sampled_from(["ETag", "X-Total", "Last-Modified", "X-Own"]), header_values), max_size=6
).map(tuple)


@unhurried
@given(st.data(), written_headers.filter(bool))
def test_every_seeded_change_of_a_header_is_found_under_its_name(data, pairs):
    index = data.draw(st.integers(0, len(pairs) - 1))
    name, value = pairs[index]
    replacement = data.draw(
        st.sampled_from([(), ((name, value + "x"),), ((name, value.swapcase()),), ((name, value), (name, value))])
    )
    assume(replacement != ((name, value),))
    changed = pairs[:index] + replacement + pairs[index + 1 :]
    found = compare(answer({}, headers=pairs), answer({}, headers=changed))
    assert [(difference.kind, difference.path) for difference in found] == [(Kind.HEADER, name.lower())]


@unhurried
@given(st.data(), cookies.filter(bool))
def test_every_seeded_change_of_a_cookie_is_found_under_its_name(data, jar):
    index = data.draw(st.integers(0, len(jar) - 1))
    cookie = jar[index]
    name = cookie.partition("=")[0]
    replacement = data.draw(
        st.sampled_from([(), (f"{cookie}; HttpOnly",), (cookie, cookie), (f"{name}=other value; Path=/",)])
    )
    changed = jar[:index] + replacement + jar[index + 1 :]
    found = compare(answer({}, cookies=jar), answer({}, cookies=changed))
    assert [(difference.kind, difference.path) for difference in found] == [(Kind.COOKIE, name)]
    assert compare(answer({}, cookies=changed), answer({}, cookies=jar))[0].path == name


@unhurried
@given(documents, documents)
def test_swapping_the_sides_finds_the_same_places(one, other):
    forth, back = (
        {difference.path for difference in compare(answer(left), answer(right))}
        for left, right in ((one, other), (other, one))
    )
    assert forth == back
    assert bool(forth) == (dump(one) != dump(other))


def test_a_cookie_s_name_is_what_stands_before_its_attributes_and_its_value():
    control = answer({}, cookies=("csrftoken; max-age=10; path=/",))
    (found,) = compare(control, answer({}, cookies=("csrftoken; max-age=20; path=/",)))
    assert (found.kind, found.path) == (Kind.COOKIE, "csrftoken")
