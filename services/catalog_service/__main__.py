"""`python -m catalog_service`: serve the catalog; settings come from the environment.

CATALOG_DATABASE: `postgresql+psycopg://…` or `sqlite:///PATH`. CATALOG_MEDIA_URL: the monolith's MEDIA_URL.
CATALOG_REDIS, CATALOG_STAMPS: the monolith's CACHEOPS_REDIS, and the database as `strangler stamps` prints it
(`default@0123456789ab`); without them the service only reads.
queries.json, beside this file, holds the statements that the service sends; see services/docs/schema.md.
STRANGLER_SERVICE_*: address, keys, processes and TLS, see services/README.md.
"""

import os
import sys

from catalog_service.database import open_database, open_for_writing, readiness
from catalog_service.reviews import Reviews
from catalog_service.service import CatalogService
from strangler_protos.exit_codes import USAGE
from strangler_services import ServerSettings, SettingsError, StartError, serve
from strangler_services.stamps import StampWriter


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
    try:
        service = CatalogService(engine, media_url=os.environ.get("CATALOG_MEDIA_URL", "/media/"), reviews=_reviews())
        serve(service.register, ServerSettings.from_environment(), readiness=readiness(engine))
    except (SettingsError, StartError) as error:
        print(error, file=sys.stderr)  # noqa: T201
        return USAGE
    return 0


def _reviews() -> Reviews | None:
    redis, database = (os.environ.get(name) for name in ("CATALOG_REDIS", "CATALOG_STAMPS"))
    if not redis and not database:
        return None
    if not redis or not database:
        missing = "CATALOG_STAMPS" if redis else "CATALOG_REDIS"
        raise SettingsError(f"{missing} is not set; CATALOG_REDIS and CATALOG_STAMPS go together")
    return Reviews(
        engine=open_for_writing(os.environ["CATALOG_DATABASE"]), stamps=StampWriter(redis, database=database)
    )


if __name__ == "__main__":
    sys.exit(main())
