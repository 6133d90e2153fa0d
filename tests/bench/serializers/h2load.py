"""Open-loop load by h2load, and what its log says of each request."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Answer", "H2loadMissing", "at_rate", "capacity", "install", "parse"]

# With about one request a second on each connection, none waits for the answer to the one before.
FEWEST, MOST_CONNECTIONS = 4, 64


class H2loadMissing(Exception):
    """h2load is not installed and could not be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One request: when it was sent (seconds since the epoch), its status (-1: none), how long it took (seconds)."""

    started: float
    status: int
    seconds: float

    @property
    def failed(self) -> bool:
        return self.status < 0 or self.status >= 500


def install() -> None:
    """See that h2load is there, by apt-get where we are root. Raises H2loadMissing."""
    if shutil.which("h2load"):
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        subprocess.run(["apt-get", "install", "-y", "nghttp2-client"], stdout=subprocess.DEVNULL, check=False)
    if not shutil.which("h2load"):
        raise H2loadMissing("h2load is missing: install Debian's nghttp2-client (apt-get install nghttp2-client).")


def at_rate(urls: Sequence[str], *, rate: float, seconds: float) -> list[Answer]:
    """What becomes of about `rate` requests a second, sent when they are due whether or not others were answered."""
    connections = min(max(round(rate), FEWEST), MOST_CONNECTIONS)
    apart = max(round(1000 / rate), 1)
    total = max(int(rate * seconds), connections)
    # Connections that start at once would also send at once, ever after.
    pace = ("--rate", 1, "--rate-period", f"{apart}ms", "--rps", round(1000 / apart / connections, 4))
    return _run(urls, "--clients", connections, "--requests", total, *pace)


def capacity(urls: Sequence[str], *, connections: int = 8, requests: int) -> float:
    """Requests a second that the server answers when it is always asked for more."""
    answers = _run(urls, "--clients", connections, "--requests", requests)
    if any(answer.failed for answer in answers):
        raise RuntimeError(f"{urls[0]} failed while its capacity was measured.")
    first = min(answer.started for answer in answers)
    return len(answers) / (max(answer.started + answer.seconds for answer in answers) - first)


def parse(log: str) -> list[Answer]:
    """The lines of `--log-file`: microseconds since the epoch, status, microseconds, parted by tabs."""
    answers = []
    for line in log.splitlines():
        started, status, taken, *_ = line.split("\t")
        answers.append(Answer(started=int(started) / 1e6, status=int(status), seconds=int(taken) / 1e6))
    return answers


def _run(urls: Sequence[str], *options: object) -> list[Answer]:
    with tempfile.TemporaryDirectory(prefix="h2load") as folder:
        log, listed = Path(folder) / "log", Path(folder) / "urls"
        listed.write_text("".join(f"{url}\n" for url in urls))
        line = ["h2load", "--h1", "--log-file", log, "--input-file", listed, *options]
        done = subprocess.run([str(part) for part in line], capture_output=True, text=True, timeout=120, check=False)
        if done.returncode:
            raise RuntimeError(f"h2load exited {done.returncode}: {done.stdout}{done.stderr}")
        return parse(log.read_text())
