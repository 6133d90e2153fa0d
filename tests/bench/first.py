"""`make bench`: what the router, the mirror and the cached list cost; `build/bench/first.json`."""

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.bench.rows import Row, at_least, publish
from tests.end_to_end.demo.processes import Stack
from tests.end_to_end.embedded import valkey

FOLDER = Path("build/bench/state")


def main() -> int:
    """Exit code 0 where every `must` holds."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    stack = Stack(FOLDER)
    try:
        with valkey(FOLDER) as stack.redis_url:
            stack.command("manage", "migrate", "--verbosity", "0")
            stack.command("manage", "seed", "--courses", "300")
            os.environ.update(stack.environment)
            import django

            django.setup()
            return 0 if publish("first", list(_rows(stack))) else 1
    finally:
        stack.stop()


def _rows(stack: Stack) -> Iterator[Row]:
    from tests.bench.hung import hung_rows
    from tests.bench.routing import decision_rows, offer_rows
    from tests.bench.rpc import rpc_rows
    from tests.bench.serializers_warm import measure

    warm = measure(stack.redis_url)
    yield Row(metric="naive list of 100 p50", value=warm["naive"] * 1e3, unit="ms", against="")
    yield Row(metric="warm list of 100 p50", value=warm["warm"] * 1e3, unit="ms", against="")
    yield at_least("warm list of 100", warm["ratio"], "times faster", must=30, aim=65, against="naive twin")
    yield from decision_rows()
    yield from offer_rows()
    yield from rpc_rows()
    stack.start_catalog()
    stack.start_monolith()
    yield from hung_rows(stack)


if __name__ == "__main__":
    sys.exit(main())
