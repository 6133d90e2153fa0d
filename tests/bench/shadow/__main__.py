"""`make bench-shadow`: how sure the evidence is, what it takes, and what it costs; `build/bench/shadow.json`."""

import os
import sys
import time
from collections.abc import Iterator

from tests.bench.rows import Row, publish


def main() -> int:
    """Exit code 0 where every `must` holds."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "academy.settings"
    import django

    django.setup()
    return 0 if publish("shadow", list(_rows())) else 1


def _rows() -> Iterator[Row]:
    from tests.bench.shadow.accounting import accounting_rows
    from tests.bench.shadow.bounds import bound_rows
    from tests.bench.shadow.comparison import comparison_rows
    from tests.bench.shadow.deciding import deciding_rows
    from tests.bench.shadow.promotions import promotion_rows
    from tests.bench.shadow.stream import stream_rows
    from tests.bench.shadow.verifying import verifying_rows

    yield from _announced("bounds", bound_rows())
    yield from _announced("promotions", promotion_rows())
    yield from _announced("deciding", deciding_rows())
    yield from _announced("accounting", accounting_rows())
    yield from _announced("comparison", comparison_rows())
    yield from _announced("verifying", verifying_rows())
    yield from _announced("stream", stream_rows())


def _announced(what: str, rows: Iterator[Row]) -> Iterator[Row]:
    """The rows; says on standard error how long they took."""
    started = time.monotonic()
    yield from rows
    print(f"{what}: {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
