"""The RPC path of the router against a bare grpcio call of the same messages."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import grpc
from django.test import override_settings

from banyan.catalog.v1 import catalog_pb2
from strangler_protos.bindings import read_contract
from strangler_protos.identity import Caller
from strangler_router.channels import OPTIONS
from strangler_router.service import service_backend
from strangler_router.transcode import request_message
from strangler_router.types import Call
from tests.bench.blocks import interleaved, microseconds
from tests.bench.echo import KEYS, METHOD
from tests.bench.rows import Row, at_most
from tests.end_to_end.demo.processes import free_port

__all__ = ["rpc_rows"]

BLOCKS, CALLS = 12, 400


def rpc_rows() -> Iterator[Row]:
    """p50 of a call through signing, transcoding, verification and codec, above the wire's own."""
    binding = next(found for found in read_contract("banyan.catalog.v1.catalog_pb2") if found.rpc == METHOD)
    call = Call(
        endpoint=binding.id,
        route=binding.route,
        method="GET",
        path="/api/v1/educators/1/",
        kwargs={"pk": "1"},
        caller=Caller(subject="1", authenticator="rest_framework.authentication.TokenAuthentication"),
        headers=(("Accept", "application/json"), ("User-Agent", "bench"), ("Accept-Language", "de")),
        timeout=5,
    )
    with _server("bare") as bare_address, _server("runtime") as address:
        settings = {"TARGETS": {binding.service: {"native": address}}, "KEYS": KEYS}
        with override_settings(STRANGLER=settings), grpc.insecure_channel(bare_address, OPTIONS) as channel:
            request = catalog_pb2.GetEducatorRequest.FromString(request_message(binding, call))
            stub = channel.unary_unary(
                METHOD, catalog_pb2.GetEducatorRequest.SerializeToString, catalog_pb2.Educator.FromString
            )
            ask = service_backend(binding, "native")
            bare, ours = interleaved(lambda: stub(request, timeout=5), lambda: ask(call), blocks=BLOCKS, calls=CALLS)
    floor, path = microseconds(bare[CALLS:], 50), microseconds(ours[CALLS:], 50)
    yield Row(metric="bare grpcio call p50", value=floor, unit="µs", against="the wire: the floor")
    yield at_most("RPC path above it p50", path - floor, "µs", must=400, aim=150, against="bare grpcio call")


@contextmanager
def _server(kind: str) -> Iterator[str]:
    address = f"127.0.0.1:{free_port()}"
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.echo", kind, address], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        with grpc.insecure_channel(address) as channel:
            grpc.channel_ready_future(channel).result(20)
        time.sleep(0.2)
        yield address
    finally:
        process.terminate()
        process.wait(20)
