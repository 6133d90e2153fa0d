"""The catalog service, ten times as slow or answering 100 MB.

`CANDIDATE=slow python -m tests.bench.shadow.odd_catalog`, or `huge`; all else is the service's own environment.
"""

import os
import sys
import time
from typing import Any

from catalog_service import __main__ as catalog
from catalog_service.service import CatalogService

__all__ = ["SIZE", "SLOWER"]

SLOWER = 10
SIZE = 100_000_000


class SlowCatalog(CatalogService):
    """Takes ten times as long for a course."""

    def GetCourse(self, request: Any, context: Any) -> Any:
        started = time.perf_counter()
        answer = super().GetCourse(request, context)
        time.sleep((SLOWER - 1) * (time.perf_counter() - started))
        return answer


class HugeCatalog(CatalogService):
    """Answers a course whose summary has 100 MB."""

    def GetCourse(self, request: Any, context: Any) -> Any:
        answer = super().GetCourse(request, context)
        answer.summary = "x" * SIZE
        return answer


if __name__ == "__main__":
    catalog.CatalogService = {"slow": SlowCatalog, "huge": HugeCatalog}[os.environ["CANDIDATE"]]  # type: ignore[misc]
    sys.exit(catalog.main())
