"""The bazaar's processes: it alone, it with every endpoint at the service, and the service; each side with its rows."""

import http.client
import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import dataclass, field
from operator import itemgetter
from pathlib import Path
from typing import Any

__all__ = ["Answer", "Stack"]

ROOT = Path(__file__).parents[3]
SERVICE = "bazaar_api.v1.BazaarService"
SIDES = ("monolith", "service")
START_SECONDS = 30
UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """All that a client sees, and which side answered."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    by: str = field(compare=False)

    @property
    def data(self) -> Any:
        """The body's JSON."""
        return json.loads(self.body)

    def header(self, name: str) -> str | None:
        """The value of a header."""
        return next((value for found, value in self.headers if found.lower() == name.lower()), None)


@dataclass(slots=True, kw_only=True)
class Stack:
    """Everything that runs; databases are twins, so that a write can be made on either side."""

    folder: Path
    ports: dict[str, int] = field(default_factory=lambda: {side: _free_port() for side in (*SIDES, "rpc")})
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)
    inspected: dict[str, Any] = field(default_factory=dict)
    written: bool = False

    def start(self) -> None:
        """Fill the databases, extract every endpoint that can be, and start both sides."""
        self._run("-m", "bazaar.rows")
        for side in SIDES:
            shutil.copy(self.folder / "first.sqlite3", self._database(side))
        self.inspected = {one["endpoint"]: one for one in json.loads(self.strangler("inspect", "--format", "json"))}
        ids = [name for name, facts in self.inspected.items() if facts["verdict"] != "refused"]
        folders = [word for name in ("root", "services", "tests") for word in (f"--{name}", str(self.folder / name))]
        self.strangler("extract", *ids, "--service", SERVICE, *folders)
        gunicorn = [
            "-m",
            "gunicorn",
            "django.core.wsgi:get_wsgi_application()",
            "--no-control-socket",
            "--threads",
            "2",
        ]
        started = {
            "rpc": ["-m", "bazaar_api_service"],
            **{side: [*gunicorn, "--bind", f"127.0.0.1:{self.ports[side]}"] for side in SIDES},
        }
        for name, line in started.items():
            env = self.environment("service" if name == "rpc" else name) | {"BAZAAR_WITNESS": "1"}
            with (self.folder / f"{name}.log").open("wb") as log:
                self.running.append(subprocess.Popen([sys.executable, *line], env=env, stdout=log, stderr=log))
        for name in started:
            self._wait(name)

    def stop(self) -> None:
        """End what was started."""
        for process in self.running:
            process.terminate()
        for process in self.running:
            process.wait(20)

    def environment(self, side: str = "") -> dict[str, str]:
        """What a process reads; without a side, the project before its extraction."""
        folders = [ROOT / "tests/extract", self.folder / "root/gen", self.folder / "services"]
        # A checkout that is not the installed one names its packages here.
        folders += map(Path, filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep)))
        values = {
            # DRF's @api_view keeps methods in a set, whose order is that of the header Allow.
            "PYTHONHASHSEED": "0",
            "PYTHONPATH": os.pathsep.join(map(str, folders)),
            "DJANGO_SETTINGS_MODULE": "bazaar.settings",
            "BAZAAR_FOLDER": str(self.folder),
            "BAZAAR_DATABASE": self._database(side or "first").name,
            "BAZAAR_SERVICE": f"127.0.0.1:{self.ports['rpc']}",
            "STRANGLER_SERVICE_ADDRESS": f"127.0.0.1:{self.ports['rpc']}",
            "STRANGLER_SERVICE_KEYS": json.dumps({SERVICE: {"test": "00" * 32}}),
        }
        return {**os.environ, **values, **({"BAZAAR_STAGE": side} if side else {})}

    def strangler(self, *arguments: str, side: str = "", codes: tuple[int, ...] = (0,), seed: str = "0") -> str:
        """Output of `strangler ...`; `seed` is that of Python's hashes."""
        return self._run("-m", "strangler_router", *arguments, side=side, codes=codes, seed=seed)

    def ask(self, side: str, method: str, path: str, *, body: bytes = b"", headers: dict[str, str]) -> Answer:
        """One request, by the same name of a host on both sides."""
        self.written = self.written or method in UNSAFE
        with closing(http.client.HTTPConnection("127.0.0.1", self.ports[side], timeout=30)) as connection:
            connection.request(method, path, body=body or None, headers={"Host": "bazaar.example:8443", **headers})
            response = connection.getresponse()
            found = [(name, value) for name, value in response.getheaders() if name not in ("Date", "X-Witness")]
            return Answer(
                status=response.status,
                headers=tuple(sorted(found, key=itemgetter(0))),
                body=response.read(),
                by=response.headers["X-Witness"],
            )

    def rows(self, side: str) -> list[str]:
        """Every row of a side, as SQL."""
        with closing(sqlite3.connect(self._database(side))) as database:
            return list(database.iterdump())

    def restore(self) -> None:
        """Give both sides the rows that they began with."""
        for side in SIDES if self.written else ():
            databases = (sqlite3.connect(self._database(name)) for name in ("first", side))
            with closing(next(databases)) as first, closing(next(databases)) as database:
                first.backup(database)
        self.written = False

    def proto(self) -> str:
        """The contract as it was extracted."""
        return (self.folder / "root/bazaar_api/v1/bazaar_api.proto").read_text()

    def _database(self, side: str) -> Path:
        return self.folder / f"{side}.sqlite3"

    def _run(self, *line: str, side: str = "", codes: tuple[int, ...] = (0,), seed: str = "0") -> str:
        env = self.environment(side) | {"PYTHONHASHSEED": seed}
        done = subprocess.run(
            [sys.executable, *line], env=env, cwd=self.folder, capture_output=True, text=True,
            timeout=110, check=False,
        )  # fmt: skip
        assert done.returncode in codes, done.stdout + done.stderr
        return done.stdout

    def _wait(self, name: str) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.ports[name])) == 0:
                    return
            time.sleep(0.05)
        raise AssertionError((self.folder / f"{name}.log").read_text()[-2000:])


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port
