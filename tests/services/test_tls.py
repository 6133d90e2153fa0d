from contextlib import contextmanager

import grpc
import pytest

from strangler_protos.loopback import is_loopback
from strangler_protos.v1 import lift_pb2_grpc
from strangler_services import TLS, ServerSettings, SettingsError, start_in_thread
from strangler_services.tls import tls_trouble
from tests.certificates import DAY, NOW, Authority

WRONG_CA = "the server's certificate is not signed by the CA that this client trusts"
CLOSED = "the server closed the new connection; it wants TLS, or a client certificate that it trusts"


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path)


@pytest.fixture
def stranger(tmp_path):
    return Authority(tmp_path, "stranger")


@pytest.fixture
def secured(lifted, client_class):
    """Serve with TLS; yields a function that calls with the given client files."""

    @contextmanager
    def run(tls, **changes):
        def register(server):
            lift_pb2_grpc.add_LiftServicer_to_server(lifted.Lifted(), server)

        with start_in_thread(register, ServerSettings(**(lifted.SETTINGS | {"tls": tls} | changes))) as server:

            def call(ca, certificate=None, key=None, name="localhost"):
                credentials = grpc.ssl_channel_credentials(
                    ca.read_bytes(), key and key.read_bytes(), certificate and certificate.read_bytes()
                )
                options = [("grpc.use_local_subchannel_pool", 1), ("grpc.ssl_target_name_override", name)]
                with grpc.secure_channel(server.address, credentials, options) as channel:
                    client = client_class(channel, lifted.KEY)
                    return client.send("echo", "x", timeout=5)[0].data

            call.address = server.address
            yield call

    return run


def failure(call, *arguments, **options):
    with pytest.raises(grpc.RpcError) as caught:
        call(*arguments, **options)
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
    return tls_trouble(caught.value.details())


def test_a_call_over_tls_is_answered(authority, secured):
    certificate, key = authority.issue("server")
    with secured(TLS(certificate=certificate, key=key)) as call:
        assert call(authority.path) == b"x"


def test_what_is_wrong_with_a_certificate_is_named(authority, stranger, secured):
    certificate, key = authority.issue("server", host="catalog.internal")
    with secured(TLS(certificate=certificate, key=key)) as call:
        assert call(authority.path, name="catalog.internal") == b"x"
        assert failure(call, stranger.path, name="catalog.internal") == WRONG_CA
        assert failure(call, authority.path, name="other.internal") == "the server's certificate is for another name"
    certificate, key = authority.issue("expired", until=NOW - DAY)
    with secured(TLS(certificate=certificate, key=key)) as call:
        assert failure(call, authority.path) == "the server's certificate has expired"


def test_mutual_tls_wants_a_certificate_of_its_own_authority(authority, stranger, secured):
    certificate, key = authority.issue("server")
    client, stray = authority.issue("client"), stranger.issue("stray")
    with secured(TLS(certificate=certificate, key=key, client_ca=authority.path)) as call:
        assert call(authority.path, *client) == b"x"
        assert failure(call, authority.path) == CLOSED
        assert failure(call, authority.path, *stray) == CLOSED


def test_plaintext_on_one_side_only_is_named(authority, secured, service):
    certificate, key = authority.issue("server")
    with secured(TLS(certificate=certificate, key=key)) as call, grpc.insecure_channel(call.address) as channel:
        assert failure(channel.unary_unary("/strangler.v1.Lift/Call"), b"", timeout=5) == CLOSED
    credentials = grpc.ssl_channel_credentials(authority.path.read_bytes())
    with grpc.secure_channel(service.server.address, credentials) as channel:
        trouble = failure(channel.unary_unary("/strangler.v1.Lift/Call"), b"", timeout=5)
    assert trouble == "the server speaks plaintext, this client TLS"


@pytest.mark.parametrize("details", ["failed to connect to all addresses; Connection refused", "Socket closed", ""])
def test_other_failures_are_no_trouble_with_tls(details):
    assert tls_trouble(details) is None


def test_an_impostor_with_the_authoritys_name_is_a_wrong_ca(authority, secured, tmp_path):
    (tmp_path / "impostor").mkdir()
    certificate, key = Authority(tmp_path / "impostor").issue("server")
    with secured(TLS(certificate=certificate, key=key)) as call:
        assert failure(call, authority.path) == WRONG_CA


def test_new_files_are_used_without_a_restart(authority, stranger, secured):
    certificate, key = authority.issue("server")
    with secured(TLS(certificate=certificate, key=key)) as call:
        assert call(authority.path) == b"x"
        stranger.issue("server")
        assert call(stranger.path) == b"x"
        assert failure(call, authority.path) == WRONG_CA


def test_files_that_cannot_be_used_leave_the_previous_ones(authority, secured, caplog):
    certificate, key = authority.issue("server")
    with secured(TLS(certificate=certificate, key=key)) as call:
        good = key.read_bytes()
        key.unlink()
        assert call(authority.path) == b"x"
        assert "cannot be read" in caplog.text
        key.write_bytes(b"half a ke")
        assert call(authority.path) == b"x"
        key.write_bytes(good)
        assert call(authority.path) == b"x"


def test_a_missing_file_is_named_at_the_start(authority, secured, tmp_path):
    certificate, _ = authority.issue("server")
    with (
        pytest.raises(SettingsError, match=r"absent\.key cannot be read: No such file"),
        secured(TLS(certificate=certificate, key=tmp_path / "absent.key")),
    ):
        pass


def test_plaintext_is_refused_off_loopback(authority):
    with pytest.raises(
        SettingsError, match=r"0\.0\.0\.0:1 is not a loopback address .*STRANGLER_SERVICE_TLS_CERTIFICATE"
    ):
        ServerSettings(address="0.0.0.0:1")
    certificate, key = authority.issue("server")
    assert ServerSettings(address="0.0.0.0:1", tls=TLS(certificate=certificate, key=key))


@pytest.mark.parametrize(
    ("address", "loopback"),
    [
        ("127.0.0.1:1", True),
        ("127.9.9.9:1", True),
        ("[::1]:1", True),
        ("localhost:1", True),
        ("unix:/tmp/s", True),
        ("0.0.0.0:1", False),
        ("[::]:1", False),
        ("10.0.0.1:1", False),
        ("localhost.example:1", False),
        ("catalog:1", False),
    ],
)
def test_loopback_is_told_from_the_address(address, loopback):
    assert is_loopback(address) is loopback
