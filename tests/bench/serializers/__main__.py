"""`make bench-serializers`: cached serializers beside their peers; `build/bench/serializers.json`."""

import os
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.rows import Row, announced, informing, publish
from tests.bench.serializers import h2load
from tests.bench.serializers.serving import Site, serving_rows
from tests.end_to_end.embedded import valkey

FOLDER = Path("build/bench/serializers-state")
SIZES = (1, 10, 100, 1000)


def main() -> int:
    """Exit code 0 where every `must` holds."""
    try:
        h2load.install()
    except h2load.H2loadMissing as error:
        sys.exit(str(error))
    # So that whoever cancels the run leaves no server behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    site = Site(FOLDER)
    with valkey(FOLDER) as site.redis_url:
        os.environ.update(site.environment | {"DJANGO_SETTINGS_MODULE": "academy.settings"})
        import django

        django.setup()
        from tests.bench.serializers.dataset import seed

        seed()
        return 0 if publish("serializers", list(_rows(site))) else 1


def _rows(site: Site) -> Iterator[Row]:
    from tests.bench.serializers.dataset import in_memory, on_postgres
    from tests.bench.serializers.lists import list_rows
    from tests.bench.serializers.nested import nested_rows
    from tests.bench.serializers.queries import query_rows
    from tests.bench.serializers.stampede import stampede_rows

    redis, file = site.redis_url, site.database
    with in_memory(file):
        yield from announced("queries", query_rows(redis, sizes=SIZES, database="SQLite"))
        for size, rounds, seconds in ((100, 40, 0.06), (1000, 8, 0.1)):
            rows = list_rows(redis, copy=file, sizes=[size], rounds=rounds, seconds=seconds)
            yield from announced(f"lists of {size}", rows)
        yield from announced("nested lists", nested_rows(redis, rounds=12, seconds=0.1))
    # The bounds are those of SQLite.
    with on_postgres() as environment:
        yield from informing(query_rows(redis, sizes=SIZES, database="PostgreSQL"))
        rows = list_rows(redis, environment=environment, sizes=[100, 1000], rounds=4, seconds=0.1)
        yield from announced("PostgreSQL", informing(rows))
    yield from announced("stampede", stampede_rows(redis))
    with _running(site):
        yield from announced("gunicorn", serving_rows(site, range(1, 9), blocks=6, seconds=5))
    yield from announced("outages", _outages(site))


def _outages(site: Site) -> Iterator[Row]:
    from tests.bench.serializers.outage import outage_rows, reviewers
    from tests.django.conftest import Redis

    redis = Redis()
    try:
        with _running(Site(site.folder, redis_url=redis.url)) as mortal, _running(Site(site.folder)) as bare:
            yield from outage_rows(mortal, bare, redis, reviewers(20), seconds=2.5)
    finally:
        redis.close()


@contextmanager
def _running(site: Site) -> Iterator[Site]:
    site.start_monolith()
    try:
        yield site
    finally:
        site.stop()


if __name__ == "__main__":
    sys.exit(main())
