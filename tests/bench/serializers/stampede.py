"""Many readers of one cold list at once: how often each object is computed."""

import json
import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import closing
from typing import Any

import redis
from django.db import connection
from django.test import override_settings

from academy.catalog.serializers import CourseSerializer
from tests.bench.rows import Row, at_most
from tests.bench.serializers.courses import courses, learner_request
from tests.bench.serializers.peer_drf import batched_by_hand

__all__ = ["CountedSerializer", "read_at_once", "stampede_rows"]

READERS, SIZE = 200, 100
PROCESSES = 2


class CountedSerializer(CourseSerializer):
    """Counts how often each course's lessons were asked for."""

    # Not in the context, which a shared body may not look at.
    computed: Counter[int] = Counter()
    counting = threading.Lock()

    class Meta(CourseSerializer.Meta):
        pass

    def count_lessons(self, pks: Collection[int]) -> dict[int, int]:
        with self.counting:
            self.computed.update(pks)
        return super().count_lessons(pks)


def stampede_rows(url: str, *, readers: int = READERS, size: int = SIZE, processes: int = PROCESSES) -> Iterator[Row]:
    """Readers as threads of this process, then spread over several; the database must be a file that they share."""
    with override_settings(CACHEOPS_REDIS=url), closing(redis.Redis.from_url(url)) as client:
        client.flushall()
        yield _row(read_at_once(readers, size), f"{readers} concurrent cold readers")
        if processes:
            client.flushall()
            computed = _in_processes(url, processes, readers // processes, size)
            yield _row(computed, f"{readers} concurrent cold readers in {processes} processes")


def read_at_once(readers: int, size: int, *, gathered: Callable[[], object] = lambda: None) -> Counter[int]:
    """How often each object was computed while so many threads read the list; `gathered` is called before they do.

    Raises what a reader raised, and ValueError where one read something else than DRF writes.
    """
    CountedSerializer.computed.clear()
    expected = batched_by_hand(learner_request(), size)
    start = threading.Barrier(readers, action=gathered, timeout=60)
    read: list[bytes | BaseException] = []

    def reader() -> None:
        try:
            request = learner_request()
            start.wait()
            read.append(CountedSerializer(courses(size), many=True, context={"request": request}).json())
        except BaseException as error:
            read.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=reader) for _ in range(readers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for found in read:
        if isinstance(found, BaseException):
            raise found
        if found != expected:
            raise ValueError("A reader among many saw another list than DRF writes.")
    return Counter(CountedSerializer.computed)


def _row(computed: Counter[int], who: str) -> Row:
    most = max(computed.values())
    against = f"the most often computed; {computed.total() / len(computed):.3g} on average"
    return at_most(f"{who}: computations per object", most, "times", must=2, aim=1, against=against)


def _in_processes(url: str, processes: int, readers: int, size: int) -> Counter[int]:
    name = str(connection.settings_dict["NAME"])
    environment = {**os.environ, "ACADEMY_REDIS": url, "ACADEMY_DATABASE": name}
    line = [sys.executable, "-m", "tests.bench.serializers.stampede_process", str(readers), str(size)]
    started: list[Any] = [
        subprocess.Popen(line, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(processes)
    ]
    for process in started:
        if process.stdout.readline() != "ready\n":
            raise RuntimeError(f"A process of readers ended with exit code {process.wait(5)}.")
    for process in started:
        process.stdin.write("go\n")
        process.stdin.flush()
    computed: Counter[int] = Counter()
    for process in started:
        found, _ = process.communicate(timeout=120)
        computed.update({int(pk): count for pk, count in json.loads(found).items()})
    return computed
