"""`make bench-shadow`: how sure the evidence is, what it takes, and what it costs; `build/bench/shadow.json`."""

import os
import sys
from collections.abc import Iterator

from tests.bench.rows import Row, announced, publish


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

    yield from announced("bounds", bound_rows())
    yield from announced("promotions", promotion_rows())
    yield from announced("deciding", deciding_rows())
    yield from announced("accounting", accounting_rows())
    yield from announced("comparison", comparison_rows())
    yield from announced("verifying", verifying_rows())
    yield from announced("stream", stream_rows())


if __name__ == "__main__":
    sys.exit(main())
