"""The demo's processes: Valkey, gunicorn, the catalog service; and its commands."""

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["CommandFailed", "Stack", "free_port"]

CATALOG = "banyan.catalog.v1.CatalogService"
START_SECONDS = 30


class CommandFailed(Exception):
    """A command or a process of the demo did not do what the story needs."""


def free_port() -> int:
    """A TCP port that nobody listens on now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@dataclass(slots=True)
class Stack:
    """Everything that runs; `stop()` ends what was started, newest first."""

    folder: Path
    http_port: int = field(default_factory=free_port)
    catalog_port: int = field(default_factory=free_port)
    key: str = field(default_factory=lambda: secrets.token_hex(32))
    redis_url: str = ""
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def database(self) -> Path:
        """The SQLite file that monolith and service share."""
        return self.folder.resolve() / "academy.sqlite3"

    @property
    def environment(self) -> dict[str, str]:
        """What every process of the monolith reads."""
        return {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "academy.settings",
            "ACADEMY_STATE": str(self.folder.resolve()),
            "ACADEMY_DATABASE": str(self.database),
            "ACADEMY_CATALOG": f"127.0.0.1:{self.catalog_port}",
            "ACADEMY_CATALOG_KEY": self.key,
            "ACADEMY_REDIS": self.redis_url,
        }

    def command(self, *arguments: str, expect: Sequence[int] = (0,)) -> str:
        """Run `strangler …`, or `manage …` for Django's own commands; `CommandFailed` on another exit code."""
        program, *rest = arguments
        line = ["-m", "django", *rest] if program == "manage" else ["-m", "strangler_router", *rest]
        done = subprocess.run(
            [sys.executable, *line], env=self.environment, capture_output=True, text=True, timeout=170, check=False
        )
        if done.returncode not in expect:
            raise CommandFailed(f"{' '.join(arguments)} exited {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout

    def json(self, *arguments: str) -> Any:
        """A command's JSON."""
        return json.loads(self.command(*arguments, "--format", "json"))

    def start_catalog(self, module: str = "catalog_service", **extra: str) -> None:
        """Start a build of the catalog service and wait until it listens."""
        environment = {
            **os.environ,
            "CATALOG_DATABASE": f"sqlite:///{self.database}",
            "STRANGLER_SERVICE_ADDRESS": f"127.0.0.1:{self.catalog_port}",
            "STRANGLER_SERVICE_KEYS": json.dumps({CATALOG: {"demo": self.key}}),
            **extra,
        }
        self._start("catalog", [sys.executable, "-m", module], environment, self.catalog_port)

    def start_monolith(self) -> None:
        """Start gunicorn with two gevent workers."""
        line = [
            sys.executable, "-m", "gunicorn", "academy.wsgi:application", "--config",
            "python:tests.end_to_end.demo.serving", "--worker-class", "gevent", "--workers", "2",
            "--bind", f"127.0.0.1:{self.http_port}", "--no-control-socket", "--log-level", "warning",
        ]  # fmt: skip
        self._start("monolith", line, self.environment, self.http_port)

    def stop(self, *names: str) -> None:
        """End these processes, or all, and wait until they are gone."""
        for name in names or tuple(reversed(self.running)):
            process = self.running.pop(name)
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(5)

    def suspend(self, name: str) -> None:
        """Let a process hang, with the children it has."""
        os.killpg(self.running[name].pid, signal.SIGSTOP)

    def resume(self, name: str) -> None:
        """Let a suspended process go on."""
        os.killpg(self.running[name].pid, signal.SIGCONT)

    def _start(self, name: str, line: list[str], environment: dict[str, str], port: int) -> None:
        log = (self.folder / f"{name}.log").open("ab")
        process = subprocess.Popen(line, env=environment, stdout=log, stderr=log, start_new_session=True)
        self.running[name] = process
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if process.poll() is not None:
                raise CommandFailed(f"{name} ended at once; see {log.name}")
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            time.sleep(0.05)
        raise CommandFailed(f"{name} does not listen after {START_SECONDS} s; see {log.name}")
