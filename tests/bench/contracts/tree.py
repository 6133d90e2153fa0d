"""How long `generate` and its check take on a tree of 200 endpoints, and the check of the academy's extraction."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from strangler_extract.contract import Contract, Rpc
from strangler_extract.shapes import Array, Field, Json, Kind, Mapping, Object, Scalar
from tests.bench.contracts.compiling import write
from tests.bench.rows import Row, at_most

__all__ = ["tree_rows"]

SERVICES, ENDPOINTS, RUNS = 10, 20, 3
SCALARS = (Kind.INTEGER, Kind.TEXT, Kind.TEXT, Kind.NUMBER, Kind.BOOLEAN, Kind.TEXT, Kind.INTEGER, Kind.TEXT)
EXTRACT = ("extract", "--service", "banyan.catalog.v1.CatalogService", "--no-samples", "--check")


def tree_rows(folder: Path) -> Iterator[Row]:
    """Median seconds of whole processes, as a developer and CI start them."""
    shutil.rmtree(folder, ignore_errors=True)
    for number in range(SERVICES):
        write(_service(f"shop{number}"), folder)
    command = [sys.executable, "-m", "strangler_protos", "generate", "--root", str(folder)]
    against = f"{SERVICES} services of {ENDPOINTS} endpoints, median of {RUNS}"
    full = median(_seconds(command, afresh=folder / "gen") for _ in range(RUNS))
    yield at_most("generate, everything afresh", full, "s", must=15, against=against)
    unchanged = median(_seconds([*command, "--check"]) for _ in range(RUNS))
    yield at_most("generate --check, unchanged", unchanged, "s", must=3, against=against)
    academy = median(_seconds([str(Path(sys.executable).with_name("strangler")), *EXTRACT]) for _ in range(RUNS))
    yield Row(metric="extract --check of the academy", value=academy, unit="s", against="its own contract, no samples")


def _seconds(command: list[str], *, afresh: Path | None = None) -> float:
    """Seconds of a process, which must succeed; a folder that it has to write anew is removed before."""
    if afresh is not None:
        shutil.rmtree(afresh, ignore_errors=True)
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=os.environ)
    return time.perf_counter() - started


def _service(name: str) -> Contract:
    """A service of lists and details, each with an object, a list and a mapping of its own."""
    rpcs = tuple(rpc for at in range(ENDPOINTS // 2) for rpc in _endpoints(name, at))
    return Contract(package=f"bench.{name}.v1", name=name, service=f"{name.capitalize()}Service", rpcs=rpcs)


def _endpoints(name: str, at: int) -> tuple[Rpc, Rpc]:
    thing, route = f"Thing{chr(65 + at)}", f"api/{name}/things{at}/"
    shape = Object(thing, (*_scalars("field", 14), *_parts(thing)))
    listed = Rpc(
        name=f"List{thing}s",
        endpoint=f"{name}:{thing.lower()}-list.get",
        route=route,
        http_method="GET",
        response=Array(shape),
        query=("page", "page_size", "ordering"),
    )
    one = Rpc(
        name=f"Get{thing}",
        endpoint=f"{name}:{thing.lower()}-detail.get",
        route=f"{route}<int:pk>/",
        http_method="GET",
        response=shape,
        path=("pk",),
    )
    return listed, one


def _parts(thing: str) -> tuple[Field, ...]:
    part = Object(f"{thing}Part", tuple(_scalars("part", 6)))
    shapes = {
        "owner": part,
        "parts": Array(part),
        "tags": Array(Scalar(Kind.TEXT)),
        f"counts_{thing[-1].lower()}": Mapping(Scalar(Kind.INTEGER)),
        "extra": Json("a JSON column"),
    }
    return tuple(Field(key=key, shape=shape, why="written for the benchmark") for key, shape in shapes.items())


def _scalars(name: str, count: int) -> Iterator[Field]:
    for at in range(count):
        yield Field(key=f"{name}_{at}", shape=Scalar(SCALARS[at % len(SCALARS)]), why="column")
