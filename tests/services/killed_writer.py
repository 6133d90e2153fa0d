"""A service that is killed when its change is committed and its stamps are not yet renewed: URL, DATABASE, FILE."""

import os
import signal
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from strangler_protos import stamps as protocol
from strangler_services.stamps import Row, StampWriter

url, database, file, statement, label, pk = sys.argv[1:]
protocol.WRITE_LIFETIME = 3


@contextmanager
def begin() -> Iterator[sqlite3.Connection]:
    with sqlite3.connect(file, timeout=10) as connection:
        yield connection
    os.kill(os.getpid(), signal.SIGKILL)


with StampWriter(url, database=database).writing(begin, lambda connection, rows: None) as write:
    write.mark([Row(label=label, pk=pk)])
    write.connection.execute(statement)
