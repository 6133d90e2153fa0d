import asyncio
import threading
import time

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

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
