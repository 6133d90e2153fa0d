import asyncio
import json
import logging
import threading
import time

import grpc
import pytest
from grpc_status import rpc_status

from strangler_protos.identity import METADATA_KEY, Caller
from strangler_protos.v1 import http_pb2, lift_pb2, lift_pb2_grpc
from strangler_services.gate import Gate
from strangler_services.nonces import MemoryNonces
from strangler_services.rpc import Rpc, Runtime


def http_error(failure):
    status = rpc_status.from_call(failure)
    if status is None:
        return None
    error = http_pb2.HttpError()
    assert status.details[0].Unpack(error)
    return error


def test_a_method_learns_who_calls_and_how_long_it_has(service):
    response, _ = service.send(
        "whoami",
        timeout=5,
        caller=Caller(subject="7", tenant="t", scopes=("read",)),
        metadata=[("x-request-id", "abc")],
    )
    found = json.loads(response.data)
    assert found["subject"] == "7"
    assert found["tenant"] == "t"
    assert found["scopes"] == ["read"]
    assert found["request_id"] == "abc"
    assert 4 < found["remaining"] <= 5.1  # gRPC rounds a timeout up on the wire


def test_a_plain_function_runs_in_a_thread_with_the_same_call(lifted, serving):
    with serving(lifted.LiftedPlainly()) as client:
        assert client.send("echo")[0].data == b"7 True"
        assert http_error(client.fail("not_found")).drf.exception == "NotFound"


def test_plain_functions_run_side_by_side_up_to_the_number_of_threads(lifted, serving):
    def seconds(threads):
        with serving(lifted.LiftedPlainly(), threads=threads) as client:
            client.send("echo")
            callers = [threading.Thread(target=client.send, args=("slow", "0.2")) for _ in range(4)]
            began = time.monotonic()
            for item in callers:
                item.start()
            for item in callers:
                item.join()
            return time.monotonic() - began

    assert seconds(threads=4) < 0.6
    assert seconds(threads=1) >= 0.8


def test_the_request_id_is_echoed_or_made(service):
    _, call = service.send("echo", metadata=[("x-request-id", "from-the-router")])
    assert dict(call.trailing_metadata())["x-request-id"] == "from-the-router"
    for bad in ("", "x" * 129):
        _, call = service.send("echo", metadata=[("x-request-id", bad)])
        assert len(dict(call.trailing_metadata())["x-request-id"]) == 32


def test_a_methods_own_trailing_metadata_is_kept(service):
    _, call = service.send("metadata", metadata=[("x-request-id", "abc")])
    assert dict(call.trailing_metadata()) == {"x-own": "1", "x-request-id": "abc"}


def test_an_applications_error_is_a_failed_call_that_carries_the_http_answer(service):
    failure = service.fail("not_found", metadata=[("x-request-id", "abc")])
    assert failure.code() is grpc.StatusCode.NOT_FOUND
    assert failure.details() == "NotFound (HTTP 404)"
    assert dict(failure.trailing_metadata())["x-request-id"] == "abc"
    error = http_error(failure)
    assert error.drf.exception == "NotFound"
    assert error.drf.detail.text == http_pb2.ErrorText(
        message="No %s matches the given query.", args=["Course"], code="not_found"
    )


def test_an_exact_reply_is_carried_byte_for_byte(service):
    failure = service.fail("exact")
    assert failure.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert http_error(failure).exact == http_pb2.ExactReply(
        status=418, body=b"teapot", headers=[http_pb2.Header(name="X-Pot", value="1")], content_type="text/plain"
    )


def test_an_error_over_four_kib_travels_in_the_response(service):
    small = service.fail("large", "3900")
    assert small.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert len(dict(small.trailing_metadata())["grpc-status-details-bin"]) <= 4096
    response, _ = service.send("large", "5000")
    assert response.strangler_http.status == 400
    entry = response.strangler_http.error.drf.detail.map.entries[0]
    assert entry.key == "title"
    assert entry.detail.list.items[0].text.message == "x" * 5000


@pytest.mark.parametrize("endpoint", ["crash", "timeout", "no_message"])
def test_a_bug_tells_the_caller_the_request_id_and_nothing_else(service, caplog, endpoint):
    with caplog.at_level(logging.INFO, "strangler_services"):
        failure = service.fail(endpoint, metadata=[("x-request-id", "abc")])
    assert failure.code() is grpc.StatusCode.INTERNAL
    assert failure.details() == "internal error, request abc"
    assert http_error(failure) is None
    crash = next(record for record in caplog.records if record.message == "unexpected error")
    assert crash.fields["frames"]
    assert "secret" not in repr(crash.__dict__)


def test_what_grpcs_own_context_says_is_kept(service):
    failure = service.fail("abort", metadata=[("x-request-id", "abc")])
    assert (failure.code(), failure.details()) == (grpc.StatusCode.NOT_FOUND, "aborted by the service")
    assert dict(failure.trailing_metadata())["x-request-id"] == "abc"


