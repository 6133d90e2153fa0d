"""Readers that wait for another reader's values."""

import os
import threading
import time
from contextlib import ExitStack

from strangler_django.serializers.waiting import LONGEST, LOOK, LOOK_PER_NAME, Waiter


def test_a_reader_alone_pauses_twice_as_long_each_time_up_to_the_longest_pause():
    with Waiter() as waiter:
        meant = [waiter.pause() for _ in range(8)]

    assert meant[:3] == [0.002, 0.004, 0.008]
    assert meant[-1] == LONGEST


def test_among_many_each_looks_more_seldom_and_counts_no_more_for_it():
    with ExitStack() as stack:
        waiters = [stack.enter_context(Waiter()) for _ in range(60)]
        began = time.monotonic()
        meant = waiters[-1].pause(100)

    assert time.monotonic() - began >= 60 * (LOOK + 100 * LOOK_PER_NAME)
    assert meant == 0.002


def test_who_has_left_keeps_nobody_waiting():
    with ExitStack() as stack:
        for _ in range(60):
            stack.enter_context(Waiter())
    threads = [threading.Thread(target=lambda: Waiter().__enter__().__exit__(None, None, None)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with Waiter() as waiter:
        assert waiter._room.readers == 1


def test_a_forked_child_does_not_wait_for_its_parents_readers():
    with ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(Waiter())
        child = os.fork()
        if child == 0:
            with Waiter() as waiter:
                os._exit(0 if waiter._room.readers == 1 else 1)
        _, status = os.waitpid(child, 0)

    assert os.waitstatus_to_exitcode(status) == 0
