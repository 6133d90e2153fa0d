import json
import os
import signal
import socket
import time

import grpc
import pytest

from strangler_protos.identity import METADATA_KEY
from strangler_protos.v1 import lift_pb2


@pytest.fixture
def client_of(client_class, lifted):
    """A client of a running program, with a connection of its own."""
    channels = []

    def connect(address):
        options = [("grpc.use_local_subchannel_pool", 1), ("grpc.enable_retries", 0)]
        channels.append(grpc.insecure_channel(address, options))
        return client_class(channels[-1], lifted.KEY)

    yield connect
    for channel in channels:
        channel.close()


def pids(client_of, address, *, connections=40):
    return {json.loads(client_of(address).send("whoami")[0].data)["pid"] for _ in range(connections)}


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def wait_until_gone(pid):
    end = time.monotonic() + 10
    while is_alive(pid):
        assert time.monotonic() < end, f"process {pid} is still there"
        time.sleep(0.05)


def test_processes_share_the_port(program, client_of):
    with program(processes=2) as service:
        address = service.wait_for("listening", 2)["address"]
        found = pids(client_of, address)
    assert len(found) == 2
    assert service.process.pid not in found


def test_a_process_that_dies_is_started_again(program, client_of):
    with program(processes=2) as service:
        address = service.wait_for("listening", 2)["address"]
        client_of(address).fail("die")
        died = service.wait_for("process died")
        assert died["exit_code"] == 9
        service.wait_for("listening", 3)
        found = pids(client_of, address)
        assert len(found) == 2
        assert died["child"] not in found


def test_restarts_back_off(program, client_of):
    with program() as service:
        address = service.wait_for("listening")["address"]
        for number in range(1, 4):
            client_of(address).fail("die")
            service.wait_for("listening", number + 1)
    waits = [line["restart_in"] for line in service.lines if line["event"] == "process died"]
    assert waits == [0.2, 0.4, 0.8]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_all_processes(program, number):
    with program(processes=2) as service:
        found = [service.wait_for("listening", count)["pid"] for count in (1, 2)]
        service.process.send_signal(number)
        assert service.finish() == 0
    assert not any(is_alive(pid) for pid in found)


def test_processes_end_with_their_parent(program):
    with program(processes=2) as service:
        found = [service.wait_for("listening", count)["pid"] for count in (1, 2)]
        service.process.kill()
        for pid in found:
            wait_until_gone(pid)


def test_a_process_that_hangs_is_killed_after_its_grace(program, client_of):
    with program(grace=0.2) as service:
        address = service.wait_for("listening")["address"]
        blocked = client_of(address).begin("block", "60")
        time.sleep(0.5)
        began = time.monotonic()
        service.process.terminate()
        service.finish()
        assert 4 < time.monotonic() - began < 9
        assert blocked.exception().code() is grpc.StatusCode.UNAVAILABLE


def test_a_program_that_cannot_start_ends_and_says_why(program):
    with program(processes=2, REFUSES_TO_START="1") as service:
        assert service.finish() == 1
    assert any(line["event"].startswith("did not start") for line in service.lines)
    assert "did not start" in service.lines[-1]["event"]


def test_a_second_server_on_the_same_port_is_refused(program):
    with program() as first:
        address = first.wait_for("listening")["address"]
        with program(address=address) as second:
            assert second.finish() == 1
        assert f"cannot listen on {address}" in second.lines[-1]["event"]


def test_a_server_starts_again_on_a_port_that_was_just_used(program, client_of):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    for _ in range(2):
        with program(address=address) as service:
            service.wait_for("listening")
            client_of(address).send("echo")
            service.process.terminate()
            assert service.finish() == 0


def test_a_writes_identity_is_accepted_once_by_all_processes_and_after_a_restart(program, client_of):
    message = lift_pb2.CallRequest(endpoint="whoami").SerializeToString()
    with program(processes=2) as service:
        address = service.wait_for("listening", 2)["address"]
        metadata = ((METADATA_KEY, client_of(address).token(message, safe=False)),)
        calls = [client_of(address).raw.future(message, timeout=5, metadata=metadata) for _ in range(20)]
        refused = [call.exception().details() for call in calls if call.exception() is not None]
        assert refused == ["the identity was used before"] * 19
        for count in (1, 2):
            client_of(address).fail("die")
            service.wait_for("listening", 2 + count)
        for _ in range(10):
            with pytest.raises(grpc.RpcError, match="used before"):
                client_of(address).raw(message, timeout=5, metadata=metadata)


def test_the_folder_of_nonces_is_removed(program, tmp_path):
    with program(TMPDIR=tmp_path) as service:
        service.wait_for("listening")
        assert list(tmp_path.iterdir())
        service.process.terminate()
        service.finish()
    assert list(tmp_path.iterdir()) == []
