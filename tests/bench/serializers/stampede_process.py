"""One process of readers: says "ready", waits for a line, reads, prints how often it computed each object."""

import json
import sys

import django


def main(readers: int, size: int) -> None:
    """Read with so many threads."""
    django.setup()
    from tests.bench.serializers.stampede import read_at_once

    def gathered() -> None:
        print("ready", flush=True)
        sys.stdin.readline()

    print(json.dumps(read_at_once(readers, size, gathered=gathered)), flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
