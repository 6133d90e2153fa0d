"""`strangler health`: what a deployment asks before calls are sent to a service."""

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from io import StringIO

import grpc
import pytest
from django.core.management import call_command

from banyan.catalog.v1 import catalog_pb2, catalog_pb2_grpc
from strangler_django.verb import UsageError
from strangler_protos.fingerprint import digest, named_hashes_of_service
from strangler_router import handshake
from strangler_router.conf import Target
from strangler_router.handshake import shake_hands
from strangler_services import TLS, ServerSettings, start_in_thread
from tests.certificates import Authority
from tests.end_to_end.demo.processes import free_port

SERVICE = "banyan.catalog.v1.CatalogService"
[CATALOG] = catalog_pb2.DESCRIPTOR.services_by_name.values()
DIGEST = digest(named_hashes_of_service(CATALOG))


@contextmanager
def catalog(readiness=None, **changes):
    def register(server):
        catalog_pb2_grpc.add_CatalogServiceServicer_to_server(catalog_pb2_grpc.CatalogServiceServicer(), server)

    settings = ServerSettings(address="127.0.0.1:0", keys={SERVICE: {"now": "ab" * 32}}, **changes)
    with start_in_thread(register, settings, readiness=readiness) as server:
        yield server.address


def run(*arguments):
    out = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("strangler_health", *arguments, stdout=out)
    return ended.value.code, out.getvalue()


@pytest.fixture
def targets(settings):
    def use(**rungs):
        settings.STRANGLER = {**settings.STRANGLER, "TARGETS": {SERVICE: rungs}}

    return use


def test_a_service_of_the_same_contract_is_good(targets):
    with catalog() as address:
        targets(native=address)
        code, out = run()
        assert code == 0
        assert f"SERVING │ {DIGEST[:12]}, as here" in out
        assert SERVICE in out
        code, out = run(SERVICE, "--format", "json", "--rung", "native")
    assert code == 0
    assert json.loads(out) == [
        {
            "service": SERVICE, "rung": "native", "address": address, "health": "SERVING", "contract": DIGEST,
            "own contract": DIGEST, "lacks": [], "good": True,
        }
    ]  # fmt: skip


def test_one_rung_that_does_not_answer_is_told_beside_one_that_does(targets):
    nobody = f"127.0.0.1:{free_port()}"
    with catalog() as address:
        targets(lifted=address, native=nobody)
        code, out = run()
        assert code == 1
        assert "as here" in out
        assert f"native │ {nobody}" in out
        assert "UNAVAILABLE: " in out
        assert run("--rung", "lifted")[0] == 0


def test_a_service_whose_database_is_away_is_not_good(targets):
    async def readiness():
        return False

    with catalog(readiness) as address:
        targets(native=address)
        code, out = run()
    assert code == 1
    assert f"NOT_SERVING │ {DIGEST[:12]}, as here" in out


def test_a_server_of_other_services_is_named(targets):
    with catalog() as address:
        answer = shake_hands("strangler.v1.Lift", Target(address=address), timeout=5)
    assert answer.health == f"there is no strangler.v1.Lift at {address}"
    assert not answer.is_good


def test_a_server_without_a_health_service_is_named():
    server = grpc.server(ThreadPoolExecutor(1))
    address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    try:
        answer = shake_hands(SERVICE, Target(address=address), timeout=5)
    finally:
        server.stop(0).wait()
    assert answer.health == f"{address} has no health service"


def test_trouble_with_certificates_is_called_by_its_name(tmp_path):
    authority, stranger = Authority(tmp_path), Authority(tmp_path, "stranger")
    certificate, key = authority.issue("server")
    with catalog(tls=TLS(certificate=certificate, key=key)) as address:
        good = shake_hands(SERVICE, Target(address=address, ca=str(authority.path)), timeout=5)
        assert (good.health, good.contract) == ("SERVING", DIGEST)
        bad = shake_hands(SERVICE, Target(address=address, ca=str(stranger.path)), timeout=5)
        assert bad.health.startswith("UNAVAILABLE: the server's certificate is not signed by the CA")
        assert str(stranger.path) in bad.health
        missing = shake_hands(SERVICE, Target(address=address, ca=str(tmp_path / "none.pem")), timeout=5)
    assert missing.health.endswith("none.pem cannot be read: No such file or directory")


@pytest.mark.parametrize("hashes", [3, 512])
def test_what_a_service_lacks_is_asked_in_parts_that_fit_the_metadata(monkeypatch, hashes):
    monkeypatch.setattr(handshake, "HASHES", hashes)
    newer = {**named_hashes_of_service(CATALOG), b"\0\0\0\1": "banyan.Course.new", b"\xff" * 4: "banyan.Course.newer"}
    monkeypatch.setattr(handshake, "named_hashes_of_service", lambda service: newer)
    with catalog() as address:
        answer = shake_hands(SERVICE, Target(address=address), timeout=5)
    assert answer.lacks == ("banyan.Course.new", "banyan.Course.newer")
    assert (answer.health, answer.contract) == ("SERVING", DIGEST)
    assert not answer.is_good


def test_a_service_that_knows_more_is_good(monkeypatch, targets):
    older = dict(list(named_hashes_of_service(CATALOG).items())[:-2])
    monkeypatch.setattr(handshake, "named_hashes_of_service", lambda service: older)
    with catalog() as address:
        targets(native=address)
        code, out = run()
    assert code == 0
    assert f"{DIGEST[:12]}, newer, with all that is here" in out


WRONG = [
    (["banyan.catalog.v1.CatalogServic"], f"did you mean {SERVICE!r}?"),
    (["--timeout", "0"], "--timeout 0: a time above 0 is needed"),
    (["--rung", "typed"], f"STRANGLER['TARGETS'] has no rung typed: {SERVICE} has ['native']"),
]


@pytest.mark.parametrize(("arguments", "message"), WRONG)
def test_a_wrong_call_of_the_command_says_what_is_right(targets, arguments, message):
    targets(native="127.0.0.1:1")
    with pytest.raises(UsageError) as error:
        call_command("strangler_health", *arguments, stdout=StringIO())
    assert message in str(error.value)
