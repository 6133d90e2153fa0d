import importlib.util
import json
import os
import subprocess
import sys
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import grpc
import pytest

from strangler_protos.identity import METADATA_KEY, Caller, Keyring, sign
from strangler_protos.v1 import lift_pb2, lift_pb2_grpc
from strangler_services import ServerSettings, start_in_thread

SCRIPT = Path(__file__).parent / "lifted.py"


@pytest.fixture(scope="session")
def lifted():
    """The module of the service under test, which is also a program."""
    spec = importlib.util.spec_from_file_location("lifted", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules["lifted"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def client_class():
    return Client


@pytest.fixture
def serving(lifted):
    """Run a servicer in a thread; yields a client."""

    @contextmanager
    def run(servicer, *, readiness=None, **changes):
        settings = ServerSettings(**(lifted.SETTINGS | changes))

        def register(server):
            lift_pb2_grpc.add_LiftServicer_to_server(servicer, server)

        with (
            start_in_thread(register, settings, readiness=readiness) as server,
            grpc.insecure_channel(server.address, POOL) as channel,
        ):
            client = Client(channel, lifted.KEY)
            client.server = server
            yield client

    return run


@pytest.fixture
def service(lifted, serving):
    servicer = lifted.Lifted()
    with serving(servicer) as client:
        client.servicer = servicer
        yield client


@pytest.fixture
def program_of():
    """Run a service's program; yields what it logs. Names in capitals are environment variables, KEYS the keys."""

    @contextmanager
    def run(script, *, KEYS, **environment):
        variables = {"STRANGLER_SERVICE_ADDRESS": "127.0.0.1:0", "STRANGLER_SERVICE_KEYS": KEYS}
        for name, value in environment.items():
            variables[name if name.isupper() else f"STRANGLER_SERVICE_{name.upper()}"] = str(value)
        process = subprocess.Popen(
            [sys.executable, str(script)], env={**os.environ, **variables}, stderr=subprocess.PIPE, text=True
        )
        try:
            yield Program(process)
        finally:
            process.kill()
            process.wait()
            process.stderr.close()

    return run


@pytest.fixture
def program(lifted, program_of):
    """Run the lifted service as a program."""
    return partial(program_of, SCRIPT, KEYS=json.dumps(lifted.SETTINGS["keys"]))


POOL = [("grpc.use_local_subchannel_pool", 1), ("grpc.enable_retries", 0)]


class Client:
    """Calls with an identity, as the router does."""

    def __init__(self, channel, key):
        self.channel = channel
        self.keyring = Keyring.from_hex({"k1": key})
        self.raw = channel.unary_unary("/strangler.v1.Lift/Call")

    def token(self, message, **options):
        return sign(
            options.pop("caller", Caller(subject="7")),
            keyring=self.keyring,
            method="/strangler.v1.Lift/Call",
            message=message,
            **options,
        )

    def begin(self, endpoint, route="", *, timeout=10):
        """A call in flight."""
        message = lift_pb2.CallRequest(endpoint=endpoint, route=route).SerializeToString()
        return self.raw.future(message, timeout=timeout, metadata=((METADATA_KEY, self.token(message)),))

    def send(self, endpoint, route="", *, timeout=10, metadata=(), **options):
        """The response and the call; keyword arguments go to the identity."""
        message = lift_pb2.CallRequest(endpoint=endpoint, route=route).SerializeToString()
        token = self.token(message, **options)
        raw, call = self.raw.with_call(message, timeout=timeout, metadata=((METADATA_KEY, token), *metadata))
        return lift_pb2.CallResponse.FromString(raw), call

    def fail(self, *arguments, **options):
        with pytest.raises(grpc.RpcError) as failure:
            self.send(*arguments, **options)
        return failure.value


class Program:
    def __init__(self, process):
        self.process = process
        self.lines = []

    def wait_for(self, event, count=1):
        """The newest of `count` log lines with this event; fails when the program ends first."""
        seen = [line for line in self.lines if line["event"] == event]
        while len(seen) < count:
            text = self.process.stderr.readline()
            assert text, f"the program ended before {event!r}: {self.lines}"
            try:
                line = json.loads(text)
            except ValueError:
                line = {"event": text}
            self.lines.append(line)
            if line["event"] == event:
                seen.append(line)
        return seen[count - 1]

    def finish(self, timeout=20):
        for text in self.process.stderr:
            try:
                self.lines.append(json.loads(text))
            except ValueError:
                self.lines.append({"event": text})
        return self.process.wait(timeout)
