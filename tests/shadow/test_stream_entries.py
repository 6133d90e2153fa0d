"""What waits in the stream is what was mirrored, less credentials, and nobody else can have put it there."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strangler_protos.identity import Caller
from strangler_router.types import Call, Decision, Exchange, Served, Side
from strangler_shadow.stream_entries import Entry, SealError, open_sealed, seal

texts = st.text(max_size=20)
pairs = st.lists(st.tuples(st.sampled_from(["X-One", "Accept"]), texts), max_size=3).map(tuple)
entries = st.builds(
    Entry,
    uid=st.text("0123456789abcdef", min_size=32, max_size=32),
    at=st.floats(0, 2e9),
    weight=st.sampled_from([1, 2, 64]),
    exchange=st.builds(
        Exchange,
        call=st.builds(
            Call,
            endpoint=texts,
            route=texts,
            method=st.sampled_from(["GET", "HEAD"]),
            path=texts,
            query=texts,
            kwargs=st.dictionaries(texts, texts, max_size=2),
            headers=pairs,
            body=st.binary(max_size=50),
            caller=st.builds(
                Caller, subject=texts, scopes=st.lists(texts, max_size=2).map(tuple), is_staff=st.booleans()
            ),
        ),
        decision=st.builds(Decision, side=st.sampled_from(Side), rung=texts, reason=texts, mirrored=st.booleans()),
        served=st.builds(
            Served,
            status=st.integers(100, 599),
            headers=pairs,
            cookies=st.lists(texts, max_size=2).map(tuple),
            body=st.binary(max_size=200),
            seconds=st.floats(0, 9),
            fell_back=st.booleans(),
        ),
    ),
)


def exchange(**served):
    return Exchange(
        call=Call(endpoint="x.get", route="x/", method="GET", path="/x/"),
        decision=Decision(side=Side.MONOLITH, rung="native", reason=""),
        served=Served(**{"status": 200, "headers": (), "cookies": (), "body": b"{}", "seconds": 0.1} | served),
    )


ENTRY = Entry(uid="0" * 32, exchange=exchange(), at=1.0)


@given(entry=entries)
def test_what_is_opened_is_what_was_sealed(entry):
    assert open_sealed(seal(entry)) == entry


@given(place=st.integers(0, len(seal(ENTRY)) - 1), bit=st.integers(0, 7))
def test_no_bit_can_be_changed(place, bit):
    data = bytearray(seal(ENTRY))
    data[place] ^= 1 << bit
    with pytest.raises(SealError):
        open_sealed(bytes(data))


@pytest.mark.parametrize("data", [b"", b"\x01", b"x" * 500, seal(ENTRY)[:-1], seal(ENTRY) + b"x", pickle.dumps(ENTRY)])
def test_what_was_cut_or_never_sealed_is_not_read(data):
    with pytest.raises(SealError):
        open_sealed(data)


def test_another_projects_key_opens_nothing_unless_it_is_a_fallback(settings):
    data = seal(ENTRY)
    settings.SECRET_KEY = "another"
    with pytest.raises(SealError):
        open_sealed(data)
    settings.SECRET_KEY_FALLBACKS = ["for development only"]
    assert open_sealed(data) == ENTRY


def test_nothing_can_be_read_and_equal_entries_look_different():
    data = seal(ENTRY)
    assert b"x.get" not in data
    assert data[1:17] != seal(ENTRY)[1:17]
    assert data[17:] != seal(ENTRY)[17:]


def test_values_of_cookies_stay_behind():
    data = seal(Entry(uid="0" * 32, exchange=exchange(headers=(("Set-Cookie", "a=canary; Path=/"),)), at=1.0))
    assert "canary" not in repr(open_sealed(data))
    assert open_sealed(data).exchange.served.cookies == ("a; path=/",)
