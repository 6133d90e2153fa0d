"""What a service registers its servicers with."""

from collections.abc import Iterable, Mapping
from typing import NoReturn

import grpc

from strangler_services.errors import SettingsError
from strangler_services.health import HEALTH
from strangler_services.rpc import Rpc, Runtime
from strangler_services.settings import ServerSettings

__all__ = ["Registry"]


class Registry(grpc.aio.Server):
    """Stands in for the server while servicers are added, and puts identity, errors and logs around each method.

    The methods become generic handlers only: with registered ones `grpc.aio` waits on a future per method for each
    call, and drops calls that it accepted while it stops.
    """

    def __init__(self, server: grpc.aio.Server, settings: ServerSettings, runtime: Runtime) -> None:
        self._server = server
        self._settings = settings
        self._runtime = runtime
        self.services: list[str] = []

    def add_registered_method_handlers(
        self, service_name: str, method_handlers: Mapping[str, grpc.RpcMethodHandler]
    ) -> None:
        """Add one service; called by the generated `add_…Servicer_to_server`."""
        if service_name != HEALTH:
            method_handlers = self._guard(service_name, method_handlers)
            self.services.append(service_name)
        self._server.add_generic_rpc_handlers(
            (grpc.method_handlers_generic_handler(service_name, dict(method_handlers)),)
        )

    def add_generic_rpc_handlers(self, generic_rpc_handlers: Iterable[grpc.GenericRpcHandler]) -> None:
        """Generated code calls this before `add_registered_method_handlers`, which says the same and more."""
        for handler in generic_rpc_handlers:
            if not isinstance(handler, grpc.ServiceRpcHandler):
                raise SettingsError(f"{type(handler).__name__} names no service; add generated servicers only")

    def _guard(self, service: str, handlers: Mapping[str, grpc.RpcMethodHandler]) -> dict[str, grpc.RpcMethodHandler]:
        keyring = self._settings.keyring(service)
        guarded: dict[str, grpc.RpcMethodHandler] = {}
        for name, handler in handlers.items():
            if handler.request_streaming or handler.response_streaming:
                raise SettingsError(f"{service}.{name} is a stream; an identity vouches for one message")
            rpc = Rpc(f"/{service}/{name}", handler, keyring, self._runtime)
            guarded[name] = grpc.unary_unary_rpc_method_handler(rpc.answer)
        return guarded

    def add_insecure_port(self, address: str) -> NoReturn:
        """Refused: the address is a setting."""
        raise SettingsError(f"port {address}: a service does not open ports; set ServerSettings.address")

    def add_secure_port(self, address: str, server_credentials: grpc.ServerCredentials) -> NoReturn:
        """Refused: the address is a setting."""
        self.add_insecure_port(address)

    async def start(self) -> None:
        """Done by the runtime once all services are registered."""

    async def stop(self, grace: float | None = None) -> None:
        """Stop the server without draining."""
        await self._server.stop(grace)

    async def wait_for_termination(self, timeout: float | None = None) -> bool:
        """Wait until the server stopped."""
        return await self._server.wait_for_termination(timeout)
