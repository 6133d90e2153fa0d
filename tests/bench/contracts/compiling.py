"""Contracts that are written by the extractor into a folder, generated there, and imported."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from strangler_extract.contract import Contract, Rpc, describe
from strangler_extract.lock import Lock
from strangler_extract.proto_text import proto_text
from strangler_extract.shapes import Shape
from strangler_protos.bindings import Binding, read_contract
from strangler_protos.compiler import generate

__all__ = ["binding_of", "one_endpoint", "through_bytes", "write"]


def one_endpoint(name: str, response: Shape) -> Contract:
    """A contract with one endpoint that answers like this; `name` is a lowercase word that no other contract has."""
    rpc = Rpc(name="GetAnswer", endpoint=f"{name}.get", route=f"{name}/", http_method="GET", response=response)
    return Contract(package=f"bench.{name}.v1", name=name, service="AnswerService", rpcs=(rpc,))


def write(contract: Contract, root: Path) -> None:
    """The contract's `.proto`, below the root."""
    described = describe(contract, Lock())
    path = root / contract.path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(proto_text(described.file, described.comments), encoding="utf-8")


@contextmanager
def binding_of(contract: Contract, root: Path) -> Iterator[Binding]:
    """The one binding of a contract, compiled below the root; a process can do so once for each name."""
    write(contract, root)
    generate(root, root / "gen")
    sys.path.insert(0, str(root / "gen"))
    try:
        [binding] = read_contract(f"{contract.package}.{contract.name}_pb2")
        yield binding
    finally:
        sys.path.remove(str(root / "gen"))


def through_bytes(binding: Binding, document: Any) -> Any:
    """What a client gets of the document: encoded, sent, parsed and decoded."""
    assert binding.encode is not None
    assert binding.decode is not None
    return binding.decode(binding.response.FromString(binding.encode(document).SerializeToString()))
