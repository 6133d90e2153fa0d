"""A Valkey of their own for tests of the stream, which may be stopped, killed and started again."""

from collections.abc import Iterator

import pytest

from tests.django.conftest import Redis

__all__ = ["Redis", "empty_redis", "session_redis"]


@pytest.fixture(scope="session")
def session_redis() -> Iterator[Redis]:
    server = Redis()
    yield server
    server.close()


@pytest.fixture
def empty_redis(session_redis: Redis) -> Redis:
    session_redis.reset()
    return session_redis