def test_a_method_that_the_service_lacks_is_unimplemented(serving):
    with serving(lift_pb2_grpc.LiftServicer()) as client:
        failure = client.fail("echo")
        assert failure.code() is grpc.StatusCode.UNIMPLEMENTED
        assert failure.details() == "/strangler.v1.Lift/Call is not implemented"
        with pytest.raises(grpc.RpcError) as unknown:
            client.channel.unary_unary("/strangler.v1.Lift/Other")(b"", timeout=5)
        assert unknown.value.code() is grpc.StatusCode.UNIMPLEMENTED


def test_a_message_that_does_not_parse_is_refused(service):
    bad = b"\xff\xff\xff"
    with pytest.raises(grpc.RpcError) as failure:
        service.raw(bad, timeout=5, metadata=((METADATA_KEY, service.token(bad)),))
    assert failure.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert service.servicer.begun == []


def test_a_call_without_a_deadline_gets_the_longest_allowed(lifted, serving):
    servicer = lifted.Lifted()
    with serving(servicer, max_deadline=0.2) as client:
        for timeout in (None, 60):
            failure = client.fail("slow", "30", timeout=timeout)
            assert failure.code() is grpc.StatusCode.DEADLINE_EXCEEDED
            assert "more than 0.2 s" in failure.details()
        response, _ = client.send("whoami", timeout=None)
        assert json.loads(response.data)["remaining"] <= 0.2
    assert servicer.cancelled == [30.0, 30.0]


def test_a_timeout_of_the_methods_own_is_a_bug_and_no_missed_deadline(service):
    assert service.fail("timeout", timeout=None).code() is grpc.StatusCode.INTERNAL


class LateContext:
    """grpc's context of a call whose deadline has passed; mostly grpc cancels such a call first."""

    def __init__(self, metadata):
        self.metadata = metadata
        self.ended = None

    def invocation_metadata(self):
        return self.metadata

    def time_remaining(self):
        return 0.0

    def add_done_callback(self, callback):
        pass

    def set_trailing_metadata(self, metadata):
        pass

    async def abort(self, code, message, metadata):
        self.ended = code
        raise grpc.aio.AbortError


def test_a_late_call_that_grpc_hands_over_is_not_started(lifted, service):
    servicer = lifted.Lifted()
    message = lift_pb2.CallRequest(endpoint="echo").SerializeToString()
    context = LateContext(((METADATA_KEY, service.token(message)),))
    handler = grpc.unary_unary_rpc_method_handler(
        servicer.Call, lift_pb2.CallRequest.FromString, lift_pb2.CallResponse.SerializeToString
    )

    async def answer():
        runtime = Runtime(gate=Gate(1), nonces=MemoryNonces(), pool=None, max_deadline=30.0)
        with pytest.raises(grpc.aio.AbortError):
            await Rpc(lifted.CALL, handler, service.keyring, runtime).answer(message, context)

    asyncio.run(answer())
    assert context.ended is grpc.StatusCode.DEADLINE_EXCEEDED
    assert servicer.begun == []


def eventually(condition):
    end = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.01)


def test_work_ends_when_its_deadline_passes_or_its_client_leaves(service, caplog):
    with caplog.at_level(logging.INFO, "strangler_services"):
        assert service.fail("slow", "30", timeout=0.2).code() is grpc.StatusCode.DEADLINE_EXCEEDED
        eventually(lambda: service.servicer.cancelled == [30.0])
        message = lift_pb2.CallRequest(endpoint="slow", route="31").SerializeToString()
        future = service.raw.future(message, timeout=20, metadata=((METADATA_KEY, service.token(message)),))
        eventually(lambda: "31" in service.servicer.begun)
        future.cancel()
        eventually(lambda: service.servicer.cancelled == [30.0, 31.0])
        eventually(lambda: len(caplog.records) == 2)
    assert [record.fields["code"] for record in caplog.records] == ["DEADLINE_EXCEEDED", "CANCELLED"]


def test_a_call_whose_deadline_passed_in_the_queue_is_not_started(service):
    blocking = threading.Thread(target=service.send, args=("block", "0.6"))
    blocking.start()
    eventually(lambda: service.servicer.begun == ["0.6"])
    assert service.fail("echo", "late", timeout=0.2).code() is grpc.StatusCode.DEADLINE_EXCEEDED
    blocking.join()
    service.send("echo", "next")
    assert service.servicer.begun == ["0.6", "next"]


def test_calls_over_the_limit_are_refused_at_once(lifted, serving):
    servicer = lifted.Lifted()
    with serving(servicer, max_concurrent=2) as client:
        running = [threading.Thread(target=client.send, args=("slow", "0.4")) for _ in range(2)]
        for item in running:
            item.start()
        eventually(lambda: len(servicer.begun) == 2)
        failure = client.fail("echo")
        assert failure.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert http_error(failure) is None
        for item in running:
            item.join()
        eventually(lambda: client.send("echo", "free")[0].data == b"free")


def test_the_message_limit_is_a_setting(lifted, serving):
    with serving(lifted.Lifted(), max_message=10_000) as client:
        assert client.send("echo", "x" * 5_000)
        assert client.fail("echo", "x" * 20_000).code() is grpc.StatusCode.RESOURCE_EXHAUSTED
