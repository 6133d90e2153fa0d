import asyncio

import grpc
import pytest

from strangler_protos.v1 import lift_pb2, lift_pb2_grpc
from strangler_services import ServerSettings, SettingsError, StartError, start, start_in_thread


@pytest.fixture
def settings(lifted):
    return ServerSettings(**lifted.SETTINGS)


def streaming(server):
    handler = grpc.unary_stream_rpc_method_handler(lambda request, context: iter(()))
    server.add_registered_method_handlers("strangler.v1.Lift", {"Call": handler})


def generic(server):
    class Anything(grpc.GenericRpcHandler):
        def service(self, details):
            return None

    server.add_generic_rpc_handlers((Anything(),))


def opening(server):
    server.add_insecure_port("127.0.0.1:0")


@pytest.mark.parametrize(
    ("register", "reason"),
    [
        (streaming, r"strangler\.v1\.Lift\.Call is a stream"),
        (generic, "Anything names no service"),
        (opening, "set ServerSettings.address"),
    ],
)
def test_what_cannot_be_guarded_is_refused_at_the_start(settings, register, reason):
    with pytest.raises(SettingsError, match=reason), start_in_thread(register, settings):
        pass


def test_a_server_starts_and_stops_in_a_running_loop(lifted, settings, client_class):
    async def register(server):
        await asyncio.sleep(0)
        lift_pb2_grpc.add_LiftServicer_to_server(lifted.Lifted(), server)

    async def use():
        running = await start(register, settings)
        with grpc.insecure_channel(running.address) as channel:
            client = client_class(channel, lifted.KEY)
            response, _ = await asyncio.to_thread(client.send, "echo", "x")
        await running.stop()
        return response

    assert asyncio.run(use()) == lift_pb2.CallResponse(data=b"x")


def test_a_server_listens_on_a_socket_file(lifted, settings, client_class, tmp_path):
    address = f"unix:{tmp_path}/s"
    with (
        start_in_thread(lifted.register, ServerSettings(**(lifted.SETTINGS | {"address": address}))) as server,
        grpc.insecure_channel(server.address) as channel,
    ):
        assert server.address == address
        assert client_class(channel, lifted.KEY).send("echo", "x")[0].data == b"x"


def test_an_address_that_is_taken_is_an_error(lifted, settings):
    with start_in_thread(lifted.register, settings) as server:
        taken = ServerSettings(**(lifted.SETTINGS | {"address": server.address}))
        with (
            pytest.raises(StartError, match=f"cannot listen on {server.address}"),
            start_in_thread(lifted.register, taken),
        ):
            pass


def test_a_stop_may_be_asked_for_twice(lifted, settings):
    with start_in_thread(lifted.register, settings) as server:
        server.stop()
        server.stop()
