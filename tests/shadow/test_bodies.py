"""Bodies that are not JSON: compared as what they are once their coding is undone, or refused in words."""

import gzip
import json
import tracemalloc
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strangler_shadow import bodies
from strangler_shadow.compare import compare
from strangler_shadow.observation import Difference, Kind, Observation
from strangler_shadow.prefix import shared_prefix

# The machine may be busy with something else.
unhurried = settings(deadline=None)


def answer(body: bytes, *, coding: str = "", kind: str = "application/json") -> Observation:
    headers = (("Content-Type", kind), *((("Content-Encoding", coding),) if coding else ()))
    return Observation(status=200, headers=headers, body=body)


def raw_deflate(body: bytes) -> bytes:
    stream = zlib.compressobj(wbits=-15)
    return stream.compress(body) + stream.flush()


CODINGS = {"gzip": gzip.compress, "x-gzip": gzip.compress, "GZIP": gzip.compress, "deflate": zlib.compress}
ONE, OTHER = b'{"price": "1.00"}', b'{"price": "2.00"}'


@pytest.mark.parametrize("coding", CODINGS)
def test_what_is_compressed_is_compared_as_what_it_says(coding):
    compressed = CODINGS[coding]
    assert compare(answer(compressed(ONE), coding=coding), answer(gzip.compress(ONE, 1), coding="gzip"))[1:] == []
    found = compare(answer(compressed(ONE), coding=coding), answer(compressed(OTHER), coding=coding))
    assert [(each.kind, each.path) for each in found] == [(Kind.VALUE, "$.price")]


def test_deflate_comes_without_its_header_too_and_gzip_in_several_members():
    control = answer(zlib.compress(ONE), coding="deflate")
    assert compare(control, answer(raw_deflate(ONE), coding="deflate")) == []
    members = gzip.compress(ONE[:5]) + gzip.compress(ONE[5:])
    assert compare(answer(gzip.compress(ONE), coding="gzip"), answer(members, coding="gzip")) == []
    twice = answer(zlib.compress(gzip.compress(ONE)), coding="gzip, deflate")
    assert compare(twice, answer(zlib.compress(gzip.compress(ONE, 1)), coding="gzip, deflate")) == []


@pytest.mark.parametrize(
    ("body", "coding", "words"),
    [
        (b"\x8b\x02\x80ab\x03", "br", "in the coding br, which cannot be undone here"),
        (b"\x28\xb5\x2f\xfd ab", "zstd", "in the coding zstd, which cannot be undone here"),
        (ONE, "gzip", "called gzip, and broken"),
        (gzip.compress(ONE)[:-4], "gzip", "called gzip, and broken"),
        (ONE, "deflate", "called deflate, and broken"),
    ],
)
def test_what_cannot_be_undone_is_refused_in_words(body, coding, words):
    (found,) = compare(answer(body, coding=coding), answer(body + b"x", coding=coding))
    assert (found.kind, found.path) == (Kind.CODING, "$")
    assert words in found.control
    assert compare(answer(body, coding=coding), answer(body, coding=coding)) == []


def test_a_kilobyte_that_stands_for_gigabytes_is_refused(monkeypatch):
    monkeypatch.setattr(bodies, "LARGEST", 1000)
    bombs = [answer(gzip.compress(b"0" * size), coding="gzip") for size in (30_000_000, 30_000_001)]
    tracemalloc.start()
    (found,) = compare(*bombs)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found.kind is Kind.CODING
    assert "more than 1,000 bytes" in found.candidate
    assert most < 1_000_000


def test_text_differs_by_its_first_line_that_does():
    rows = [f"{number},course {number}" for number in range(1000)]
    other = [*rows[:700], "700,wrong", *rows[701:]]
    control, candidate = (answer("\n".join(lines).encode(), kind="text/csv") for lines in (rows, other))
    (found,) = compare(control, candidate)
    assert found.control.startswith("line 701: 700,course 700\n701")
    assert found.candidate.startswith("line 701: 700,wrong\n701")


def test_binary_differs_by_its_hash_and_the_first_byte_that_does():
    picture = bytes(range(256)) * 20_000
    damaged = picture[:3_000_001] + b"\0" + picture[3_000_002:]
    control, candidate = (answer(body, kind="image/png") for body in (picture, damaged))
    (found,) = compare(control, candidate)
    assert found.control.startswith("5120000 bytes, sha256 ")
    assert found.candidate.endswith(", equal up to byte 3000001")
    assert found.control != found.candidate


@unhurried
@given(st.binary(max_size=20), st.binary(max_size=20), st.integers(0, 3))
def test_the_shared_prefix_is_the_longest_start_that_both_have(one, other, blocks):
    start = b"a" * (4096 * blocks)
    left, right = start + one, start + other
    place = shared_prefix(left, right)
    assert left[:place] == right[:place]
    assert left[place : place + 1] != right[place : place + 1] or place == len(left) == len(right)
    assert shared_prefix(list(left), tuple(right)) == place


@unhurried
@given(st.binary(max_size=60), st.sampled_from(["gzip", "deflate", "br", "identity", "gzip, deflate"]))
def test_no_body_in_whatever_coding_stops_the_comparison(body, coding):
    found = compare(answer(body, coding=coding), answer(ONE, coding=coding))
    assert all(isinstance(each, Difference) and json.dumps(each.control) for each in found)
