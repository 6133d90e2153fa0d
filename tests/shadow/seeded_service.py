"""A lifted host whose build makes one mistake: `python -m tests.shadow.seeded_service`.

Reads SEEDED_OPERATOR, SEEDED_ENDPOINT and SEEDED_SEED; all else is the academy's own.
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import django
import grpc

from tests.end_to_end.demo.processes import free_port

START_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Mistake:
    """One operator, at the place that the seed draws, in all answers of one endpoint."""

    operator: str
    endpoint: str
    seed: int


def plant(mistake: Mistake) -> None:
    """Make this process's lifted views a build with the mistake."""
    from strangler_router import lifted
    from strangler_shadow.seeded import OPERATORS, backend

    right = lifted.hosted_backend

    def wrong(binding: Any, endpoint: Any) -> Any:
        hosted = right(binding, endpoint)
        return backend(hosted, OPERATORS[mistake.operator], mistake.seed) if binding.id == mistake.endpoint else hosted

    lifted.hosted_backend = wrong


@contextmanager
def running(mistake: Mistake | None, database: Path, folder: Path) -> Iterator[Mapping[str, str]]:
    """A process with the mistake, and the environment in which the monolith finds it on the lifted rung."""
    address = f"127.0.0.1:{free_port()}"
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "academy.settings",
        "ACADEMY_STATE": str(folder),
        "ACADEMY_DATABASE": str(database),
        "ACADEMY_LIFTED": address,
    }
    chosen = mistake or Mistake("", "", 0)
    planted = {
        "SEEDED_OPERATOR": chosen.operator, "SEEDED_ENDPOINT": chosen.endpoint, "SEEDED_SEED": str(chosen.seed),
    }  # fmt: skip
    line = [sys.executable, "-m", "tests.shadow.seeded_service"]
    with (folder / "service.log").open("ab") as log:
        process = subprocess.Popen(line, env=environment | planted, stdout=log, stderr=log)
    try:
        with grpc.insecure_channel(address) as channel:
            grpc.channel_ready_future(channel).result(START_SECONDS)
        yield environment
    finally:
        process.terminate()
        process.wait(20)


if __name__ == "__main__":
    django.setup()
    if os.environ["SEEDED_OPERATOR"]:
        names = ("SEEDED_OPERATOR", "SEEDED_ENDPOINT", "SEEDED_SEED")
        operator, endpoint, seed = (os.environ[name] for name in names)
        plant(Mistake(operator, endpoint, int(seed)))
    from strangler_router.command_line import run_verb

    run_verb(["host"])
