"""Programs that this run starts, ended by their own id and bounded in time."""

import os
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from environment import BUILD, HERE

__all__ = ["Server", "free_port", "run"]


@dataclass(slots=True)
class Server:
    """A program in a session of its own that listens on `port`; what it prints goes to a file."""

    name: str
    command: list[str]
    env: dict[str, str]
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        """What all starts of it printed."""
        return BUILD / f"{self.name}.log"

    def start(self, timeout: float = 60.0) -> None:
        """Start and wait until it listens; `RuntimeError` with the end of its log where it does not."""
        with self.log.open("ab") as file:
            self.process = subprocess.Popen(
                self.command, cwd=HERE, env=self.env, stdout=file, stderr=file, start_new_session=True
            )
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline and self.process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.1)
        self.kill()
        raise RuntimeError(f"{self.name} does not listen on {self.port}:\n{self.log.read_text()[-3000:]}")

    def stop(self, timeout: float = 20.0) -> None:
        """Ask it to end, and make it end after `timeout` seconds."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End it and its own processes at once, as a machine that loses power would."""
        if self.process is not None:
            if self.process.poll() is None:
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(10)


def run(
    command: list[str], env: dict[str, str], *, timeout: float = 60.0, given: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end, with `given` as its input; 124 where it takes longer than `timeout` seconds."""
    try:
        return subprocess.run(
            command, cwd=HERE, env=env, input=given, capture_output=True, text=True, timeout=timeout, check=False
        )
    except subprocess.TimeoutExpired as error:
        return subprocess.CompletedProcess(command, 124, str(error.stdout or ""), f"no end after {timeout:g} s")


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
