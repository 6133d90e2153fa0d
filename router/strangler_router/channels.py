"""gRPC channels: lazy, one for each process and target, reopened when its certificate files change."""

import logging
import os
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import grpc

from strangler_router.conf import Target
from strangler_router.errors import ConfigurationError

__all__ = ["Unary", "forget_channels", "transport_words", "unary"]

# Takes and returns a message's bytes: (request, timeout=, metadata=) -> response.
Unary = Callable[..., bytes]

logger = logging.getLogger("strangler_router")

FILE_CHECK_SECONDS = 1.0
OPTIONS = [
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    ("grpc.max_receive_message_length", 64 * 1024 * 1024),
    ("grpc.max_send_message_length", 64 * 1024 * 1024),
    ("grpc.lb_policy_name", "round_robin"),
    ("grpc.enable_retries", 0),
    # A channel that is opened anew does not wait for what an older one to the same address has met.
    ("grpc.use_local_subchannel_pool", 1),
]


@dataclass(slots=True)
class _Open:
    channel: grpc.Channel
    files: tuple[int, ...]
    checked: float
    methods: dict[str, Unary]


_open: dict[Target, _Open] = {}
_pid = os.getpid()
_lock = threading.Lock()


def unary(target: Target, method: str) -> Unary:
    """The callable for one RPC on this process's channel to the target."""
    opened = _open.get(target) if _pid == os.getpid() else None
    if opened is None or time.monotonic() - opened.checked > FILE_CHECK_SECONDS:
        opened = _refresh(target)
    found = opened.methods.get(method)
    if found is None:
        found = opened.methods[method] = opened.channel.unary_unary(method, None, None)
    return found


def transport_words(details: str, target: Target) -> str:
    """What gRPC says of a call that failed on its way; trouble with certificates is called by its name."""
    from strangler_services import tls_trouble  # a service's runtime, needed in trouble only

    trouble = tls_trouble(details)
    if trouble is None:
        return details
    trusted = f"CA {target.ca}, name {target.name or target.address}" if target.ca else "no TLS"
    return f"{trouble} (this side: {trusted}; {details})"


def _refresh(target: Target) -> _Open:
    with _lock:
        if _pid != os.getpid():
            forget_channels()
        opened, files = _open.get(target), _file_times(target)
        if opened is None or opened.files != files:
            # The old channel is left to the calls that still run on it; it closes when the last one drops it.
            try:
                opened = _open[target] = _Open(_channel(target), files, time.monotonic(), {})
            except ConfigurationError as error:
                if opened is None:
                    raise
                logger.warning("the certificate files changed, and the previous ones stay in use: %s", error)
        opened.checked = time.monotonic()
        return opened


def _channel(target: Target) -> grpc.Channel:
    _make_gevent_ready()
    options = [*OPTIONS, *([("grpc.ssl_target_name_override", target.name)] if target.name and target.ca else [])]
    if target.ca:
        credentials = grpc.ssl_channel_credentials(
            _read(target.ca),
            _read(target.key) if target.key else None,
            _read(target.certificate) if target.certificate else None,
        )
        return grpc.secure_channel(target.address, credentials, options)
    if not target.is_local:
        raise ConfigurationError(f"{target.address} is not on loopback, so TLS is required; name its 'ca' file")
    return grpc.insecure_channel(target.address, options)


def _make_gevent_ready() -> None:
    # Without this a worker whose sockets are monkey-patched freezes at its first call.
    if "gevent.monkey" not in sys.modules:
        return
    from gevent.monkey import is_module_patched

    if is_module_patched("socket"):
        from grpc.experimental.gevent import init_gevent

        init_gevent()


def _file_times(target: Target) -> tuple[int, ...]:
    names = [name for name in (target.ca, target.certificate, target.key) if name]
    return tuple(Path(name).stat().st_mtime_ns if Path(name).exists() else 0 for name in names)


def _read(name: str) -> bytes:
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{name} cannot be read: {error.strerror}") from error


def forget_channels() -> None:
    """Open all channels anew with the next call, as tests want whose servers follow each other on one port.

    Calls that are under way end on the old ones.
    """
    # Neither used nor closed here: in a forked child either can hang it.
    global _open, _pid, _lock
    _open, _pid, _lock = {}, os.getpid(), threading.Lock()


os.register_at_fork(after_in_child=forget_channels)
