"""A stop under load loses no call that was accepted."""

import asyncio
import collections
import threading
import time

import grpc

from strangler_protos.v1 import lift_pb2, lift_pb2_grpc
from strangler_services import ServerSettings, start_in_thread


class Load:
    """Clients that keep calls in flight, each with a route of its own, until told to end."""

    def __init__(self, address, client_class, key, *, clients=4, in_flight=6):
        self.outcomes = {}
        self.ending = threading.Event()
        self.threads = [
            threading.Thread(target=self.run, args=(address, client_class, key, number, in_flight))
            for number in range(clients)
        ]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *error):
        self.ending.set()
        for thread in self.threads:
            thread.join()

    def run(self, address, client_class, key, number, in_flight):
        options = [("grpc.use_local_subchannel_pool", 1), ("grpc.enable_retries", 0)]
        with grpc.insecure_channel(address, options) as channel:
            client = client_class(channel, key)
            count = 0
            while not self.ending.is_set():
                batch = []
                for _ in range(in_flight):
                    count += 1
                    route = f"{number}-{count}"
                    batch.append((route, client.begin("marked", route)))
                for route, call in batch:
                    self.outcomes[route] = "OK" if call.exception() is None else f"{call.code().name}: {call.details()}"

    def wait_for_answers(self, count=60):
        end = time.monotonic() + 20
        while len(self.outcomes) < count:
            assert time.monotonic() < end
            time.sleep(0.01)

    def judge(self, started, *, allowed=("UNAVAILABLE",)):
        """Every started call was answered with success; every other one failed with an allowed code."""
        lost = {route: self.outcomes.get(route) for route in started if self.outcomes.get(route) != "OK"}
        assert lost == {}
        others = [outcome for route, outcome in self.outcomes.items() if route not in started]
        codes = collections.Counter(outcome.partition(":")[0] for outcome in others)
        assert set(codes) <= set(allowed), collections.Counter(others)
        assert len(started) >= 60
        return codes


class Marked(lift_pb2_grpc.LiftServicer):
    def __init__(self):
        self.started = []

    async def Call(self, request, context):
        self.started.append(request.route)
        await asyncio.sleep(0.02)
        return lift_pb2.CallResponse()


def test_twenty_stops_under_load_lose_nothing(lifted, client_class):
    refused = collections.Counter()
    for _ in range(20):
        servicer = Marked()

        def register(server, servicer=servicer):
            lift_pb2_grpc.add_LiftServicer_to_server(servicer, server)

        with (
            start_in_thread(register, ServerSettings(**lifted.SETTINGS)) as server,
            Load(server.address, client_class, lifted.KEY) as load,
        ):
            load.wait_for_answers()
            server.stop()
            time.sleep(0.02)
        # grpc's own shutdown resets what arrives in its last millisecond; the program exits instead.
        refused += load.judge(servicer.started, allowed=("UNAVAILABLE", "CANCELLED"))
    assert refused["CANCELLED"] < 0.02 * refused["UNAVAILABLE"]


def test_twenty_stops_of_a_program_with_two_processes_lose_nothing(program, lifted, client_class, tmp_path):
    pids = set()
    for number in range(20):
        marks = tmp_path / f"marks-{number}"
        with program(processes=2, MARKS=marks) as service:
            address = service.wait_for("listening", 2)["address"]
            with Load(address, client_class, lifted.KEY) as load:
                load.wait_for_answers()
                service.process.terminate()
                assert service.finish() == 0
            load.judge(marks.read_text().split())
            pids |= {line["pid"] for line in service.lines if line["event"] == "call"}
            assert [line["event"] for line in service.lines].count("stopped") == 2
    assert len(pids) > 20


def test_a_call_that_outlasts_the_grace_is_cut_off_as_unavailable(lifted, serving):
    servicer = lifted.Lifted()
    with serving(servicer, grace=0.2) as client:
        slow = client.begin("slow", "30")
        while not servicer.begun:
            time.sleep(0.01)
        began = time.monotonic()
        client.server.stop()
        assert time.monotonic() - began < 3
        assert slow.exception().code() is grpc.StatusCode.UNAVAILABLE
        assert servicer.cancelled == [30.0]


def test_a_slow_call_is_answered_while_later_ones_are_refused(lifted, serving):
    servicer = lifted.Lifted()
    with serving(servicer) as client:
        slow = client.begin("slow", "0.5")
        while not servicer.begun:
            time.sleep(0.01)
        stopping = threading.Thread(target=client.server.stop)
        stopping.start()
        time.sleep(0.2)
        failure = client.fail("echo")
        assert (failure.code(), failure.details()) == (grpc.StatusCode.UNAVAILABLE, "the server is stopping")
        assert slow.result()
        stopping.join()
    assert servicer.begun == ["0.5"]
