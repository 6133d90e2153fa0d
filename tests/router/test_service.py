"""The backend that asks a real service, over plaintext on loopback, TLS and mutual TLS."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import replace

import grpc
import pytest
from google.protobuf.message import Message

from banyan.catalog.v1 import catalog_codec, catalog_pb2, catalog_pb2_grpc
from strangler_protos.bindings import read_contract
from strangler_protos.identity import Caller
from strangler_router import channels
from strangler_router.conf import Target
from strangler_router.errors import ConfigurationError, NoAnswer, NotTranscodable
from strangler_router.service import service_backend
from strangler_router.types import Call
from strangler_services import TLS, ServerSettings, caller, drf_error, start_in_thread
from tests.certificates import Authority
from tests.end_to_end.demo.processes import free_port

SERVICE = "banyan.catalog.v1.CatalogService"
KEY = {SERVICE: {"now": "ab" * 32}}
BINDING = next(found for found in read_contract("banyan.catalog.v1.catalog_pb2") if found.rpc.endswith("/GetEducator"))
CALL = Call(
    endpoint=BINDING.id,
    route=BINDING.route,
    method="GET",
    path="/api/v1/educators/7/",
    kwargs={"pk": "7"},
    caller=Caller(subject="5", is_staff=True),
)
EDUCATOR = {
    "id": 7, "name": "Elif", "bio": "", "photo": None, "website": None, "joined_at": None, "course_count": 1,
    "levels": {},
}  # fmt: skip


class Educators(catalog_pb2_grpc.CatalogServiceServicer):
    """Answers with the caller's subject as the name."""

    async def GetEducator(self, request: Message, context: object) -> Message:
        if request.pk == "404":
            raise drf_error("NotFound", "No Educator matches the given query.")
        if request.pk == "abort":
            await context.abort(grpc.StatusCode.FAILED_PRECONDITION, "Ada Adams owes 12.50")
        message = catalog_pb2.Educator()
        document = {**EDUCATOR, "name": caller().subject, "bio": _trace(context)}
        catalog_codec.encode_educator(document, message)
        match request.pk:
            case "status":
                message.strangler_http.status = 7
            case "header":
                message.strangler_http.headers.add(name="X-Note", value="two\nlines")
            case "overflow":
                message.strangler_overflow.add(number=2, json="{")
        return message

    def register(self, server: grpc.aio.Server) -> None:
        catalog_pb2_grpc.add_CatalogServiceServicer_to_server(self, server)


def _trace(context):
    metadata = dict(context.invocation_metadata())
    return f"{metadata['x-request-id']} {metadata['traceparent']}" if "traceparent" in metadata else ""


@pytest.fixture
def serve():
    @contextmanager
    def run(**changes):
        values = {"address": "127.0.0.1:0", "keys": KEY, **changes}
        with start_in_thread(Educators().register, ServerSettings(**values)) as server:
            yield server

    return run


@pytest.fixture
def ask(settings):
    def run(target, call=CALL, **changes):
        values = {"TARGETS": {SERVICE: {"native": target}}, "KEYS": KEY, **changes}
        settings.STRANGLER = {**settings.STRANGLER, **values}
        return service_backend(BINDING, "native")(call)

    return run


def test_the_service_knows_the_caller_and_the_reply_is_decoded(serve, ask):
    with serve() as server:
        assert ask(server.address).data == {**EDUCATOR, "name": "5"}


def test_an_error_of_the_application_becomes_its_exception(serve, ask):
    with serve() as server:
        reply = ask(server.address, replace(CALL, kwargs={"pk": "404"}))
    assert reply.exception.status_code == 404
    assert str(reply.exception.detail) == "No Educator matches the given query."


def test_what_a_service_says_where_it_ends_a_call_itself_stays_in_its_own_log(serve, ask):
    call = replace(CALL, kwargs={"pk": "abort"}, headers=(("X-Request-Id", "abc-1"),))
    with serve() as server, pytest.raises(NoAnswer, match=r"its own; its log has request abc-1$") as caught:
        ask(server.address, call)
    assert (caught.value.kind, "Ada" in str(caught.value)) == ("failed precondition", False)


