"""The RPC path above a bare grpcio call, as `make bench` measures it, held to the bound of contracts."""

from collections.abc import Iterator

from tests.bench.rows import Row, at_most
from tests.bench.rpc import rpc_rows

__all__ = ["wire_rows"]


def wire_rows() -> Iterator[Row]:
    """The floor and what the router and the runtime add to it."""
    floor, path = rpc_rows()
    yield floor
    yield at_most(path.metric, path.value, path.unit, must=250, aim=150, against=path.against)
