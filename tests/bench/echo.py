"""Servers that answer GetEducator with one constant message: bare grpcio, or the runtime of strangler_services.

`python -m tests.bench.echo bare|runtime ADDRESS`.
"""

import asyncio
import sys

import grpc

from banyan.catalog.v1 import catalog_codec, catalog_pb2, catalog_pb2_grpc
from strangler_services import ServerSettings, serve

__all__ = ["KEYS", "METHOD"]

METHOD = "/banyan.catalog.v1.CatalogService/GetEducator"
KEYS = {"banyan.catalog.v1.CatalogService": {"bench": "11" * 32}}
EDUCATOR = {
    "id": 1,
    "name": "Elif Dvořák",
    "bio": "Begin each small week " * 20,
    "photo": None,
    "website": "https://educators.example/1",
    "joined_at": "2025-05-07T18:16:54.431494Z",
    "course_count": 14,
    "levels": {"advanced": 4, "beginner": 4, "intermediate": 6},
}
ANSWER = catalog_pb2.Educator()
catalog_codec.encode_educator(EDUCATOR, ANSWER)


class Echo(catalog_pb2_grpc.CatalogServiceServicer):
    """Answers the same to everybody."""

    async def GetEducator(self, request: object, context: object) -> catalog_pb2.Educator:
        return ANSWER


async def _bare(address: str) -> None:
    server = grpc.aio.server()
    catalog_pb2_grpc.add_CatalogServiceServicer_to_server(Echo(), server)
    server.add_insecure_port(address)
    await server.start()
    await server.wait_for_termination()


def _register(server: grpc.aio.Server) -> None:
    catalog_pb2_grpc.add_CatalogServiceServicer_to_server(Echo(), server)


if __name__ == "__main__":
    if sys.argv[1] == "bare":
        asyncio.run(_bare(sys.argv[2]))
    else:
        serve(_register, ServerSettings(address=sys.argv[2], keys=KEYS))
