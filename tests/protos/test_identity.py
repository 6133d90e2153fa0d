import pytest
from hypothesis import given
from hypothesis import strategies as st

from strangler_protos.errors import IdentityError
from strangler_protos.identity import CLOCK_SKEW_MS, LIFETIME_MS, Caller, Keyring, audience_of, sign, verify
from strangler_protos.v1.identity_pb2 import SignedIdentity

METHOD = "/banyan.catalog.v1.CatalogService/GetCourse"
CATALOG = Keyring({"c1": b"c" * 32})
NOW = 1_700_000_000_000


def check(token, *, keyring=CATALOG, method=METHOD, message=b"m", now_ms=NOW):
    return verify(token, keyring=keyring, method=method, message=message, now_ms=now_ms)


def signed(caller=None, *, keyring=CATALOG, method=METHOD, message=b"m", now_ms=NOW, **options):
    return sign(caller or Caller(), keyring=keyring, method=method, message=message, now_ms=now_ms, **options)


callers = st.builds(
    Caller,
    subject=st.text(),
    authenticator=st.text(),
    scopes=st.lists(st.text()).map(tuple),
    tenant=st.text(),
    is_staff=st.booleans(),
)


@given(callers, st.binary(), st.booleans(), st.booleans(), st.integers(0, 2**32 - 1))
def test_what_is_signed_is_what_is_verified(caller, message, safe, shadow, hops):
    identity = check(signed(caller, message=message, safe=safe, shadow=shadow, hops=hops), message=message)
    assert caller == Caller(
        subject=identity.subject,
        authenticator=identity.authenticator,
        scopes=tuple(identity.scopes),
        tenant=identity.tenant,
        is_staff=identity.is_staff,
    )
    assert (identity.shadow, identity.hops) == (shadow, hops)
    assert identity.audience == "banyan.catalog.v1.CatalogService"
    assert len(identity.nonce) == (0 if safe else 16)


@given(st.binary(), st.binary())
def test_a_token_is_good_for_its_own_message_only(message, other):
    token = signed(message=message)
    if message == other:
        assert check(token, message=other)
    else:
        with pytest.raises(IdentityError, match="for another message"):
            check(token, message=other)


@given(st.data())
def test_a_token_with_any_bit_changed_is_refused(data):
    token = bytearray(signed(Caller(subject="7", tenant="t")))
    token[data.draw(st.integers(0, len(token) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(IdentityError):
        check(bytes(token))


@given(st.binary())
def test_arbitrary_bytes_are_refused(token):
    with pytest.raises(IdentityError):
        check(token)


@pytest.mark.parametrize(
    "method", ["/banyan.catalog.v1.CatalogService/ListCourses", "/banyan.other.v1.OtherService/GetCourse"]
)
def test_a_token_is_good_for_its_own_method_only(method):
    with pytest.raises(IdentityError, match=f"for {METHOD}, not for {method}"):
        check(signed(), method=method)


def test_another_audience_cannot_mint():
    other = Keyring({"c1": b"o" * 32})
    with pytest.raises(IdentityError, match="signature is wrong"):
        check(signed(Caller(subject="1", is_staff=True), keyring=other))
    with pytest.raises(IdentityError, match="key 'o1', which is not active here"):
        check(signed(keyring=Keyring({"o1": b"o" * 32})))


def test_the_kid_is_signed_too():
    token = SignedIdentity.FromString(signed(keyring=Keyring({"a": b"k" * 32})))
    token.kid = "b"
    with pytest.raises(IdentityError, match="signature is wrong"):
        check(token.SerializeToString(), keyring=Keyring({"b": b"k" * 32}))


@pytest.mark.parametrize(
    ("age", "reason"),
    [
        (0, None),
        (LIFETIME_MS - 1, None),
        (LIFETIME_MS, "has expired"),
        (-CLOCK_SKEW_MS, None),
        (-CLOCK_SKEW_MS - 1, "issued in the future"),
    ],
)
def test_a_token_lives_thirty_seconds_and_clocks_may_differ_by_five(age, reason):
    token = signed()
    if reason is None:
        assert check(token, now_ms=NOW + age)
    else:
        with pytest.raises(IdentityError, match=reason):
            check(token, now_ms=NOW + age)


def test_the_present_is_the_default():
    assert verify(
        sign(Caller(), keyring=CATALOG, method=METHOD, message=b""), keyring=CATALOG, method=METHOD, message=b""
    )
    with pytest.raises(IdentityError, match="expired"):
        verify(signed(), keyring=CATALOG, method=METHOD, message=b"m")


def test_keys_rotate_without_a_refused_call():
    old, new = b"o" * 32, b"n" * 32
    before, both, swapped, after = (
        Keyring({"1": old}),
        Keyring({"1": old, "2": new}),
        Keyring({"2": new, "1": old}),
        Keyring({"2": new}),
    )
    # Services learn of a key before the router signs with it, and forget one after the router stopped.
    for signer, verifier in [(before, both), (both, both), (swapped, both), (swapped, swapped), (swapped, after)]:
        assert check(signed(keyring=signer), keyring=verifier)
    with pytest.raises(IdentityError, match="not active here"):
        check(signed(keyring=before), keyring=after)


def test_each_writes_token_has_its_own_nonce():
    tokens = [signed(safe=False) for _ in range(50)]
    assert len({check(token).nonce for token in tokens}) == 50


@pytest.mark.parametrize("keys", [{}, {"1": b"k" * 32, "2": b"k" * 32, "3": b"k" * 32}, {"1": b"k" * 31}])
def test_a_keyring_has_one_or_two_keys_of_32_bytes(keys):
    with pytest.raises(IdentityError):
        Keyring(keys)


def test_keys_are_read_from_hexadecimal_text():
    assert Keyring.from_hex({"c1": (b"c" * 32).hex()}) == CATALOG
    with pytest.raises(IdentityError, match="not hexadecimal"):
        Keyring.from_hex({"c1": "z" * 64})


def test_the_audience_is_the_service():
    assert audience_of(METHOD) == "banyan.catalog.v1.CatalogService"
