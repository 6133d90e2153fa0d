import json
from pathlib import Path

import pytest

from strangler_services import TLS, ServerSettings, SettingsError, start_in_thread

KEYS = {"a.B": {"k1": "ab" * 32}}


def test_nothing_set_is_the_default():
    assert ServerSettings.from_environment({"PATH": "/bin"}) == ServerSettings()


def test_each_variable_is_read():
    assert ServerSettings.from_environment(
        {
            "STRANGLER_SERVICE_ADDRESS": "0.0.0.0:5",
            "STRANGLER_SERVICE_KEYS": json.dumps(KEYS),
            "STRANGLER_SERVICE_PROCESSES": "4",
            "STRANGLER_SERVICE_THREADS": "3",
            "STRANGLER_SERVICE_TLS_CERTIFICATE": "/c.pem",
            "STRANGLER_SERVICE_TLS_KEY": "/c.key",
            "STRANGLER_SERVICE_TLS_CLIENT_CA": "/ca.pem",
            "STRANGLER_SERVICE_GRACE": "2.5",
            "STRANGLER_SERVICE_MAX_DEADLINE": "7",
            "STRANGLER_SERVICE_MAX_CONCURRENT": "8",
            "STRANGLER_SERVICE_MAX_MESSAGE": "9",
            "STRANGLER_SERVICE_MAX_CONNECTION_AGE": "10",
        }
    ) == ServerSettings(
        address="0.0.0.0:5",
        keys=KEYS,
        processes=4,
        threads=3,
        tls=TLS(certificate=Path("/c.pem"), key=Path("/c.key"), client_ca=Path("/ca.pem")),
        grace=2.5,
        max_deadline=7.0,
        max_concurrent=8,
        max_message=9,
        max_connection_age=10.0,
    )


def test_keys_may_lie_in_a_file(tmp_path):
    path = tmp_path / "keys.json"
    path.write_text(json.dumps(KEYS))
    assert ServerSettings.from_environment({"STRANGLER_SERVICE_KEYS_FILE": str(path)}).keys == KEYS


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("PROCESSES", "two", "STRANGLER_SERVICE_PROCESSES 'two': not an integer"),
        ("GRACE", "long", "STRANGLER_SERVICE_GRACE 'long': not a number"),
        ("PROCESSES", "0", r"processes is 0; it must be above zero \(STRANGLER_SERVICE_PROCESSES\)"),
        ("KEYS", "{secret", "STRANGLER_SERVICE_KEYS: not JSON"),
        ("KEYS", '{"a.B": "secret"}', "STRANGLER_SERVICE_KEYS: expected"),
        ("KEYS_FILE", "/absent", "STRANGLER_SERVICE_KEYS_FILE: /absent cannot be read: No such file"),
        ("PROCESES", "2", "STRANGLER_SERVICE_PROCESES is not a setting; did you mean STRANGLER_SERVICE_PROCESSES?"),
        ("TLS_CERTIFICATE", "/c", "STRANGLER_SERVICE_TLS_KEY is missing"),
        ("TLS_CLIENT_CA", "/c", "STRANGLER_SERVICE_TLS_CERTIFICATE is missing"),
        ("ADDRESS", "10.0.0.1:5", "10.0.0.1:5 is not a loopback address"),
    ],
)
def test_a_wrong_variable_is_named(name, value, message):
    with pytest.raises(SettingsError, match=message) as error:
        ServerSettings.from_environment({f"STRANGLER_SERVICE_{name}": value})
    assert "secret" not in str(error.value)


def test_a_service_without_keys_does_not_start(lifted):
    settings = ServerSettings(address="127.0.0.1:0")
    with (
        pytest.raises(SettingsError, match=r"no identity key for strangler\.v1\.Lift; .*STRANGLER_SERVICE_KEYS"),
        start_in_thread(lifted.register, settings),
    ):
        pass


@pytest.mark.parametrize("keys", [{"k": "ab"}, {"k": "not hexadecimal"}, {}])
def test_a_service_with_weak_keys_does_not_start(lifted, keys):
    settings = ServerSettings(address="127.0.0.1:0", keys={"strangler.v1.Lift": keys})
    with pytest.raises(SettingsError, match="identity keys of"), start_in_thread(lifted.register, settings):
        pass


def test_keys_are_not_shown():
    assert "abab" not in repr(ServerSettings(keys=KEYS))


def test_a_socket_file_cannot_be_shared_by_processes():
    with pytest.raises(SettingsError, match="cannot be shared by 2 processes"):
        ServerSettings(address="unix:/tmp/s", processes=2)
