"""One process of a server, from its fork to its exit."""

import asyncio
import logging
import os
import signal
import sys
import threading
import time
from typing import NoReturn

from strangler_services import logs
from strangler_services.health import Readiness
from strangler_services.nonces import SharedNonces
from strangler_services.server import Register, start
from strangler_services.settings import ServerSettings

__all__ = ["DID_NOT_START", "OVERTIME", "STOP_SIGNALS", "run_child"]

STOP_SIGNALS = frozenset({signal.SIGTERM, signal.SIGINT})
DID_NOT_START = 3
# What a process may take beyond its grace before it is killed.
OVERTIME = 5.0


def run_child(
    register: Register, settings: ServerSettings, readiness: Readiness | None, nonces: SharedNonces, lifeline: int
) -> NoReturn:
    """Serve until a stop signal or until the other end of `lifeline` is closed; the stop signals arrive blocked."""
    code = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        threading.Thread(target=_die_with_parent, args=(lifeline, settings.grace), daemon=True).start()
        code = asyncio.run(_serve(register, settings, readiness, nonces))
    except BaseException:
        logging.getLogger("strangler_services").exception("process failed")
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        # Connections end with the process: calls that never got in fail with UNAVAILABLE, and threads that hang
        # cannot keep it alive.
        os._exit(code)


async def _serve(
    register: Register, settings: ServerSettings, readiness: Readiness | None, nonces: SharedNonces
) -> int:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, stopping.set)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)
    try:
        server = await start(register, settings, readiness=readiness, nonces=nonces, reuse_port=True)
    except Exception as error:
        logging.getLogger("strangler_services").exception("did not start: %s", error)  # noqa: TRY401  # ours, no user's data
        return DID_NOT_START
    await stopping.wait()
    await server.drain()
    logs.log_event("stopped")
    # Not returned: the loop would cancel what is held.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _die_with_parent(lifeline: int, grace: float) -> None:
    os.read(lifeline, 1)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(grace + OVERTIME)
    os._exit(1)
