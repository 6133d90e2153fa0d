"""The naive twin under cacheops with `ops: all`, in a process of its own that takes its turns over a pipe."""

import json
import os
import subprocess
import sys
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

__all__ = ["Cacheops", "cacheops_process"]


class Cacheops:
    """Asks the process for bytes, and for the seconds of so many reads."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def body(self, size: int) -> bytes:
        return b64decode(self._ask(size, 0)["body"])

    def times(self, size: int, reads: int) -> list[float]:
        taken: list[float] = self._ask(size, reads)["seconds"]
        return taken

    def _ask(self, size: int, reads: int) -> Any:
        process: Any = self._process
        process.stdin.write(json.dumps({"size": size, "reads": reads}) + "\n")
        process.stdin.flush()
        answer = process.stdout.readline()
        if not answer:
            raise RuntimeError(f"The process under cacheops ended with exit code {process.wait(5)}.")
        return json.loads(answer)


@contextmanager
def cacheops_process(redis: str, environment: Mapping[str, str], *, copy: str = "") -> Iterator[Cacheops]:
    """The process; `copy` names a SQLite file that it takes into memory."""
    process = subprocess.Popen(
        [sys.executable, "-m", __name__],
        env={
            **os.environ,
            **environment,
            "DJANGO_SETTINGS_MODULE": "tests.bench.serializers.cacheops_settings",
            "ACADEMY_REDIS": f"{redis}?db=2",
            "BENCH_COPY": copy,
        },
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Cacheops(process)
    finally:
        process.communicate(timeout=10)


def answer() -> None:
    """Do what each line of standard input asks for."""
    import django

    django.setup()
    from tests.bench.serializers.courses import learner_request
    from tests.bench.serializers.dataset import copy_into_connection
    from tests.bench.serializers.peer_drf import naive
    from tests.bench.serializers.ratios import repeated

    if os.environ["BENCH_COPY"]:
        copy_into_connection(os.environ["BENCH_COPY"])
    request = learner_request()
    for line in sys.stdin:
        asked = json.loads(line)
        size = asked["size"]
        if asked["reads"]:
            found: dict[str, Any] = {"seconds": repeated(lambda size=size: naive(request, size))(asked["reads"])}
        else:
            found = {"body": b64encode(naive(request, size)).decode()}
        print(json.dumps(found), flush=True)


if __name__ == "__main__":
    answer()
