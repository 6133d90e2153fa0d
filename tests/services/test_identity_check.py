import time

import grpc
import pytest

from strangler_protos.identity import METADATA_KEY, Caller, Keyring, sign
from strangler_protos.v1 import lift_pb2

CALL = "/strangler.v1.Lift/Call"
MESSAGE = lift_pb2.CallRequest(endpoint="echo", route="x").SerializeToString()


def refused(service, *metadata, message=MESSAGE):
    with pytest.raises(grpc.RpcError) as failure:
        service.raw(message, timeout=5, metadata=metadata)
    assert failure.value.code() is grpc.StatusCode.UNAUTHENTICATED
    assert "grpc-status-details-bin" not in dict(failure.value.trailing_metadata())
    assert service.servicer.begun == []
    return failure.value.details()


def token(key="ab" * 32, *, kid="k1", method=CALL, message=MESSAGE, **options):
    return sign(Caller(subject="7"), keyring=Keyring.from_hex({kid: key}), method=method, message=message, **options)


def test_a_call_without_an_identity_is_refused(service):
    assert refused(service) == "the call carries no identity"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"key": "cd" * 32}, "the identity's signature is wrong"),
        ({"kid": "k9"}, "the identity is signed with key 'k9', which is not active here"),
        ({"method": "/strangler.v1.Lift/Other"}, f"the identity is for /strangler.v1.Lift/Other, not for {CALL}"),
        ({"message": b"another"}, "the identity is for another message"),
        ({"now_ms": 1}, "the identity has expired"),
    ],
)
def test_a_bad_identity_is_refused_with_the_reason(service, lifted, change, reason):
    assert refused(service, (METADATA_KEY, token(**({"key": lifted.KEY} | change)))) == reason


def test_a_malformed_identity_is_refused(service):
    assert refused(service, (METADATA_KEY, b"\xff\xff")) == "the identity is malformed"


def test_the_identity_is_checked_before_the_message_is_parsed(service):
    assert refused(service, message=b"\xff\xff\xff") == "the call carries no identity"


def test_a_writes_identity_is_accepted_once_and_a_reads_again(service, lifted):
    write = ((METADATA_KEY, token(lifted.KEY, safe=False)),)
    read = ((METADATA_KEY, token(lifted.KEY)),)
    for metadata in (write, read, read):
        assert service.raw(MESSAGE, timeout=5, metadata=metadata)
    service.servicer.begun.clear()
    assert refused(service, *write) == "the identity was used before"


def test_both_keys_are_good_while_rotating(lifted, serving):
    keys = {"strangler.v1.Lift": {"new": "cd" * 32, "old": "ab" * 32}}
    with serving(lifted.Lifted(), keys=keys) as client:
        for kid, key in keys["strangler.v1.Lift"].items():
            assert client.raw(MESSAGE, timeout=5, metadata=((METADATA_KEY, token(key, kid=kid)),))


def test_an_identity_lives_thirty_seconds(service, lifted):
    late = time.time_ns() // 1_000_000 - 30_001
    assert refused(service, (METADATA_KEY, token(lifted.KEY, now_ms=late))) == "the identity has expired"
