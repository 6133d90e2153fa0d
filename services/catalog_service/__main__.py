"""`python -m catalog_service`: serve the catalog; settings come from the environment.

CATALOG_DATABASE: `postgresql+psycopg://…` or `sqlite:///PATH`. CATALOG_MEDIA_URL: the monolith's MEDIA_URL.
STRANGLER_SERVICE_*: address, keys, processes and TLS, see services/README.md.
"""

import asyncio
import os
import sys

from catalog_service.database import is_reachable, open_database
from catalog_service.service import CatalogService
from strangler_protos.exit_codes import USAGE
from strangler_services import ServerSettings, SettingsError, StartError, serve


def main() -> int:
    """Exit code 0 after a stop, 64 for wrong settings."""
    if len(sys.argv) > 1:
        print(__doc__, file=sys.stderr)  # noqa: T201
        return USAGE
    if not os.environ.get("CATALOG_DATABASE"):
        print("CATALOG_DATABASE is not set; name the monolith's database", file=sys.stderr)  # noqa: T201
        return USAGE
    # Lazy, so nothing is connected before the server forks its processes.
    engine = open_database(os.environ["CATALOG_DATABASE"])
    service = CatalogService(engine, media_url=os.environ.get("CATALOG_MEDIA_URL", "/media/"))

    async def readiness() -> bool:
        return await asyncio.to_thread(is_reachable, engine)

    try:
        serve(service.register, ServerSettings.from_environment(), readiness=readiness)
    except (SettingsError, StartError) as error:
        print(error, file=sys.stderr)  # noqa: T201
        return USAGE
    return 0


if __name__ == "__main__":
    sys.exit(main())
