"""`make bench-contracts`: what contracts keep, and what they cost; `build/bench/contracts.json`."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.bench.rows import Row, announced, publish

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

    yield from announced("outputs", _outputs())
    yield from announced("documents", document_rows())
    yield from announced("codec", codec_rows())
    yield from announced("wire", wire_rows())
    yield from announced("tree", tree_rows(FOLDER))
    yield from announced("numbers", number_rows())
    yield from announced("seeded", seeded_rows(FOLDER))


def _outputs() -> Iterator[Row]:
    from django.core.management import call_command

    from tests.bench.contracts.outputs import output_rows
    from tests.conftest import default_database

    with default_database({"NAME": ":memory:"}):
        call_command("migrate", verbosity=0)
        yield from output_rows()


if __name__ == "__main__":
    sys.exit(main())
