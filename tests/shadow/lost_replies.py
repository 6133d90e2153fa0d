"""PostgreSQL behind a socket that loses what the server says of a commit."""

import contextlib
import socket
import threading
from pathlib import Path

COMMIT = b"COMMIT"


class LostReplies:
    """Passes everything on; while `is_losing`, the first commit is passed on, carried out, and answered by silence."""

    def __init__(self, folder, server):
        self.server = str(Path(server) / ".s.PGSQL.5432")
        self.is_losing = False
        self.lost = 0
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(Path(folder) / ".s.PGSQL.5432"))
        self._listener.listen()
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def __enter__(self):
        return self

    def __exit__(self, *_exception):
        # A listener that is only closed keeps its thread in `accept`.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(5)

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                thread = threading.Thread(target=self._serve, args=(client,), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _serve(self, client):
        server = socket.socket(socket.AF_UNIX)
        server.connect(self.server)
        with client, server, contextlib.suppress(OSError):
            back = threading.Thread(target=self._pass_back, args=(server, client), daemon=True)
            back.start()
            while data := client.recv(65536):
                if self.is_losing and COMMIT in data:
                    self.is_losing = False
                    self.lost += 1
                    # The client hears no more; the server is heard to the end of what it does.
                    client.shutdown(socket.SHUT_WR)
                    server.sendall(data)
                    server.shutdown(socket.SHUT_WR)
                    back.join(5)
                    return
                server.sendall(data)
            server.shutdown(socket.SHUT_WR)
            back.join(5)

    def _pass_back(self, server, client):
        with contextlib.suppress(OSError):
            while data := server.recv(65536):
                with contextlib.suppress(OSError):
                    client.sendall(data)
