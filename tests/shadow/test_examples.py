"""Of two examples the smaller is shown, whichever came first."""

from functools import reduce
from itertools import permutations

from strangler_router.types import Call
from strangler_shadow.compare import compare
from strangler_shadow.examples import size_of, smaller
from strangler_shadow.observation import Observation
from strangler_shadow.report import Finding


def example(control: bytes, candidate: bytes, query: str = "") -> Finding:
    call = Call(endpoint="plain.get", route="plain/", method="GET", path="/plain/", query=query)
    left, right = Observation(status=200, body=control), Observation(status=200, body=candidate)
    return Finding(
        call=call, caller="anonymous", curl="", control=left, candidate=right, differences=tuple(compare(left, right))
    )


ORDERED = [
    example(b'{"a": 1}', b'{"a": 2}'),
    example(b'{"a": 1}', b'{"a": 2}', query="page=2"),
    example(b'{"a": 1, "b": 1}', b'{"a": 2, "b": 1}'),
    example(b'{"a":1,"b":1}', b'{"a":2,"b":2}'),
]


def test_fewer_differences_come_first_then_smaller_answers_then_the_shorter_call():
    assert sorted(ORDERED, key=size_of) == ORDERED


def test_the_smallest_of_many_does_not_depend_on_which_came_first():
    assert all(reduce(smaller, order) is ORDERED[0] for order in permutations(ORDERED))


def test_of_two_that_are_as_small_the_first_stays():
    one, other = example(b"1", b"2"), example(b"3", b"4")
    assert smaller(one, other) is one
    assert smaller(other, one) is other
