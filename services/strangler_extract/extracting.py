"""From endpoints to the files of a contract."""

import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from google.protobuf.descriptor_pb2 import FileDescriptorProto

from strangler_django.endpoints import Endpoint
from strangler_extract import observed
from strangler_extract.committed import committed_responses, kept
from strangler_extract.contract import Contract, Described, Rpc, describe
from strangler_extract.inspection import Inspection, inspect_endpoint
from strangler_extract.lock import Lock, lock_path, retire_missing
from strangler_extract.proto_text import proto_text
from strangler_extract.responses import declared_response, sampled_documents, shared, subject_of, url_name
from strangler_extract.shapes import Object, Shape
from strangler_extract.spelling import rpc_name
from strangler_protos.compiler.protoc import describe as compiled
from strangler_protos.errors import ContractError
from strangler_protos.options import endpoint_of

__all__ = ["Extraction", "Place", "bound_endpoints", "extract"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a contract lives: below `root`, in a package of protobuf, in a file; and its service."""

    root: Path
    package: str
    name: str
    service: str

    @classmethod
    def of(cls, service: str, root: Path) -> "Place":
        """The place of a service by its full name, `banyan.catalog.v1.CatalogService`. Raises ContractError."""
        package, _, own = service.rpartition(".")
        words = package.split(".")
        if not own.endswith("Service") or len(words) < 2 or not words[-1].startswith("v"):
            raise ContractError(
                f"{service!r} is no full name of a service; write it as banyan.catalog.v1.CatalogService: "
                "a package that ends in its version, and a name that ends in Service"
            )
        taken = find_spec(words[0])
        if taken and taken.origin and not Path(taken.origin).is_relative_to(root.resolve()):
            raise ContractError(
                f"{words[0]} is a Python package already ({taken.origin}), so that the stubs of {package} could not be "
                f"imported; begin the name with another word, say {words[0]}_api"
            )
        return cls(root=root, package=package, name=words[-2], service=own)

    @property
    def folder(self) -> str:
        """The folder of the package, below the root."""
        return self.package.replace(".", "/")

    @property
    def proto(self) -> Path:
        """The `.proto` file."""
        return self.root / self.folder / f"{self.name}.proto"


@dataclass(frozen=True, slots=True, kw_only=True)
class Extraction:
    """A contract as it should be on disk."""

    place: Place
    inspections: tuple[Inspection, ...]
    described: Described
    files: dict[Path, str]

    def write(self) -> list[Path]:
        """Writes what differs; returns the files that did."""
        changed = self.stale()
        for path in changed:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(self.files[path], encoding="utf-8")
        return changed

    def stale(self) -> list[Path]:
        """Files that are missing or differ."""
        return [path for path, text in self.files.items() if not path.exists() or path.read_text("utf-8") != text]


def bound_endpoints(place: Place) -> list[str]:
    """Ids of the endpoints that the contract on disk binds, in order."""
    file = _on_disk(place)
    found = [endpoint_of(method.options) for service in file.service for method in service.method]
    return [endpoint.id for endpoint in found if endpoint is not None]


def _on_disk(place: Place) -> FileDescriptorProto:
    """The contract's file, empty where there is none yet."""
    if not place.proto.exists():
        return FileDescriptorProto()
    name = str(place.proto.relative_to(place.root))
    [file] = [file for file in compiled(place.root, [name]).file if file.name == name]
    return file


def extract(endpoints: Sequence[Endpoint], place: Place, *, users: Iterable[Any] = ()) -> Extraction:
    """The contract of these endpoints; `users` are asked as, one after the other, until one gets an answer.

    Where nobody does, what the contract on disk once took from samples stays.

    Raises ContractError where an endpoint cannot be extracted, LockError where its numbers forbid it.
    """
    inspections = [inspect_endpoint(endpoint) for endpoint in endpoints]
    refused = [f"{one.endpoint.id}: {text}" for one in inspections for text in one.refusals]
    refused += _bound_elsewhere(endpoints, place)
    if refused:
        raise ContractError("\n".join(refused))
    askers, known = list(users), committed_responses(_on_disk(place))
    rpcs: list[Rpc] = []
    for inspection in inspections:
        rpcs.append(_rpc(inspection, askers, {rpc.name for rpc in rpcs}, known.get(inspection.endpoint.id)))
    rpcs = [
        replace(rpc, response=shape) for rpc, shape in zip(rpcs, shared([rpc.response for rpc in rpcs]), strict=True)
    ]
    contract = Contract(package=place.package, name=place.name, service=place.service, rpcs=tuple(rpcs))
    described = describe(contract, Lock.read(lock_path(place.proto)))
    lock = retire_missing(described.lock, [message.name for message in described.file.message_type])
    described = replace(described, lock=lock)
    files = {
        place.proto: _checked(described, proto_text(described.file, described.comments)),
        lock_path(place.proto): lock.to_text(),
    }
    return Extraction(place=place, inspections=tuple(inspections), described=described, files=files)


def _bound_elsewhere(endpoints: Sequence[Endpoint], place: Place) -> list[str]:
    others = {path: path.read_text("utf-8") for path in sorted(place.root.rglob("*.proto")) if path != place.proto}
    return [
        f"{endpoint.id}: {path} binds it already; an endpoint has one contract"
        for endpoint in endpoints
        for path, text in others.items()
        if f'id: "{endpoint.id}"' in text
    ]


def _rpc(inspection: Inspection, users: Sequence[Any], taken: set[str], committed: Shape | None) -> Rpc:
    endpoint = inspection.endpoint
    name = _name(inspection, taken)
    shape = declared_response(inspection, rpc=name)
    documents = sampled_documents(endpoint, users)
    if documents:
        own = shape.name if isinstance(shape, Object) else f"{name}Response"
        shape = observed.merged(shape, observed.shape_of(documents, name=own))
    else:
        shape = kept(shape, committed)
    return Rpc(
        name=name,
        endpoint=endpoint.id,
        route=endpoint.route,
        http_method=endpoint.http_method,
        response=shape,
        success_status=inspection.handler.status,
        authority=inspection.authority,
        path=tuple(inspection.path),
        query=inspection.query,
    )


def _name(inspection: Inspection, taken: set[str]) -> str:
    """The RPC's name; where another endpoint has it, one that is made of the URL's name."""
    method = inspection.endpoint.http_method
    many = inspection.many and method == "GET"
    name = rpc_name(method, subject_of(inspection), many=many)
    if name in taken:
        name = rpc_name(method, url_name(inspection), many=False)
    unique, number = name, 2
    while unique in taken:
        unique, number = f"{name}{number}", number + 1
    return unique


def _checked(described: Described, text: str) -> str:
    """The text, if compiling it gives the descriptor that it was written from. Raises ContractError."""
    name = described.file.name
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.parent.mkdir(parents=True)
        path.write_text(text, encoding="utf-8")
        [file] = [file for file in compiled(Path(folder), [name]).file if file.name == name]
    file.ClearField("source_code_info")
    if file != described.file:
        raise ContractError(f"{name} does not compile to what it was written from; this is a fault of ours")
    return text
