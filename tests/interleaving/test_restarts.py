"""The same programs while a real server is stopped, hung, killed and started again, empty or with an old dump."""

import itertools
import os
import time
from collections.abc import Iterator

import pytest
from redis import Redis as Client

from strangler_django.serializers import store
from tests.django.conftest import Redis
from tests.interleaving.faults import FAULTS
from tests.interleaving.programs import Program, draw, shortened
from tests.interleaving.scripts import op
from tests.interleaving.stored import Stored, stored

COUNT = int(os.environ.get("RESTARTS", "50"))
FIRST_SEED = int(os.environ.get("INTERLEAVING_SEED", "0"))
WEATHERS = ("restarts", "restarts", "outages")


class Fate:
    """What happens to the server."""

    def __init__(self, server: Redis) -> None:
        self.server = server
        self.dump = server.directory / "dump.rdb"
        self.kills = self.hangs = 0
        self.is_up = True

    @property
    def client(self) -> Client:
        return self.server.client

    def begin(self) -> None:
        self.resume()
        if not self.is_up:
            self.start()
        self.dump.unlink(missing_ok=True)
        self.client.flushall()

    def save(self) -> None:
        self.client.save()

    def restart(self, kind: str) -> None:
        self.stop()
        if kind == "empty":
            self.dump.unlink(missing_ok=True)
        self.start()

    def stop(self) -> None:
        """Killed, so that nothing newer is dumped."""
        self.server.kill()
        self.is_up = False
        self.kills += 1

    def start(self) -> None:
        self.server.start()
        self.is_up = True

    def hang(self, *victims: int) -> None:
        self.server.suspend()
        self.hangs += 1

    def resume(self) -> None:
        if self.is_up:
            self.server.resume()

    def probe(self) -> None:
        """Time for the breakers' threads."""
        time.sleep(4 * store.PAUSE)

    def lose(self) -> None:
        """Links are cut under way; their next use finds out."""
        self.client.client_kill_filter(_type="normal", skipme=True)


@pytest.fixture
def fate(server: Redis, monkeypatch: pytest.MonkeyPatch) -> Fate:
    monkeypatch.setattr(store, "PAUSE", 0.02)
    monkeypatch.setattr(store, "LONGEST_WAIT", 0.05)
    return Fate(server)


@pytest.fixture
def histories(database: None, fate: Fate, seldom_collected: None) -> Iterator[Stored]:
    acts = {
        "begin": fate.begin,
        "save": fate.save,
        "restart": fate.restart,
        "hang": fate.hang,
        "resume": fate.resume,
        "stop": fate.stop,
        "start": fate.start,
        "cut": fate.hang,
        "mend": fate.resume,
        "lose": fate.lose,
        "probe": fate.probe,
    }
    with stored(acts) as made:
        yield made


@pytest.mark.timeout(300 + 5 * COUNT)
def test_no_read_after_a_commit_shows_older_data_while_the_server_is_killed_and_restarted(
    histories: Stored, fate: Fate
) -> None:
    seeds = itertools.count(FIRST_SEED)
    while fate.kills < COUNT:
        seed = next(seeds)
        failure = histories.attempt(seed, shortened(draw(seed, weathers=WEATHERS)))
        assert not failure, failure
    print(f"{next(seeds) - FIRST_SEED} histories, {fate.kills} kills, {fate.hangs} hangs")


def test_a_key_without_the_run_id_would_bring_old_bodies_back_with_an_old_dump(histories: Stored) -> None:
    program = Program(
        writers=((op("rename_course", 1),), (op("rename_course", 2),)),
        readers=((op("card", None),), (op("card", None),)),
        last=op("card", None),
        weather=(op("save"), op("restart", "dump"), op("probe")),
    )
    with FAULTS["the key does not hold the server's run_id"]():
        number = next((number for number in range(1, 100) if histories.attempt(number, program)), None)
    assert number is not None
    print(f"Found after {number} interleavings")
