"""Copies of an SQLite database, by its own backup, which sees committed rows of a database in use."""

import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from socket import gethostname
from typing import Any

from strangler_shadow.twins import PREFIX, TwinError, is_left_over, let_go

__all__ = ["SqliteTwins", "sqlite_twins"]

PATIENCE_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SqliteTwins:
    """Files in a folder that only this user can read."""

    folder: Path

    @property
    def monolith(self) -> str:
        """Path of the monolith's copy."""
        return str(self.folder / "monolith.sqlite3")

    @property
    def service(self) -> str:
        """Path of the service's copy."""
        return str(self.folder / "service.sqlite3")

    @property
    def first(self) -> str:
        """Path of the copy from which the others are made."""
        return str(self.folder / "first.sqlite3")

    def renew(self) -> None:
        """Write the first copy over both others, in place: a process that has one open sees the old rows again."""
        with closing(sqlite3.connect(self.first)) as first:
            for name in (self.monolith, self.service):
                _copy(first, name)

    def url(self, name: str) -> str:
        """The path."""
        return name


@contextmanager
def sqlite_twins(connection: Any, stem: str) -> Iterator[SqliteTwins]:
    """Copy what the connection's database holds; the files go at the end."""
    _remove_left_over()
    folder = Path(tempfile.gettempdir()) / stem
    folder.mkdir(mode=0o700)
    made = SqliteTwins(folder=folder)
    try:
        connection.ensure_connection()
        _copy(connection.connection, made.first)
        made.renew()
        yield made
    finally:
        let_go(made.first, made.monolith, made.service)
        shutil.rmtree(folder, ignore_errors=True)


def _copy(source: sqlite3.Connection, name: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS

    def progress(*_pages: int) -> None:
        # SQLite itself would try for ever.
        if time.monotonic() > deadline:
            raise TwinError(f"{name} is locked: a transaction in it, or in what it is copied from, does not end")

    try:
        with closing(sqlite3.connect(name)) as target:
            target.execute("PRAGMA synchronous = OFF")
            source.backup(target, progress=progress, sleep=0.05)
    except (sqlite3.Error, OSError) as error:
        raise TwinError(f"the database cannot be copied to {name}: {error}") from error


def _remove_left_over() -> None:
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError):
            if folder.stat().st_uid == os.getuid() and is_left_over(folder.name, host=gethostname(), now=time.time()):
                shutil.rmtree(folder, ignore_errors=True)
