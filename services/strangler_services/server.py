"""A server inside a running event loop, or in a thread of its own."""

import asyncio
import inspect
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import grpc

from strangler_services.errors import StartError
from strangler_services.gate import Gate
from strangler_services.health import Health, Readiness
from strangler_services.logs import log_event
from strangler_services.nonces import MemoryNonces, Nonces
from strangler_services.registry import Registry
from strangler_services.rpc import Runtime
from strangler_services.settings import ServerSettings

__all__ = ["Register", "RunningServer", "ThreadedServer", "start", "start_in_thread"]

Register = Callable[[grpc.aio.Server], Awaitable[None] | None]
# How long clients that watch the health service have to go elsewhere before calls are refused.
WATCHERS_LEAVE = 0.25
# How long calls that arrive last are held before the connections are closed.
SETTLE = 0.05


@dataclass(slots=True, kw_only=True)
class RunningServer:
    """A server that answers at `address`."""

    address: str
    grace: float
    _server: grpc.aio.Server
    _gate: Gate
    _health: Health
    _pool: ThreadPoolExecutor
    _poll: asyncio.Task[None] | None = None

    async def drain(self) -> None:
        """Announce the end, refuse new calls, and wait at most `grace` seconds until each accepted one is answered."""
        if self._poll is not None:
            self._poll.cancel()
        await self._health.enter_graceful_shutdown()
        if self._health.watchers:
            await asyncio.sleep(min(WATCHERS_LEAVE, self.grace / 2))
        self._gate.close()
        if not await self._gate.empty(self.grace):
            log_event("calls abandoned", count=self._gate.in_flight)
        self._gate.hold()
        await asyncio.sleep(SETTLE)

    async def stop(self) -> None:
        """Drain, then close the connections and the port."""
        await self.drain()
        await self._server.stop(None)
        await self._gate.empty(1.0)
        self._pool.shutdown(wait=False, cancel_futures=True)
        log_event("stopped")


@dataclass(frozen=True, slots=True)
class ThreadedServer:
    """A server in a thread; `stop` may be called from any other thread."""

    address: str
    stop: Callable[[], None]


async def start(
    register: Register,
    settings: ServerSettings,
    *,
    readiness: Readiness | None = None,
    nonces: Nonces | None = None,
    reuse_port: bool = False,
) -> RunningServer:
    """Start a server in the running loop; port 0 takes a free one.

    `register` gets the server to add generated servicers to. `readiness` is polled each second. Raises `SettingsError`
    or `StartError`.
    """
    pool = ThreadPoolExecutor(settings.threads, "strangler-rpc")
    gate = Gate(settings.max_concurrent)
    runtime = Runtime(gate=gate, nonces=nonces or MemoryNonces(), pool=pool, max_deadline=settings.max_deadline)
    server = grpc.aio.server(options=_options(settings, reuse_port=reuse_port))
    registry = Registry(server, settings, runtime)
    health = Health()
    registered = register(registry)
    if inspect.isawaitable(registered):
        await registered
    health.register(registry)
    await health.begin(registry.services, readiness)
    address = _listen(server, settings)
    await server.start()
    log_event("listening", address=address, services=registry.services)
    return RunningServer(
        address=address,
        grace=settings.grace,
        _server=server,
        _gate=gate,
        _health=health,
        _pool=pool,
        _poll=None if readiness is None else asyncio.create_task(health.poll(readiness)),
    )


@contextmanager
def start_in_thread(
    register: Register, settings: ServerSettings, *, readiness: Readiness | None = None
) -> Iterator[ThreadedServer]:
    """Run a server in a thread with its own loop, for tests and for a service beside another program."""
    started: Future[tuple[str, Callable[[], None]]] = Future()

    async def run() -> None:
        stopping = asyncio.Event()
        loop = asyncio.get_running_loop()
        try:
            server = await start(register, settings, readiness=readiness)
        except BaseException as error:  # noqa: BLE001  # raised again in the thread that waits for it
            started.set_exception(error)
            return
        started.set_result((server.address, lambda: _call_soon(loop, stopping.set)))
        await stopping.wait()
        await server.stop()

    thread = threading.Thread(target=asyncio.run, args=(run(),), name="strangler-server", daemon=True)
    thread.start()
    address, signal = started.result()

    def stop() -> None:
        if thread.is_alive():
            signal()
            thread.join()

    try:
        yield ThreadedServer(address, stop)
    finally:
        stop()


def _call_soon(loop: asyncio.AbstractEventLoop, callback: Callable[[], None]) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(callback)


def _listen(server: grpc.aio.Server, settings: ServerSettings) -> str:
    try:
        if settings.tls is None:
            port = server.add_insecure_port(settings.address)
        else:
            port = server.add_secure_port(settings.address, settings.tls.credentials())
    except RuntimeError as error:
        raise StartError(f"cannot listen on {settings.address}: {error}") from error
    host, _, _ = settings.address.rpartition(":")
    return settings.address if settings.address.startswith("unix:") else f"{host}:{port}"


def _options(settings: ServerSettings, *, reuse_port: bool) -> list[tuple[str, int]]:
    return [
        ("grpc.so_reuseport", int(reuse_port)),
        ("grpc.max_receive_message_length", settings.max_message),
        ("grpc.max_send_message_length", settings.max_message),
        # grpc varies the age by 10 % itself, so that clients do not reconnect all at once.
        ("grpc.max_connection_age_ms", int(settings.max_connection_age * 1000)),
        ("grpc.max_connection_age_grace_ms", int(settings.max_deadline * 1000)),
        ("grpc.keepalive_time_ms", 60_000),
        ("grpc.keepalive_timeout_ms", 20_000),
        ("grpc.keepalive_permit_without_calls", 1),
        # Clients may ping each ten seconds; grpc's default takes that for abuse and closes the connection.
        ("grpc.http2.min_recv_ping_interval_without_data_ms", 5_000),
    ]
