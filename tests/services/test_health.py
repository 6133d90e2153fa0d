import asyncio
import hashlib
import threading
import time
from types import SimpleNamespace

import grpc
import pytest
from google.rpc.error_details_pb2 import PreconditionFailure
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_status import rpc_status

from strangler_protos.fingerprint import DIGEST_KEY, FINGERPRINT_KEY, VIOLATION, fingerprint, named_hashes_of_service
from strangler_protos.v1 import lift_pb2
from strangler_services import ServerSettings, start_in_thread

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


def check(client, service=""):
    stub = health_pb2_grpc.HealthStub(client.channel)
    return stub.Check(health_pb2.HealthCheckRequest(service=service), timeout=5).status


@pytest.mark.parametrize("name", ["", "strangler.v1.Lift"])
def test_health_needs_no_identity(service, name):
    assert check(service, name) == SERVING


def test_a_service_that_is_not_here_is_not_found(service):
    with pytest.raises(grpc.RpcError) as failure:
        check(service, "other.Service")
    assert failure.value.code() is grpc.StatusCode.NOT_FOUND


def wait_for(client, status):
    end = time.monotonic() + 5
    while check(client) != status or check(client, "strangler.v1.Lift") != status:
        assert time.monotonic() < end
        time.sleep(0.05)


def test_health_follows_readiness(lifted, serving):
    database = {"up": False}

    async def readiness():
        if database["up"] is None:
            raise ConnectionError("the database is gone")
        return database["up"]

    with serving(lifted.Lifted(), readiness=readiness) as client:
        assert check(client) == NOT_SERVING
        database["up"] = True
        wait_for(client, SERVING)
        database["up"] = None
        wait_for(client, NOT_SERVING)
        assert client.send("echo", "x")[0].data == b"x"


def test_readiness_that_hangs_counts_as_not_ready(lifted, serving):
    async def readiness():
        await asyncio.sleep(60)

    with serving(lifted.Lifted(), readiness=readiness) as client:
        assert check(client) == NOT_SERVING


def test_a_stop_is_announced_before_calls_are_refused(lifted, serving):
    with serving(lifted.Lifted()) as client:
        stub = health_pb2_grpc.HealthStub(client.channel)
        watch = stub.Watch(health_pb2.HealthCheckRequest(service="strangler.v1.Lift"), timeout=20)
        assert next(watch).status == SERVING
        stopping = threading.Thread(target=client.server.stop)
        stopping.start()
        assert next(watch).status == NOT_SERVING
        assert client.send("echo", "still answered")[0].data == b"still answered"
        stopping.join()
        with pytest.raises(grpc.RpcError):
            next(watch)


def lift_fingerprint():
    [lift] = lift_pb2.DESCRIPTOR.services_by_name.values()
    return fingerprint(named_hashes_of_service(lift))


def check_contract(client, fingerprint, name="strangler.v1.Lift"):
    raw = client.channel.unary_unary("/grpc.health.v1.Health/Check")
    request = health_pb2.HealthCheckRequest(service=name).SerializeToString()
    answer, call = raw.with_call(request, timeout=5, metadata=((FINGERPRINT_KEY, fingerprint),) if fingerprint else ())
    return health_pb2.HealthCheckResponse.FromString(answer).status, dict(call.trailing_metadata())


@pytest.mark.parametrize("fingerprint", [b"", lift_fingerprint(), lift_fingerprint()[:4]], ids=["none", "all", "part"])
def test_a_check_for_a_service_says_the_digest_of_its_contract(service, fingerprint):
    status, metadata = check_contract(service, fingerprint)
    assert status == SERVING
    assert metadata[DIGEST_KEY] == hashlib.sha256(lift_fingerprint()).hexdigest()
    assert DIGEST_KEY not in check_contract(service, fingerprint, "")[1]


def test_a_check_with_a_newer_contract_is_refused_with_what_is_missing(service):
    with pytest.raises(grpc.RpcError) as failure:
        check_contract(service, lift_fingerprint() + b"\1\2\3\4")
    assert failure.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    [detail] = rpc_status.from_call(failure.value).details
    precondition = PreconditionFailure()
    assert detail.Unpack(precondition)
    [violation] = precondition.violations
    assert (violation.type, violation.subject, violation.description) == (VIOLATION, "strangler.v1.Lift", "01020304")
    assert dict(failure.value.trailing_metadata())[DIGEST_KEY]


def test_a_check_with_what_is_no_fingerprint_is_refused(service):
    with pytest.raises(grpc.RpcError) as failure:
        check_contract(service, b"12345")
    assert failure.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert failure.value.details() == "5 bytes are no fingerprint"


def test_a_service_written_without_stubs_has_health_and_no_contract(lifted):
    def register(server):
        handler = grpc.unary_unary_rpc_method_handler(lambda request, context: request)
        server.add_registered_method_handlers("own.Service", {"Ask": handler})

    settings = ServerSettings(**lifted.SETTINGS | {"keys": {"own.Service": {"k1": lifted.KEY}}})
    with start_in_thread(register, settings) as server, grpc.insecure_channel(server.address) as channel:
        client = SimpleNamespace(channel=channel)
        assert check_contract(client, b"\1\2\3\4", "own.Service") == (SERVING, {})
