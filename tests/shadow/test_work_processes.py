"""Workers in processes of their own, which are killed, crash and are told to end."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.test import Client

from strangler_router import flags
from strangler_router.policy import Flag
from strangler_shadow import mirror
from strangler_shadow.models import ShadowCount, ShadowDifference, ShadowSent, ShadowSettled
from strangler_shadow.once import FLUSH
from strangler_shadow.stream import PREFIX
from strangler_shadow.stream_state import stream_state
from strangler_shadow.tally import Outcome
from tests.shadow.mirroring import end_mirror, nothing_is_missing, reasons, totals, wait_for

ENDPOINT = "v1:course-list.get"


@pytest.fixture(autouse=True)
def _empty_tables(academy):
    for model in (ShadowCount, ShadowDifference, ShadowSent, ShadowSettled):
        model.objects.all().delete()


@pytest.fixture
def start(academy, server, tmp_path):
    """Starts `strangler shadow work` in processes of their own, and ends them."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.shadow.work_settings",
        "PYTHONPATH": os.pathsep.join([str(Path.cwd()), os.environ.get("PYTHONPATH", "")]),
        "ACADEMY_STATE": str(tmp_path),
        "WORK_TARGETS": json.dumps(academy.targets),
        "WORK_STREAM": server.url,
    }
    if academy.vendor == "postgresql":
        environment |= {"ACADEMY_POSTGRES": academy.url.partition("host=")[2], "ACADEMY_DATABASE": "postgres"}
    else:
        environment["ACADEMY_DATABASE"] = academy.url.removeprefix("sqlite:///")
    processes = []

    def start(*options):
        line = [sys.executable, "-m", "strangler_router", "shadow", "work", *options]
        with (tmp_path / "work.log").open("ab") as log:
            processes.append(subprocess.Popen(line, env=environment, stdout=log, stderr=log))
        return processes[-1]

    yield start
    for process in processes:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
    for process in processes:
        process.wait(30)


@pytest.fixture
def client(academy, server, settings):
    """Mirrors the academy's list of courses, which a real service answers as well, to the stream."""
    settings.STRANGLER = {**settings.STRANGLER, "SHADOW": {"STREAM": server.url}}
    flags.append(Flag(endpoint=ENDPOINT, mirror=10_000), who="test", why="test")
    mirror._mirror = None
    yield Client()
    end_mirror()


def test_a_worker_that_is_killed_in_the_middle_costs_no_pair(client, start, stream):
    first, _ = [start("--concurrency", "2", "--rate", "5", "--idle", "1") for _ in range(2)]
    for number in range(120):
        assert client.get(f"/api/v1/courses/?page_size=2&page={number % 9 + 1}").status_code == 200
    end_mirror()
    wait_for(lambda: 10 < totals()["sampled"] < 110, seconds=60)
    first.kill()
    wait_for(lambda: nothing_is_missing(stream), seconds=40)
    found = totals()
    assert found["sampled"] == 120 == sum(found[outcome.value] for outcome in Outcome)
    # Both together may ask 20 a second, so that the mirror draws.
    assert set(reasons()) <= {"dropped: thinned"}
    assert found["matched"] + found["dropped"] == 120
    assert ShadowSettled.objects.exclude(uid__startswith=FLUSH).count() == found["matched"] > 20
    assert sum(ShadowSent.objects.values_list("settled", flat=True)) == found["matched"]


def test_an_entry_that_ends_its_workers_is_set_aside_and_no_other_is_blamed(client, start, server, stream):
    for number in range(12):
        client.get(f"/api/v1/courses/?page_size=2&page={number + 1}")
    client.get("/api/v1/courses/?search=crash")
    for number in range(12):
        client.get(f"/api/v1/courses/?page_size=3&page={number + 1}")
    end_mirror()
    ended = []
    for _ in range(5):
        process = start("--concurrency", "2", "--idle", "0.3", "--once")
        ended.append(process.wait(40))
        if nothing_is_missing(stream):
            break
        time.sleep(0.4)
    assert ended == [-signal.SIGKILL] * 3 + [0]
    assert reasons() == {"errored: workers crashed": 1}
    assert totals()["sampled"] == 25
    assert totals()["matched"] == 24
    [(_, fields)] = server.client.xrange(PREFIX + "aside")
    assert fields[b"reason"] == b"workers crashed"


def test_sigterm_ends_a_worker_with_code_0(start, stream):
    process = start()
    wait_for(lambda: stream_state(stream)["workers"] == 1, seconds=30)
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    assert stream_state(stream)["workers"] == 0
