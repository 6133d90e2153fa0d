"""What a process of its own sees of the flags; it is asked through a pipe."""

import os
import threading
import time
from pathlib import Path

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.db import connections  # noqa: E402

from strangler_router import flags  # noqa: E402
from strangler_router.middleware import RouterMiddleware  # noqa: E402
from strangler_router.policy import Flag, Stage  # noqa: E402

NAME = "v1:educator-detail.get"


def serve(connection, database: Path, environment: dict[str, str]) -> None:
    os.environ.update(environment)
    connections["default"].settings_dict["NAME"] = str(database)
    files = {"POLICY_FILE": database.parent / "policy.json", "KILL_FILE": database.parent / "kill"}
    settings.STRANGLER = {**settings.STRANGLER, **files}
    while (command := connection.recv()) is not None:
        connection.send({"stage": stage, "fork": forked}[command]())


def stage() -> str:
    policy = RouterMiddleware.snapshot.current()
    return f"{policy.flag(NAME).stage}{' killed' if policy.killed else ''}"


def forked() -> str:
    """What a forked child sees at once, how many threads follow the flags in it, and what it sees of a change."""
    reader, writer = os.pipe()
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return os.read(reader, 1000).decode()
    connections.close_all()
    first = stage()
    threads = [thread.name for thread in threading.enumerate()].count("strangler-policy")
    flags.append(Flag(endpoint=NAME, stage=Stage.RETIRED), who="child", why="test")
    deadline = time.monotonic() + 5
    while (seen := stage()) != "retired" and time.monotonic() < deadline:
        time.sleep(0.02)
    os.write(writer, f"{first}, {threads} thread, {seen}".encode())
    os._exit(0)
