"""Connections that are held: Python's sockets reach the servers that are named, and no other.

A datagram to any other is dropped as a network may do it, and nobody is told: metrics and logs go that way.
Libraries in C (libpq, gRPC) open theirs without asking.
"""

import errno
import ipaddress
import os
import socket
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from itertools import count
from typing import Any

from django.conf import settings as django_settings

from strangler_router.conf import settings
from strangler_router.effects_record import Effect, record
from strangler_router.errors import ConfigurationError

__all__ = ["own_servers", "refusals", "refusing"]

DEFAULT_PORTS = {"mysql": "3306", "oracle": "1521", "postgresql": "5432"}
LOOPBACK = frozenset({"", "localhost", "127.0.0.1", "::1"})
UNIX = "unix:"
# Addresses that nobody has (RFC 5737) stand for the hosts whose names are not looked up.
NOWHERE = "192.0.2"
HOSTS = 254

_refusals: ContextVar[list[str] | None] = ContextVar("strangler_refusals", default=None)


@contextmanager
def refusals() -> Iterator[list[str]]:
    """The servers that this context was kept from so far; not threads that it starts."""
    found: list[str] = []
    token = _refusals.set(found)
    try:
        yield found
    finally:
        _refusals.reset(token)


def own_servers() -> set[str]:
    """`host:port` of the databases, of the services, and of what `STRANGLER["SHADOW"]["REACHABLE"]` names."""
    found = {_spelled(*_split(target.address)) for rungs in settings().targets.values() for target in rungs.values()}
    for database in django_settings.DATABASES.values():
        engine = str(database.get("ENGINE", "")).rpartition(".")[2]
        port = str(database.get("PORT") or DEFAULT_PORTS.get(engine, ""))
        for host in str(database.get("HOST") or "").split(","):
            found |= _sockets(host, port) if host.startswith("/") else {_spelled(host, port)}
    return found | {_reachable(entry) for entry in settings().shadow.get("REACHABLE", ())}


@contextmanager
def refusing(reachable: Collection[str]) -> Iterator[None]:
    """Refuse connections of all threads to what is not in `reachable` (`host:port`, `unix:/path`), and tell of them.

    Datagrams to it are dropped.
    """
    guard = _Guard({_spelled(*_split(entry)) for entry in reachable})
    kind, look_up = socket.socket, partial(guard.look_up, socket.getaddrinfo)
    methods = _connecting(kind, guard) | _sending(kind, guard)
    with _replaced(kind, methods), _replaced(socket, {"getaddrinfo": look_up}):
        yield


def _connecting(kind: Any, guard: "_Guard") -> dict[str, Any]:
    real_connect, real_connect_ex = kind.connect, kind.connect_ex

    def connect(self: socket.socket, address: Any) -> None:
        guard.check(self.family, address)
        real_connect(self, address)

    def connect_ex(self: socket.socket, address: Any) -> int:
        try:
            guard.check(self.family, address)
        except ConnectionRefusedError:
            return errno.ECONNREFUSED
        code: int = real_connect_ex(self, address)
        return code

    return {"connect": connect, "connect_ex": connect_ex}


def _sending(kind: Any, guard: "_Guard") -> dict[str, Any]:
    real_sendto, real_sendmsg = kind.sendto, kind.sendmsg

    def sendto(self: socket.socket, data: Any, *options: Any) -> int:
        # The address stands last.
        if options and guard.keeps(self.family, options[-1]):
            return memoryview(data).nbytes
        sent: int = real_sendto(self, data, *options)
        return sent

    def sendmsg(self: socket.socket, buffers: Any, *options: Any) -> int:
        # Ancillary data, flags, address; a connected socket is given none.
        if len(options) == 3 and options[2] is not None and guard.keeps(self.family, options[2]):
            return sum(memoryview(part).nbytes for part in buffers)
        sent: int = real_sendmsg(self, buffers, *options)
        return sent

    return {"sendto": sendto, "sendmsg": sendmsg}


