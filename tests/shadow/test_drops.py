"""Drops are counted exactly, by every thread at once, in the same memory however many they are."""

import sys
import threading
import time
import tracemalloc
from collections import Counter

import pytest

from strangler_shadow import drops as module
from strangler_shadow.drops import Drops

KEYS = [("x.get", "native", "monolith", "dropped", reason, 1) for reason in ("queue full", "shutdown", "thinned")]


def test_each_is_taken_once_by_its_key():
    drops = Drops()
    assert (drops.is_waiting, drops.take()) == (False, Counter())
    for key in [KEYS[0], KEYS[1], KEYS[0]]:
        drops.add(key)
    assert drops.is_waiting
    assert drops.take() == {KEYS[0]: 2, KEYS[1]: 1}
    assert (drops.is_waiting, drops.take()) == (False, Counter())
    drops.add(KEYS[0])
    assert drops.take() == {KEYS[0]: 1}


@pytest.fixture
def _restless():
    """Threads take turns as often as they can."""
    kept = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(kept)


@pytest.mark.usefixtures("_restless")
def test_none_is_lost_or_counted_twice_between_threads():
    """Eight threads meet at each of 1,000 new keys, while another one takes."""
    drops, taken, together = Drops(), Counter(), threading.Barrier(8)
    keys = [(*KEYS[0][:4], str(number), 1) for number in range(1_000)]

    def write():
        for key in keys:
            together.wait(20)
            for _ in range(3):
                drops.add(key)

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        taken.update(drops.take())
        time.sleep(0.001)
    taken.update(drops.take())
    assert taken == dict.fromkeys(keys, 24)


def test_a_flusher_that_is_stuck_costs_no_memory():
    drops = Drops()
    for key in KEYS:
        drops.add(key)
    tracemalloc.start()
    for _ in range(50_000):
        drops.add(KEYS[0])
    # Threads of other tests take memory too.
    found = tracemalloc.take_snapshot().filter_traces([tracemalloc.Filter(True, module.__file__)])
    tracemalloc.stop()
    assert sum(trace.size for trace in found.traces) < 2_000
    assert drops.take()[KEYS[0]] == 50_001
