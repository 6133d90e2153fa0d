import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from strangler_router import flags
from strangler_router.effects import Effect, held_here
from strangler_router.policy import Flag, Rung
from strangler_shadow import replay
from strangler_shadow.models import ShadowCount, ShadowEpoch, ShadowSent, ShadowSettled
from strangler_shadow.stream import Stream
from tests.conftest import Academy, default_database
from tests.django.conftest import Redis
from tests.shadow.evidences import NAME
from tests.shadow.lost_replies import LostReplies


@pytest.fixture(scope="session")
def stream_server() -> Iterator[Redis]:
    server = Redis()
    yield server
    server.close()


@pytest.fixture
def server(stream_server: Redis) -> Iterator[Redis]:
    """An empty Valkey for the stream, which a test may stop, kill and start again."""
    stream_server.reset()
    yield stream_server
    if stream_server.server.is_running():
        stream_server.resume()


@pytest.fixture
def stream(server: Redis) -> Iterator[Stream]:
    made = Stream(server.url)
    yield made
    made.close()


@pytest.fixture
def native_rung(db: None) -> None:
    """The flag of `evidences.NAME` is on the native rung, and all its calls are mirrored."""
    flags.append(Flag(endpoint=NAME, rung=Rung.NATIVE, mirror=10_000), who="test", why="test")


@pytest.fixture
def own_corpus(academy: Academy, settings: Any, tmp_path: Path) -> Iterator[None]:
    """What verifications keep for the next ones lies in a folder of the test's own."""
    shadow = {**settings.STRANGLER["SHADOW"], "CORPUS": str(tmp_path / "corpus")}
    settings.STRANGLER = {**settings.STRANGLER, "SHADOW": shadow}
    replay._handler.cache_clear()
    yield
    replay._handler.cache_clear()


@pytest.fixture
def told() -> Iterator[list[Effect]]:
    """What this context would send."""
    found: list[Effect] = []
    with held_here(found.append):
        yield found


@pytest.fixture
def lossy(postgres_socket: Any, django_db_blocker: Any) -> Iterator[LostReplies]:
    """PostgreSQL, of whose commits the reply may be lost."""
    folder = tempfile.mkdtemp(prefix="lossy")
    changes, _ = postgres_socket
    with (
        django_db_blocker.unblock(),
        LostReplies(folder, changes["HOST"]) as replies,
        default_database({**changes, "HOST": folder}),
    ):
        yield replies
        for model in (ShadowCount, ShadowEpoch, ShadowSent, ShadowSettled):
            model.objects.all().delete()
        connection.close()
    shutil.rmtree(folder)