def test_a_service_that_is_away_is_no_answer_and_says_where(ask):
    with pytest.raises(NoAnswer, match=r"127\.0\.0\.1:9: UNAVAILABLE") as caught:
        ask("127.0.0.1:9")
    assert (caught.value.kind, caught.value.status) == ("unavailable", 503)


def test_a_service_that_hangs_is_no_answer_after_the_deadline(ask):
    with other_process() as (address, pid):
        ask(address)
        os.kill(pid, signal.SIGSTOP)
        began = time.monotonic()
        with pytest.raises(NoAnswer) as caught:
            ask(address, replace(CALL, timeout=0.3))
    assert (caught.value.kind, caught.value.status) == ("deadline exceeded", 504)
    assert time.monotonic() - began < 2


def test_a_wrong_key_is_our_mistake_and_never_a_401(serve, ask):
    with serve() as server, pytest.raises(NoAnswer) as caught:
        ask(server.address, KEYS={SERVICE: {"now": "cd" * 32}})
    assert (caught.value.kind, caught.value.status) == ("unauthenticated", 503)


def test_tls_and_mutual_tls_work_by_files(serve, ask, tmp_path):
    authority = Authority(tmp_path)
    certificate, key = authority.issue("server")
    client, client_key = authority.issue("client")
    files = {"ca": str(authority.path), "certificate": str(client), "key": str(client_key)}
    with serve(tls=TLS(certificate=certificate, key=key, client_ca=authority.path)) as server:
        assert ask({"address": server.address, **files}).data["id"] == 7
        with pytest.raises(NoAnswer, match="wants TLS, or a client certificate"):
            ask({"address": server.address, "ca": str(authority.path)})


def test_a_wrong_authority_and_a_wrong_name_are_named(serve, ask, tmp_path):
    authority, stranger = Authority(tmp_path), Authority(tmp_path, "stranger")
    certificate, key = authority.issue("server")
    with serve(tls=TLS(certificate=certificate, key=key)) as server:
        with pytest.raises(NoAnswer, match=r"not signed by the CA .*stranger\.pem"):
            ask({"address": server.address, "ca": str(stranger.path)})
        with pytest.raises(NoAnswer, match=r"for another name .*elsewhere\.example"):
            ask({"address": server.address, "ca": str(authority.path), "name": "elsewhere.example"})


def test_new_client_files_are_used_without_a_restart(serve, ask, tmp_path, monkeypatch):
    monkeypatch.setattr(channels, "FILE_CHECK_SECONDS", 0)
    authority, stranger = Authority(tmp_path), Authority(tmp_path, "stranger")
    certificate, key = authority.issue("server")
    client, client_key = stranger.issue("client")
    target = {
        "address": "", "ca": str(authority.path), "certificate": str(client), "key": str(client_key),
    }  # fmt: skip
    with serve(tls=TLS(certificate=certificate, key=key, client_ca=authority.path)) as server:
        target["address"] = server.address
        with pytest.raises(NoAnswer):
            ask(target)
        authority.issue("client")
        assert ask(target).data["id"] == 7


def test_plaintext_off_loopback_is_refused(ask):
    with pytest.raises(ConfigurationError, match=r"192\.0\.2\.1:50051 is not on loopback, so TLS is required"):
        ask("192.0.2.1:50051")


def test_a_certificate_file_that_is_missing_is_named(ask, tmp_path):
    with pytest.raises(ConfigurationError, match=r"missing\.pem cannot be read: No such file"):
        ask({"address": "127.0.0.1:9", "ca": str(tmp_path / "missing.pem")})


def test_a_missing_target_and_a_missing_key_say_what_to_configure(ask, settings):
    with pytest.raises(ConfigurationError, match=r"has no address for rung 'native'; it has \['lifted'\]"):
        ask("", TARGETS={SERVICE: {"lifted": "127.0.0.1:9"}})
    with pytest.raises(ConfigurationError, match=r"STRANGLER\['KEYS'\].*0 identity keys are active"):
        ask("127.0.0.1:9", KEYS={})


def test_text_that_is_no_unicode_is_not_transcodable(serve, ask):
    with serve() as server, pytest.raises(NotTranscodable, match="does not fit the contract"):
        ask(server.address, replace(CALL, kwargs={"pk": "\ud800"}))


