"""`make bench-contracts`: what contracts keep, and what they cost; `build/bench/contracts.json`."""

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tests.bench.rows import Row, publish

FOLDER = Path("build/bench/contracts-state")


def main() -> int:
    """Exit code 0 where every `must` holds."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "academy.settings"
    import django

    django.setup()
    return 0 if publish("contracts", list(_rows())) else 1


def _rows() -> Iterator[Row]:
    from tests.bench.contracts.codec import codec_rows
    from tests.bench.contracts.documents import document_rows
    from tests.bench.contracts.numbers import number_rows
    from tests.bench.contracts.seeded import seeded_rows
    from tests.bench.contracts.tree import tree_rows
    from tests.bench.contracts.wire import wire_rows

    yield from _announced("outputs", _outputs())
    yield from _announced("documents", document_rows())
    yield from _announced("codec", codec_rows())
    yield from _announced("wire", wire_rows())
    yield from _announced("tree", tree_rows(FOLDER))
    yield from _announced("numbers", number_rows())
    yield from _announced("seeded", seeded_rows(FOLDER))


def _outputs() -> Iterator[Row]:
    from django.core.management import call_command

    from tests.bench.contracts.outputs import output_rows
    from tests.conftest import default_database

    with default_database({"NAME": ":memory:"}):
        call_command("migrate", verbosity=0)
        yield from output_rows()


def _announced(what: str, rows: Iterator[Row]) -> Iterator[Row]:
    """The rows; says on standard error how long they took."""
    started = time.monotonic()
    yield from rows
    print(f"{what}: {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
