"""A write's nonce is accepted once."""

import os
import shutil
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

__all__ = ["MemoryNonces", "Nonces", "SharedNonces"]

BUCKET_MS = 30_000


class Nonces(Protocol):
    """Remembers nonces until they expire."""

    def accept(self, nonce: bytes, expires_at: int) -> bool:
        """False if the nonce was seen before; `expires_at` is Unix time in milliseconds."""


@dataclass(slots=True)
class MemoryNonces:
    """For a server that lives in one process."""

    _seen: OrderedDict[bytes, int] = field(default_factory=OrderedDict)

    def __len__(self) -> int:
        return len(self._seen)

    def accept(self, nonce: bytes, expires_at: int) -> bool:
        """False if the nonce was seen before."""
        self._purge(time.time_ns() // 1_000_000)
        if nonce in self._seen:
            return False
        self._seen[nonce] = expires_at
        return True

    def _purge(self, now: int) -> None:
        # All tokens live equally long, so the oldest expire first; a straggler only delays the purge.
        while self._seen and next(iter(self._seen.values())) <= now:
            self._seen.popitem(last=False)


@dataclass(frozen=True, slots=True)
class SharedNonces:
    """For the processes of one server: a file per nonce, since exclusive creation is atomic and never waits.

    The files lie in one folder per half minute of expiry; `purge` removes the folders that are over.
    """

    directory: Path

    def accept(self, nonce: bytes, expires_at: int) -> bool:
        """False if any process saw the nonce before."""
        bucket = self.directory / str(expires_at // BUCKET_MS)
        try:
            return _create(bucket / nonce.hex())
        except FileNotFoundError:
            bucket.mkdir(mode=0o700, exist_ok=True)
            return _create(bucket / nonce.hex())

    def purge(self, now_ms: int | None = None) -> None:
        """Forget the nonces whose tokens have expired."""
        now = time.time_ns() // 1_000_000 if now_ms is None else now_ms
        for bucket in self.directory.iterdir():
            if (int(bucket.name) + 1) * BUCKET_MS < now:
                shutil.rmtree(bucket, ignore_errors=True)


def _create(path: Path) -> bool:
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        return False
    return True