@contextmanager
def _replaced(owner: Any, names: Mapping[str, Any]) -> Iterator[None]:
    kept = {name: vars(owner).get(name) for name in names}
    for name, value in names.items():
        setattr(owner, name, value)
    try:
        yield
    finally:
        for name, value in kept.items():
            if value is None:
                delattr(owner, name)
            else:
                setattr(owner, name, value)


class _Guard:
    """Who may be reached, and which host an address stands for."""

    def __init__(self, reachable: set[str]) -> None:
        self._reachable = reachable
        self._hosts: dict[str, str] = {}
        self._numbers = count()

    def check(self, family: int, address: Any) -> None:
        """Raise ConnectionRefusedError, as a host without a server does, unless the address may be reached."""
        if not self.keeps(family, address):
            return
        name = self._name(family, address)
        if (refused := _refusals.get()) is not None:
            refused.append(name)
        record(Effect(kind="connection", name=name, document={}))
        raise ConnectionRefusedError(errno.ECONNREFUSED, f"{name} is not to be reached while writes are verified")

    def keeps(self, family: int, address: Any) -> bool:
        """Whether the address is a server's that may not be reached."""
        name = self._name(family, address)
        return bool(name) and name not in self._reachable

    def look_up(self, real: Any, host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        """Addresses as of `socket.getaddrinfo`; those of other hosts are stand-ins, so that no name server is asked."""
        name = host.decode() if isinstance(host, bytes) else host
        if name is None or name in LOOPBACK or _is_address(name):
            return real(host, port, *args, **kwargs)
        if any(entry.rpartition(":")[0] == name.lower() for entry in self._reachable):
            found = real(host, port, *args, **kwargs)
            self._hosts.update((entry[4][0], name.lower()) for entry in found)
            return found
        stand_in = next((each for each, of in self._hosts.items() if of == name.lower()), "")
        if not stand_in:
            stand_in = f"{NOWHERE}.{next(self._numbers) % HOSTS + 1}"
            self._hosts[stand_in] = name.lower()
        kind = kwargs.get("type", args[1] if len(args) > 1 else 0) or socket.SOCK_STREAM
        return [(socket.AF_INET, socket.SocketKind(kind), 0, "", (stand_in, _number(port)))]

    def _name(self, family: int, address: Any) -> str:
        """Empty for what is no server."""
        if family == getattr(socket, "AF_UNIX", None):
            return f"{UNIX}{os.fsdecode(address)}"
        if family not in {socket.AF_INET, socket.AF_INET6}:
            return ""
        host = address[0].decode() if isinstance(address[0], bytes) else str(address[0])
        return _spelled(self._hosts.get(host, host), str(address[1]))


def _sockets(place: str, port: str) -> set[str]:
    """MySQL is given its socket, PostgreSQL the folder of it."""
    return {f"{UNIX}{place}", f"{UNIX}{place}/.s.PGSQL.{port or DEFAULT_PORTS['postgresql']}"}


def _spelled(host: str, port: str) -> str:
    if host == UNIX.rstrip(":"):
        return f"{UNIX}{port}"
    return f"{'localhost' if host in LOOPBACK else host.lower()}:{port}"


def _split(entry: str) -> tuple[str, str]:
    if entry.startswith(UNIX):
        return UNIX.rstrip(":"), entry.removeprefix(UNIX).removeprefix("//")
    host, _, port = entry.rpartition(":")
    return host.strip("[]"), port


def _reachable(entry: Any) -> str:
    host, port = _split(str(entry))
    if not host or not (port.isdigit() or port.startswith("/")):
        raise ConfigurationError(f"STRANGLER['SHADOW']['REACHABLE'] names {entry!r}; write host:port or unix:/path")
    return _spelled(host, port)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return True


def _number(port: Any) -> int:
    text = port.decode() if isinstance(port, bytes) else str(port or 0)
    return int(text) if text.isdigit() else socket.getservbyname(text)
