"""`make bench-serializers`: cached serializers beside their peers; `build/bench/serializers.json`."""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.rows import Row, publish
from tests.bench.serializers import h2load
from tests.bench.serializers.serving import Site, serving_rows
from tests.end_to_end.embedded import valkey

FOLDER = Path("build/bench/serializers-state")
SIZES = (1, 10, 100, 1000)
LISTS = (100, 1000)


def main() -> int:
    """Exit code 0 where every `must` holds, 69 where h2load is missing."""
    try:
        h2load.install()
    except h2load.H2loadMissing as error:
        print(error, file=sys.stderr)
        return 69
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
        yield from query_rows(redis, sizes=SIZES, database="SQLite")
        yield from list_rows(redis, copy=file, sizes=LISTS[:1], rounds=12, seconds=0.1)
        yield from list_rows(redis, copy=file, sizes=LISTS[1:], rounds=8, seconds=0.1)
        yield from nested_rows(redis, rounds=12, seconds=0.1)
    with on_postgres() as environment:
        yield from query_rows(redis, sizes=SIZES, database="PostgreSQL")
        yield from list_rows(redis, environment=environment, sizes=LISTS, rounds=4, seconds=0.1)
    yield from stampede_rows(redis)
    with _running(site):
        yield from serving_rows(site, range(1, 9), blocks=6, seconds=4)
    yield from _outages(site)


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
