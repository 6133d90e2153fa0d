"""grpc.health.v1: overall, per service with its contract, and not serving while a dependency is away."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import grpc
from google.protobuf import descriptor_pool
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from strangler_protos.fingerprint import DIGEST_KEY, FINGERPRINT_KEY
from strangler_services.agreement import OwnContract
from strangler_services.failure import DETAILS_KEY, Failure
from strangler_services.logs import log_event

__all__ = ["HEALTH", "Health", "Readiness"]

HEALTH = str(health.SERVICE_NAME)
SECONDS_BETWEEN_POLLS = 1.0
Readiness = Callable[[], Awaitable[bool]]


class Health(health.aio.HealthServicer):  # type: ignore[name-defined, misc]  # the stubs miss it
    """The health service of one process."""

    def __init__(self) -> None:
        super().__init__()
        self.watchers = 0
        self._serving: bool | None = None
        self._services: tuple[str, ...] = ("",)
        self._contracts: dict[str, OwnContract] = {}

    def register(self, server: grpc.aio.Server) -> None:
        """Add it to a server; it answers without an identity."""
        health_pb2_grpc.add_HealthServicer_to_server(self, server)

    async def Check(self, request: health_pb2.HealthCheckRequest, context: Any) -> Any:  # noqa: N802  # grpc's name
        """Says the contract's digest too; refuses a caller's fingerprint, or a part of it, as a call would be."""
        contract = self._contracts.get(request.service)
        if contract is None:
            return await super().Check(request, context)
        own_metadata = ((DIGEST_KEY, contract.digest),)
        context.set_trailing_metadata(own_metadata)
        try:
            contract.accept(dict(context.invocation_metadata() or ()).get(FINGERPRINT_KEY))
        except Failure as failure:
            details = ((DETAILS_KEY, failure.details),) if failure.details else ()
            await context.abort(failure.code, failure.message, (*own_metadata, *details))
        return await super().Check(request, context)

    async def Watch(self, request: health_pb2.HealthCheckRequest, context: Any) -> None:  # noqa: N802  # grpc's name
        """Counts who would learn of a stop."""
        self.watchers += 1
        try:
            await super().Watch(request, context)
        finally:
            self.watchers -= 1

    async def begin(self, services: Iterable[str], readiness: Readiness | None) -> None:
        """Announce these services."""
        self._services = ("", *services)
        self._contracts = {name: OwnContract(name) for name in self._services if _is_described(name)}
        await self._announce(serving=readiness is None or await _is_ready(readiness))

    async def poll(self, readiness: Readiness) -> None:
        """Follow what `readiness` says, each second, until cancelled."""
        while True:
            await asyncio.sleep(SECONDS_BETWEEN_POLLS)
            await self._announce(serving=await _is_ready(readiness))

    async def _announce(self, *, serving: bool) -> None:
        if serving is self._serving:
            return
        self._serving = serving
        log_event("serving" if serving else "not serving")
        status = health_pb2.HealthCheckResponse.SERVING if serving else health_pb2.HealthCheckResponse.NOT_SERVING
        for service in self._services:
            await self.set(service, status)


def _is_described(service: str) -> bool:
    """Whether the process knows the contract; servicers that are written without stubs have none."""
    try:
        descriptor_pool.Default().FindServiceByName(service)
    except KeyError:
        return False
    return True


async def _is_ready(readiness: Readiness) -> bool:
    try:
        async with asyncio.timeout(SECONDS_BETWEEN_POLLS):
            return await readiness()
    except Exception as error:  # noqa: BLE001  # whatever a dependency's client raises, it is not ready
        log_event("readiness failed", error=type(error).__qualname__)
        return False
