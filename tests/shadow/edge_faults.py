"""The native catalog with mistakes that ordinary rows do not show: `python -m tests.shadow.edge_faults URL ADDRESS`."""

import re
import struct
import sys
from typing import Any

from catalog_service.database import open_database
from catalog_service.service import CatalogService
from strangler_services import ServerSettings, serve


class Careless(CatalogService):
    """Loses parts of a second, what is beyond 16 bits or 24 bits of precision, and the empty text."""

    def GetEducator(self, request: Any, context: Any) -> Any:
        found = super().GetEducator(request, context)
        found.joined_at = re.sub(r"\.\d+", "", found.joined_at)
        found.name = "".join(letter for letter in found.name if ord(letter) < 2**16)
        if found.HasField("website") and not found.website:
            found.ClearField("website")
        return found

    def GetCourse(self, request: Any, context: Any) -> Any:
        found = super().GetCourse(request, context)
        (price,) = struct.unpack("f", struct.pack("f", float(found.price)))
        found.price = f"{price:.2f}"
        return found


def main() -> None:
    (url,) = sys.argv[1:]
    engine = open_database(url.replace("postgresql://", "postgresql+psycopg://"))
    serve(Careless(engine).register, ServerSettings.from_environment())


if __name__ == "__main__":
    main()