def test_a_service_that_comes_back_is_asked_again_within_a_second(serve, ask):
    with serve() as server:
        address = server.address
        assert ask(address).data["id"] == 7
    with pytest.raises(NoAnswer):
        ask(address)
    with serve(address=address):
        deadline = time.monotonic() + 3
        while True:
            try:
                assert ask(address).data["id"] == 7
                break
            except NoAnswer:
                assert time.monotonic() < deadline
                time.sleep(0.05)


def test_a_copy_for_the_shadow_has_a_breaker_of_its_own(ask):
    for _ in range(6):
        with pytest.raises(NoAnswer):
            ask("127.0.0.1:10", replace(CALL, shadow=True))
    with pytest.raises(NoAnswer) as caught:
        ask("127.0.0.1:10", replace(CALL, shadow=True))
    assert caught.value.kind == "breaker open"
    with pytest.raises(NoAnswer) as caught:
        ask("127.0.0.1:10")
    assert caught.value.kind == "unavailable"


@contextmanager
def other_process():
    """A server that takes any identity; its address and process id."""
    address = f"127.0.0.1:{free_port()}"
    process = subprocess.Popen([sys.executable, "-m", "tests.bench.echo", "bare", address])
    try:
        with grpc.insecure_channel(address) as channel:
            grpc.channel_ready_future(channel).result(20)
        yield address, process.pid
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("request_id", ["x" * 8000, "\x01abc", "täst", ""])
def test_a_request_id_that_cannot_travel_is_replaced_by_a_new_one(serve, ask, request_id):
    with serve() as server:
        assert ask(server.address, replace(CALL, headers=(("X-Request-Id", request_id),))).data["id"] == 7


def test_request_id_and_trace_context_reach_the_service(serve, ask):
    trace = "00-" + "ab" * 16 + "-" + "cd" * 8 + "-01"
    with serve() as server:
        reply = ask(server.address, replace(CALL, headers=(("X-Request-Id", "mine"), ("Traceparent", trace))))
    assert reply.data["bio"] == f"mine {trace}"


def test_no_time_left_is_said_without_asking_and_does_not_count_against_the_service(ask):
    for _ in range(9):
        with pytest.raises(NoAnswer) as caught:
            ask("127.0.0.1:11", replace(CALL, timeout=0.0))
    assert (caught.value.kind, caught.value.status) == ("out of time", 504)


@pytest.mark.parametrize("broken", ["status", "header", "overflow"])
def test_an_answer_that_cannot_be_served_is_no_answer(serve, ask, broken):
    with serve() as server, pytest.raises(NoAnswer) as caught:
        ask(server.address, replace(CALL, kwargs={"pk": broken}))
    assert caught.value.kind == "bad answer"


def test_only_a_loopback_address_is_local():
    assert Target(address="127.0.0.1:1").is_local
    assert Target(address="[::1]:1").is_local
    assert not Target(address="127.0.0.1.example:1").is_local
    assert not Target(address="127.evil.example:443").is_local


def test_the_lifted_host_speaks_tls(tmp_path, ask, settings):
    authority = Authority(tmp_path)
    certificate, key = authority.issue("server")
    address = f"127.0.0.1:{free_port()}"
    line = ["host", "--address", address, "--certificate", str(certificate), "--key", str(key)]
    environment = {**os.environ, "ACADEMY_STATE": str(tmp_path), "ACADEMY_CATALOG_KEY": "ab" * 32}
    with (tmp_path / "host.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "strangler_router", *line], env=environment, stdout=log, stderr=log
        )
    try:
        credentials = grpc.ssl_channel_credentials(authority.path.read_bytes())
        with grpc.secure_channel(address, credentials) as channel:
            grpc.channel_ready_future(channel).result(30)
        settings.STRANGLER = {**settings.STRANGLER, "RPC_TIMEOUT": 5.0}
        with pytest.raises(NoAnswer, match="INTERNAL"):  # the host's own database is empty, and it was asked
            ask(
                {"address": address, "ca": str(authority.path)},
                replace(CALL, timeout=5.0),
                KEYS={SERVICE: {"demo": "ab" * 32}},
            )
    finally:
        process.terminate()
        process.wait(20)
