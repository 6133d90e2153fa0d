import multiprocessing
import time

import pytest

from strangler_services.nonces import BUCKET_MS, MemoryNonces, SharedNonces


def now():
    return time.time_ns() // 1_000_000


@pytest.fixture(params=["memory", "shared"])
def nonces(request, tmp_path):
    return MemoryNonces() if request.param == "memory" else SharedNonces(tmp_path)


def test_a_nonce_is_accepted_once(nonces):
    later = now() + 30_000
    assert nonces.accept(b"a" * 16, later)
    assert not nonces.accept(b"a" * 16, later)
    assert nonces.accept(b"b" * 16, later)


def test_memory_forgets_what_has_expired():
    nonces = MemoryNonces()
    for number in range(100):
        nonces.accept(number.to_bytes(16), now() + 20)
    assert len(nonces) == 100
    time.sleep(0.03)
    nonces.accept(b"new", now() + 30_000)
    assert len(nonces) == 1


def test_files_of_expired_nonces_are_purged_and_others_kept(tmp_path):
    nonces = SharedNonces(tmp_path)
    expires = now()
    nonces.accept(b"old", expires)
    nonces.accept(b"new", expires + 2 * BUCKET_MS)
    nonces.purge(expires)
    assert len(list(tmp_path.iterdir())) == 2
    nonces.purge(expires + BUCKET_MS)
    assert not nonces.accept(b"new", expires + 2 * BUCKET_MS)
    assert len(list(tmp_path.iterdir())) == 1


def accept_all(directory, expires, barrier, accepted):
    nonces = SharedNonces(directory)
    barrier.wait()
    accepted.put(sum(nonces.accept(number.to_bytes(16), expires) for number in range(500)))


def test_processes_that_race_accept_each_nonce_once(tmp_path):
    context = multiprocessing.get_context("fork")
    barrier, accepted = context.Barrier(4), context.Queue()
    arguments = (tmp_path, now() + 30_000, barrier, accepted)
    processes = [context.Process(target=accept_all, args=arguments) for _ in range(4)]
    for process in processes:
        process.start()
    assert sum(accepted.get(timeout=30) for _ in processes) == 500
    for process in processes:
        process.join()
